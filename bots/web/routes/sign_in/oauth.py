"""Signing in with an account of Discord or Slack, and connecting one to one's name."""

from functools import partial

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from bots.process.thread_pools import Pool
from bots.texts.translation import translate
from bots.web import texts
from bots.web.access.session_cookies import WebUser, clean_name
from bots.web.context import WebContext
from bots.web.oauth_provider import OAuthProvider
from bots.web.routes.authentication import context_of, origin_of, write_session
from bots.web.routes.sign_in.login import destination_of, entry_page, may_try, start_session
from bots.web.sign_in.oauth import ProvedAccount, ProviderUnavailableError, SignInRefusedError
from studio.errors import NotFoundError


def _provider_of(request: Request) -> OAuthProvider:
    """Raises `NotFoundError`, also in the frame of an Activity, where another way in asks for more."""
    context = context_of(request)
    provider = context.oauth_flow.providers.get(request.path_params["provider"])
    if provider is None or context.session_store.is_framed(request):
        raise NotFoundError("this_page")
    return provider


def _callback_url(request: Request, provider: OAuthProvider) -> str:
    return f"{origin_of(request)}/sign-in/{provider.method}/callback"


async def begin(request: Request) -> Response:
    """GET /sign-in/<provider>: on to the provider."""
    context, provider = context_of(request), _provider_of(request)
    user = context.session_store.read(request) or context.session_store.anonymous_user()
    url = context.oauth_flow.authorization_url(
        provider,
        session=user.session,
        redirect_uri=_callback_url(request, provider),
        destination=destination_of(request),
    )
    response = RedirectResponse(url, status_code=303)
    write_session(request, response, user)
    return response


async def callback(request: Request) -> Response:
    """GET /sign-in/<provider>/callback: back from the provider, with a code or a refusal."""
    context, provider = context_of(request), _provider_of(request)
    user = context.session_store.read(request)
    refused = partial(entry_page, request, user)
    if user is None or not may_try(context, user.address):
        problem = texts.TOO_MANY_TRIES if user else texts.STALE_SIGN_IN
        return refused(problem=translate(problem, provider=provider.label), status=403)
    query = request.query_params
    try:
        nonce, destination = context.oauth_flow.read_state(
            provider, query.get("state", ""), session=user.session
        )
        if "code" not in query:
            raise SignInRefusedError(query.get("error", "no code"))
        account = await context.oauth_flow.find_account(
            provider, code=query["code"], nonce=nonce, redirect_uri=_callback_url(request, provider)
        )
    except SignInRefusedError:
        return refused(problem=translate(texts.SIGN_IN_REFUSED, provider=provider.label), status=403)
    except ProviderUnavailableError:
        return refused(problem=translate(texts.PROVIDER_UNAVAILABLE, provider=provider.label), status=503)
    if context.session_store.knows_invite(user):
        return await _connect(request, context, user, provider, account)
    found = await context.pools.run(Pool.DATABASE, context.sign_ins.sign_in, user, account.subject)
    if found is None and user.user_id:  # they were here before, and only the invite word has changed
        return refused(problem=translate(texts.INVITE_FIRST, provider=provider.label), status=403)
    # Somebody new chooses a name first; a new session, so that the state that led here is used up.
    visitor = context.session_store.anonymous_user(name=clean_name(account.name), subject=account.subject)
    return start_session(request, found or visitor, destination)


async def _connect(
    request: Request, context: WebContext, user: WebUser, provider: OAuthProvider, account: ProvedAccount
) -> Response:
    """The account becomes another way in for the present user."""
    label = f"{provider.label}: {clean_name(account.name)}"
    add = partial(context.sign_ins.add, user, account.subject, label=label)
    if not await context.pools.run(Pool.DATABASE, add):
        problem = translate(texts.ACCOUNT_OF_ANOTHER, provider=provider.label)
        return entry_page(request, user, problem=problem, status=409)
    found = await context.pools.run(Pool.DATABASE, context.sign_ins.sign_in, user, account.subject)
    return start_session(request, found or user, "/settings")
