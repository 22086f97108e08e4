"""The open sockets of all browsers, and who is behind them."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from bots.texts.languages.readers import reading_in
from bots.web.access.session_cookies import WebUser
from bots.web.live.connection import Connection
from studio.domain.settings.languages import Language

# Composed for each language in which somebody reads it.
Compose = Callable[[], Mapping[str, Any]]


class Connections:
    """For the event loop only."""

    def __init__(self) -> None:
        self._connections: set[Connection] = set()

    def __iter__(self) -> Iterator[Connection]:
        return iter(self._connections)

    def add(self, connection: Connection) -> None:
        self._connections.add(connection)

    def remove(self, connection: Connection) -> None:
        self._connections.discard(connection)

    def rename(self, user: WebUser) -> None:
        """Every socket of this person carries their new name."""
        for connection in self._of_user(user.user_id):
            connection.user = user

    def users(self) -> dict[str, WebUser]:
        """Everybody who is connected, each person once, by user id."""
        return {connection.user.user_id: connection.user for connection in self._connections}

    def names(self) -> list[tuple[str, str]]:
        """User ids and names, sorted by name."""
        names = [(user_id, user.name) for user_id, user in self.users().items()]
        return sorted(names, key=lambda pair: pair[1].casefold())

    def close_user(self, user_id: str) -> None:
        for connection in self._of_user(user_id):
            connection.close()

    def close_session(self, session: str) -> None:
        """Also those of copies of its cookie."""
        for connection in self._connections:
            if connection.user.session == session:
                connection.close()

    def languages(self) -> list[Language]:
        """In which the browsers that are connected read."""
        return sorted({connection.language for connection in self._connections})

    def change_language(self, user_id: str, chosen: Language | None) -> bool:
        """What a person chose, None for what each of their browsers asks for. Whether that changed one of them."""
        changed = False
        for connection in self._of_user(user_id):
            former, connection.language = connection.language, chosen or connection.accepted
            changed = changed or connection.language is not former
        return changed

    def broadcast(self, compose: Compose) -> None:
        self._send(self._connections, compose)

    def send_to_moderators(self, compose: Compose) -> None:
        self._send([connection for connection in self._connections if connection.user.moderator], compose)

    def send_to(self, user_id: str, compose: Compose) -> None:
        self._send(self._of_user(user_id), compose)

    def _send(self, connections: Iterable[Connection], compose: Compose) -> None:
        texts: dict[Language, str] = {}
        for connection in connections:
            language = connection.language
            if language not in texts:
                with reading_in(language):
                    texts[language] = json.dumps(compose())
            connection.send(texts[language])

    def _of_user(self, user_id: str) -> list[Connection]:
        return [connection for connection in self._connections if connection.user.user_id == user_id]
