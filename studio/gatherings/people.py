"""What becomes of somebody's part in gatherings: when they are banned, leave their community, or are forgotten."""

from collections.abc import Collection, Sequence

from sqlalchemy import update
from sqlalchemy.orm import Session

from studio.db.gatherings import ballot_rows, gathering_rows, part_rows, participants
from studio.db.identities.linked_identities import human_of
from studio.db.tables import GatheringPartRow, OutboxRow
from studio.domain.people import Person
from studio.errors import NotFoundError
from studio.gatherings.kind import Turn
from studio.gatherings.kind_description import TEXT_RULES
from studio.gatherings.participant_actions import take_out
from studio.gatherings.registry import find_kind


def take_out_of_all(session: Session, humans: Sequence[str]) -> list[OutboxRow]:
    """They leave: open turns go back at once, and ballots of running rounds are removed; those of closed rounds stay.

    Belongs into the transaction in which they are banned; send the events after it.
    """
    return _take_out(session, participants.find_taking_part(session, humans), humans, with_ballots=True)


def take_out_of_community(session: Session, person: Person) -> list[OutboxRow]:
    """They left their community, or may not speak there: as if they were banned, in its gatherings only."""
    human = human_of(session, person.key)
    found = participants.find_taking_part(session, [human])
    here = participants.only_in_community(session, found, person.home)
    return _take_out(session, here, [human], with_ballots=True)


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
