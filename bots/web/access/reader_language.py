"""In which language a browser reads: the one that its person chose, else the first that it asks for."""

import time
from collections.abc import Awaitable, Callable
from contextlib import suppress

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from bots.texts.languages.readers import accepted_languages, reading_in
from studio.bounded_dict import BoundedDict
from studio.db.database import Database
from studio.db.settings import preferences_of
from studio.domain.settings.languages import Language, first_language
from studio.errors import ChatelierError

_MOST_REMEMBERED = 10_000
_ASK_AGAIN_SECONDS = 5.0  # how long another process may take to notice what somebody chose
_WITHOUT_TEXT = ("/static/", "/healthz", "/metrics", "/thumbnails/")


class ChosenLanguages:
    """What people chose with `/settings`, in the database and for a while in memory."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._chosen: BoundedDict[str, tuple[Language | None, float]] = BoundedDict(_MOST_REMEMBERED)

    def is_known(self, person_key: str) -> bool:
        """Whether `find_known` tells it. For the event loop."""
        _, asked_at = self._chosen.get(person_key, (None, 0.0))
        return asked_at > 0.0 and time.monotonic() - asked_at < _ASK_AGAIN_SECONDS

    def find_known(self, person_key: str) -> Language | None:
        return self._chosen.get(person_key, (None, 0.0))[0]

    def look_up(self, person_key: str) -> Language | None:
        """None for those who chose nothing. What was known last while the database is unavailable."""
        with suppress(ChatelierError), self._database.read() as session:
            self.remember(person_key, preferences_of(session, person_key).language)
        return self.find_known(person_key)

    def remember(self, person_key: str, chosen: Language | None) -> None:
        self._chosen[person_key] = (chosen, time.monotonic())


class ReaderLanguageMiddleware:
    """ASGI middleware: what answers a request speaks the reader's language."""

    def __init__(
        self, app: ASGIApp, *, find_chosen: Callable[[HTTPConnection], Awaitable[Language | None]]
    ) -> None:
        self._app = app
        self._find_chosen = find_chosen

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"} or scope["path"].startswith(_WITHOUT_TEXT):
            await self._app(scope, receive, send)
            return
        connection = HTTPConnection(scope)
        with reading_in(await self._find_chosen(connection) or accepted_language(connection)):
            await self._app(scope, receive, send)


def accepted_language(connection: HTTPConnection) -> Language:
    """The first of the browser's languages that there is."""
    return first_language(accepted_languages(connection.headers.get("accept-language", "")))
