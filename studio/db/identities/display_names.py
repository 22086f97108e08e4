"""Names that people choose themselves: one person each, for ever, whatever looks alike."""

from collections.abc import Sequence

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from studio.clock import now
from studio.db.sql_dialects import insert_into, lock_names
from studio.db.tables.identities import NameRow
from studio.domain.people import Person, Platform
from studio.parsing.name_folding import name_digest


def claim(session: Session, person: Person, name: str) -> bool:
    """Write down that a name is theirs. False: it is, or was, somebody else's."""
    digest = name_digest(name)
    lock_names(session, f"name:{person.platform}:{person.community}:{digest}")
    keys = find_holders(session, *person.home, name)
    if person.key in keys:
        return True
    if keys:
        return False
    values = {"digest": digest, "person_key": person.key, "claimed_at": now()}
    statement = insert_into(session, NameRow).values(
        platform=person.platform, community=person.community, **values
    )
    session.execute(statement.on_conflict_do_nothing())
    return True


def find_holders(session: Session, platform: Platform, community: str, name: str) -> tuple[str, ...]:
    """The keys of everybody who has or had that name or one that looks like it; an empty key is a forgotten person."""
    query = select(NameRow.person_key).where(
        NameRow.platform == platform, NameRow.community == community, NameRow.digest == name_digest(name)
    )
    return tuple(session.scalars(query))


def release_names(session: Session, keys: Sequence[str]) -> None:
    """The names of somebody who is forgotten stay taken, by nobody."""
    for row in session.scalars(select(NameRow).where(NameRow.person_key.in_(keys))).all():
        place = {"platform": row.platform, "community": row.community, "digest": row.digest}
        nobodys = insert_into(session, NameRow).values(person_key="", claimed_at=row.claimed_at, **place)
        session.execute(nobodys.on_conflict_do_nothing())
    session.execute(delete(NameRow).where(NameRow.person_key.in_(keys)))
