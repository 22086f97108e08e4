"""Uploads that wait for more words."""

import secrets
import time
from dataclasses import dataclass

from studio.bounded_dict import BoundedDict
from studio.domain.people import Person
from studio.domain.requests import Source

_MOST_TICKETS = 500
_LIFETIME_SECONDS = 30 * 60


@dataclass(frozen=True, slots=True, kw_only=True)
class _PendingUpload:
    source: Source
    person_key: str
    received_at: float


class PendingUploads:
    """Uploads between the moment their region is asked for and the moment it is told: half an hour at most.

    A storage key is never put into a button, where a person who sees it might ask for somebody else's file.
    """

    def __init__(self) -> None:
        self._uploads: BoundedDict[str, _PendingUpload] = BoundedDict(_MOST_TICKETS)

    def add(self, source: Source, person: Person) -> str:
        ticket = secrets.token_hex(10)
        self._uploads[ticket] = _PendingUpload(
            source=source, person_key=person.key, received_at=time.monotonic()
        )
        return ticket

    def find(self, ticket: str, person: Person) -> Source | None:
        upload = self._uploads.get(ticket)
        if upload is None or upload.person_key != person.key:
            return None
        expired = time.monotonic() - upload.received_at > _LIFETIME_SECONDS
        return None if expired else upload.source
