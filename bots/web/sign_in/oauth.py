"""Accounts of Discord (OAuth 2.0, scope ``identify``) and Slack (OpenID Connect) as proofs of who somebody is.

The authorization code flow with PKCE (RFC 7636). The state is signed, ends after ten minutes and holds for one session,
so a state that was stolen, or that was used (a sign-in begins a new session), is worthless.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from authlib.common.errors import AuthlibBaseError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from httpx2 import HTTPError
from itsdangerous import BadData, URLSafeTimedSerializer

from bots.web.oauth_provider import OAuthProvider
from studio.db.identities.sign_ins import Method

_STATE_SECONDS = 600
_TIMEOUT_SECONDS = 10.0


class SignInRefusedError(Exception):
    """The person said no, or the provider does not accept the code."""


class ProviderUnavailableError(Exception):
    """The provider cannot be reached, or its answer makes no sense."""


@dataclass(frozen=True, slots=True)
class ProvedAccount:
    """An account that belongs to the person before the browser. `subject` is that of `SignInRow`."""

    subject: str
    name: str


def account_of(provider: OAuthProvider, user: Mapping[str, Any]) -> ProvedAccount:
    """Raises `ProviderUnavailableError` for an answer without an account."""
    ids: tuple[object, ...]
    if provider.method is Method.SLACK:
        ids = (user.get("https://slack.com/team_id"), user.get("https://slack.com/user_id"))
        name = user.get("name")
    else:
        ids = (user.get("id"),)
        name = user.get("global_name") or user.get("username")
    if not all(isinstance(part, str) and part.isalnum() for part in ids):
        raise ProviderUnavailableError("no account")
    return ProvedAccount(provider.method.subject(":".join(map(str, ids))), str(name or ""))


class OAuthFlow:
    """Sends people to a provider, and finds out who comes back."""

    def __init__(self, key: str, providers: tuple[OAuthProvider, ...]) -> None:
        self.providers = {str(provider.method): provider for provider in providers}
        self._key = key.encode()
        self._states = URLSafeTimedSerializer(key, salt="oauth")

    def authorization_url(
        self, provider: OAuthProvider, *, session: str, redirect_uri: str, destination: str
    ) -> str:
        """Where the browser goes. `destination` is the page that it sees in the end."""
        nonce = secrets.token_urlsafe(16)
        state = self._states.dumps([provider.method, self._digest(session), nonce, destination])
        url, _ = self._client(provider, redirect_uri).create_authorization_url(
            provider.authorize_url, state=str(state), code_verifier=self._verifier(nonce)
        )
        return str(url)

    def challenge(self, provider: OAuthProvider, *, session: str) -> tuple[str, str]:
        """A state and an S256 code challenge, for a page that asks for a code by itself."""
        nonce = secrets.token_urlsafe(16)
        state = self._states.dumps([provider.method, self._digest(session), nonce, "/"])
        return str(state), str(create_s256_code_challenge(self._verifier(nonce)))

    def read_state(self, provider: OAuthProvider, state: str, *, session: str) -> tuple[str, str]:
        """The nonce and the destination in a state.

        Raises `SignInRefusedError` for a state that was not given to this session.
        """
        try:
            method, owner, nonce, destination = self._states.loads(state, max_age=_STATE_SECONDS)
        except (BadData, ValueError, TypeError) as error:
            raise SignInRefusedError("bad state") from error
        if method != provider.method or not hmac.compare_digest(str(owner), self._digest(session)):
            raise SignInRefusedError("foreign state")
        return str(nonce), str(destination)

    async def find_account(
        self, provider: OAuthProvider, *, code: str, nonce: str, redirect_uri: str | None = None
    ) -> ProvedAccount:
        """`redirect_uri` is that of the authorization, if it had one.

        Raises `SignInRefusedError` and `ProviderUnavailableError`.
        """
        async with self._client(provider, redirect_uri) as client:
            try:
                await client.fetch_token(
                    provider.token_url,
                    code=code,
                    code_verifier=self._verifier(nonce),
                    grant_type="authorization_code",
                )
            except AuthlibBaseError as error:
                raise SignInRefusedError(str(error.error)) from error
            except (HTTPError, ValueError, KeyError) as error:
                raise ProviderUnavailableError(type(error).__name__) from error
            try:
                answer = await client.get(provider.user_url)
                answer.raise_for_status()
                user = answer.json()
            except (HTTPError, AuthlibBaseError, ValueError) as error:
                raise ProviderUnavailableError(type(error).__name__) from error
        if not isinstance(user, dict):
            raise ProviderUnavailableError("no account")
        return account_of(provider, user)

    def _client(self, provider: OAuthProvider, redirect_uri: str | None) -> AsyncOAuth2Client:
        return AsyncOAuth2Client(
            provider.client_id,
            provider.client_secret,
            scope=provider.scope,
            redirect_uri=redirect_uri,
            token_endpoint_auth_method="client_secret_post",  # noqa: S106 - a method, no secret
            code_challenge_method="S256",
            timeout=_TIMEOUT_SECONDS,
        )

    def _digest(self, text: str) -> str:
        return hmac.new(self._key, f"session {text}".encode(), hashlib.sha256).hexdigest()

    def _verifier(self, nonce: str) -> str:
        """The PKCE verifier is made anew from the nonce, so that nothing secret stands in the state."""
        digest = hmac.new(self._key, f"pkce {nonce}".encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")
