"""The WebSocket of one browser: it sends client messages and receives updates of the feed."""

import asyncio
import contextlib
import json
import time

from starlette.websockets import WebSocket, WebSocketDisconnect

from bots.presentation.compose.errors import compose_error
from bots.process.thread_pools import Pool
from bots.texts.languages.readers import current_language, use_language
from bots.texts.translation import translate
from bots.web import texts
from bots.web.access.reader_language import accepted_language
from bots.web.context import WebContext
from bots.web.live.connection import CLOSE_NOT_IN, Connection
from bots.web.live.protocol import LONGEST_BYTES, ClientMessage, Ping, id_of, read_message
from bots.web.routes.authentication import require_not_banned
from studio.domain.settings.languages import Language
from studio.errors import BannedError


async def serve_websocket(socket: WebSocket) -> None:
    """Serve one browser until it disconnects."""
    context: WebContext = socket.app.state.context
    user = context.session_store.read(socket)
    await socket.accept()
    if user is None or not context.session_store.admits(user):
        await socket.close(CLOSE_NOT_IN, translate(texts.NOT_IN))
        return
    try:
        await require_not_banned(context, user)
    except BannedError as error:
        await socket.close(CLOSE_NOT_IN, compose_error(error).summary[:120])
        return
    language = Language(current_language())
    connection = Connection(socket=socket, user=user, accepted=accepted_language(socket), language=language)
    # Connect first: what changes while the feed is loaded is then sent after it.
    context.hub.connect(connection)
    context.metrics.sockets.inc()
    sender = asyncio.create_task(connection.send_queued())
    try:
        connection.send(json.dumps(await context.feed.load_message(user)))
        context.hub.inbox_changed(user.user_id)
        await _receive(context, connection)
    except (WebSocketDisconnect, RuntimeError):
        pass  # RuntimeError: the sender closed the socket while we were listening
    finally:
        context.hub.disconnect(connection)
        context.metrics.sockets.dec()
        sender.cancel()
        with contextlib.suppress(asyncio.CancelledError, WebSocketDisconnect, RuntimeError):
            await sender


async def _receive(context: WebContext, connection: Connection) -> None:
    """One message after the other: a browser that sends many delays only its own."""
    while True:
        text = await connection.socket.receive_text()
        use_language(connection.language)  # it may have been changed, here or in another tab
        if len(text.encode()) > LONGEST_BYTES:
            _refuse(connection, translate(texts.MESSAGE_TOO_LONG), id_of(text))
            continue
        message = read_message(text)
        if isinstance(message, Ping):
            connection.send('{"type":"pong"}')
        elif message is None:
            _refuse(connection, translate(texts.MESSAGE_UNREADABLE), id_of(text))
        elif not connection.may_send():
            _refuse(connection, translate(texts.TOO_FAST), message.id)
        else:
            await _execute(context, connection, message)


async def _execute(context: WebContext, connection: Connection, message: ClientMessage) -> None:
    started = time.perf_counter()
    # Before anything that may take its time: the browser then knows that the message has arrived.
    connection.send(json.dumps({"type": "received", "id": message.id}))
    reply = await context.pools.run(Pool.COMMANDS, context.dispatcher.serve, connection.user, message)
    if reply.preferences and context.change_language(connection.user, reply.preferences.language):
        reply.data["go"] = reply.data.pop("open")  # the whole page is in another language now
    connection.send(json.dumps(reply.data))
    if reply.job_id:
        context.hub.job_changed(reply.job_id)
    context.metrics.answer_seconds.observe(time.perf_counter() - started)
    context.metrics.commands.labels(message.do, "ok" if reply.went_well else reply.data["code"]).inc()


def _refuse(connection: Connection, sentence: str, message_id: str | None) -> None:
    answer = {"type": "answer", "id": message_id, "ok": False, "text": sentence}
    connection.send(json.dumps(answer))
