"""Which pictures of a generation have children, and what those are: pure functions."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from studio.domain.gatherings import Part, PartState
from studio.domain.requests import Strength
from studio.gatherings.kind_description import Order

# Electric Sheep's fitness is linear in votes, and only favourites have children there; a logarithm keeps variety.
SECOND_PARENT_SHARE = 0.6  # of the first one's approvals
FIRST_NOISE, LAST_NOISE = 0.8, 0.35  # share of the noise schedule, falling over the rounds
_STRONG_FROM = 0.55  # for models that know only subtle and strong


class ChildRole(StrEnum):
    """What a part of an evolution is."""

    START = "start"
    WORDS = "words"  # painted from the opening words
    SUBTLE = "subtle"
    STRONG = "strong"
    VARIATION = "variation"
    BLEND = "blend"
    WILDCARD = "wildcard"  # a strong variation of an earlier picture
    INJECTED = "injected"  # brought along by somebody


@dataclass(frozen=True, slots=True)
class Child:
    """A picture to be painted. `noise` in (0, 1] for a variation; `weights` of the parents of a blend."""

    role: ChildRole
    parents: tuple[int, ...] = ()
    noise: float = 0.0
    weights: tuple[float, ...] = ()

    def order_for(self, pictures: Sequence[str]) -> Order:
        """The job that paints it from the parents' pictures that are left, at least one."""
        if self.role is ChildRole.BLEND and len(pictures) > 1:
            weights = ", ".join(f"{weight:g}" for weight in self.weights)
            values = {"picture": pictures[0], "picture2": pictures[1], "weights": weights, "count": 1}
            return Order(command="blend", values=values)
        is_strong = self.noise >= _STRONG_FROM if self.noise else self.role is not ChildRole.SUBTLE
        strength = Strength.STRONG if is_strong else Strength.SUBTLE
        return Order(
            command="vary",
            values={"picture": pictures[0], "strength": strength, "count": 1},
            fields={"reach": self.noise} if self.noise else {},
        )

    @classmethod
    def of(cls, part: Part) -> "Child":
        """As it was kept."""
        noise, weights = part.data.get("noise", 0), part.data.get("weights", ())
        return cls(
            role_of(part),
            parents_of(part),
            float(str(noise)),
            tuple(float(weight) for weight in weights) if isinstance(weights, list | tuple) else (),
        )

    @property
    def data(self) -> dict[str, object]:
        """As it is kept in its part."""
        return {
            "role": self.role,
            "parents": list(self.parents),
            "noise": self.noise,
            "weights": list(self.weights),
        }


def noise_of(round_number: int, rounds: int) -> float:
    """How far the variations of a round move away from their parents; round 2 is the first that has variations."""
    passed = (round_number - 2) / max(1, rounds - 2)
    return round(FIRST_NOISE + (LAST_NOISE - FIRST_NOISE) * min(1.0, max(0.0, passed)), 3)


def first_generation(start: Part | None, count: int) -> list[Child]:
    """Of a picture all variations but one are subtle; of words, as many pictures."""
    if start is None:
        return [Child(ChildRole.WORDS)] * count
    parents = (start.ordinal,)
    return [*[Child(ChildRole.SUBTLE, parents)] * (count - 1), Child(ChildRole.STRONG, parents)]


def next_generation(
    standing: Sequence[tuple[Part, int]], *, wildcard: int | None, count: int, noise: float
) -> list[Child]:
    """Variations of the winner, a blend of first and second, and a wildcard.

    `standing` are the parts with their approvals, the winner first. `wildcard` is the part that a strong variation is
    made of; None: somebody brought a picture instead.
    """
    first, approvals = standing[0]
    second, next_approvals = standing[1] if len(standing) > 1 else (None, 0)
    children: list[Child] = []
    if second is not None:
        weights = (fitness(approvals), max(fitness(next_approvals), fitness(approvals) / 2))
        children.append(Child(ChildRole.BLEND, (first.ordinal, second.ordinal), weights=weights))
    if wildcard is not None:
        children.append(Child(ChildRole.WILDCARD, (wildcard,)))
    left = count - len(children)
    share = 0
    if second is not None and next_approvals >= SECOND_PARENT_SHARE * approvals:
        share = round(left * fitness(next_approvals) / (fitness(approvals) + fitness(next_approvals)))
    of_first = [Child(ChildRole.VARIATION, (first.ordinal,), noise)] * (left - share)
    of_second = [Child(ChildRole.VARIATION, (second.ordinal,), noise)] * share if second is not None else []
    return [*of_first, *of_second, *children]


def same_again(parts: Sequence[Part], count: int) -> list[Child]:
    """What a round was to be, but for what people brought."""
    return [Child.of(part) for part in parts if role_of(part) is not ChildRole.INJECTED][:count]


def from_grandparent(children: Sequence[Child], parts: Mapping[int, Part]) -> list[Child]:
    """As many strong variations of the first parent's parent; none where there is none."""
    found = [grand for child in children for parent in child.parents for grand in parents_of(parts[parent])]
    return [Child(ChildRole.STRONG, (found[0],))] * len(children) if found else []


def fitness(approvals: int) -> float:
    """At least a little, so that a blend has something of each."""
    return round(math.log(1 + max(1, approvals)), 3)


class Ranking(NamedTuple):
    """The parts with their approvals, the winner first. `by_lot`: only a lot put it before the second."""

    standing: list[tuple[Part, int]]
    by_lot: bool


def rank(
    candidates: Sequence[Part],
    approvals: Mapping[int, int],
    *,
    times_chosen: Callable[[Part], int],
    distance: Callable[[Part], int],
    lot: Callable[[Part], str],
) -> Ranking:
    """Most approvals first. Ties: whose pictures were chosen less often, what differs more from its parent, a lot."""
    merits = {
        part.ordinal: (-approvals.get(part.ordinal, 0), times_chosen(part), -distance(part))
        for part in candidates
    }
    ranked = sorted(candidates, key=lambda part: (merits[part.ordinal], lot(part)))
    by_lot = len(ranked) > 1 and merits[ranked[0].ordinal] == merits[ranked[1].ordinal]
    return Ranking([(part, approvals.get(part.ordinal, 0)) for part in ranked], by_lot)


def number_in_round(parts: Sequence[Part], part: Part) -> int:
    """The number that people read: 1, 2, 3 within its round."""
    ordinals = sorted(found.ordinal for found in parts if found.round == part.round)
    return ordinals.index(part.ordinal) + 1


def role_of(part: Part) -> ChildRole:
    return ChildRole(str(part.data.get("role", ChildRole.VARIATION)))


def parents_of(part: Part) -> tuple[int, ...]:
    found = part.data.get("parents", ())
    return tuple(int(ordinal) for ordinal in found) if isinstance(found, list | tuple) else ()


def find_living(parts: Mapping[int, Part], ordinal: int) -> Part | None:
    """The part, or where its picture was removed the nearest of its forebears that has one."""
    part = parts.get(ordinal)
    while part is not None and (part.picture is None or part.state is not PartState.SET):
        above = parents_of(part)
        part = parts.get(above[0]) if above else None
    return part


def winners_of(data: Mapping[str, object]) -> list[dict[str, int]]:
    """What an evolution keeps of the rounds that were decided: round, part and votes of each winner.

    With ``lot``, only a lot put it before the second.
    """
    found = data.get("winners", [])
    return found if isinstance(found, list) else []


def winning_ordinals(data: Mapping[str, object]) -> list[int]:
    """The parts that won, by round."""
    return [winner["part"] for winner in winners_of(data)]
