"""Sessions that their users ended, so that copies of their cookies are invalid too."""

import hashlib
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta

from sqlalchemy import delete
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from bots.web.access.activity_frame import WITHOUT_SESSION, is_framed
from studio.bounded_dict import BoundedDict
from studio.clock import now
from studio.db.database import Database
from studio.db.sql_dialects import insert_into
from studio.db.tables.identities import EndedSessionRow
from studio.errors import DatabaseUnavailableError

_COOKIES_LAST = timedelta(days=180)  # what is older no cookie names any more
_MOST_REMEMBERED = 10_000
_ASK_AGAIN_SECONDS = 5.0  # how long another process may take to notice that a session ended
_PUBLIC_PATHS = ("/static/", "/healthz", "/metrics")


class SessionRegistry:
    """The ended sessions, in the database and for a while in memory."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._ended: BoundedDict[str, tuple[bool, float]] = BoundedDict(_MOST_REMEMBERED)

    def has_ended_cached(self, session: str) -> bool | None:
        """Whether it has ended; None when the database has to be asked. For the event loop."""
        ended, asked_at = self._ended.get(session, (False, 0.0))
        return ended if ended or time.monotonic() - asked_at < _ASK_AGAIN_SECONDS else None

    def look_up(self, session: str) -> bool:
        """Whether it has ended. False while the database is unavailable: without it there is nothing to see."""
        with suppress(DatabaseUnavailableError):
            with self._database.read() as records:
                ended = records.get(EndedSessionRow, _id_of(session)) is not None
            self._ended[session] = (ended, time.monotonic())
            return ended
        return False

    def end(self, session: str) -> None:
        """Raises `DatabaseUnavailableError`; the session then continues."""
        with self._database.begin() as records:
            row = insert_into(records, EndedSessionRow).values(id=_id_of(session), ended_at=now())
            records.execute(row.on_conflict_do_nothing())
            old = EndedSessionRow.ended_at < now() - _COOKIES_LAST
            records.execute(delete(EndedSessionRow).where(old))
        self._ended[session] = (True, time.monotonic())


def _id_of(session: str) -> str:
    return hashlib.sha256(session.encode()).hexdigest()


class EndedSessionMiddleware:
    """ASGI middleware: removes the cookie of a session that has ended."""

    def __init__(self, app: ASGIApp, *, is_ended: Callable[[HTTPConnection], Awaitable[bool]]) -> None:
        self._app = app
        self._is_ended = is_ended

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        concerned = scope["type"] in {"http", "websocket"} and not scope["path"].startswith(_PUBLIC_PATHS)
        connection = HTTPConnection(scope) if concerned else None
        if connection and await self._is_ended(connection):
            headers = [(name, value) for name, value in scope["headers"] if name != b"cookie"]
            if is_framed(connection):
                headers.append((b"cookie", WITHOUT_SESSION.encode()))
            scope = {**scope, "headers": headers}
        await self._app(scope, receive, send)
