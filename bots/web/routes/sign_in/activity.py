"""The web page as an Activity in Discord: its outer page, and who the person before it is."""

import json

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from bots.presentation.compose.errors import compose_error
from bots.process.thread_pools import Pool
from bots.texts.translation import translate
from bots.web import texts
from bots.web.access.activity_frame import SESSION_COOKIE
from bots.web.access.session_cookies import WebUser, clean_name
from bots.web.context import WebContext
from bots.web.oauth_provider import DiscordActivity
from bots.web.routes.authentication import context_of, read_short_body
from bots.web.routes.page_layout import page_response
from bots.web.sign_in.activity_instances import find_server
from bots.web.sign_in.oauth import ProvedAccount, ProviderUnavailableError, SignInRefusedError
from studio.domain.people import Person, Platform
from studio.errors import BannedError, NotFoundError

_LONGEST_BODY = 4096
_FIELDS = ("code", "state", "instance")
# Only answers of Discord's that let nobody in are counted.
_FAILURES_A_MINUTE = 10
_FAILURES_OF_ALL = 1200  # everybody in Discord comes in through its proxy's addresses


def start_page(request: Request, activity: DiscordActivity) -> Response:
    """GET / as Discord opens it: the page that asks Discord who somebody is, and then holds the app in a frame.

    Each start ends the frame's session before it: another account may be signed in at Discord by now. The next one
    begins when Discord has answered, so a person who follows a link to here keeps the ordinary page.
    """
    context = context_of(request)
    user = context.session_store.anonymous_user()
    state, challenge = context.oauth_flow.challenge(activity.provider, session=user.session)
    values = {
        "token": context.session_store.form_token(user),
        "client_id": activity.provider.client_id,
        "host": activity.host,
        "state": state,
        "challenge": challenge,
        "scope": activity.provider.scope,
    }
    response = page_response(request, "activity.html", values)
    context.session_store.write_proof(response, user)
    return response


async def sign_in(request: Request) -> Response:
    """POST /activity with ``{"code": …, "state": …, "instance": …}`` as JSON: a session in the frame.

    Somebody new chooses a name first, as after any other sign-in, and types the invite word.
    """
    context = context_of(request)
    activity = context.settings.activity
    if activity is None:
        raise NotFoundError("this_page")
    label = activity.provider.label
    user = context.session_store.read_proof(request)
    token = request.headers.get("x-form-token", "")
    if user is None or not context.session_store.is_form_token(user, token):
        return _problem(translate(texts.STALE_SIGN_IN, provider=label), 403)
    failures = {f"activity:{user.session}": _FAILURES_A_MINUTE, f"activity:{user.address}": _FAILURES_OF_ALL}
    if not all(context.attempt_limiter.allows(key, tries=tries) for key, tries in failures.items()):
        return _problem(translate(texts.TOO_MANY_TRIES), 429)
    try:
        fields = await _fields(request)
        nonce, _ = context.oauth_flow.read_state(activity.provider, fields["state"], session=user.session)
        try:
            account, server = await _prove(context, activity, fields, nonce)
        except (SignInRefusedError, ProviderUnavailableError):
            for key, tries in failures.items():
                context.attempt_limiter.count(key, tries=tries)
            raise
    except SignInRefusedError:
        return _problem(translate(texts.SIGN_IN_REFUSED, provider=label), 403)
    except ProviderUnavailableError:
        return _problem(translate(texts.PROVIDER_UNAVAILABLE, provider=label), 503)
    try:
        found = await context.pools.run(Pool.DATABASE, _find, context, user, account, server)
    except BannedError as error:
        return _problem(compose_error(error).summary, 403)
    visitor = context.session_store.anonymous_user(name=clean_name(account.name), subject=account.subject)
    response = JSONResponse({})
    response.delete_cookie(SESSION_COOKIE)  # beside which that of the frame would not count
    context.session_store.write(response, found or visitor, secure=True, framed=True)
    return response


async def _fields(request: Request) -> dict[str, str]:
    """Raises `SignInRefusedError`."""
    try:
        read = json.loads(await read_short_body(request, limit_bytes=_LONGEST_BODY))
    except ValueError as error:
        raise SignInRefusedError("no JSON") from error
    found = read if isinstance(read, dict) else {}
    fields = {name: value for name in _FIELDS if isinstance(value := found.get(name), str) and value}
    if len(fields) < len(_FIELDS):
        raise SignInRefusedError("fields missing")
    return fields


async def _prove(
    context: WebContext, activity: DiscordActivity, fields: dict[str, str], nonce: str
) -> tuple[ProvedAccount, str]:
    """The account, and the id of the server in which it uses the Activity."""
    provider = activity.provider
    account = await context.oauth_flow.find_account(provider, code=fields["code"], nonce=nonce)
    user_id = account.subject.partition(":")[2]
    return account, await find_server(activity, instance=fields["instance"], user=user_id)


def _find(context: WebContext, user: WebUser, account: ProvedAccount, server: str) -> WebUser | None:
    """The person whose account it is, as a member of the server too. Raises `BannedError` for one banned there."""
    member = Person(
        platform=Platform.DISCORD,
        community=server,
        user_id=account.subject.partition(":")[2],
        display_name=account.name,
    )
    context.ports.gate.require_not_banned(member)
    context.sign_ins.add_identity(account.subject, member)
    return context.sign_ins.sign_in(user, account.subject)


def _problem(sentence: str, status: int) -> Response:
    return JSONResponse({"text": sentence}, status_code=status)
