"""The socket of one browser: in come wishes, out goes the wall."""

import asyncio
import contextlib
import json
import time

from starlette.websockets import WebSocket, WebSocketDisconnect

from bots.runtime.thread_pools import Pool
from bots.web.access.login import require_welcome
from bots.web.context import WebContext
from bots.web.live.connection import CLOSE_NOT_IN, Connection
from bots.web.live.protocol import LONGEST_BYTES, ClientMessage, Ping, id_of, read_message
from bots.web.texts import texts
from studio.errors import BannedError


async def attend(socket: WebSocket) -> None:
    """Serve one browser until it leaves."""
    context: WebContext = socket.app.state.context
    user = context.session_store.read(socket)
    await socket.accept()
    if user is None or not context.session_store.admits(user):
        await socket.close(CLOSE_NOT_IN, texts.NOT_IN)
        return
    try:
        await require_welcome(context, user)
    except BannedError as error:
        await socket.close(CLOSE_NOT_IN, texts.sentence_of(error)[:120])
        return
    connection = Connection(socket=socket, user=user)
    # Enter first: what changes while the wall is loaded is then told after it.
    context.room.enter(connection)
    context.figures.sockets.inc()
    sender = asyncio.create_task(connection.deliver())
    try:
        connection.tell(json.dumps(await context.wall.message(user)))
        context.room.post_changed(user.user_id)
        await _listen(context, connection)
    except (WebSocketDisconnect, RuntimeError):
        pass  # RuntimeError: the sender closed the socket while we were listening
    finally:
        context.room.leave(connection)
        context.figures.sockets.dec()
        sender.cancel()
        with contextlib.suppress(asyncio.CancelledError, WebSocketDisconnect, RuntimeError):
            await sender


async def _listen(context: WebContext, connection: Connection) -> None:
    """One wish after the other: whoever types fast waits for themselves only."""
    while True:
        text = await connection.socket.receive_text()
        if len(text.encode()) > LONGEST_BYTES:
            _refuse(connection, texts.MESSAGE_TOO_LONG, id_of(text))
            continue
        message = read_message(text)
        if isinstance(message, Ping):
            connection.tell('{"type":"pong"}')
        elif message is None:
            _refuse(connection, texts.MESSAGE_UNREADABLE, id_of(text))
        elif not connection.may_send():
            _refuse(connection, texts.TOO_FAST, message.id)
        else:
            await _serve(context, connection, message)


async def _serve(context: WebContext, connection: Connection, wish: ClientMessage) -> None:
    started = time.perf_counter()
    # At once, before anything that may take its time: the browser then knows that the wish has arrived.
    connection.tell(json.dumps({"type": "received", "id": wish.id}))
    reply = await context.pools.run(Pool.COMMANDS, context.command_handler.serve, connection.user, wish)
    connection.tell(json.dumps(reply.tell))
    if reply.job_id:
        context.room.job_changed(reply.job_id)
    context.figures.answer_seconds.observe(time.perf_counter() - started)
    context.figures.wishes.labels(wish.do, "ok" if reply.went_well else reply.tell["code"]).inc()


def _refuse(connection: Connection, sentence: str, wish_id: str | None) -> None:
    answer = {"type": "answer", "id": wish_id, "ok": False, "text": sentence}
    connection.tell(json.dumps(answer))
