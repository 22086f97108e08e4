"""Names, each of which belongs to one person, and the addresses from which people came."""

import time

from bots.texts.translation import translate
from bots.web import texts
from bots.web.access.session_cookies import SessionStore, WebUser
from studio.bounded_dict import BoundedDict
from studio.db.database import Database
from studio.db.identities import display_names
from studio.db.identities.people import lock_person, mark_seen
from studio.db.newcomers import newcomer_origins
from studio.parsing.reserved_names import is_reserved

_MOST_REMEMBERED = 10_000
_NOTE_AGAIN_SECONDS = 3600.0


class Identities:
    """Called from threads."""

    def __init__(self, database: Database, session_store: SessionStore) -> None:
        self._database = database
        self._session_store = session_store
        self._noted_at: BoundedDict[tuple[str, str], float] = BoundedDict(_MOST_REMEMBERED)

    def register(self, user: WebUser) -> str:
        """Record a person who signs in. Otherwise returns what is wrong with the name, as a sentence.

        Raises `DatabaseUnavailableError`.
        """
        if problem := name_problem(user.name):
            return problem
        with self._database.begin() as session:
            if not display_names.claim(session, user.person, user.name):
                return translate(texts.NAME_TAKEN)
            key = user.person.key
            is_new = newcomer_origins.find_first_seen(session, key) is None
            lock_person(session, user.person)
            newcomer_origins.record_origin(session, key, self._session_store.origins(user), arrived=is_new)
        return ""

    def rename(self, user: WebUser) -> str:
        """As `register`, for somebody who is signed in. Their earlier names stay theirs."""
        if problem := name_problem(user.name):
            return problem
        with self._database.begin() as session:
            if not display_names.claim(session, user.person, user.name):
                return translate(texts.NAME_TAKEN)
            lock_person(session, user.person)
        return ""

    def record_visit(self, user: WebUser) -> None:
        """Record when and from where a user who is not banned visits, at most once an hour for each address.

        Somebody who signed in before names were recorded, and whose name is free, gets it now.
        """
        place, at = (user.user_id, user.address), time.monotonic()
        if at - self._noted_at.get(place, -_NOTE_AGAIN_SECONDS) < _NOTE_AGAIN_SECONDS:
            return
        with self._database.begin() as session:
            display_names.claim(session, user.person, user.name)
            mark_seen(session, user.person.key)
            address, *_ = self._session_store.origins(user)
            newcomer_origins.record_origin(session, user.person.key, [address])
        self._noted_at[place] = at


def name_problem(name: str) -> str:
    """What is wrong with a name for everybody; empty when nothing is."""
    if not name:
        return translate(texts.NAME_MISSING)
    return translate(texts.NAME_RESERVED) if is_reserved(name) else ""
