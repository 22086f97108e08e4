"""From settings to a face that runs until it is told to stop."""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import uvicorn
from slack_bolt.adapter.asgi.async_handler import AsyncSlackRequestHandler
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.oauth.token_rotation.async_rotator import AsyncTokenRotator
from slack_sdk.web.async_client import AsyncWebClient

from bots.runtime.heartbeat_file import heartbeat
from bots.runtime.thread_pools import ThreadPools
from bots.slack.api.client import TOKEN_TROUBLES, SlackClient, SlackUnavailableError, open_session, web_client
from bots.slack.app import SlackApp
from bots.slack.context import SlackContext, WorkspaceRegistry
from bots.slack.http.oauth_flow import Uninstall, doorway, enter
from bots.slack.http.replay_protection import ReplayProtection
from bots.slack.http.request_verification import REMEMBERED_SECONDS, Page, RequestVerification
from bots.slack.settings import EVENTS_PATH, INSTALL_PATH, REDIRECT_PATH, SlackSettings
from bots.slack.texts import texts
from bots.slack.workspaces.installation_store import InstallationStore, Rotation, States
from bots.slack.workspaces.registry import InstalledWorkspaces, open_workspace
from studio.errors import ConfigurationError
from studio.ports import Ports

_FIRST_PAUSE_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 60.0
_PING_SECONDS = 5.0

log = logging.getLogger(__name__)


def run_frontend(ports: Ports, settings: SlackSettings, *, ready_file: Path | None = None) -> None:
    """Be the Slack face until SIGINT or SIGTERM; `ready_file` is fresh while it serves.

    Raises `ConfigurationError` for tokens that Slack does not take.
    """
    if not settings.app_token and not settings.signing_secret:
        raise ConfigurationError(texts.NO_SIGNING_SECRET)
    asyncio.run(_run(ports, settings, ready_file))


async def _run(ports: Ports, settings: SlackSettings, ready_file: Path | None) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopping.set)
    pools = ThreadPools("slack")
    try:
        async with open_session() as session:
            opened = await _opened(SocketOpening(ports, settings, pools, session), stopping)
            if opened is not None:
                await _serve(*opened, settings, stopping, ready_file)
    finally:
        pools.close()


async def _serve(
    face: SlackApp,
    pages: Mapping[str, Page],
    settings: SlackSettings,
    stopping: asyncio.Event,
    ready_file: Path | None,
) -> None:
    face.start()
    try:
        async with AsyncExitStack() as ways_in:
            if settings.app_token:
                await ways_in.enter_async_context(_socket(face, settings.app_token))
            if settings.listens:
                await ways_in.enter_async_context(_door(face, pages, settings, stopping))
            await ways_in.enter_async_context(heartbeat(ready_file, lambda: not stopping.is_set()))
            log.info("Slack front end ready")
            await stopping.wait()
    finally:
        await face.close()


class SocketOpening:
    """The face, made once Slack has said that its tokens will do."""

    def __init__(
        self, ports: Ports, settings: SlackSettings, pools: ThreadPools, session: aiohttp.ClientSession
    ) -> None:
        self._ports = ports
        self._settings = settings
        self._pools = pools
        self._session = session

    async def open(self) -> tuple[SlackApp, Mapping[str, Page]]:
        """The face and its pages for those who install it. Raises `ConfigurationError` and `SlackUnavailableError`."""
        settings = self._settings
        client = web_client(None, settings.api_url, self._session)
        if settings.app_token:
            await _check_app_token(client, settings.app_token)
        if settings.bot_token:
            line = SlackClient.open(settings.bot_token, settings.api_url, self._session)
            return self._face(await open_workspace(line, self._pools, self._ports.database, settings)), {}
        return self._for_many(client)

    def _for_many(self, client: AsyncWebClient) -> tuple[SlackApp, Mapping[str, Page]]:
        settings, database = self._settings, self._ports.database
        client_id, client_secret = settings.client_id or "", settings.client_secret or ""
        installations = InstallationStore(database, self._pools, client_id=client_id)
        rotator = AsyncTokenRotator(client_id=client_id, client_secret=client_secret, client=client)
        workspaces = InstalledWorkspaces(
            database,
            self._pools,
            installations,
            Rotation(installations, rotator),
            session=self._session,
            settings=settings,
        )
        flow = doorway(settings, client, installations, States(database, self._pools), workspaces)
        pages = {path: partial(enter, flow, path) for path in (INSTALL_PATH, REDIRECT_PATH)}
        return self._face(workspaces, Uninstall(installations, workspaces)), pages

    def _face(self, workspaces: WorkspaceRegistry, leaving: Uninstall | None = None) -> SlackApp:
        context = SlackContext(
            ports=self._ports,
            pools=self._pools,
            workspaces=workspaces,
            settings=self._settings,
            session=self._session,
        )
        return SlackApp(context, leaving=leaving)


async def _opened(
    opening: SocketOpening, stopping: asyncio.Event
) -> tuple[SlackApp, Mapping[str, Page]] | None:
    """Waits while Slack is away; None when told to stop meanwhile."""
    pause_seconds = _FIRST_PAUSE_SECONDS
    while not stopping.is_set():
        try:
            return await opening.open()
        except SlackUnavailableError as error:
            log.warning("Slack unavailable: %s, retrying in %.0f s", error, pause_seconds)
        with suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), pause_seconds)
        pause_seconds = min(_LONGEST_PAUSE_SECONDS, 2 * pause_seconds)
    return None


async def _check_app_token(client: AsyncWebClient, app_token: str) -> None:
    """A wrong one is one sentence now, instead of a connection that is tried for ever."""
    try:
        await client.apps_connections_open(app_token=app_token)
    except SlackApiError as error:
        data = getattr(error.response, "data", None)
        code = str(data.get("error", "")) if isinstance(data, dict) else ""
        if code in TOKEN_TROUBLES:
            raise ConfigurationError(texts.WRONG_APP_TOKEN.format(code=code)) from error
        raise SlackUnavailableError(f"apps.connections.open: {code}") from error
    except (SlackClientError, aiohttp.ClientError, TimeoutError, OSError) as error:
        raise SlackUnavailableError(f"apps.connections.open: {type(error).__name__}") from error


@asynccontextmanager
async def _socket(face: SlackApp, app_token: str) -> AsyncIterator[None]:
    """Socket Mode: the library connects, and connects anew when Slack asks for it or goes away."""
    handler = AsyncSocketModeHandler(
        face.bolt, app_token, web_client=face.bolt.client, ping_interval=_PING_SECONDS
    )
    await handler.connect_async()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        await handler.close_async()  # type: ignore[no-untyped-call]
        await face.finish()


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """None: the face listens for them itself."""
        yield


@asynccontextmanager
async def _door(
    face: SlackApp, pages: Mapping[str, Page], settings: SlackSettings, stopping: asyncio.Event
) -> AsyncIterator[None]:
    """HTTP mode: signed requests on a port of our own, to be put behind a proxy that speaks TLS."""
    handler: Any = AsyncSlackRequestHandler(face.bolt, EVENTS_PATH)
    replays = ReplayProtection(lasts_seconds=REMEMBERED_SECONDS, redis_url=settings.redis_url)
    app = RequestVerification(handler, signing_secret=settings.signing_secret, pages=pages, replays=replays)
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # nothing here depends on the address of a client
        lifespan="off",
        timeout_graceful_shutdown=3,
    )
    server = _Server(config)
    serving = asyncio.create_task(server.serve())
    serving.add_done_callback(lambda _: stopping.set())
    try:
        yield
    finally:
        server.should_exit = True
        await serving
        await face.finish()
        await replays.close()
