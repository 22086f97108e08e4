"""Ballots, and who joined: one of each human, over all linked identities."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import cast

from sqlalchemy import Delete, Executable, Table, Update, bindparam, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from studio.db.sql_dialects import is_postgresql
from studio.db.tables import BallotRow, GatheringMemberRow, GatheringPartRow, GatheringRow

# Built once: a hundred people may vote at once, and whether somebody joined is asked for most presses.
_IN_ROUND = (BallotRow.gathering == bindparam("in_gathering")) & (BallotRow.round == bindparam("in_round"))
_OWN = _IN_ROUND & (BallotRow.human == bindparam("of_human"))
_CHOICES = select(BallotRow.choice).where(_OWN)
_COUNT = select(BallotRow.choice, func.count()).where(_IN_ROUND).group_by(BallotRow.choice)
_VOTERS = select(BallotRow.human, BallotRow.person_key).where(_IN_ROUND).order_by(BallotRow.created_at)
_EVER_VOTED = (  # pages of ballots are kept as rounds below zero
    select(BallotRow.human, BallotRow.person_key)
    .where(BallotRow.gathering == bindparam("in_gathering"), BallotRow.round > 0)
    .order_by(BallotRow.round, BallotRow.created_at, BallotRow.human)
)
_MEMBERS = (
    select(GatheringMemberRow.human, GatheringMemberRow.person_key)
    .where(GatheringMemberRow.gathering == bindparam("gathering_id"), GatheringMemberRow.left_at.is_(None))
    .order_by(GatheringMemberRow.joined_at, GatheringMemberRow.human)
)


@dataclass(frozen=True, slots=True)
class Voter:
    human: str
    person_key: str


def cast_ballot(
    session: Session,
    gathering_id: str,
    round_number: int,
    voter: Voter,
    *,
    choice: int,
    at: datetime,
) -> bool:
    """False: it was there already."""
    values = {
        "gathering": gathering_id,
        "round": round_number,
        "human": voter.human,
        "choice": choice,
        "person_key": voter.person_key,
        "created_at": at,
    }
    return session.execute(_insertion(is_postgresql(session)), values).scalar() is not None


@cache
def _insertion(on_postgresql: bool) -> Executable:
    """Of a ballot, unless it is there; it answers with the choice of a new one."""
    ballots = cast("Table", BallotRow.__table__)
    statement = postgresql.insert(ballots) if on_postgresql else sqlite.insert(ballots)
    return statement.on_conflict_do_nothing().returning(ballots.c.choice)


def withdraw_ballots(
    session: Session, gathering_id: str, round_number: int, *, human: str, choice: int | None = None
) -> None:
    """One choice of a human in a round, or all."""
    theirs = _OWN if choice is None else _OWN & (BallotRow.choice == choice)
    _execute(session, delete(BallotRow).where(theirs), **_of(gathering_id, round_number), of_human=human)


def void_choice(session: Session, gathering_id: str, choice: int) -> None:
    """Nobody voted for a part that is gone."""
    void = (BallotRow.gathering == gathering_id) & (BallotRow.choice == choice)
    session.execute(delete(BallotRow).where(void))


def choices_of(session: Session, gathering_id: str, round_number: int, *, human: str) -> frozenset[int]:
    return frozenset(session.scalars(_CHOICES, {**_of(gathering_id, round_number), "of_human": human}))


def count_votes(session: Session, gathering_id: str, round_number: int) -> Mapping[int, int]:
    """By choice; those without a vote are left out."""
    return {row[0]: row[1] for row in session.execute(_COUNT, _of(gathering_id, round_number))}


def voters_of(session: Session, gathering_id: str, round_number: int) -> Mapping[str, str]:
    """By human, the key of the identity that voted last."""
    return {row[0]: row[1] for row in session.execute(_VOTERS, _of(gathering_id, round_number))}


def all_voters_of(session: Session, gathering_id: str) -> Mapping[str, str]:
    """Who voted in any round, by human, the key of the identity that voted last; in the order of their first votes."""
    return {row[0]: row[1] for row in session.execute(_EVER_VOTED, {"in_gathering": gathering_id})}


def deal_page(
    session: Session,
    gathering_id: str,
    page: int,
    voter: Voter,
    *,
    choices: Collection[int],
    at: datetime,
) -> None:
    """Write down which parts a human was shown. Pages are kept as ballots of the rounds -1, -2 and so on."""
    for choice in choices:
        cast_ballot(session, gathering_id, -page, voter, choice=choice, at=at)


def dealt_pages(session: Session, gathering_id: str, *, human: str) -> Sequence[Sequence[int]]:
    """The parts on each page of a human's ballot, from the first; without those that are gone."""
    theirs = (BallotRow.gathering == gathering_id) & (BallotRow.human == human) & (BallotRow.round < 0)
    rows = session.execute(select(BallotRow.round, BallotRow.choice).where(theirs).order_by(BallotRow.choice))
    pages: dict[int, list[int]] = {}
    for round_number, choice in rows:
        pages.setdefault(-round_number, []).append(choice)
    return [pages.get(page, []) for page in range(1, max(pages, default=0) + 1)]


def _of(gathering_id: str, round_number: int) -> dict[str, object]:
    """The parameters of `_IN_ROUND`."""
    return {"in_gathering": gathering_id, "in_round": round_number}


def join(session: Session, gathering_id: str, *, human: str, person_key: str, at: datetime) -> bool:
    """False: they were there already. Who left may come back."""
    row = session.get(GatheringMemberRow, (gathering_id, human))
    if row is None:
        session.add(
            GatheringMemberRow(gathering=gathering_id, human=human, person_key=person_key, joined_at=at)
        )
        session.flush()
        return True
    was_away, row.left_at, row.person_key = row.left_at is not None, None, person_key
    session.flush()
    return was_away


def leave(session: Session, gathering_id: str, *, human: str, at: datetime) -> bool:
    """False: they were not there."""
    row = session.get(GatheringMemberRow, (gathering_id, human))
    if row is None or row.left_at is not None:
        return False
    row.left_at = at
    session.flush()
    return True


def members_of(session: Session, gathering_id: str) -> Mapping[str, str]:
    """By human, the key of the identity that joined last; in the order in which they joined."""
    return {row[0]: row[1] for row in session.execute(_MEMBERS, {"gathering_id": gathering_id})}


def find_memberships(session: Session, humans: Collection[str]) -> list[str]:
    """The ids of open gatherings that one of these has joined."""
    member = GatheringMemberRow
    query = select(member.gathering).join(GatheringRow, GatheringRow.id == member.gathering).distinct()
    query = query.where(member.human.in_(humans), member.left_at.is_(None), GatheringRow.closed_at.is_(None))
    return list(session.scalars(query.order_by(member.gathering)))


def find_ballots_in_play(session: Session, humans: Collection[str]) -> list[str]:
    """The ids of open gatherings in whose present round one of these has voted."""
    running = (GatheringRow.id == BallotRow.gathering) & (GatheringRow.round == BallotRow.round)
    query = select(BallotRow.gathering).join(GatheringRow, running).distinct()
    query = query.where(BallotRow.human.in_(humans), GatheringRow.closed_at.is_(None))
    return list(session.scalars(query.order_by(BallotRow.gathering)))


def merge_humans(session: Session, into: str, other: str) -> None:
    """Two humans turned out to be one: where both voted in a round, or joined, the first one's is left."""
    for table, shared in ((BallotRow, ("gathering", "round")), (GatheringMemberRow, ("gathering",))):
        twin = table.__table__.alias()
        same = [twin.c[name] == getattr(table, name) for name in shared]
        twice = select(twin.c.human).where(twin.c.human == into, *same).exists()
        _execute(session, delete(table).where(table.human == other, twice))
    _execute(session, update(BallotRow).where(BallotRow.human == other).values(human=into))
    members, parts = GatheringMemberRow, GatheringPartRow
    _execute(session, update(members).where(members.human == other).values(human=into))
    _execute(session, update(parts).where(parts.human == other).values(human=into))


def _execute(session: Session, statement: Delete | Update, **values: object) -> None:
    session.execute(statement, values, execution_options={"synchronize_session": False})
