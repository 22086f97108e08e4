"""People as rows."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from studio.clock import now
from studio.db.dialects import insert_into
from studio.db.tables import PersonRow
from studio.errors import NotFound
from studio.people import Person, Platform

SOMEBODY = "somebody"


def lock_person(session: Session, person: Person) -> None:
    """Make the person's row if needed and hold it until the commit: their requests go through one by one."""
    statement = insert_into(session, PersonRow).values(
        key=person.key,
        platform=person.platform,
        community=person.community,
        user_id=person.user_id,
        display_name=person.display_name[:100] or person.user_id,
        first_seen_at=now(),
        human=person.key,
    )
    name = {"display_name": statement.excluded.display_name}
    session.execute(statement.on_conflict_do_update(index_elements=[PersonRow.key], set_=name))


def person_of(row: PersonRow) -> Person:
    """The person as last seen, without the roles of the moment. One who was forgotten has no name any more."""
    return Person(
        platform=Platform(row.platform),
        community=row.community,
        user_id=row.user_id,
        display_name=row.display_name or SOMEBODY,
    )


def find_named(session: Session, platform: Platform, community: str, name: str) -> Person:
    """Who goes by that name there, whoever came last if several do. Raises `NotFound`."""
    query = select(PersonRow).where(
        PersonRow.platform == platform,
        PersonRow.community == community,
        func.lower(PersonRow.display_name) == name.strip().lower(),
        PersonRow.display_name != "",
    )
    row = session.scalars(query.order_by(PersonRow.first_seen_at.desc())).first()
    if row is None:
        raise NotFound(f"@{name[:32]}")
    return person_of(row)


def find_person(session: Session, key: str) -> Person:
    """Raises `NotFound`."""
    row = session.get(PersonRow, key)
    if row is None:
        raise NotFound("That person")
    return person_of(row)
