"""Everything that is kept of one person goes, under all their names."""

from dataclasses import dataclass

from studio.db import credit_ledger
from studio.db.identities import linked_identities
from studio.db.identities.people import lock_person
from studio.domain.people import Person
from studio.errors import NotAllowedError
from studio.gatherings.people import forget_in_gatherings
from studio.ports import Ports
from studio.services.account_erasure import count_pictures, forget, is_painting, lock_jobs
from studio.services.picture_deletion import finish_removal


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasedPerson:
    """How many pictures and identities went."""

    pictures: int
    identities: int


def erase_person(ports: Ports, person: Person, *, present: bool = True) -> ErasedPerson:
    """Pictures with their files, words, stars, settings and links. Raises `NotAllowedError` while a job is painted.

    `present`: the person asks for it now.
    """
    with ports.database.read() as session:
        if is_painting(session, linked_identities.identities(session, person.key)):
            raise NotAllowedError("job_running")
    judged = ports.desk.forget(person)
    with ports.database.begin() as session:
        linked_identities.lock_identities(session, person.key)
        lock_person(session, person, present=present)
        keys = linked_identities.identities(session, person.key)
        credit_ledger.lock(session, *keys)
        lock_jobs(session, keys)
        if is_painting(session, keys):  # since it was asked a moment ago
            raise NotAllowedError("job_running")
        pictures = count_pictures(session, keys)
        games = forget_in_gatherings(session, keys)
        removal = forget(session, keys, judged=judged)
        removal.events.extend(games)
    finish_removal(ports, removal)
    return ErasedPerson(pictures=pictures, identities=len(keys))
