"""Who wins a contest: approvals out of showings. Pure functions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from statistics import median_low

LEAST_SHOWINGS = 5  # from which on a share says something


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """Of one entry: on how many people's ballots it was, and how many of them approve of it.

    `competes`: it can win.
    """

    ordinal: int
    human: str
    showings: int
    approvals: int
    competes: bool = True

    @property
    def standing(self) -> tuple[int, Fraction]:
        """Larger is better. Entries that were shown less often than five times come after the others.

        Nobody wins without an approval, so such entries come last.
        """
        if not self.approvals:
            return 0, Fraction(0)
        if self.showings < LEAST_SHOWINGS:
            return 1, Fraction(self.approvals)
        return 2, Fraction(self.approvals, self.showings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """`place` counts from 1; equal entries share one."""

    place: int
    score: Score


def rank(scores: Sequence[Score]) -> list[Place]:
    """Best first; of equal ones, in the order in which they were entered."""
    ordered = sorted(scores, key=lambda score: score.ordinal)
    ordered.sort(key=lambda score: score.standing, reverse=True)
    return [
        Place(place=1 + sum(other.standing > score.standing for other in ordered), score=score)
        for score in ordered
    ]


def find_winners(scores: Sequence[Score]) -> list[Score]:
    """The best of those that compete, several if they are equal. Empty where nobody approves of any."""
    approved = [score for score in scores if score.competes and score.approvals]
    if not approved:
        return []
    best = max(score.standing for score in approved)
    return [score for score in approved if score.standing == best]


def split_prize(prize: int, people: Sequence[str]) -> Mapping[str, int]:
    """Equal shares for each person once; what cannot be split goes to the first ones."""
    different = list(dict.fromkeys(people))
    share, rest = divmod(prize, len(different)) if different else (0, 0)
    return {person: share + (number < rest) for number, person in enumerate(different)}


def head_start(showings: Sequence[int]) -> int:
    """The showings with which a late entry joins, so that it is not shown to everybody first: the median."""
    return median_low(showings) if showings else 0
