"""The web front end as an ASGI app."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from markupsafe import Markup
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles

from bots.presentation.compose.errors import compose_error, compose_fault
from bots.process.error_reports import report_error
from bots.process.thread_pools import Pool
from bots.texts.translation import translate
from bots.web import texts
from bots.web.access.ended_sessions import EndedSessionMiddleware
from bots.web.access.error_middleware import ErrorMiddleware
from bots.web.access.reader_language import ReaderLanguageMiddleware
from bots.web.access.security_middleware import SecurityMiddleware
from bots.web.access.trusted_proxies import TrustedProxies
from bots.web.context import build_context
from bots.web.live.responses import ANSWER_DIALOGS
from bots.web.metrics import WebMetrics
from bots.web.routes import account, banned, comparison, forms, health, images, pages
from bots.web.routes.authentication import FORM_TOKEN, LoginRequiredError
from bots.web.routes.desk import cases, policy_page, week_page
from bots.web.routes.gallery import downloads, folders, gallery_page, lineage_page
from bots.web.routes.gatherings import gathering_pages
from bots.web.routes.operations import overview_page
from bots.web.routes.page_layout import page_response
from bots.web.routes.public import installation, privacy, report, share, verification
from bots.web.routes.sign_in import activity, codes, login, oauth, passkeys
from bots.web.routes.websocket import serve_websocket
from bots.web.settings import WebSettings
from bots.web.templating import FOLDER
from studio.errors import ChatelierError, NotFoundError, ServiceError
from studio.ports import Ports

_FINISH_SECONDS = 2.0


def create_app(ports: Ports, settings: WebSettings, *, metrics: WebMetrics | None = None) -> Starlette:
    """Raises `ConfigurationError` when the settings would open the app to strangers.

    `metrics` counts what happens; a caller that passes it may serve it at another address too.
    """
    settings.check()
    context = build_context(ports, settings, metrics=metrics)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        sending = asyncio.create_task(context.hub.run())
        warming = asyncio.create_task(context.pools.run(Pool.DATABASE, context.feed.warm_up))
        context.event_consumer.start()
        try:
            yield
        finally:
            await asyncio.to_thread(context.event_consumer.stop)
            await context.event_consumer.finish(seconds=_FINISH_SECONDS)
            for task in (sending, warming):
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
            context.pools.close()

    app = Starlette(
        routes=ROUTES,
        middleware=[
            Middleware(
                TrustedProxies,
                proxies=settings.trusted_proxies,
                report_unknown=settings.report_unknown_proxy,
            ),
            Middleware(ReaderLanguageMiddleware, find_chosen=context.chosen_language),
            Middleware(SecurityMiddleware, settings=settings),
            Middleware(ErrorMiddleware, explain=_on_fault),
            Middleware(EndedSessionMiddleware, is_ended=context.has_ended),
        ],
        exception_handlers={
            ChatelierError: _on_error,
            HTTPException: _on_http_error,
            LoginRequiredError: _on_login_required,
        },
        lifespan=lifespan,
    )
    app.state.context = context
    return app


class Assets(StaticFiles):
    """Bundled files. Browsers ask each time whether theirs is still the same, so an update shows at once."""

    def file_response(self, *arguments: object, **options: object) -> Response:
        response = super().file_response(*arguments, **options)  # type: ignore[arg-type]
        response.headers["Cache-Control"] = "no-cache"
        return response


ROUTES = [
    Route("/", pages.app_page),
    Route("/wall", pages.older_jobs),
    Route("/view/{subject:job_or_picture}", pages.picture_dialog),
    *(Route(f"/{name}/{{subject:job_or_picture}}", forms.form_dialog) for name in forms.ACTION_OF),
    Route("/jobs/{job:job}", pages.job_dialog),
    Route("/compare/{pictures}", comparison.comparison_dialog),
    Route("/before/{picture:picture}", images.image_before),
    Route("/help", account.help_dialog),
    Route("/mine/messages", account.messages_dialog),
    *(Route(shown.path, account.answer_dialog(shown)) for shown in ANSWER_DIALOGS.values()),
    Route("/proposals/{id}", account.proposal_dialog),
    Route("/settings", account.settings_dialog),
    Route("/contest", forms.contest_dialog),
    Route("/rules", account.rules_dialog),
    Route("/gatherings/{gathering:job}", gathering_pages.gathering_dialog),
    Route("/gatherings/{gathering:job}/live", gathering_pages.live_part),
    Route("/gatherings/{gathering:job}/whole", gathering_pages.whole_file),
    Route("/gatherings/{gathering:job}/images/{name}", gathering_pages.image_file),
    Route("/gatherings/{gathering:job}/form/{verb}/{round}/{part}", gathering_pages.form_dialog),
    Route("/gatherings/{gathering:job}/look/{verb}/{round}/{part}", gathering_pages.look_dialog),
    Route(
        "/gatherings/{gathering:job}/{shown_in}/{verb}/{round}/{part}/images/{name}",
        gathering_pages.image_file,
    ),
    Route("/desk", cases.desk_page),
    Route("/desk/cases", cases.case_list),
    Route("/desk/lockdown", cases.change_lockdown, methods=["POST"]),
    Route("/desk/count", cases.case_count),
    Route("/desk/policy", policy_page.policy_page),
    Route("/desk/policy", policy_page.change_policy, methods=["POST"]),
    Route("/desk/policy/words", policy_page.change_words, methods=["POST"]),
    Route("/desk/week", week_page.week_page),
    Route("/desk/{case:job}/claim", cases.claim_case, methods=["POST"]),
    Route("/desk/{case:job}/decide", cases.decide_case, methods=["POST"]),
    Route("/desk/{case:job}/pictures/{picture}", cases.case_picture),
    Route("/export-me", account.export),
    Route("/forget-me", banned.forget, methods=["POST"]),
    Route("/appeal", banned.appeal, methods=["POST"]),
    Route("/report", report.report_form),
    Route("/report", report.send_report, methods=["POST"]),
    Route("/report/status", report.status_form),
    Route("/report/status", report.read_status, methods=["POST"]),
    Route("/privacy", privacy.privacy_page),
    Route("/s/{token}.png", share.share_image),
    Route("/s/{token}", share.share_page),
    Route("/oembed", share.oembed_data),
    Route("/verify", verification.verification_form),
    Route("/verify", verification.verify_file, methods=["POST"]),
    Route("/lineage/{picture:picture}", lineage_page.lineage_page),
    Route("/pictures", gallery_page.gallery_page),
    Route("/pictures/selection", folders.change_selection, methods=["POST"]),
    Route("/folders", folders.new_folder, methods=["POST"]),
    Route("/folders/{folder:job}", folders.folder_page),
    Route("/folders/{folder:job}", folders.change_folder, methods=["POST"]),
    Route("/pictures/page", gallery_page.more_pictures),
    Route("/pictures/zip", downloads.download_pictures),
    Route("/pictures/{picture:picture}.png", images.picture_file),
    Route("/thumbnails/{picture:picture}", images.picture_file),
    Route("/uploads", images.upload, methods=["POST"]),
    Route("/activity", activity.sign_in, methods=["POST"]),
    Route("/enter", login.enter, methods=["POST"]),
    Route("/name", login.rename, methods=["POST"]),
    Route("/leave", login.leave, methods=["POST"]),
    Route("/sign-in/passkey/options", passkeys.options_to_use, methods=["POST"]),
    Route("/sign-in/passkey", passkeys.use, methods=["POST"]),
    Route("/sign-in/code", codes.use_code, methods=["POST"]),
    Route("/sign-in/codes/{kind}", codes.new_code, methods=["POST"]),
    Route("/sign-in/remove", codes.remove, methods=["POST"]),
    Route("/sign-in/{provider}", oauth.begin),
    Route("/sign-in/{provider}/callback", oauth.callback),
    Route("/passkeys/options", passkeys.options_to_add, methods=["POST"]),
    Route("/passkeys", passkeys.add, methods=["POST"]),
    Route("/manifest.webmanifest", installation.manifest),
    Route("/service-worker.js", installation.service_worker),
    Route("/offline", installation.offline_page),
    Route("/healthz", health.health),
    Route("/metrics", health.metrics),
    Route("/operations", overview_page.operations),
    Route("/operations/sign-in", overview_page.open_operations, methods=["POST"]),
    Route("/operations/sign-out", overview_page.close_operations, methods=["POST"]),
    WebSocketRoute("/room", serve_websocket),
    Mount("/static", Assets(directory=FOLDER / "static")),
]


def _problem(request: Request, sentence: str, status: int) -> Response:
    """JSON for a script's post, HTML for an open dialog, a page for a link, plain text for everything else."""
    if FORM_TOKEN in request.headers:
        return JSONResponse({"text": sentence}, status_code=status)
    if "hx-request" in request.headers:
        # 200: htmx shows what it gets, and the person needs the sentence in the dialog.
        return HTMLResponse(Markup('<p class="problem" role="alert">{}</p>').format(sentence))
    if "text/html" in request.headers.get("accept", ""):
        return page_response(request, "entry.html", {"sentence": sentence}, status=status)
    return PlainTextResponse(sentence, status_code=status)


async def _on_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, ChatelierError)  # noqa: S101 - registered for this type only
    refused = 422 if FORM_TOKEN in request.headers else 400
    status = 404 if isinstance(error, NotFoundError) else 503 if isinstance(error, ServiceError) else refused
    return _problem(request, compose_error(error).summary, status)


async def _on_http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this type only
    sentence = translate(texts.NOT_FOUND) if error.status_code == 404 else translate(error.detail)
    return _problem(request, sentence, error.status_code)


async def _on_login_required(request: Request, _error: Exception) -> Response:
    if "text/html" in request.headers.get("accept", "") and "hx-request" not in request.headers:
        return login.entry_page(request, request.app.state.context.session_store.read(request), status=401)
    return PlainTextResponse(translate(texts.NOT_IN), status_code=401)


async def _on_fault(request: Request, error: Exception) -> Response:
    return _problem(request, compose_fault(report_error(error)).summary, 500)
