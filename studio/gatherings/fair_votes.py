"""One ballot a human, of those who were there before; nobody's own parts; the least shown first."""

from collections.abc import Sequence
from hashlib import blake2b

from studio.db.gatherings import ballot_rows, part_rows
from studio.domain.gatherings import Part, PartState
from studio.domain.people import Platform
from studio.errors.gatherings import GatheringRefusedError, Refusal
from studio.gatherings.kind import Turn
from studio.gatherings.kind_description import Act


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
    if chosen and not turn.kind.several_choices:
        ballot_rows.withdraw_ballots(turn.session, turn.row.id, round_number, human=act.human)
    voter = ballot_rows.Voter(act.human, act.person.key)
    ballot_rows.cast_ballot(turn.session, turn.row.id, round_number, voter, choice=act.part, at=turn.at)
    return True


def deal_ballot(turn: Turn, act: Act, *, page: int, most: int) -> int:
    """Give a human the next page of their ballot, unless they have the page that they ask for; the number of theirs.

    `page` 0: the last one that they have. A page has those that they were not shown yet, the least shown first, and
    nobody's own. However often somebody looks, they count as one showing of an entry.
    """
    pages = ballot_rows.dealt_pages(turn.session, turn.row.id, human=act.human)
    if pages and page <= len(pages):
        return page or len(pages)
    seen = {ordinal for dealt in pages for ordinal in dealt}
    unseen = [
        part
        for part in turn.parts(PartState.SET)
        if part.ordinal not in seen and (turn.kind.own_votes or part.human != act.human)
    ]
    dealt = sorted(unseen, key=lambda part: (part.showings, lot(turn, act.human, part.ordinal)))[:most]
    if not dealt:
        return len(pages)
    ordinals = [part.ordinal for part in dealt]
    voter = ballot_rows.Voter(act.human, act.person.key)
    ballot_rows.deal_page(turn.session, turn.row.id, len(pages) + 1, voter, choices=ordinals, at=turn.at)
    part_rows.count_showings(turn.session, turn.row.id, ordinals)
    return len(pages) + 1


def find_on_ballot(turn: Turn, human: str, ordinal: int) -> tuple[int, int] | None:
    """On which page of a human's ballot a part is, and its number there, from 1; None: it was not shown to them."""
    pages = ballot_rows.dealt_pages(turn.session, turn.row.id, human=human)
    found = ((page, dealt.index(ordinal) + 1) for page, dealt in enumerate(pages, 1) if ordinal in dealt)
    return next(found, None)


def lot(turn: Turn, *what: object) -> str:
    """A lot that everybody can draw again: the same for the same gathering, round and things."""
    text = ":".join(map(str, (turn.row.id, turn.row.round, *what)))
    return blake2b(text.encode(), digest_size=8).hexdigest()


def is_decided_by_lot(standing: Sequence[tuple[Part, int]]) -> bool:
    """Whether only a lot put the first of `rank_parts` before the second."""
    return len(standing) > 1 and standing[0][1] == standing[1][1]


def rank_parts(turn: Turn) -> Sequence[tuple[Part, int]]:
    """The set parts with their votes of the present round, most votes first; ties by lot."""
    votes = turn.votes()
    found = [(part, votes.get(part.ordinal, 0)) for part in turn.parts(PartState.SET)]
    return sorted(found, key=lambda ranked: (-ranked[1], lot(turn, ranked[0].ordinal)))
