"""What becomes of somebody's part in all gatherings: when they are banned, or forgotten."""

from collections.abc import Collection, Sequence

from sqlalchemy import update
from sqlalchemy.orm import Session

from studio.db.gatherings import ballot_rows, gathering_rows, part_rows
from studio.db.tables import GatheringPartRow, OutboxRow
from studio.errors import NotFoundError
from studio.gatherings.kind import Turn
from studio.gatherings.kind_description import TEXT_RULES
from studio.gatherings.participant_actions import take_out
from studio.gatherings.registry import find_kind


def take_out_of_all(session: Session, humans: Sequence[str]) -> list[OutboxRow]:
    """They leave: open turns go back at once, and ballots of running rounds are removed; those of closed rounds stay.

    Belongs into the transaction in which they are banned; send the events after it.
    """
    open_turns = part_rows.find_turns_of(session, humans)
    in_play = ballot_rows.find_ballots_in_play(session, humans)
    joined = ballot_rows.find_memberships(session, humans)
    return _take_out(session, {*open_turns, *in_play, *joined}, humans, with_ballots=True)


def forget_in_gatherings(session: Session, keys: Sequence[str]) -> list[OutboxRow]:
    """Before somebody is forgotten: their words and open turns go. Their ballots stay as counts, without a name.

    `keys` are all their identities. Results do not change; a place that they won loses its name.
    """
    taking_part = {*part_rows.find_turns_of(session, keys), *ballot_rows.find_memberships(session, keys)}
    events = _take_out(session, taking_part, keys, with_ballots=False)
    theirs = GatheringPartRow.human.in_(keys) | GatheringPartRow.person_key.in_(keys)
    named = part_rows.find_named(session, keys)
    statement = update(GatheringPartRow).where(theirs).values(text="")
    session.execute(statement, execution_options={"synchronize_session": False})
    hosted = gathering_rows.find_hosted(session, keys)
    for gathering_id in sorted({*named, *hosted}):
        row = gathering_rows.lock_gathering(session, gathering_id)
        if gathering_id in hosted:
            row.rules = {name: "…" if name in TEXT_RULES else value for name, value in row.rules.items()}
        events.append(gathering_rows.write_changed(session, row))
    session.flush()
    return events


def _take_out(
    session: Session, gathering_ids: Collection[str], humans: Sequence[str], *, with_ballots: bool
) -> list[OutboxRow]:
    events: list[OutboxRow] = []
    for gathering_id in sorted(gathering_ids):
        try:
            turn = Turn.begin(session, gathering_id, find_kind)
        except NotFoundError:  # of a kind that this version does not know
            continue
        for human in humans:
            take_out(turn, human, with_ballots=with_ballots)
        events += turn.finish()
    return events
