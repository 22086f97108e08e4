"""Codes: one to come back with, shown once, and one that lets a second device in."""

from dataclasses import replace

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from bots.process.thread_pools import Pool
from bots.texts.translation import translate
from bots.web import texts
from bots.web.routes.authentication import context_of, read_short_body, require_posting_user, write_session
from bots.web.routes.sign_in.login import destination_of, entry_page, may_try, reject_attempt, start_session
from studio.db.identities.sign_ins import Method
from studio.errors import NotFoundError

_KINDS = {"recovery": Method.RECOVERY, "device": Method.DEVICE}
_LONGEST_SUBJECT = 600


async def new_code(request: Request) -> Response:
    """POST /sign-in/codes/recovery or /device: a code, shown once."""
    context, user = require_posting_user(request, proved=False)
    method = _KINDS.get(request.path_params["kind"])
    if method is None:
        raise NotFoundError("this_page")
    code, subject = await context.pools.run(Pool.DATABASE, context.sign_ins.new_code, user, method)
    response = JSONResponse({"code": code})
    if method is Method.RECOVERY and not user.subject:  # from now on they can come back
        proved = replace(user, subject=subject)
        write_session(request, response, proved)
    return response


async def use_code(request: Request) -> Response:
    """POST /sign-in/code, from the entry page."""
    context = context_of(request)
    user = context.session_store.read(request)
    async with request.form(max_files=0, max_fields=4, max_part_size=4096) as form:
        fields = {key: value for key, value in form.items() if isinstance(value, str)}
    if user is None or not context.session_store.is_form_token(user, fields.get("token", "")):
        return entry_page(request, user, problem=translate(texts.STALE_FORM), status=403)
    if not may_try(context, user.address):
        return entry_page(request, user, problem=translate(texts.TOO_MANY_TRIES), status=429)
    found = await context.pools.run(
        Pool.DATABASE, context.sign_ins.redeem_code, user, fields.get("code", "")[:64]
    )
    if found is None:
        await reject_attempt(context, user.address)
        return entry_page(request, user, problem=translate(texts.WRONG_CODE), status=403)
    return start_session(request, found, destination_of(request))


async def remove(request: Request) -> Response:
    """POST /sign-in/remove: the body names a way in that its owner gives up."""
    context, user = require_posting_user(request)
    subject = (
        (await read_short_body(request, limit_bytes=_LONGEST_SUBJECT))
        .decode(errors="ignore")
        .replace("\0", "")
    )
    await context.pools.run(Pool.DATABASE, context.sign_ins.remove, user, subject)
    return Response(status_code=204)
