"""Who paints next. Plain numbers in, decisions out.

Three rules:

1. A free place goes to the person with the fewest lanes on the easel, counted against the person's weight.
2. While somebody with fewer open orders is there, a person with k open orders holds at most one place in k. Where that
   is less than one place, it is one place at one turn in so many. Lanes beyond that give way at once, the latest
   order's first; they lose nothing and go on later from where they were. So nobody who asks once waits for those who
   ask often, and those who ask often never stand still.
3. Groups of lanes that cannot share a forward pass take turns by the time they have had, each in proportion to
   the people in it. A person with k open orders in g groups counts in each of them as one part in k · g of their
   weight, so that nobody gets more by asking for many sizes or models at once.
"""

from collections import Counter
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from typing import Any, Protocol, TypeVar


class Claimant(Protocol):
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


# For so long a group may go on before the next one has its turn. Pictures that come one after another are done sooner
# on average than pictures that keep each other waiting at every step.
QUANTUM_SECONDS = 0.3

S = TypeVar("S", bound=Claimant)
K = TypeVar("K", bound=Hashable)


def choose(
    painting: Sequence[S],
    waiting: Sequence[S],
    *,
    room_rows: int,
    turn: int = 0,
    elsewhere: Iterable[S] = (),
) -> tuple[list[S], list[S]]:
    """The lanes that join and those that give way, for one group with room for `room_rows` rows.

    `painting` are the group's lanes on the easel, `elsewhere` those of other groups: both count for their people.
    `turn` counts the group's forward passes. A lane always finds room when the group is empty, however many rows it
    takes.
    """
    shares = _shares([*painting, *waiting], room_rows, turn)
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


def uneven(seats: Iterable[Claimant]) -> bool:
    """Whether somebody among them has more orders open than somebody else."""
    return len({seat.orders for seat in seats}) > 1


def _shares(seats: Sequence[S], room_rows: int, turn: int) -> dict[str, int]:
    """The most places that each person may hold at this turn."""
    orders = {seat.person: seat.orders for seat in seats}
    fewest = min(orders.values(), default=1)
    return {
        person: room_rows if open_orders == fewest else _part(room_rows, open_orders, turn)
        for person, open_orders in orders.items()
    }


def _part(room_rows: int, orders: int, turn: int) -> int:
    """One place in `orders`, and at least one place at one turn in so many."""
    if orders <= room_rows:
        return room_rows // orders
    every_turns = -(-orders // room_rows)
    return 1 if turn % every_turns == 0 else 0


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
    """Shares time between groups, in proportion to what the people in them count.

    The group goes next that would have had the least, for what it counts, after a usual turn: weighted fair queueing
    (Demers, Keshav and Shenker, 1989). So a group that counts much goes before many that count little at once.
    """

    def __init__(self) -> None:
        self._had: dict[Hashable, float] = {}
        self._count: Counter[Hashable] = Counter()
        self._usual_seconds = 1e-3
        self._last: Any = None

    def next(self, groups: Mapping[K, Collection[Claimant]], *, apart: Collection[K] = ()) -> K:
        """One of `groups` not `apart`; there must be one. A group that was away starts level with the poorest."""
        known = [self._had[key] for key in groups if key in self._had]
        level = min(known, default=0.0)
        self._had = {key: self._had.get(key, level) for key in groups}
        self._count = Counter({key: self._count[key] for key in groups})
        free = [key for key in groups if key not in apart]
        if len(free) == 1:
            return free[0]
        says = _says(groups)
        poorest = min(free, key=lambda key: self._had[key] + self._usual_seconds / says[key])
        return self._last if self._may_stay(poorest, free, says) else poorest

    def _may_stay(
        self, poorest: Hashable, free: Collection[Hashable], says: Mapping[Hashable, float]
    ) -> bool:
        """Whether the last group may go on although another has had less."""
        last = self._last
        if last not in free or says[last] < says[poorest]:
            return False
        return self._had[last] <= self._had[poorest] + QUANTUM_SECONDS / says[last]

    def took(self, key: Hashable, seconds: float, groups: Mapping[K, Collection[Claimant]]) -> None:
        """`groups` as they were when the turn began."""
        say = _says(groups).get(key, 1.0) if len(groups) > 1 else 1.0
        self._had[key] = self._had.get(key, 0.0) + seconds / say
        self._usual_seconds += (seconds - self._usual_seconds) / 8
        self._count[key] += 1
        self._last = key

    @property
    def counts(self) -> Mapping[Any, int]:
        """How many turns each group has had since it came."""
        return self._count


def _says(groups: Mapping[K, Collection[Claimant]]) -> dict[Hashable, float]:
    """What the people in each group count, all together."""
    people = {
        key: {seat.person: seat.weight / seat.orders for seat in seats} for key, seats in groups.items()
    }
    spread = Counter(person for here in people.values() for person in here)
    return {
        key: max(sum(share / spread[person] for person, share in here.items()), 1e-6)
        for key, here in people.items()
    }
