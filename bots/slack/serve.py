"""From settings to a face that runs until it is told to stop."""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any

import aiohttp
import uvicorn
from slack_bolt.adapter.asgi.async_handler import AsyncSlackRequestHandler
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_sdk.errors import SlackApiError, SlackClientError

from bots.slack import words
from bots.slack.app import Face
from bots.slack.guard import PATH, Guard
from bots.slack.identity import Identity, introduce
from bots.slack.line import TOKEN_TROUBLES, Line, SlackAway
from bots.slack.settings import SlackSettings
from studio.errors import Misconfigured
from studio.ports import Ports

_FIRST_PAUSE_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 60.0
_PING_SECONDS = 5.0

log = logging.getLogger(__name__)


def run_face(ports: Ports, settings: SlackSettings) -> None:
    """Be the Slack face until SIGINT or SIGTERM. Raises `Misconfigured` for tokens that Slack does not take."""
    if not settings.app_token and not settings.signing_secret:
        raise Misconfigured(words.NO_SIGNING_SECRET)
    asyncio.run(_run(ports, settings))


async def _run(ports: Ports, settings: SlackSettings) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopping.set)
    line = Line.open(settings.bot_token, settings.api_url)
    try:
        identity = await _introduced(line, settings, stopping)
        if identity is None:
            return
        face = Face(ports, settings, line, identity)
        face.news.start()
        try:
            async with _socket(face, settings) if settings.app_token else _door(face, settings, stopping):
                log.info("ready in workspace %s", identity.team)
                await stopping.wait()
        finally:
            await face.close()
    finally:
        await line.close()


async def _introduced(line: Line, settings: SlackSettings, stopping: asyncio.Event) -> Identity | None:
    """Who we are, waiting while Slack is away; None when told to stop meanwhile."""
    pause_seconds = _FIRST_PAUSE_SECONDS
    while not stopping.is_set():
        try:
            identity = await introduce(line)
            if settings.app_token:
                await _check_app_token(line, settings.app_token)
            return identity
        except SlackAway as error:
            log.warning("slack is away (%s), trying again in %.0f s", error, pause_seconds)
        with suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), pause_seconds)
        pause_seconds = min(_LONGEST_PAUSE_SECONDS, 2 * pause_seconds)
    return None


async def _check_app_token(line: Line, app_token: str) -> None:
    """A wrong one is one sentence now, instead of a connection that is tried for ever."""
    try:
        await line.client.apps_connections_open(app_token=app_token)
    except SlackApiError as error:
        data = getattr(error.response, "data", None)
        code = str(data.get("error", "")) if isinstance(data, dict) else ""
        if code in TOKEN_TROUBLES:
            raise Misconfigured(words.WRONG_APP_TOKEN.format(code=code)) from error
        raise SlackAway(f"apps.connections.open: {code}") from error
    except (SlackClientError, aiohttp.ClientError, TimeoutError, OSError) as error:
        raise SlackAway(f"apps.connections.open: {type(error).__name__}") from error


@asynccontextmanager
async def _socket(face: Face, settings: SlackSettings) -> AsyncIterator[None]:
    """Socket Mode: the library connects, and connects anew when Slack asks for it or goes away."""
    handler = AsyncSocketModeHandler(
        face.bolt, settings.app_token, web_client=face.line.client, ping_interval=_PING_SECONDS
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
async def _door(face: Face, settings: SlackSettings, stopping: asyncio.Event) -> AsyncIterator[None]:
    """HTTP mode: signed requests on a port of our own, to be put behind a proxy that speaks TLS."""
    handler: Any = AsyncSlackRequestHandler(face.bolt, PATH)
    app = Guard(handler, signing_secret=settings.signing_secret or "")
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
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
