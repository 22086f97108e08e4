"""The entry page: a name, the invite word where one is needed, and the ways in which people sign in again."""

import asyncio
import re
from dataclasses import replace
from functools import partial

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from bots.process.thread_pools import Pool
from bots.texts.translation import translate
from bots.web import texts
from bots.web.access.activity_frame import SESSION_COOKIE
from bots.web.access.identities import name_problem
from bots.web.access.session_cookies import LONGEST_NAME, WebUser, clean_name
from bots.web.context import WebContext
from bots.web.routes.authentication import context_of, read_short_body, require_posting_user, write_session
from bots.web.routes.page_layout import page_response

_TRIES_A_MINUTE = 20
_NAMES_AN_HOUR = 240  # a school may come in through one address
_WRONG_WORD_SECONDS = 0.5
_PAGE = re.compile(r"/(?:[a-z0-9][a-z0-9./-]*)?")


def entry_page(
    request: Request, user: WebUser | None, *, name: str = "", problem: str = "", status: int = 200
) -> Response:
    context = context_of(request)
    user = user or context.session_store.anonymous_user()
    knows_invite = context.session_store.knows_invite(user)
    # No other site lets itself be shown in Discord's frame.
    framed = context.session_store.is_framed(request)
    values = {
        "token": context.session_store.form_token(user),
        "name": name or user.name,
        "longest_name": LONGEST_NAME,
        "asks_word": context.settings.shared_secret is not None,
        "asks_moderators": context.settings.moderator_secret is not None,
        "providers": () if framed else context.settings.sign_in_providers,
        "asks_discord": framed and not user.subject,
        "proved_with": _label_of(context, user),
        # They have come in, and only lack a proof of who they are.
        "proves": knows_invite and not context.session_store.admits(user),
        "destination": destination_of(request),
        "problem": problem,
    }
    response = page_response(request, "login.html", values, status=status)
    write_session(request, response, user)
    return response


def _label_of(context: WebContext, user: WebUser) -> str:
    """The account that somebody new has just proved, whose name here is still to be chosen."""
    method = user.subject.partition(":")[0]
    labels = {str(provider.method): provider.label for provider in context.settings.sign_in_providers}
    return "" if user.user_id else labels.get(method, "")


def start_session(request: Request, found: WebUser, destination: str) -> Response:
    """The answer to somebody who has proved who they are. Where their invite word has changed, it is asked for."""
    context = context_of(request)
    if not context.session_store.admits(found):
        return entry_page(request, found)
    response = RedirectResponse(destination, status_code=303)
    write_session(request, response, found)
    return response


def destination_of(request: Request) -> str:
    """The page that was asked for before the login, kept in the address of the form; never one of another site."""
    by_itself = request.url.path.startswith(("/enter", "/sign-in/", "/passkeys"))
    wanted = request.query_params.get("next", "/") if by_itself else request.url.path
    return wanted if _PAGE.fullmatch(wanted) else "/"


async def enter(request: Request) -> Response:
    """POST /enter: name and word in, session out."""
    context = context_of(request)
    user = context.session_store.read(request)
    async with request.form(max_files=0, max_fields=8, max_part_size=4096) as form:
        fields = {key: value for key, value in form.items() if isinstance(value, str)}
    if user is None or not context.session_store.is_form_token(user, fields.get("token", "")):
        return entry_page(request, user, problem=translate(texts.STALE_FORM), status=403)
    name = clean_name(fields.get("name", ""))
    refused = partial(entry_page, request, user, name=name)
    if not may_try(context, user.address):
        return refused(problem=translate(texts.TOO_MANY_TRIES), status=429)
    if problem := name_problem(name):
        return refused(problem=problem, status=422)
    admitted = context.session_store.sign_in(user, name=name, word=fields.get("word", ""))
    if admitted is None:
        await reject_attempt(context, user.address)
        return refused(problem=translate(texts.WRONG_WORD), status=403)
    context.attempt_limiter.count(f"names:{user.address}", tries=_NAMES_AN_HOUR, seconds=3600)
    if problem := await context.pools.run(Pool.DATABASE, context.identities.register, admitted):
        return refused(problem=problem, status=422)
    if proved_with := _label_of(context, user):
        add = partial(context.sign_ins.add, admitted, user.subject, label=f"{proved_with}: {user.name}")
        if not await context.pools.run(Pool.DATABASE, add):
            return refused(problem=translate(texts.ACCOUNT_TAKEN), status=409)
    elif user.subject:
        await context.pools.run(Pool.DATABASE, context.sign_ins.renew_invite, admitted)
    if user.user_id:
        await end_session(context, user)
    response = RedirectResponse(destination_of(request), status_code=303)
    write_session(request, response, admitted)
    return response


async def rename(request: Request) -> Response:
    """POST /name, with the form token in a header: the new name is the body."""
    context, user = require_posting_user(request)
    if not may_try(context, user.address):
        raise HTTPException(429, texts.TOO_MANY_TRIES)
    context.attempt_limiter.count(f"names:{user.address}", tries=_NAMES_AN_HOUR, seconds=3600)
    name = clean_name((await read_short_body(request, limit_bytes=1024)).decode(errors="ignore"))
    renamed = replace(user, name=name)
    if problem := await context.pools.run(Pool.DATABASE, context.identities.rename, renamed):
        return JSONResponse({"text": problem}, status_code=422)
    context.hub.rename(renamed)
    response = JSONResponse({"name": name})
    write_session(request, response, renamed)
    return response


async def leave(request: Request) -> Response:
    """POST /leave: end the session, also for copies of its cookie."""
    context, user = require_posting_user(request)
    await end_session(context, user)
    response = Response(status_code=204)
    if context.session_store.is_framed(
        request
    ):  # by its cookie the frame is known as one, so there is one still
        write_session(request, response, context.session_store.anonymous_user())
    else:
        response.delete_cookie(SESSION_COOKIE)
    return response


async def end_session(context: WebContext, user: WebUser) -> None:
    await context.pools.run(Pool.DATABASE, context.sessions.end, user.session)
    context.hub.close_session(user.session)


def may_try(context: WebContext, address: str) -> bool:
    """Whether this address may try another word and take another name; names are taken permanently."""
    return context.attempt_limiter.allows(
        f"door:{address}", tries=_TRIES_A_MINUTE
    ) and context.attempt_limiter.allows(f"names:{address}", tries=_NAMES_AN_HOUR, seconds=3600)


async def reject_attempt(context: WebContext, address: str) -> None:
    """Count a wrong word or code, and let its sender wait."""
    context.attempt_limiter.count(f"door:{address}", tries=_TRIES_A_MINUTE)
    await asyncio.sleep(_WRONG_WORD_SECONDS)
