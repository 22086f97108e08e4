"""Who is behind a request: the user of its session, and whether they may do what it asks."""

from dataclasses import replace

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from bots.process.thread_pools import Pool
from bots.web import texts
from bots.web.access.session_cookies import WebUser
from bots.web.context import WebContext

FORM_TOKEN = "x-form-token"  # the header of what scripts post


def context_of(request: Request) -> WebContext:
    context: WebContext = request.app.state.context
    return context


class LoginRequiredError(Exception):
    """Answered with the entry page, or with a plain refusal where no page is expected."""


def require_user(request: Request) -> tuple[WebContext, WebUser]:
    """Raises `LoginRequiredError`."""
    context = context_of(request)
    user = context.session_store.read(request)
    if user is None or not context.session_store.admits(user):
        raise LoginRequiredError
    return context, user


async def require_unbanned_user(request: Request) -> tuple[WebContext, WebUser]:
    """Raises `LoginRequiredError` and `BannedError`."""
    context, user = require_user(request)
    await require_not_banned(context, user)
    return context, user


async def require_not_banned(context: WebContext, user: WebUser) -> None:
    """Raises `BannedError`. Records the visit of a user who is not banned."""

    def check() -> None:
        context.ports.gate.require_not_banned(user.person)
        # A banned user's address is not recorded: other people may share it.
        context.identities.record_visit(user)

    await context.pools.run(Pool.DATABASE, check)


def write_session(request: Request, response: Response, user: WebUser) -> None:
    """Send the user's session along with a response. In a frame it ends no later than the one before."""
    store = context_of(request).session_store
    framed = store.is_framed(request)
    if framed and (before := store.read(request)):
        user = replace(user, proved_at=before.proved_at)
    store.write(response, user, secure=request.url.scheme == "https", framed=framed)


def origin_of(request: Request) -> str:
    """The address of this front end as the browser knows it, without a path."""
    return f"{request.url.scheme}://{request.url.netloc}"


def require_posting_user(request: Request, *, proved: bool = True) -> tuple[WebContext, WebUser]:
    """The user behind a script's post with the form token of their page; without `proved` also one who still has to
    prove who they are.

    Raises `HTTPException`.
    """
    context = context_of(request)
    store = context.session_store
    user = store.read(request)
    admits = store.admits if proved else store.knows_invite
    token = request.headers.get(FORM_TOKEN, "")
    if user is None or not admits(user) or not store.is_form_token(user, token):
        raise HTTPException(403, texts.STALE_FORM)
    return context, user


async def read_short_body(request: Request, *, limit_bytes: int) -> bytes:
    """At most `limit_bytes` of the body."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit_bytes:
            return body[:limit_bytes]
    return body
