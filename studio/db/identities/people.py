"""People as rows."""

import re
from datetime import datetime
from functools import cache
from typing import cast

from sqlalchemy import ColumnElement, Executable, Table, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from studio.clock import now
from studio.coded_text import CodedText, coded
from studio.db.identities.display_names import find_holders
from studio.db.identities.linked_identities import note_human
from studio.db.sql_dialects import is_postgresql, lock_of_name, note_lock
from studio.db.tables import PersonRow
from studio.domain.people import Person, Platform, Sighting
from studio.errors import AmbiguousNameError, NotFoundError

SOMEBODY = "somebody"
_MOST_NAMESAKES = 5
_ID = re.compile(r"[0-9a-f]{6,16}")  # a user id on the web, or enough of its beginning


def lock_person(
    session: Session, person: Person, *, present: bool = True, with_account: bool = False
) -> datetime:
    """Make the person's row if needed and hold it until the commit: their requests go through one by one.

    `present` is False for somebody who is only named by another. `with_account`: the human's account is held too, as
    `credit_ledger.lock` does. Answers when they were first seen.
    """
    at = now()
    values = {
        "key": person.key,
        "platform": person.platform,
        "community": person.community,
        "user_id": person.user_id,
        "display_name": person.display_name[:100] or person.user_id,
        "first_seen_at": at,
        "last_seen_at": at if present else None,
        "human": person.key,
    }
    row = session.execute(_upsert(is_postgresql(session), present, with_account), values).one()
    if with_account:
        note_lock(session, row.human)
    note_human(session, person.key, row.human)
    first_seen_at: datetime = row.first_seen_at
    return first_seen_at


@cache
def _upsert(on_postgresql: bool, present: bool, with_account: bool) -> Executable:
    """Built once for each database, as hardly a command does without it: someone new, or seen again."""
    people = cast("Table", PersonRow.__table__)
    statement = postgresql.insert(people) if on_postgresql else sqlite.insert(people)
    latest = {"display_name": statement.excluded.display_name}
    if present:
        latest["last_seen_at"] = statement.excluded.last_seen_at
    upsert = statement.on_conflict_do_update(index_elements=[people.c.key], set_=latest)
    locks = (lock_of_name(people.c.human),) if on_postgresql and with_account else ()
    return upsert.returning(people.c.first_seen_at, people.c.human, *locks)


def person_of(row: PersonRow) -> Person:
    """The person as last seen, without the roles of the moment. One who was forgotten has no name any more."""
    return Person(
        platform=Platform(row.platform),
        community=row.community,
        user_id=row.user_id,
        display_name=row.display_name or SOMEBODY,
    )


def find_named(session: Session, platform: Platform, community: str, name: str) -> Person:
    """Who goes, or went, by that name there or by one that looks like it; ``#`` and an id name one person of several.

    Raises `NotFoundError`, and `AmbiguousNameError` when several fit.
    """
    here = (PersonRow.platform == platform) & (PersonRow.community == community)
    wanted = name.strip().removeprefix("@")
    name_part, hash_sign, user_id = wanted.rpartition("#")
    keys = [key for key in find_holders(session, platform, community, wanted) if key]
    fits: ColumnElement[bool] = PersonRow.key.in_(keys) | (
        func.lower(PersonRow.display_name) == wanted.lower()
    )
    if hash_sign and _ID.fullmatch(user_id):
        by_id = PersonRow.user_id.startswith(user_id)
        fits = fits | by_id if name_part else by_id  # a name may end like an id: then both fit
    query = select(PersonRow).where(here, fits, PersonRow.display_name != "")
    rows = session.scalars(query.order_by(PersonRow.first_seen_at.desc())).all()
    if not rows:
        raise NotFoundError("name", name=wanted[:32])
    if len(rows) > 1:
        raise AmbiguousNameError(name=wanted[:32], advice=tuple(map(_namesake, rows[:_MOST_NAMESAKES])))
    return person_of(rows[0])


def _namesake(row: PersonRow) -> CodedText:
    """How to name one of several."""
    first = f"{row.first_seen_at:%Y-%m-%d}"
    if row.last_seen_at is None:
        return coded("advice.namesake", id=row.user_id, name=row.display_name, first=first)
    last = f"{row.last_seen_at:%Y-%m-%d}"
    return coded("advice.namesake_seen", id=row.user_id, name=row.display_name, first=first, last=last)


def find_sighting(session: Session, key: str) -> Sighting:
    """Raises `NotFoundError`."""
    row = session.get(PersonRow, key)
    if row is None:
        raise NotFoundError("this_person")
    return _sighting_of(row)


def _sighting_of(row: PersonRow) -> Sighting:
    return Sighting(person=person_of(row), first_seen_at=row.first_seen_at, last_seen_at=row.last_seen_at)


def is_nameless(session: Session, key: str) -> bool:
    """Whether the row is of somebody who was forgotten while they are judged."""
    row = session.get(PersonRow, key)
    return row is not None and not row.display_name


def find_person(session: Session, key: str) -> Person:
    """Raises `NotFoundError`."""
    row = session.get(PersonRow, key)
    if row is None:
        raise NotFoundError("this_person")
    return person_of(row)


def mark_seen(session: Session, key: str) -> None:
    """Somebody was seen just now."""
    session.execute(update(PersonRow).where(PersonRow.key == key).values(last_seen_at=now()))
