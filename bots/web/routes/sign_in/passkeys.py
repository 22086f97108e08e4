"""Passkeys: made in the settings or at the entry, used at the entry. The scripts speak JSON with these routes."""

import json
import re
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from bots.process.thread_pools import Pool
from bots.texts.translation import translate
from bots.web import texts
from bots.web.access.session_cookies import WebUser
from bots.web.routes.authentication import (
    context_of,
    origin_of,
    read_short_body,
    require_posting_user,
    write_session,
)
from bots.web.routes.sign_in.login import destination_of, may_try, reject_attempt
from bots.web.sign_in.passkeys import PasskeyRefusedError, Site
from studio.db.identities.sign_ins import Method

_LONGEST_ANSWER = 16 * 1024
_CREDENTIAL = re.compile(r"[\w-]{1,450}", re.ASCII)  # base64url; longer ones do not fit into a subject


def _site_of(request: Request) -> Site:
    return Site(name=request.url.hostname or "", origin=origin_of(request))


def _refusal(text: str, status: int = 403) -> JSONResponse:
    return JSONResponse({"text": translate(text)}, status_code=status)


async def options_to_add(request: Request) -> Response:
    """POST /passkeys/options: what the browser needs to make a passkey."""
    context, user = require_posting_user(request, proved=False)
    ways = await context.pools.run(Pool.DATABASE, context.sign_ins.of, user)
    known = [way.subject.partition(":")[2] for way in ways if way.method is Method.PASSKEY]
    options = context.passkeys.registration_options(
        _site_of(request), session=user.session, user_id=user.user_id, name=user.name, known=known
    )
    return JSONResponse(options)


async def add(request: Request) -> Response:
    """POST /passkeys: the passkey that the browser made."""
    context, user = require_posting_user(request, proved=False)
    try:
        answer, challenge = await _read_answer(request)
        passkey = context.passkeys.verify_new(_site_of(request), answer, challenge, session=user.session)
    except PasskeyRefusedError:
        return _refusal(texts.PASSKEY_REFUSED)
    subject = Method.PASSKEY.subject(passkey.credential)

    def save() -> WebUser | None:
        added = context.sign_ins.add(user, subject, label=translate(texts.PASSKEY), passkey=passkey)
        return context.sign_ins.sign_in(user, subject) if added else None

    found = await context.pools.run(Pool.DATABASE, save)
    return _refusal(texts.PASSKEY_REFUSED) if found is None else _start(request, found)


async def options_to_use(request: Request) -> Response:
    """POST /sign-in/passkey/options."""
    context = context_of(request)
    user = context.session_store.read(request)
    if user is None:
        return _refusal(texts.STALE_FORM)
    return JSONResponse(context.passkeys.authentication_options(_site_of(request), session=user.session))


async def use(request: Request) -> Response:
    """POST /sign-in/passkey: sign in with a passkey that was made before."""
    context = context_of(request)
    user = context.session_store.read(request)
    if user is None:
        return _refusal(texts.STALE_FORM)
    if not may_try(context, user.address):
        return _refusal(texts.TOO_MANY_TRIES, 429)
    try:
        answer, challenge = await _read_answer(request)
        credential = str(answer.get("id", ""))
        if not _CREDENTIAL.fullmatch(credential):
            raise PasskeyRefusedError
        known = await context.pools.run(Pool.DATABASE, context.sign_ins.passkey, credential)
        if known is None or await context.pools.run(Pool.DATABASE, context.sessions.look_up, challenge):
            raise PasskeyRefusedError
        passkey = context.passkeys.verify_use(
            _site_of(request), answer, challenge, session=user.session, passkey=known
        )
    except PasskeyRefusedError:
        await reject_attempt(context, user.address)
        return _refusal(texts.PASSKEY_REFUSED)

    def sign_in() -> WebUser | None:
        context.sessions.end(challenge)  # of an authenticator that counts nothing it would be good once more
        context.sign_ins.record_use(passkey)
        return context.sign_ins.sign_in(user, Method.PASSKEY.subject(passkey.credential))

    found = await context.pools.run(Pool.DATABASE, sign_in)
    return _refusal(texts.PASSKEY_REFUSED) if found is None else _start(request, found)


def _start(request: Request, found: WebUser) -> Response:
    response = JSONResponse({"to": destination_of(request)})
    write_session(request, response, found)
    return response


async def _read_answer(request: Request) -> tuple[dict[str, Any], str]:
    """Raises `PasskeyRefusedError` for what no authenticator would say."""
    try:
        body = json.loads(await read_short_body(request, limit_bytes=_LONGEST_ANSWER))
        answer, challenge = body["answer"], body["challenge"]
    except (ValueError, KeyError, TypeError) as error:
        raise PasskeyRefusedError from error
    if not isinstance(answer, dict) or not isinstance(challenge, str):
        raise PasskeyRefusedError
    return answer, challenge
