"""Who wins: shares of those that were shown often enough, then approvals; ties share a place and the prize."""

from studio.gatherings.contests.ranking import Score, find_winners, head_start, rank, split_prize


def score(ordinal: int, showings: int, approvals: int, *, competes: bool = True) -> Score:
    return Score(
        ordinal=ordinal, human=f"h{ordinal}", showings=showings, approvals=approvals, competes=competes
    )


def order(*scores: Score) -> list[tuple[int, int]]:
    return [(place.place, place.score.ordinal) for place in rank(scores)]


def test_shares_count_and_not_how_often_something_was_shown() -> None:
    assert order(score(1, 20, 9), score(2, 6, 3)) == [(1, 2), (2, 1)]


def test_entries_that_were_shown_less_than_five_times_come_after_the_others() -> None:
    found = order(score(1, 4, 4), score(2, 5, 1), score(3, 4, 3), score(4, 9, 0))
    assert found == [(1, 2), (2, 1), (3, 3), (4, 4)]


def test_equal_entries_share_a_place_and_win_both() -> None:
    scores = score(1, 6, 3), score(2, 10, 5), score(3, 5, 1)
    assert order(*scores) == [(1, 1), (1, 2), (3, 3)]
    assert [winner.ordinal for winner in find_winners(scores)] == [1, 2]


def test_who_does_not_compete_does_not_win() -> None:
    scores = score(1, 6, 6, competes=False), score(2, 6, 2)
    assert [winner.ordinal for winner in find_winners(scores)] == [2]


def test_nobody_wins_without_an_approval() -> None:
    assert find_winners([score(1, 9, 0), score(2, 9, 0)]) == []


def test_a_prize_is_split_among_people_and_nothing_of_it_is_lost() -> None:
    assert split_prize(7, ["a", "b", "a"]) == {"a": 4, "b": 3}
    assert split_prize(7, []) == {}


def test_a_late_entry_starts_with_the_median_of_the_showings() -> None:
    assert (head_start([1, 9, 2, 3]), head_start([])) == (2, 0)
