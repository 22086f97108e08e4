"""The human behind several identities: a person who links Discord and Slack has one gallery, one quota and one ban."""

from collections.abc import Collection, Mapping

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.orm import Session

from studio.db.sessions.read_memo import note, read_once
from studio.db.sql_dialects import is_postgresql
from studio.db.tables import LedgerRow, PersonRow

# Built once: hardly a command does without it.
_HUMAN = select(PersonRow.human).where(PersonRow.key == bindparam("person_key"))
_HUMANS = select(PersonRow.key, PersonRow.human).where(
    PersonRow.key.in_(bindparam("person_keys", expanding=True))
)
_OWN = select(PersonRow.human).where(PersonRow.key == bindparam("person_key")).scalar_subquery()
_SAME_HUMAN = PersonRow.human == func.coalesce(_OWN, bindparam("person_key"))
_IDENTITIES = select(PersonRow.key).where(_SAME_HUMAN).order_by(PersonRow.key)


def human_of(session: Session, person_key: str) -> str:
    """The key that all linked identities share; an identity that is unknown or alone is its own."""

    def load() -> str:
        return session.scalar(_HUMAN, {"person_key": person_key}) or person_key

    return read_once(session, ("human", person_key), load)


def note_human(session: Session, person_key: str, human: str | None) -> None:
    """What `human_of` would read, from a row of people that was read for something else."""
    note(session, ("human", person_key), human or person_key)


def note_identities(session: Session, person_key: str, humans: Mapping[str, str | None]) -> None:
    """What `identities` and `human_of` would read: the identities of the human, each with the key that all share."""
    note_human(session, person_key, humans.get(person_key))
    others = tuple(sorted(key for key in humans if key != person_key))
    note(session, ("identities", person_key), (person_key, *others))


def humans_of(session: Session, person_keys: Collection[str]) -> Mapping[str, str]:
    """`human_of` each, by the person's key, with one query."""
    found = session.execute(_HUMANS, {"person_keys": sorted(person_keys)})
    known = {row[0]: row[1] for row in found}
    return {key: known.get(key) or key for key in person_keys}


def identities(session: Session, person_key: str) -> tuple[str, ...]:
    """The keys of everybody who is the same human, the person's own first."""

    def load() -> tuple[str, ...]:
        others = session.scalars(_IDENTITIES, {"person_key": person_key})
        return (person_key, *(key for key in others if key != person_key))

    return read_once(session, ("identities", person_key), load)


def lock_identities(session: Session, *person_keys: str) -> None:
    """Keep the rows of all identities of these humans until the commit.

    Transactions that hold several rows take them in one order, or two could wait for each other: people and
    accounts, jobs, gatherings, cases, bans, the audit chain; within each by key.
    """
    if not is_postgresql(session):  # SQLite writers go one by one anyway
        return
    keys = sorted({linked for key in person_keys for linked in identities(session, key)})
    query = select(PersonRow.key).where(PersonRow.key.in_(keys)).order_by(PersonRow.key)
    session.execute(query.with_for_update(key_share=True))


def same_human(session: Session, left: str, right: str) -> bool:
    return left == right or human_of(session, left) == human_of(session, right)


def link(session: Session, person_key: str, other_key: str) -> None:
    """Make two humans one. The credits that both had, granted or spent, become one account."""
    human, other = human_of(session, person_key), human_of(session, other_key)
    session.execute(update(PersonRow).where(PersonRow.human == other).values(human=human))
    session.execute(update(LedgerRow).where(LedgerRow.account == other).values(account=human))


def unlink(session: Session, person_key: str) -> str | None:
    """The identity stands alone again. What was granted and spent together stays with the others.

    Answers with the account that they keep; None for an identity that was alone.
    """
    rest = [key for key in identities(session, person_key) if key != person_key]
    if not rest:
        return None
    if human_of(session, person_key) == person_key:  # the others need another name
        session.execute(update(PersonRow).where(PersonRow.key.in_(rest)).values(human=rest[0]))
        session.execute(update(LedgerRow).where(LedgerRow.account == person_key).values(account=rest[0]))
    session.execute(update(PersonRow).where(PersonRow.key == person_key).values(human=person_key))
    return human_of(session, rest[0])
