"""The reveal of a game of telephone: one chain after the other, link by link, with a vote for the best turn of each."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from studio.db.gatherings import sponsors
from studio.db.tables import JobRow
from studio.domain.gatherings import Gathering, Part, PartState
from studio.domain.jobs import JobState
from studio.gatherings.fair_votes import lot
from studio.gatherings.kind import Turn
from studio.gatherings.kinds.turn_order import links_of

REVEAL, DONE = "reveal", "done"
FEWEST = 3  # players, and set turns of a chain that is shown
_LINK_LASTS = timedelta(seconds=10)
_VOTE_LASTS = {"90s": timedelta(minutes=2), "1h": timedelta(hours=2), "1d": timedelta(hours=6)}


def begin_reveal(turn: Turn) -> None:
    revealed = [number for number in _chain_numbers(turn) if _set_turns(turn, number) >= FEWEST]
    turn.write_data(revealed=revealed, winners=[])
    if not revealed:
        turn.end()
        return
    return_credits(turn)
    turn.move(REVEAL)
    _show_chain(turn, revealed[0])


def _chain_numbers(turn: Turn) -> range:
    return range(1, int(str(turn.row.data.get("chains", 0))) + 1)


def _set_turns(turn: Turn, chain: int) -> int:
    return len(turn.parts(PartState.SET, round_number=chain))


def _show_chain(turn: Turn, number: int) -> None:
    turn.write(round=number)
    turn.reveal(turn.parts(round_number=number))
    turn.write_data(shown=1)
    turn.set_clock(_LINK_LASTS)


def shown_links(gathering: Gathering, parts: Sequence[Part]) -> list[int]:
    """The ordinals of the links that are shown of the present chain."""
    shown = int(str(gathering.data.get("shown", 0)))
    return [part.ordinal for part in links_of(parts, gathering.round)[:shown]]


def all_shown(turn: Turn) -> bool:
    parts = turn.parts()
    return len(shown_links(turn.gathering, parts)) == len(links_of(parts, turn.row.round))


def go_on(turn: Turn) -> None:
    """The next link, the next chain, or the end."""
    if all_shown(turn):
        _close_chain(turn)
    else:
        turn.write_data(shown=int(str(turn.row.data["shown"])) + 1)
        turn.set_clock(_VOTE_LASTS[str(turn.row.rules["turn"])] if all_shown(turn) else _LINK_LASTS)


def _close_chain(turn: Turn) -> None:
    """The best turn of the chain, by votes and then by lot; then the next chain, or the end."""
    votes = turn.votes()
    links = [part for part in links_of(turn.parts(), turn.row.round) if votes.get(part.ordinal)]
    best = [part for part in links if votes[part.ordinal] == max(votes[link.ordinal] for link in links)]
    if best:
        first = min(best, key=lambda part: lot(turn, part.ordinal))
        won = {"chain": first.round, "part": first.ordinal, "votes": votes[first.ordinal]}
        won |= {"lot": 1} if len(best) > 1 else {}
        turn.write_data(winners=[*winners_of(turn.row.data), won])
    following = [number for number in revealed_chains(turn.row.data) if number > turn.row.round]
    if following:
        _show_chain(turn, following[0])
    else:
        turn.move(DONE)


def revealed_chains(data: Mapping[str, object]) -> list[int]:
    found = data.get("revealed", [])
    return [int(number) for number in found] if isinstance(found, list) else []


def winners_of(data: Mapping[str, object]) -> list[dict[str, int]]:
    """The best turn of each chain that had votes: ``chain``, ``part`` and ``votes``; ``lot``: of several by lot."""
    found = data.get("winners", [])
    return list(found) if isinstance(found, list) else []


def return_credits(turn: Turn) -> None:
    """A chain of too few turns is not shown, and nothing is charged for it."""
    for number in _chain_numbers(turn):
        if number in revealed_chains(turn.row.data) or _set_turns(turn, number) >= FEWEST:
            continue
        for part in turn.parts(round_number=number):
            job = turn.session.get(JobRow, part.job) if part.job else None
            if job is not None and job.state == JobState.DONE:
                sponsors.return_spent(turn.session, job, at=turn.at)
