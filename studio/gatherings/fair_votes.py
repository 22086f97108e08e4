"""One ballot a human, of those who were there before; nobody's own parts; the least shown first."""

from collections.abc import Sequence
from hashlib import blake2b

from studio.db.gatherings import ballot_rows, part_rows
from studio.domain.gatherings import Part, PartState
from studio.domain.people import Platform
from studio.errors.gatherings import GatheringRefusedError, Refusal
from studio.gatherings.description import Act
from studio.gatherings.kind import Turn


def require_voter(turn: Turn, act: Act) -> None:
    """Raises `GatheringRefusedError` for guests, newcomers, and who came after the gathering was opened.

    Only Discord tells when somebody came; on Slack every full member may vote.
    """
    if act.person.guest:
        raise GatheringRefusedError(Refusal.GUEST)
    if act.newcomer:
        raise GatheringRefusedError(Refusal.NEWCOMER)
    joined_at = act.person.joined_at
    late = joined_at is not None and joined_at > turn.row.opened_at
    if act.person.platform is Platform.DISCORD and late:
        raise GatheringRefusedError(Refusal.JOINED_LATER)


def toggle_vote(turn: Turn, act: Act) -> bool:
    """Vote for the part of an act, or take the vote back; whether it is given now.

    Where a ballot has one choice, another one takes its place. Raises `GatheringRefusedError`.
    """
    require_voter(turn, act)
    part = turn.part(act.part)
    if part is None or part.state is not PartState.SET:
        raise GatheringRefusedError(Refusal.GONE)
    if part.human == act.human and not turn.kind.own_votes:
        raise GatheringRefusedError(Refusal.OWN_PART)
    round_number = turn.row.round
    chosen = ballot_rows.choices_of(turn.session, turn.row.id, round_number, human=act.human)
    turn.changed = True
    if act.part in chosen:
        ballot_rows.withdraw_ballots(
            turn.session, turn.row.id, round_number, human=act.human, choice=act.part
        )
        return False
    if not turn.kind.several_choices:
        ballot_rows.withdraw_ballots(turn.session, turn.row.id, round_number, human=act.human)
    ballot_rows.cast_ballot(
        turn.session,
        turn.row.id,
        round_number,
        human=act.human,
        person_key=act.person.key,
        choice=act.part,
        at=turn.at,
    )
    return True


def next_ballot_page(turn: Turn, human: str, *, most: int) -> list[Part]:
    """Of the parts that a human may vote for and did not vote for yet, the least shown. Counted as shown."""
    chosen = ballot_rows.choices_of(turn.session, turn.row.id, turn.row.round, human=human)
    eligible = [
        part
        for part in turn.parts(PartState.SET)
        if part.ordinal not in chosen and (turn.kind.own_votes or part.human != human)
    ]
    page = sorted(eligible, key=lambda part: (part.showings, lot(turn, human, part.ordinal)))[:most]
    part_rows.count_showings(turn.session, turn.row.id, [part.ordinal for part in page])
    return page


def lot(turn: Turn, *what: object) -> str:
    """A lot that everybody can draw again: the same for the same gathering, round and things."""
    text = ":".join(map(str, (turn.row.id, turn.row.round, *what)))
    return blake2b(text.encode(), digest_size=8).hexdigest()


def rank_parts(turn: Turn) -> Sequence[tuple[Part, int]]:
    """The set parts with their votes of the present round, most votes first; ties by lot."""
    votes = turn.votes()
    found = [(part, votes.get(part.ordinal, 0)) for part in turn.parts(PartState.SET)]
    return sorted(found, key=lambda ranked: (-ranked[1], lot(turn, ranked[0].ordinal)))
