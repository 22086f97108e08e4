"""The socket of one browser: in come wishes, out goes the wall."""

import asyncio
import contextlib
import json
import time

from starlette.websockets import WebSocket, WebSocketDisconnect

from bots.web.access.login import require_welcome
from bots.web.context import WebContext
from bots.web.live.connection import CLOSE_NOT_IN, Connection
from bots.web.live.protocol import LONGEST_BYTES, ClientMessage, Ping, id_of, read_message
from bots.web.texts import texts
from studio.errors import BannedError


async def attend(socket: WebSocket) -> None:
    """Serve one browser until it leaves."""
    house: WebContext = socket.app.state.house
    visitor = house.passes.read(socket)
    await socket.accept()
    if visitor is None or not house.passes.admits(visitor):
        await socket.close(CLOSE_NOT_IN, texts.NOT_IN)
        return
    try:
        await require_welcome(house, visitor)
    except BannedError as error:
        await socket.close(CLOSE_NOT_IN, texts.sentence_of(error)[:120])
        return
    seat = Connection(socket=socket, visitor=visitor)
    # Enter first: what changes while the wall is loaded is then told after it.
    house.room.enter(seat)
    house.figures.sockets.inc()
    sender = asyncio.create_task(seat.deliver())
    try:
        seat.tell(json.dumps(await house.wall.message(visitor)))
        house.room.post_changed(visitor.user_id)
        await _listen(house, seat)
    except (WebSocketDisconnect, RuntimeError):
        pass  # RuntimeError: the sender closed the socket while we were listening
    finally:
        house.room.leave(seat)
        house.figures.sockets.dec()
        sender.cancel()
        with contextlib.suppress(asyncio.CancelledError, WebSocketDisconnect, RuntimeError):
            await sender


async def _listen(house: WebContext, seat: Connection) -> None:
    """One wish after the other: whoever types fast waits for themselves only."""
    while True:
        text = await seat.socket.receive_text()
        if len(text.encode()) > LONGEST_BYTES:
            _refuse(seat, texts.MESSAGE_TOO_LONG, id_of(text))
            continue
        message = read_message(text)
        if isinstance(message, Ping):
            seat.tell('{"type":"pong"}')
        elif message is None:
            _refuse(seat, texts.MESSAGE_UNREADABLE, id_of(text))
        elif not seat.may_send():
            _refuse(seat, texts.TOO_FAST, message.id)
        else:
            await _serve(house, seat, message)


async def _serve(house: WebContext, seat: Connection, wish: ClientMessage) -> None:
    started = time.perf_counter()
    # At once, before anything that may take its time: the browser then knows that the wish has arrived.
    seat.tell(json.dumps({"type": "received", "id": wish.id}))
    reply = await house.backroom.run("desk", house.clerk.serve, seat.visitor, wish)
    seat.tell(json.dumps(reply.tell))
    if reply.job_id:
        house.room.job_changed(reply.job_id)
    house.figures.answer_seconds.observe(time.perf_counter() - started)
    house.figures.wishes.labels(wish.do, "ok" if reply.went_well else reply.tell["code"]).inc()


def _refuse(seat: Connection, sentence: str, wish_id: str | None) -> None:
    answer = {"type": "answer", "id": wish_id, "ok": False, "text": sentence}
    seat.tell(json.dumps(answer))
