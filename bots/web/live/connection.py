"""One open socket: what it may send, and what waits to be sent to it."""

import asyncio
import time
from dataclasses import dataclass, field

from starlette.websockets import WebSocket, WebSocketState

from bots.texts.translation import translate
from bots.web import texts
from bots.web.access.session_cookies import WebUser
from studio.domain.settings.languages import Language

_LONGEST_QUEUE = 200
_BURST_MESSAGES = 12.0
_MESSAGES_PER_SECOND = 4.0
CLOSE_NOT_IN = 4401
CLOSE_TOO_SLOW = 4408


@dataclass(eq=False, kw_only=True)
class Connection:
    """`accepted` is the language that the browser asks for, `language` the one that its person reads."""

    socket: WebSocket
    user: WebUser
    accepted: Language = Language.ENGLISH
    language: Language = Language.ENGLISH
    _outgoing: asyncio.Queue[str | None] = field(default_factory=lambda: asyncio.Queue(_LONGEST_QUEUE))
    _allowance: float = _BURST_MESSAGES
    _counted_at: float = field(default_factory=time.monotonic)
    _too_slow: bool = False
    _closed: bool = False

    def close(self) -> None:
        """Close the socket; the browser then loads the login page."""
        self._closed = True
        self.send("")

    def send(self, text: str) -> None:
        """Queue a message. A browser that does not keep up is disconnected; it reconnects and gets the current feed."""
        try:
            self._outgoing.put_nowait(text)
        except asyncio.QueueFull:
            self._too_slow = True

    async def send_queued(self) -> None:
        """Send what is queued until the socket closes."""
        while (text := await self._outgoing.get()) is not None:
            if self._closed:
                await self.socket.close(CLOSE_NOT_IN, translate(texts.NOT_IN))
                return
            if self._too_slow:
                await self.socket.close(CLOSE_TOO_SLOW, translate(texts.TOO_SLOW))
                return
            if self.socket.application_state is not WebSocketState.CONNECTED:
                return
            await self.socket.send_text(text)

    def may_send(self) -> bool:
        """A token bucket: bursts of 12 messages, 4 a second in the long run."""
        now = time.monotonic()
        earned = (now - self._counted_at) * _MESSAGES_PER_SECOND
        self._allowance = min(_BURST_MESSAGES, self._allowance + earned)
        self._counted_at = now
        if self._allowance < 1:
            return False
        self._allowance -= 1
        return True
