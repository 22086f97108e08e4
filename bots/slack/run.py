"""Runs the front end from its settings until it is told to stop."""

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

from bots.process.heartbeat_file import heartbeat
from bots.process.thread_pools import Pool, ThreadPools
from bots.slack.api.client import TOKEN_TROUBLES, SlackClient, SlackUnavailableError, open_session, web_client
from bots.slack.app import SlackApp
from bots.slack.context import SlackContext, WorkspaceRegistry
from bots.slack.http.oauth_flow import Uninstall, build_flow, show_page
from bots.slack.http.replay_protection import ReplayProtection
from bots.slack.http.request_verification import REMEMBERED_SECONDS, Page, RequestVerification
from bots.slack.settings import EVENTS_PATH, INSTALL_PATH, REDIRECT_PATH, SlackSettings
from bots.slack.texts import texts
from bots.slack.workspaces.installation_store import InstallationStore, Rotation, States
from bots.slack.workspaces.registry import InstalledWorkspaces, open_workspace
from bots.texts.languages.catalogues import load_all_catalogues
from bots.texts.translation import translate
from studio.errors import ConfigurationError
from studio.ports import Ports

_FIRST_PAUSE_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 60.0
_PING_SECONDS = 5.0

log = logging.getLogger(__name__)


def run_frontend(ports: Ports, settings: SlackSettings, *, ready_file: Path | None = None) -> None:
    """Run the Slack front end until SIGINT or SIGTERM; `ready_file` is fresh while it serves.

    Raises `ConfigurationError` for tokens that Slack does not take.
    """
    if not settings.app_token and not settings.signing_secret:
        raise ConfigurationError(translate(texts.NO_SIGNING_SECRET))
    asyncio.run(_run(ports, settings, ready_file))


async def _run(ports: Ports, settings: SlackSettings, ready_file: Path | None) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopping.set)
    pools = ThreadPools("slack")
    try:
        async with open_session() as session:
            opened = await _open_when_available(AppFactory(ports, settings, pools, session), stopping)
            if opened is not None:
                await _serve(*opened, settings, stopping, ready_file)
    finally:
        pools.close()


async def _serve(
    app: SlackApp,
    pages: Mapping[str, Page],
    settings: SlackSettings,
    stopping: asyncio.Event,
    ready_file: Path | None,
) -> None:
    await app.context.pools.run(Pool.FILES, load_all_catalogues)
    app.start()
    try:
        async with AsyncExitStack() as stack:
            if settings.app_token:
                await stack.enter_async_context(_socket_mode(app, settings.app_token))
            if settings.listens:
                await stack.enter_async_context(_http_server(app, pages, settings, stopping))
            await stack.enter_async_context(heartbeat(ready_file, lambda: not stopping.is_set()))
            log.info("Slack front end ready")
            await stopping.wait()
    finally:
        await app.close()


class AppFactory:
    """Builds the front end once Slack has accepted its tokens."""

    def __init__(
        self, ports: Ports, settings: SlackSettings, pools: ThreadPools, session: aiohttp.ClientSession
    ) -> None:
        self._ports = ports
        self._settings = settings
        self._pools = pools
        self._session = session

    async def open(self) -> tuple[SlackApp, Mapping[str, Page]]:
        """The front end, and the pages of its installation. Raises `ConfigurationError` and `SlackUnavailableError`."""
        settings = self._settings
        web = web_client(None, settings.api_url, self._session)
        if settings.app_token:
            await _check_app_token(web, settings.app_token)
        if settings.bot_token:
            client = SlackClient.open(settings.bot_token, settings.api_url, self._session)
            return self._app(await open_workspace(client, self._pools, self._ports.database, settings)), {}
        return self._for_many(web)

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
        app = self._app(workspaces, Uninstall(installations, workspaces))
        states = States(database, self._pools)
        flow = build_flow(settings, client, installations, states, workspaces, app.greet_installer)
        pages = {path: partial(show_page, flow, path) for path in (INSTALL_PATH, REDIRECT_PATH)}
        return app, pages

    def _app(self, workspaces: WorkspaceRegistry, uninstalls: Uninstall | None = None) -> SlackApp:
        context = SlackContext(
            ports=self._ports,
            pools=self._pools,
            workspaces=workspaces,
            settings=self._settings,
            session=self._session,
        )
        return SlackApp(context, uninstalls=uninstalls)


async def _open_when_available(
    opening: AppFactory, stopping: asyncio.Event
) -> tuple[SlackApp, Mapping[str, Page]] | None:
    """Waits while Slack is unavailable; None when told to stop meanwhile."""
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
    """Raises `ConfigurationError` for a wrong one, instead of connecting for ever."""
    try:
        await client.apps_connections_open(app_token=app_token)
    except SlackApiError as error:
        data = getattr(error.response, "data", None)
        code = str(data.get("error", "")) if isinstance(data, dict) else ""
        if code in TOKEN_TROUBLES:
            raise ConfigurationError(translate(texts.WRONG_APP_TOKEN, code=code)) from error
        raise SlackUnavailableError(f"apps.connections.open: {code}") from error
    except (SlackClientError, aiohttp.ClientError, TimeoutError, OSError) as error:
        raise SlackUnavailableError(f"apps.connections.open: {type(error).__name__}") from error


@asynccontextmanager
async def _socket_mode(app: SlackApp, app_token: str) -> AsyncIterator[None]:
    """Socket Mode: the library connects, and connects anew when Slack asks for it or goes away."""
    handler = AsyncSocketModeHandler(
        app.bolt, app_token, web_client=app.bolt.client, ping_interval=_PING_SECONDS
    )
    await handler.connect_async()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        await handler.close_async()  # type: ignore[no-untyped-call]
        await app.finish()


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """None: the front end handles them itself."""
        yield


@asynccontextmanager
async def _http_server(
    app: SlackApp, pages: Mapping[str, Page], settings: SlackSettings, stopping: asyncio.Event
) -> AsyncIterator[None]:
    """HTTP mode: signed requests on a port of its own, behind a proxy that terminates TLS."""
    handler: Any = AsyncSlackRequestHandler(app.bolt, EVENTS_PATH)
    replays = ReplayProtection(lasts_seconds=REMEMBERED_SECONDS, redis_url=settings.redis_url)
    verified = RequestVerification(
        handler, signing_secret=settings.signing_secret, pages=pages, replays=replays
    )
    config = uvicorn.Config(
        verified,
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
        await app.finish()
        await replays.close()
