"""Who takes part in the gatherings of a platform that are going on, and in which of a community somebody does."""

from collections.abc import Collection, Iterator, Sequence

from sqlalchemy import Select, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from studio.db.gatherings import ballot_rows, part_rows
from studio.db.gatherings.gathering_rows import in_community
from studio.db.tables import BallotRow, GatheringMemberRow, GatheringPartRow, GatheringRow
from studio.domain.gatherings import OPEN_TURNS, STOPPED, PartState
from studio.domain.people import Platform

_Column = InstrumentedAttribute[str] | InstrumentedAttribute[str | None]


def find_participants(session: Session, platform: Platform) -> list[str]:
    """The keys of people: first who has to act, then who voted in a running round, then who joined."""
    found = (key for query in _queries(platform) for key in session.scalars(query) if key)
    return list(dict.fromkeys(found))


def _queries(platform: Platform) -> Iterator[Select[str | None]]:
    part, ballot, member = GatheringPartRow, BallotRow, GatheringMemberRow
    acts = part.state.in_(sorted(OPEN_TURNS | {PartState.WANTED}))
    turns = _select_keys(part.person_key, part.gathering, platform).where(acts, part.person_key.is_not(None))
    yield turns.order_by(part.deadline, part.gathering, part.ordinal)
    voted = _select_keys(ballot.person_key, ballot.gathering, platform)
    yield voted.where(ballot.round == GatheringRow.round).order_by(ballot.gathering, ballot.human)
    joined = _select_keys(member.person_key, member.gathering, platform).where(member.left_at.is_(None))
    yield joined.order_by(member.gathering, member.human)


def _select_keys(
    key: _Column, gathering: InstrumentedAttribute[str], platform: Platform
) -> Select[str | None]:
    """Of gatherings whose clocks run."""
    return (
        select(key)
        .join(GatheringRow, GatheringRow.id == gathering)
        .where(
            GatheringRow.platform == platform,
            GatheringRow.closed_at.is_(None),
            GatheringRow.state.not_in(sorted(STOPPED)),
        )
    )


def find_taking_part(session: Session, humans: Collection[str]) -> set[str]:
    """The ids of open gatherings in which one of these has to act, has voted in the present round, or joined."""
    return {
        *part_rows.find_turns_of(session, humans),
        *ballot_rows.find_ballots_in_play(session, humans),
        *ballot_rows.find_memberships(session, humans),
    }


def only_in_community(
    session: Session, gathering_ids: Collection[str], home: tuple[Platform, str]
) -> Sequence[str]:
    query = select(GatheringRow.id).where(in_community(*home), GatheringRow.id.in_(gathering_ids))
    return list(session.scalars(query.order_by(GatheringRow.id)))
