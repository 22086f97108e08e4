"""Everything that is kept of a community goes, after it has left: its people's work, its rules and its open cases."""

from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import Table, delete, select
from sqlalchemy.orm import Session

from studio.clock import now
from studio.db import cases, credit_ledger, outbox
from studio.db.identities import linked_identities
from studio.db.identities.people import find_person
from studio.db.tables import Base, CaseRow, OutboxRow, PersonRow
from studio.domain.cases import CaseKind, CaseState, Decision
from studio.domain.people import Person, Platform
from studio.erasure.person_erasure import erase_person
from studio.ports import Ports

_NOBODY = "house"  # who closes a case where no person does
_FORGOTTEN = "forgotten-"  # how the ids of those begin who are forgotten already


def erase_community(
    ports: Ports, platform: Platform, community: str, *, is_gone: Callable[[], bool] = lambda: True
) -> int:
    """How many people were forgotten, as by `/forget-me`, each for this community alone: links to others are undone.

    Bans and strikes in force, suspensions that wait for a decision, and material for the authorities stay until they
    end. May be repeated after it was interrupted. `is_gone` is asked before each person and before the rules: where the
    community came back meanwhile, what is left of it stays. Raises `NotAllowedError` while a job is painted.
    """
    with ports.database.begin() as session:
        closed = _close_cases(session, platform, community)
    outbox.send(ports.database, ports.events, closed)
    erased = 0
    for person in _find_people(ports, platform, community):
        if not is_gone():
            return erased
        _unlink(ports, person)
        erase_person(ports, person, present=False)
        erased += 1
    if not is_gone():
        return erased
    with ports.database.begin() as session:
        for table in _tables_by_community():
            here = (table.c.platform == platform) & (table.c.community == community)
            session.execute(delete(table).where(here))
    return erased


def _close_cases(session: Session, platform: Platform, community: str) -> list[OutboxRow]:
    """Nobody moderates there any more. A suspension stays open: it ends by itself when nobody decides it.

    Questions and appeals end with the people who ask.
    """
    by = Person.key_of(platform, community, _NOBODY)
    here = (CaseRow.platform == platform) & (CaseRow.community == community)
    judged = CaseRow.kind.in_([CaseKind.HOLD, CaseKind.REPORT]) & (CaseRow.state == CaseState.OPEN)
    rows = session.scalars(select(CaseRow).where(here, judged).order_by(CaseRow.id)).all()
    return [
        cases.write_case_changed(session, row)
        for row in rows
        if cases.close(session, row.id, Decision.REJECT, by=row.claimed_by or by, at=now())
    ]


def _find_people(ports: Ports, platform: Platform, community: str) -> list[Person]:
    here = (PersonRow.platform == platform) & (PersonRow.community == community)
    known = (PersonRow.display_name != "") & ~PersonRow.user_id.startswith(_FORGOTTEN)
    with ports.database.read() as session:
        keys = session.scalars(select(PersonRow.key).where(here, known).order_by(PersonRow.key)).all()
        return [find_person(session, key) for key in keys]


def _unlink(ports: Ports, person: Person) -> None:
    """What the person did elsewhere stays theirs."""
    with ports.database.begin() as session:
        linked_identities.lock_identities(session, person.key)
        credit_ledger.lock(session, *linked_identities.identities(session, person.key))
        credit_ledger.unlink(session, person.key, at=now())


def _tables_by_community() -> Iterator[Table]:
    """The loaded tables whose rows are a community's own: its rules, what it blocks, and what was announced there."""
    for table in Base.metadata.sorted_tables:
        key: set[Any] = {column.name for column in table.primary_key}
        if {"platform", "community"} <= key:
            yield table
