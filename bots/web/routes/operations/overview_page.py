"""The page /operations: waiting, painting, waits and refusals of all communities and workers."""

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response

from bots.process.thread_pools import Pool
from bots.texts.translation import translate
from bots.web import texts
from bots.web.access.session_cookies import address_of
from bots.web.context import WebContext
from bots.web.routes.authentication import context_of
from bots.web.routes.operations.operator_access import (
    PATH,
    is_signed_in,
    is_token,
    may_read_metrics,
    sign_in,
    sign_out,
)
from bots.web.routes.page_layout import page_response
from bots.web.templating import render_template
from studio.clock import now
from studio.operations.overview import Overview, load_overview

_TRIES_A_MINUTE = 5


async def operations(request: Request) -> Response:
    """GET /operations: for those who may read the metrics, and for browsers in which the token was typed."""
    context = context_of(request)
    signed_in = is_signed_in(request)
    if not signed_in and not may_read_metrics(request):
        if context.settings.metrics_token is None or "text/html" not in request.headers.get("accept", ""):
            return PlainTextResponse(translate(texts.METRICS_CLOSED), status_code=403)
        return _form(request, status=401)
    overview = await context.pools.run(Pool.DATABASE, _load_overview, context)
    return HTMLResponse(render_template("operations.html", overview=overview, signed_in=signed_in))


async def open_operations(request: Request) -> Response:
    """POST /operations/sign-in: the token in, a cookie for this page out."""
    context = context_of(request)
    key = f"operator:{address_of(request)}"
    if not context.attempt_limiter.take(key, tries=_TRIES_A_MINUTE):
        return _form(request, problem=translate(texts.TOO_MANY_TRIES), status=429)
    async with request.form(max_files=0, max_fields=2, max_part_size=4096) as form:
        typed = form.get("token")
    if not isinstance(typed, str) or not is_token(context.settings, typed):
        return _form(request, problem=translate(texts.WRONG_TOKEN), status=403)
    response = RedirectResponse(PATH, status_code=303)
    sign_in(request, response)
    return response


async def close_operations(_request: Request) -> Response:
    """POST /operations/sign-out."""
    response = RedirectResponse(PATH, status_code=303)
    sign_out(response)
    return response


def _form(request: Request, *, problem: str = "", status: int) -> Response:
    return page_response(request, "operations_sign_in.html", {"problem": problem}, status=status)


def _load_overview(context: WebContext) -> Overview:
    announced = context.ports.options.workers()
    with context.ports.database.read() as session:
        return load_overview(session, announced, at=now())
