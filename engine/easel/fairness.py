"""Who paints next. Plain numbers in, decisions out.

Three rules:

1. A free place goes to the person with the fewest lanes on the easel, counted against the person's weight.
2. A lane of somebody's later order gives its place back when a lane of an earlier-numbered order waits: whoever
   has many orders open never stands in the way of another's first one. A lane that gives way loses nothing; it
   goes on later from where it was.
3. Groups of lanes that cannot share a forward pass take turns by the time they have had, each in proportion to
   the weight of the people in it.
"""

from collections import Counter
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from typing import Protocol, TypeVar


class Seat(Protocol):
    """What fairness needs to know of a lane: whose it is, its rows in a forward, its order's `turn` and number."""

    @property
    def person(self) -> str: ...

    @property
    def weight(self) -> float: ...

    @property
    def rows(self) -> int: ...

    @property
    def turn(self) -> int:
        """How many orders of the same person are open that came before."""

    @property
    def number(self) -> int:
        """Orders are numbered as they come."""


S = TypeVar("S", bound=Seat)
K = TypeVar("K", bound=Hashable)


def choose(
    painting: Sequence[S], waiting: Iterable[S], *, room_rows: int, elsewhere: Iterable[S] = ()
) -> tuple[list[S], list[S]]:
    """The lanes that join and those that give way, for one group with room for `room_rows` rows.

    `painting` are the group's lanes on the easel, `elsewhere` those of other groups: both count for their people.
    A lane always finds room when the group is empty, however many rows it takes.
    """
    stay, joins, gone = list(painting), [], []
    held = Counter(seat.person for seat in (*painting, *elsewhere))
    queue = list(waiting)
    while queue:
        first = min(queue, key=lambda seat: (held[seat.person] / seat.weight, seat.turn, seat.number))
        given_up = _make_room(stay, first, room_rows)
        if given_up is None:
            break
        for seat in given_up:
            held[seat.person] -= 1
        gone += given_up
        queue.remove(first)
        stay.append(first)
        joins.append(first)
        held[first.person] += 1
    return [seat for seat in joins if seat not in gone], [seat for seat in gone if seat not in joins]


def _make_room(stay: list[S], seat: S, room_rows: int) -> list[S] | None:
    """Takes lanes of later turns out of `stay` until `seat` fits; None, and nothing taken, when it cannot fit."""
    free = room_rows - sum(each.rows for each in stay)
    later = sorted(
        (each for each in stay if each.turn > seat.turn), key=lambda each: (each.turn, each.number)
    )
    taken: list[S] = []
    while free < seat.rows and len(taken) < len(stay):
        if not later:
            return None
        taken.append(later.pop())
        free += taken[-1].rows
    for each in taken:
        stay.remove(each)
    return taken


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
