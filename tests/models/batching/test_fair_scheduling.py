"""Which samples run next."""

from collections import Counter
from dataclasses import dataclass, replace
from itertools import pairwise

import pytest

from engine.batching.execution.fair_scheduling import QUANTUM_SECONDS, Turns, choose


@dataclass(frozen=True)
class Seat:
    person: str
    number: int = 0
    open_tasks: int = 1
    rows: int = 1
    weight: float = 1.0
    index: int = 0
    position: int = 0


def order(person: str, number: int, *, samples: int = 4, open_tasks: int = 1, **more: float) -> list[Seat]:
    return [Seat(person, number, open_tasks, index=index, **more) for index in range(samples)]  # type: ignore[arg-type]


def people(seats: list[Seat]) -> list[str]:
    return [place.person for place in seats]


def test_places_go_one_by_one_to_the_person_with_fewest() -> None:
    joins, leaves = choose([], [*order("ana", 1), *order("ben", 2), *order("cem", 3)], room_rows=7)
    assert people(joins) == ["ana", "ben", "cem", "ana", "ben", "cem", "ana"]
    assert leaves == []


def test_samples_in_other_groups_count_too() -> None:
    joins, _ = choose(
        [], [*order("ana", 1), *order("ben", 2)], room_rows=4, elsewhere=order("ana", 0, samples=3)
    )
    assert people(joins) == ["ben", "ben", "ben", "ana"]


def test_a_full_batcher_lets_nobody_in_who_is_no_worse_off() -> None:
    assert choose(order("ana", 1), order("ben", 2), room_rows=4) == ([], [])


def test_who_has_several_orders_open_gives_way_to_who_has_one() -> None:
    busy = [*order("spam", 1, open_tasks=2), *order("spam", 2, open_tasks=2)]
    joins, leaves = choose(busy, order("ben", 9), room_rows=8)
    assert people(joins) == ["ben"] * 4
    assert [place.number for place in leaves] == [2] * 4


def test_a_person_with_many_orders_has_a_place_at_one_turn_in_so_many_beside_a_newcomer() -> None:
    busy = order("spam", 1, samples=8, open_tasks=32)
    left = []
    for turn in range(8):
        joins, leaves = choose(busy, order("ben", 99), room_rows=8, turn=turn)
        assert people(joins) == ["ben"] * 4
        left.append(len(leaves))
    assert left == [7, 8, 8, 8, 7, 8, 8, 8]


def test_who_gives_way_comes_back_when_nobody_waits_for_the_place() -> None:
    busy = order("spam", 1, samples=8, open_tasks=32)
    assert choose([], busy, room_rows=8, turn=3) == (busy, [])


def test_a_person_with_many_orders_has_the_whole_batcher_alone() -> None:
    waiting = [sample for number in range(32) for sample in order("spam", number, open_tasks=32)]
    joins, leaves = choose([], waiting, room_rows=8)
    assert [place.number for place in joins] == [0] * 4 + [1] * 4
    assert leaves == []


def test_people_with_equally_many_orders_are_equals() -> None:
    waiting = [*order("ana", 1, samples=8, open_tasks=3), *order("ben", 2, samples=8, open_tasks=3)]
    joins, _ = choose([], waiting, room_rows=8)
    assert people(joins).count("ana") == people(joins).count("ben") == 4


def test_weight_gives_more_places() -> None:
    joins, _ = choose([], [*order("ana", 1, samples=8, weight=3.0), *order("ben", 2, samples=8)], room_rows=8)
    assert people(joins).count("ana") == 6


def test_one_sample_comes_in_however_many_rows_it_takes() -> None:
    joins, _ = choose([], order("ana", 1, samples=2, rows=2), room_rows=1)
    assert len(joins) == 1


def test_a_sample_that_needs_two_rows_waits_for_two() -> None:
    joins, _ = choose(order("ana", 1, samples=3), order("ben", 2, samples=1, rows=2), room_rows=4)
    assert joins == []


def advanced(person: str, number: int, *positions: int, open_tasks: int = 1) -> list[Seat]:
    return [Seat(person, number, open_tasks, index=index, position=at) for index, at in enumerate(positions)]


def test_of_one_task_the_furthest_advanced_samples_come_first() -> None:
    joins, _ = choose([], [*advanced("ana", 1, 0, 9, 3, 6), *advanced("ben", 2, 0, 5)], room_rows=4)
    assert [(place.person, place.position) for place in joins] == [
        ("ana", 9),
        ("ben", 5),
        ("ana", 6),
        ("ben", 0),
    ]


def test_of_one_task_the_furthest_advanced_samples_stay() -> None:
    busy = advanced("spam", 1, 1, 8, 4, 6, open_tasks=2)
    _, leaves = choose(busy, order("ben", 9), room_rows=4)
    assert [place.position for place in leaves] == [1, 4]


def test_an_earlier_task_goes_before_a_further_advanced_one() -> None:
    waiting = [*advanced("ana", 2, 9, open_tasks=2), *advanced("ana", 1, 0, open_tasks=2)]
    assert [place.number for place in choose([], waiting, room_rows=1)[0]] == [1]


def test_under_load_the_pictures_of_a_task_are_finished_one_after_another() -> None:
    """A place is taken away at every second turn; who gives way waits behind those that never ran."""
    steps, running = 6, list[Seat]()
    waiting, finished = advanced("spam", 1, 0, 0, 0, open_tasks=2), list[int]()
    for turn in range(3 * 2 * steps):
        newcomer = order("ben", 9, samples=1) if turn % 2 else []
        joins, leaves = choose(running, [*waiting, *newcomer], room_rows=1, turn=turn)
        waiting = [place for place in waiting if place not in joins] + leaves
        stay = [place for place in (*running, *joins) if place not in leaves and place.person == "spam"]
        moved = [replace(place, position=place.position + 1) for place in stay]
        finished += [turn for place in moved if place.position == steps]
        running = [place for place in moved if place.position < steps]
    gap = 2 * steps
    assert [later - earlier for earlier, later in pairwise(finished)] == [gap, gap]


@pytest.mark.parametrize("people_in_second", [1, 3])
def test_groups_take_turns_by_time_in_proportion_to_their_people(people_in_second: int) -> None:
    groups = {"slow": [Seat("ana")], "quick": [Seat(f"p{index}") for index in range(people_in_second)]}
    seconds = {"slow": 0.4, "quick": 0.1}
    turns, had = Turns(), {"slow": 0.0, "quick": 0.0}
    for _ in range(1000):
        key = turns.next(groups)
        turns.record(key, seconds[key], groups)
        had[key] += seconds[key]
    assert had["quick"] / had["slow"] == pytest.approx(people_in_second, rel=0.1)


def test_a_group_that_was_away_does_not_claim_the_time_it_missed() -> None:
    turns = Turns()
    first = {"old": [Seat("ana")]}
    for _ in range(100):
        turns.record(turns.next(first), 1.0, first)
    both = {**first, "new": [Seat("ben")]}
    chosen = []
    for _ in range(10):
        key = turns.next(both)
        chosen.append(key)
        turns.record(key, 1.0, both)
    assert chosen.count("new") in {4, 5, 6}


def test_a_group_goes_on_for_a_moment_before_the_next_has_its_turn() -> None:
    turns = Turns()
    groups = {"one": [Seat("ana")], "other": [Seat("ben")]}
    chosen = []
    for _ in range(12):
        key = turns.next(groups)
        chosen.append(key)
        turns.record(key, QUANTUM_SECONDS * 0.45, groups)
    assert "".join(key[1] for key in chosen) == "nnnttttttnnn"


def test_a_group_does_not_go_on_before_one_in_which_more_people_wait() -> None:
    turns = Turns()
    alone = {"one": [Seat("ana")]}
    turns.record(turns.next(alone), 0.1, alone)
    both = {**alone, "other": [Seat("ben"), Seat("cem")]}
    assert turns.next(both) == "other"


def test_who_asks_for_many_sizes_at_once_gets_no_more_of_the_time() -> None:
    spam = {f"size {n}": [Seat("spam", open_tasks=8)] for n in range(8)}
    groups = {**spam, "ben's": [Seat("ben")]}
    turns, had = Turns(), Counter[str]()
    for _ in range(900):
        key = turns.next(groups)
        turns.record(key, 1.0, groups)
        had[key] += 1
    assert had["ben's"] == pytest.approx(800, abs=12)
    assert min(had[name] for name in spam) > 8


def test_a_group_set_apart_is_not_chosen_and_keeps_its_account() -> None:
    turns = Turns()
    groups = {"whole": [Seat("ana")], "steps": [Seat("ben")]}
    assert turns.next(groups) == "whole"
    for _ in range(3):
        assert turns.next(groups, apart=["whole"]) == "steps"
        turns.record("steps", 1.0, groups)
    turns.record("whole", 9.0, groups)
    assert [turns.next(groups), turns.counts["steps"]] == ["steps", 3]
