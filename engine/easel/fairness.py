"""Who paints next. Plain numbers in, decisions out.

Three rules:

1. A free place goes to the person with the fewest lanes on the easel, counted against the person's weight.
2. While somebody with fewer open orders is there, a person with k open orders holds at most one place in k, but never
   none. Lanes beyond that give way at once, the latest order's first; they lose nothing and go on later from where
   they were. So nobody who asks once waits for those who ask often.
3. Groups of lanes that cannot share a forward pass take turns by the time they have had, each in proportion to
   the weight of the people in it.
"""

from collections import Counter
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from typing import Protocol, TypeVar


class Seat(Protocol):
    """What fairness needs to know of a lane."""

    @property
    def person(self) -> str: ...

    @property
    def weight(self) -> float: ...

    @property
    def rows(self) -> int:
        """Rows of a forward pass."""

    @property
    def orders(self) -> int:
        """Open orders of the person."""

    @property
    def number(self) -> int:
        """Orders are numbered as they come."""


S = TypeVar("S", bound=Seat)
K = TypeVar("K", bound=Hashable)


def choose(
    painting: Sequence[S], waiting: Sequence[S], *, room_rows: int, elsewhere: Iterable[S] = ()
) -> tuple[list[S], list[S]]:
    """The lanes that join and those that give way, for one group with room for `room_rows` rows.

    `painting` are the group's lanes on the easel, `elsewhere` those of other groups: both count for their people.
    A lane always finds room when the group is empty, however many rows it takes.
    """
    shares = _shares([*painting, *waiting], room_rows)
    stay, gone = _within(painting, shares)
    held_here = Counter(seat.person for seat in stay)
    held = held_here + Counter(seat.person for seat in elsewhere)
    free = room_rows - sum(seat.rows for seat in stay)
    joins: list[S] = []
    queue = list(waiting)
    while queue := [seat for seat in queue if held_here[seat.person] < shares[seat.person]]:
        first = min(queue, key=lambda seat: (held[seat.person] / seat.weight, seat.number))
        if first.rows > free and (stay or joins):
            break
        queue.remove(first)
        joins.append(first)
        free -= first.rows
        held[first.person] += 1
        held_here[first.person] += 1
    return joins, gone


def _shares(seats: Sequence[S], room_rows: int) -> dict[str, int]:
    """The most places that each person may hold."""
    orders = {seat.person: seat.orders for seat in seats}
    fewest = min(orders.values(), default=1)
    return {
        person: room_rows if open_orders == fewest else max(1, room_rows // open_orders)
        for person, open_orders in orders.items()
    }


def _within(painting: Sequence[S], shares: Mapping[str, int]) -> tuple[list[S], list[S]]:
    """Those of `painting` who stay within their person's share, earliest orders first, and those beyond it."""
    held: Counter[str] = Counter()
    beyond = set()
    for index, seat in sorted(enumerate(painting), key=lambda each: (each[1].number, each[0])):
        held[seat.person] += 1
        if held[seat.person] > shares[seat.person]:
            beyond.add(index)
    stay = [seat for index, seat in enumerate(painting) if index not in beyond]
    return stay, [painting[index] for index in sorted(beyond)]


class Turns:
    """Shares time between groups: the one that has had the least for its weight goes next."""

    def __init__(self) -> None:
        self._had: dict[Hashable, float] = {}

    def next(self, groups: Mapping[K, Collection[Seat]]) -> K:
        """One of `groups`, which must not be empty. A group that was away starts level with the poorest."""
        known = [self._had[key] for key in groups if key in self._had]
        level = min(known, default=0.0)
        self._had = {key: self._had.get(key, level) for key in groups}
        return min(groups, key=self._had.__getitem__)

    def took(self, key: Hashable, seconds: float, group: Collection[Seat]) -> None:
        people = {seat.person: seat.weight for seat in group}
        self._had[key] = self._had.get(key, 0.0) + seconds / max(sum(people.values()), 1e-3)
