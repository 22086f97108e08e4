"""Uploads that wait for more words."""

import secrets
import time
from dataclasses import dataclass

from studio.domain.people import Person
from studio.domain.requests import Source
from studio.runtime.bounded_dict import BoundedDict

_KEPT_TICKETS = 500
_KEPT_SECONDS = 30 * 60


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    source: Source
    person_key: str
    kept_at: float


class PendingUploads:
    """Uploads between the moment their region is asked for and the moment it is told: half an hour at most.

    A storage key is never put into a button, where whoever sees it might ask for somebody else's file.
    """

    def __init__(self) -> None:
        self._kept: BoundedDict[str, _Kept] = BoundedDict(_KEPT_TICKETS)

    def keep(self, source: Source, person: Person) -> str:
        ticket = secrets.token_hex(10)
        self._kept[ticket] = _Kept(source=source, person_key=person.key, kept_at=time.monotonic())
        return ticket

    def find(self, ticket: str, person: Person) -> Source | None:
        kept = self._kept.get(ticket)
        if kept is None or kept.person_key != person.key or time.monotonic() - kept.kept_at > _KEPT_SECONDS:
            return None
        return kept.source
