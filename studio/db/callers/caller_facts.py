"""What nearly every command reads of the person who gave it and of their community, read with one statement."""

from typing import Any

from sqlalchemy import Select, bindparam, exists, func, literal, select

from studio.db.database import Database
from studio.db.identities.linked_identities import note_identities
from studio.db.newcomers.newcomer_origins import note_origins, note_unbanned
from studio.db.queries import DONE_JOBS, note_done_jobs
from studio.db.sessions.read_memo import forget_reads, is_remembering
from studio.db.settings import note_preferences, note_rules
from studio.db.tables import BanRow, CommunityRow, PersonRow, PreferencesRow
from studio.db.tables.identities import OriginRow
from studio.domain.people import Person

_KEY = bindparam("person_key", type_=PersonRow.key.type)


def remember_caller(database: Database, person: Person) -> None:
    """Within `remember_reads`: what the gate, the forms and the submission will ask of the person.

    Without it each of them would ask the database for itself. Raises `DatabaseUnavailableError`.
    """
    if not is_remembering():
        return
    with database.read() as session:
        values = {"person_key": person.key, "platform": person.platform, "community": person.community}
        rows = session.execute(_FACTS, values).all()
        note_rules(session, person.platform, person.community, rows[0].rules)
        note_preferences(session, person.key, rows[0].preferences)
        note_identities(session, person.key, {row.key: row.human for row in rows if row.key is not None})
        note_done_jobs(session, person.key, [(row.done, row.first_done) for row in rows])
        seen_at = min((row.first_seen_at for row in rows if row.first_seen_at is not None), default=None)
        note_origins(session, person.key, seen_at=seen_at, has_any=rows[0].has_origins)
        if not any(row.has_ban for row in rows) and not rows[0].has_neighbour_ban:
            note_unbanned(session, person.key)
        else:  # another process may have written the ban since an earlier look
            forget_reads()


def _facts() -> Select[Any]:
    """A row for each identity of the human, or one without any for somebody unknown."""
    one = select(literal(1).label("one")).subquery("one")
    own = select(PersonRow.human).where(PersonRow.key == _KEY).scalar_subquery()
    same_human = PersonRow.human == func.coalesce(own, _KEY)
    key = func.coalesce(PersonRow.key, _KEY)  # also somebody unknown may be banned
    rules = select(CommunityRow.data).where(
        CommunityRow.platform == bindparam("platform"), CommunityRow.community == bindparam("community")
    )
    preferences = select(PreferencesRow.data).where(PreferencesRow.person_key == _KEY)
    origins = select(OriginRow.origin).where(OriginRow.person_key == _KEY)
    neighbours = select(OriginRow.person_key).where(OriginRow.origin.in_(origins))
    return (
        select(
            PersonRow.key,
            PersonRow.human,
            PersonRow.first_seen_at,
            rules.scalar_subquery().label("rules"),
            preferences.scalar_subquery().label("preferences"),
            origins.exists().label("has_origins"),
            exists().where(BanRow.person_key == key).correlate(PersonRow).label("has_ban"),
            exists().where(BanRow.person_key.in_(neighbours)).label("has_neighbour_ban"),
            *DONE_JOBS,
        )
        .select_from(one)
        .outerjoin(PersonRow, same_human)
    )


_FACTS = _facts()
