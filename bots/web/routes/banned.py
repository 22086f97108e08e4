"""The page of a banned user: the reason, a word to the moderator of their case, and a way to delete their data."""

from starlette.requests import Request
from starlette.responses import Response

from bots.presentation.compose.errors import compose_error
from bots.process.thread_pools import Pool
from bots.texts.translation import translate
from bots.web import texts
from bots.web.access.session_cookies import WebUser
from bots.web.context import WebContext
from bots.web.routes.authentication import require_user
from bots.web.routes.page_layout import page_response
from bots.web.routes.posts import execute_posted
from studio.commands.moderation.report import LONGEST_REASON
from studio.db.cases import find_unanswered_suspension
from studio.db.identities.linked_identities import identities
from studio.errors import ChatelierError


async def banned_page(request: Request, sentence: str, *, status: int = 403) -> Response:
    context, user = require_user(request)
    job = await context.pools.run(Pool.DATABASE, _job_to_appeal_about, context, user)
    token = context.session_store.form_token(user)
    values = {"sentence": sentence, "token": token, "job": job, "longest_reason": LONGEST_REASON}
    return page_response(request, "banned.html", values, status=status)


def _job_to_appeal_about(context: WebContext, user: WebUser) -> str | None:
    """The refused job whose suspension waits for a moderator who has not heard the person yet."""
    with context.ports.database.read() as session:
        found = find_unanswered_suspension(session, identities(session, user.person.key))
    return found.job_id if found else None


async def appeal(request: Request) -> Response:
    """POST /appeal, from that page, with its token: what the moderator of the case shall know."""
    return await _execute(request, "appeal", ("job", "reason"), texts.APPEALED)


async def forget(request: Request) -> Response:
    """POST /forget-me, from that page, with its token."""
    return await _execute(request, "forget-me", (), texts.FORGOTTEN, confirm="yes")


async def _execute(
    request: Request, command: str, fields: tuple[str, ...], done: str, **values: str
) -> Response:
    context, user = require_user(request)
    async with request.form(max_files=0, max_fields=4, max_part_size=4096) as form:
        token = str(form.get("token", ""))
        values |= {name: str(form.get(name, ""))[:LONGEST_REASON] for name in fields}
    if not context.session_store.is_form_token(user, token):
        return await banned_page(request, translate(texts.STALE_FORM))
    try:
        await execute_posted(request, command, values)
    except ChatelierError as error:
        return await banned_page(request, compose_error(error).summary, status=409)
    return await banned_page(request, translate(done), status=200)
