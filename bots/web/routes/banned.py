"""The page of a banned user: the reason, and a way to delete their data."""

from functools import partial

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from bots.presentation.compose.errors import compose_error
from bots.process.thread_pools import Pool
from bots.texts.translation import translate
from bots.web import texts
from bots.web.access.sessions import ROOM_ADDRESS
from bots.web.routes.authentication import require_user
from bots.web.templating import render_template
from studio.commands.registry import execute
from studio.commands.spec import Call
from studio.errors import ChatelierError


async def banned_page(request: Request, sentence: str, *, status: int = 403) -> Response:
    context, user = require_user(request)
    token = context.session_store.form_token(user)
    html = render_template("banned.html", sentence=sentence, token=token, heading=context.settings.room_name)
    return HTMLResponse(html, status_code=status)


async def forget(request: Request) -> Response:
    """POST /forget-me, from that page, with its token."""
    context, user = require_user(request)
    async with request.form(max_files=0, max_fields=4, max_part_size=4096) as form:
        token = str(form.get("token", ""))
    if not context.session_store.is_form_token(user, token):
        return await banned_page(request, translate(texts.STALE_FORM))
    call = Call(person=user.person, address=ROOM_ADDRESS, request_key=f"web:forget:{user.user_id}")
    work = partial(execute, context.ports, call, "forget-me", {"confirm": "yes"})
    try:
        await context.pools.run(Pool.COMMANDS, work)
    except ChatelierError as error:
        return await banned_page(request, compose_error(error).summary, status=409)
    return await banned_page(request, translate(texts.FORGOTTEN), status=200)
