"""The page of the app, and dialogs over it."""

from collections.abc import Awaitable, Callable, Mapping
from functools import wraps
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from bots.presentation.compose.answers import compose_answer
from bots.presentation.message import Message, Spans
from bots.presentation.subject_lookup import load_prompt_controls
from bots.process.thread_pools import Pool
from bots.texts.translation import translate
from bots.web.access.session_cookies import LONGEST_NAME, WebUser
from bots.web.context import WebContext
from bots.web.render import ShownImage, render
from bots.web.routes.authentication import context_of, require_unbanned_user, require_user
from bots.web.templating import render_template, script_texts
from studio.commands.command_line import MAX_PHRASE
from studio.commands.registry import CATALOG, execute
from studio.commands.spec import Audience
from studio.commands.submission.known_names import choices_of, default_note
from studio.errors import NotFoundError
from studio.ports import Ports

# What lies on a dialog: HTML for the person who asks. Blocking; raises `NotFoundError`.
RenderDialog = Callable[[WebContext, WebUser, Request], str]
Route = Callable[[Request], Awaitable[Response]]


def dialog(*, unbanned: bool = False) -> Callable[[RenderDialog], Route]:
    """The route of a dialog, for everybody who is in. `unbanned`: not for those who are banned."""

    def of(render_dialog: RenderDialog) -> Route:
        @wraps(render_dialog)
        async def show(request: Request) -> Response:
            context, user = await require_unbanned_user(request) if unbanned else require_user(request)
            html = await context.pools.run(Pool.DATABASE, render_dialog, context, user, request)
            return await dialog_of(request, user, html)

        return show

    return of


def message_html(
    message: Message, images: Mapping[str, ShownImage] | None = None, *, hint: Spans = ()
) -> str:
    """A message that fills a dialog, with a hint below it."""
    shown = render(message, images)
    return render_template("message.html", message=shown, summary=message.summary, hint=hint)


def answer_of(
    context: WebContext, user: WebUser, command: str, values: Mapping[str, object] | None = None
) -> Message:
    """What a command answers that shows something."""
    message = compose_answer(execute(context.ports, user.call(), command, values or {}))
    if message is None:
        raise NotFoundError("this_page")
    return message


async def dialog_of(request: Request, user: WebUser, html: str) -> Response:
    """The dialog alone for the open page; the whole page with the dialog open for a link."""
    return (
        HTMLResponse(html)
        if "hx-request" in request.headers
        else await app_response(request, user, dialog=html)
    )


def page_response(
    request: Request, template: str, values: Mapping[str, object], *, status: int = 200
) -> HTMLResponse:
    """A whole page, which has the installation's name besides its values."""
    site_name = context_of(request).settings.site_name
    return HTMLResponse(render_template(template, site_name=site_name, **values), status_code=status)


async def app_response(request: Request, user: WebUser, *, dialog: str = "", typed: str = "") -> HTMLResponse:
    """The page of the app, with an open dialog, or with words in its prompt."""
    context = context_of(request)
    controls = await context.pools.run(Pool.DATABASE, load_prompt_controls, context.ports, user.person)
    page = render_template(
        "app.html",
        site_name=context.settings.site_name,
        user=user,
        token=context.session_store.form_token(user),
        longest_name=LONGEST_NAME,
        longest_text=MAX_PHRASE,
        dialog=dialog,
        typed=typed,
        controls=controls,
        note=default_note(context.ports),
        data={
            "catalog": catalog_data(context.ports, moderator=user.moderator),
            "texts": script_texts(),
            "me": user.user_id,
            "comesBack": bool(user.subject),
            "mostUploadBytes": context.settings.max_upload_bytes,
        },
    )
    return HTMLResponse(page)


def catalog_data(ports: Ports, *, moderator: bool = False) -> list[dict[str, Any]]:
    """The catalogue as the completion in the browser reads it."""
    return [
        {
            "name": spec.name,
            "summary": translate(spec.summary),
            "paints": spec.paints,
            "parameters": [
                {
                    "name": parameter.name,
                    "summary": translate(parameter.summary),
                    "kind": parameter.kind,
                    "aliases": parameter.aliases,
                    "choices": choices_of(ports, parameter),
                    "positional": parameter.positional,
                    "own": parameter.own,
                }
                for parameter in spec.parameters
            ],
        }
        for spec in CATALOG.values()
        if moderator or spec.audience is Audience.EVERYBODY
    ]
