"""Whose turn it is in a game of telephone, for any players and whatever happens to their turns."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.gatherings.kinds.turn_order import MOST_LAPSES, Chain, is_over, next_player, next_turns

ORDER = ("ana", "bo", "cy", "di")


def test_nobody_plays_twice_in_a_chain() -> None:
    chain = Chain(number=1, players=("ana", "bo", "cy"))
    assert next_player(chain, [chain], ORDER) == "di"
    complete = replace(chain, players=ORDER)
    assert next_player(complete, [complete], ORDER) is None
    assert is_over(complete, ORDER)


def test_nobody_has_two_turns_at_a_time() -> None:
    chain, other = Chain(number=1, players=("bo",)), Chain(number=2, players=("ana",), is_open=True)
    assert next_player(chain, [chain, other], ("ana", "bo")) is None
    assert not is_over(chain, ("ana", "bo"))


def test_a_pair_follows_each_other_again_only_where_nothing_else_is_left() -> None:
    chain, other = Chain(number=1, players=("ana",)), Chain(number=2, players=("ana", "bo"))
    assert next_player(chain, [chain, other], ("ana", "bo", "cy")) == "cy"
    assert next_player(chain, [chain, other], ("ana", "bo")) == "bo"


def test_a_chain_waits_for_somebody_busy_before_a_pair_is_repeated() -> None:
    chain = Chain(number=1, players=("ana",))
    others = [Chain(number=2, players=("ana", "bo")), Chain(number=3, players=("cy",), is_open=True)]
    assert next_player(chain, [chain, *others], ("ana", "bo", "cy")) is None


def test_who_had_fewest_turns_is_first_and_then_the_order_decides() -> None:
    chain = Chain(number=1, players=("ana",))
    busy_before = Chain(number=2, players=("bo", "di"))
    off_plan = replace(chain, players=("di",), lapsed=("ana",))
    assert next_player(off_plan, [off_plan, busy_before], ORDER) == "cy"
    assert next_player(chain, [chain], ORDER) == "bo"


def test_who_let_a_turn_pass_is_asked_after_the_others_and_at_most_twice() -> None:
    chain = Chain(number=1, players=("ana",), lapsed=("bo",))
    assert next_player(chain, [chain], ("ana", "bo", "cy")) == "cy"
    assert next_player(chain, [chain], ("ana", "bo")) == "bo"
    given_up = replace(chain, lapsed=("bo", "bo"))
    assert next_player(given_up, [given_up], ("ana", "bo")) is None
    assert is_over(given_up, ("ana", "bo"))


def test_with_a_chain_for_each_player_all_write_at_once() -> None:
    chains = [Chain(number=number) for number in range(1, 5)]
    assert list(next_turns(chains, ORDER)) == [(1, "ana"), (2, "bo"), (3, "cy"), (4, "di")]


def play(players: Sequence[str], chains: int, delivered: Sequence[bool]) -> list[Chain]:
    """A whole game in which the oldest open turn is delivered or passes, in that order again and again."""
    current = {number: Chain(number=number) for number in range(1, chains + 1)}
    waiting: list[int] = []
    for step in range(10_000):
        for number, player in next_turns(list(current.values()), players):
            chain = current[number]
            current[number] = replace(chain, players=(*chain.players, player), is_open=True)
            waiting.append(number)
        busy = [chain.players[-1] for chain in current.values() if chain.is_open]
        assert len(set(busy)) == len(busy)
        if not waiting:
            break
        number = waiting.pop(0)
        chain = replace(current[number], is_open=False)
        if not delivered[step % len(delivered)]:
            *before, passed = chain.players
            chain = replace(chain, players=tuple(before), lapsed=(*chain.lapsed, passed))
        current[number] = chain
    assert all(is_over(chain, players) for chain in current.values())
    return list(current.values())


@given(count=st.integers(3, 12), single=st.booleans(), delivered=st.lists(st.booleans(), min_size=1))
def test_every_game_ends_and_nobody_is_twice_in_a_chain(
    count: int, single: bool, delivered: list[bool]
) -> None:
    players = [f"player {number}" for number in range(count)]
    for chain in play(players, 1 if single else count, delivered):
        assert len(set(chain.players)) == len(chain.players)
        assert all(chain.lapsed.count(player) <= MOST_LAPSES for player in players)
        if all(delivered):
            assert sorted(chain.players) == sorted(players)


@pytest.mark.parametrize(("count", "most"), [(3, 0.5), (4, 0), (5, 0.25), (6, 0), (9, 0.25), (12, 0)])
def test_each_follows_each_other_once_as_far_as_possible(count: int, most: float) -> None:
    """`most`: the share of the pairs that may be repeated; none with an even number of players."""
    players = [f"player {number}" for number in range(count)]
    pairs = [pair for chain in play(players, count, [True]) for pair in pairwise(chain.players)]
    assert len(pairs) == count * (count - 1)
    assert len(pairs) - len(set(pairs)) <= most * len(pairs)
