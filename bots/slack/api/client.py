"""A client of Slack's Web API that observes the pauses that Slack asks for, by method."""

import asyncio
import io
import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bots.delivery.errors import PlatformUnavailableError
from bots.slack.settings import FILE_HOSTS
from bots.uploads.safe_downloads import PublicResolver

_LONGEST_PAUSE_SECONDS = 90.0
_DEFAULT_PAUSE_SECONDS = 5.0
_STRAINED_SECONDS = 60.0
# Of an app that many workspaces install and that is not on Slack's marketplace: one request a minute, of at most 15
# messages (https://docs.slack.dev/apis/web-api/rate-limits).
_HISTORY_EVERY_SECONDS = 60.0
_HISTORY = frozenset({"conversations.history", "conversations.replies"})
MOST_MESSAGES, _MOST_MESSAGES_DISTRIBUTED = 100, 15
_TIMEOUT_SECONDS = 30
# Methods that take their arguments as a form, not as JSON; a description is too long for a query.
_FORMS = frozenset(
    {
        "auth.test",
        "conversations.history",
        "conversations.info",
        "conversations.replies",
        "files.getUploadURLExternal",
        "files.info",
        "usergroups.list",
        "users.info",
    }
)
_PASSING = frozenset(
    {
        "fatal_error",
        "internal_error",
        "ratelimited",
        "request_timeout",
        "service_unavailable",
        "team_added_to_org",
    }
)
# The token will not do until an administrator has put it right; what is due then waits for that.
TOKEN_TROUBLES = frozenset(
    {
        "account_inactive",
        "invalid_auth",
        "missing_scope",
        "no_permission",
        "not_authed",
        "token_expired",
        "token_revoked",
        "not_allowed_token_type",
    }
)

log = logging.getLogger(__name__)


class SlackError(Exception):
    """A request to Slack came to nothing."""


class SlackUnavailableError(PlatformUnavailableError, SlackError):
    """Slack does not answer, or asks for a pause."""


class SlackApiRefusedError(SlackError):
    """Slack refused a request. `code` is the error code of its answer, `details` its sentences on blocks."""

    def __init__(self, method: str, code: str, details: Sequence[str] = ()) -> None:
        super().__init__(f"{method}: {code}")
        self.method = method
        self.code = code
        self.details = details

    @property
    def is_about_file(self) -> bool:
        """Whether a file cannot be shown (yet): ``invalid slack file [json-pointer:/blocks/0/slack_file]``."""
        return any("slack file" in detail or "slack_file" in detail for detail in self.details)


class NotInstalledError(SlackApiRefusedError):
    """The app is not, or no longer, installed there."""

    def __init__(self) -> None:
        super().__init__("installation", "not_installed")


@contextmanager
def log_slack_errors(what: str) -> Iterator[None]:
    """Around a request on which nothing depends; `what` says what was not done."""
    try:
        yield
    except SlackError as error:
        log.warning("%s: %s", what, error)


def open_session() -> aiohttp.ClientSession:
    """Shared by all clients. Call it on the running event loop, and close it in the end."""
    connector = aiohttp.TCPConnector(resolver=PublicResolver(FILE_HOSTS))
    return aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=_TIMEOUT_SECONDS))


def web_client(token: str | None, api_url: str, session: aiohttp.ClientSession) -> AsyncWebClient:
    quiet = logging.getLogger("slack_sdk.web")
    quiet.setLevel(logging.WARNING)  # at debug it logs whole bodies
    # Our own patience is all there is: the library's retries would sleep without telling.
    return AsyncWebClient(
        token=token,
        base_url=f"{api_url.rstrip('/')}/",
        timeout=_TIMEOUT_SECONDS,
        session=session,
        logger=quiet,
        retry_handlers=[],
    )


class SlackClient:
    """The client of one workspace: Slack limits requests by method and workspace."""

    def __init__(
        self, web: AsyncWebClient, session: aiohttp.ClientSession, *, is_distributed: bool = False
    ) -> None:
        """`is_distributed`: many workspaces may install the app, which then reads histories slowly."""
        self.web = web
        self.session = session
        self._is_distributed = is_distributed
        self.granted: frozenset[str] = frozenset()  # the scopes of the token, as Slack said last
        self._closed_until: dict[str, float] = {}
        self._strained_until = 0.0

    @classmethod
    def open(
        cls, token: str, api_url: str, session: aiohttp.ClientSession, *, is_distributed: bool = False
    ) -> "SlackClient":
        return cls(web_client(token, api_url, session), session, is_distributed=is_distributed)

    @property
    def most_messages(self) -> int:
        """How many messages of a history one request may ask for."""
        return _MOST_MESSAGES_DISTRIBUTED if self._is_distributed else MOST_MESSAGES

    @property
    def is_strained(self) -> bool:
        """Slack asked for a pause in some method within the last minute: what is optional can wait."""
        return self._strained_until > time.monotonic()

    async def call(self, method: str, *, patient: bool = True, **arguments: Any) -> Mapping[str, Any]:
        """Slack's answer. `patient` waits out the pauses that Slack asks for, up to a minute and a half.

        Raises `SlackUnavailableError` and `SlackApiRefusedError`.
        """
        deadline = time.monotonic() + _LONGEST_PAUSE_SECONDS
        while True:
            pause_seconds = self._closed_until.get(method, 0.0) - time.monotonic()
            if pause_seconds > 0:
                if not patient or time.monotonic() + pause_seconds > deadline:
                    raise SlackUnavailableError(f"{method} is rate limited")
                await asyncio.sleep(pause_seconds)
                continue  # another request may have been quicker
            if self._is_distributed and method in _HISTORY:
                self._closed_until[method] = time.monotonic() + _HISTORY_EVERY_SECONDS
            try:
                return await self._ask(method, arguments)
            except _RateLimitPauseError as pause:
                log.info("Slack rate limit reached: retry_after=%.0f method=%s", pause.seconds, method)
                self._closed_until[method] = time.monotonic() + pause.seconds
                self._strained_until = self._closed_until[method] + _STRAINED_SECONDS

    async def _ask(self, method: str, arguments: dict[str, Any]) -> Mapping[str, Any]:
        given = {name: value for name, value in arguments.items() if value is not None}
        try:
            if method in _FORMS:
                response = await self.web.api_call(method, data=given)
            else:
                response = await self.web.api_call(method, json=given)
        except SlackApiError as error:
            raise _error_for(method, error) from error
        except aiohttp.ClientConnectorError as error:
            raise SlackUnavailableError(f"{method}: {type(error).__name__}") from error
        except (SlackClientError, aiohttp.ClientError, TimeoutError, OSError) as error:
            raise SlackUnavailableError(f"{method}: {type(error).__name__}", perhaps_done=True) from error
        self.granted = _scopes(response.headers) or self.granted
        return response.data if isinstance(response.data, dict) else {}

    async def upload(self, upload_url: str, data: bytes, *, media_type: str) -> None:
        """Send the bytes of a file to the URL that Slack gave for them. Raises `SlackUnavailableError`."""
        headers = {"Content-Type": media_type}
        try:
            async with self.session.post(upload_url, data=io.BytesIO(data), headers=headers) as response:
                if response.status != 200:
                    raise SlackUnavailableError(f"upload: {response.status}")
        except (aiohttp.ClientError, TimeoutError, OSError, RuntimeError) as error:  # closed at our own end
            raise SlackUnavailableError(f"upload: {type(error).__name__}") from error


async def respond(session: aiohttp.ClientSession, response_url: str, **message: Any) -> None:
    """Answer through the ``response_url`` of an interaction, which needs no token.

    Raises `SlackUnavailableError` and `SlackApiRefusedError`.
    """
    try:
        async with session.post(response_url, json=message) as response:
            if response.status >= 400:
                raise SlackApiRefusedError("response_url", str(response.status))
    except (aiohttp.ClientError, TimeoutError, OSError, RuntimeError) as error:
        raise SlackUnavailableError(f"response_url: {type(error).__name__}") from error


class _RateLimitPauseError(Exception):
    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


def _error_for(method: str, error: SlackApiError) -> Exception:
    """The exception for an error response."""
    response = error.response
    status = int(getattr(response, "status_code", None) or getattr(response, "status", None) or 0)
    if status == 429:
        return _RateLimitPauseError(_pause_seconds(getattr(response, "headers", {})))
    data = getattr(response, "data", None)
    code = str(data.get("error", "")) if isinstance(data, dict) else ""
    if status >= 500 or not code or code in _PASSING:
        return SlackUnavailableError(f"{method}: {code or status}", perhaps_done=code != "ratelimited")
    details = data.get("errors") if isinstance(data, dict) else None
    return SlackApiRefusedError(method, code, [str(detail) for detail in details or ()])


def _scopes(headers: Mapping[str, str]) -> frozenset[str]:
    scopes = (scope.strip() for scope in _header(headers, "x-oauth-scopes").split(","))
    return frozenset(filter(None, scopes))


def _header(headers: Mapping[str, str], wanted: str) -> str:
    return next((value for name, value in headers.items() if name.lower() == wanted), "")


def _pause_seconds(headers: Mapping[str, str]) -> float:
    seconds = _header(headers, "retry-after")
    try:
        return max(0.0, float(seconds))
    except ValueError:
        return _DEFAULT_PAUSE_SECONDS
