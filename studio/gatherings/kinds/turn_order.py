"""Chains of a game of telephone, and whose turn it is: pure functions of who plays, and who had which turn.

A part is one turn, and its round is the number of its chain.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise

from studio.domain.gatherings import OPEN_TURNS, WITH_JOB, Part, PartState

MOST_LAPSES = 2  # a player who let so many turns of a chain pass gets no other one there

_UNFINISHED = OPEN_TURNS | WITH_JOB | {PartState.WANTED}
_LINKS = (PartState.SET, PartState.REMOVED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """`players` had their turn in it, in this order; with `is_open` the last of them has it now.

    `lapsed` let a turn pass, once for each time. Players are humans.
    """

    number: int
    players: tuple[str, ...] = ()
    lapsed: tuple[str, ...] = ()
    is_open: bool = False


def next_turns(chains: Sequence[Chain], order: Sequence[str]) -> Iterator[tuple[int, str]]:
    """All turns that can be given now, by the number of the chain: first in those that had the fewest.

    `order` are the players in the order in which they are asked where nothing else decides.
    """
    current = {chain.number: chain for chain in chains}
    for chain in sorted(chains, key=lambda chain: (len(chain.players), chain.number)):
        player = None if chain.is_open else next_player(chain, list(current.values()), order)
        if player is not None:
            players = (*chain.players, player)
            current[chain.number] = replace(chain, players=players, is_open=True)
            yield chain.number, player


def next_player(chain: Chain, chains: Sequence[Chain], order: Sequence[str]) -> str | None:
    """Who gets the next turn of a chain; None while it waits for somebody, or where nobody is left.

    Nobody plays twice in a chain or has two turns at a time. As far as possible each follows each other at most once
    over all chains: the chain keeps to its plan while everybody delivers, and waits for a player who is busy elsewhere
    before it repeats a pair or asks somebody again who let a turn of it pass. Then who had fewest turns is first.
    """
    busy = {other.players[-1] for other in chains if other.is_open}
    before = chain.players[-1] if chain.players else None
    pairs = {pair for other in chains for pair in pairwise(other.players)}
    turns = [player for other in chains for player in other.players]
    plan = _plan(chain.number, order)
    planned = (
        plan[len(chain.players)] if chain.players == plan[: len(chain.players)] and _left(chain, plan) else ""
    )

    def reluctance(player: str) -> tuple[bool, int, bool]:
        return (before, player) in pairs, chain.lapsed.count(player), player != planned

    left = _left(chain, plan)
    free = [player for player in left if player not in busy]
    best = min(free, key=lambda player: (*reluctance(player), turns.count(player)), default=None)
    if best is None or any(reluctance(player) < reluctance(best) for player in left):
        return None
    return best


def _plan(number: int, order: Sequence[str]) -> tuple[str, ...]:
    """The order of players in a chain with which, over as many chains as players, each follows each other once.

    It is a row of a Latin square that is complete by rows; with an odd number of players some pairs are repeated.
    """
    count = len(order)
    return tuple(order[(number - 1 + place) % count] for place in _first_row(count))


@cache
def _first_row(count: int) -> tuple[int, ...]:
    """The numbers from 0, so that the steps between them differ; where `count` is odd one step is there twice."""

    def extend(row: tuple[int, ...], steps: frozenset[int], spare: int) -> tuple[int, ...] | None:
        if len(row) == count:
            return row
        for number in range(1, count):
            step = (number - row[-1]) % count
            again = step in steps
            if number in row or (again and not spare):
                continue
            if found := extend((*row, number), steps | {step}, spare - again):
                return found
        return None

    return extend((0,), frozenset(), count % 2) or tuple(range(count))


def is_over(chain: Chain, order: Sequence[str]) -> bool:
    """Whether nobody is left who could have a turn in it."""
    return not chain.is_open and not _left(chain, order)


def _left(chain: Chain, order: Sequence[str]) -> list[str]:
    return [
        player for player in order if player not in chain.players and chain.lapsed.count(player) < MOST_LAPSES
    ]


# ---- chains as parts of a gathering


def chains_of(parts: Sequence[Part], count: int) -> list[Chain]:
    return [
        Chain(
            number=number,
            players=tuple(part.human or "" for part in parts if part.round == number and _counts(part)),
            lapsed=tuple(part.human or "" for part in parts if part.round == number and not _counts(part)),
            is_open=any(part.round == number and part.state in _UNFINISHED for part in parts),
        )
        for number in range(1, count + 1)
    ]


def _counts(part: Part) -> bool:
    return part.state is not PartState.SKIPPED


def links_of(parts: Sequence[Part], chain: int) -> list[Part]:
    """The turns of a chain that came to something, in order, also where their picture is gone."""
    return [part for part in parts if part.round == chain and part.state in _LINKS]


def picture_before(parts: Sequence[Part], part: Part) -> Part | None:
    """The turn whose picture its player describes; None for the first turn of a chain."""
    earlier = [link for link in links_of(parts, part.round) if link.ordinal < part.ordinal and link.picture]
    return next((link for link in reversed(earlier) if link.state is PartState.SET), None)
