"""Fair shares: which samples run next. Plain numbers in, decisions out.

Three rules:

1. A free place goes to the person with the fewest samples in the batcher, counted against the person's weight.
2. While another person has fewer open tasks, a person with k open tasks holds at most one place in k. Where that
   is less than one place, it is one place at one turn in so many. Samples beyond that are preempted, the latest
   task's first; they lose nothing and go on later from where they were. So nobody who asks once waits for those who
   ask often, and those who ask often never stand still.
   Of one task's samples, those with the most steps behind them stay and come back first: its pictures are finished
   one after another instead of all late. Between tasks that decides nothing.
3. Groups of samples that cannot share a forward pass take turns by the time they have had, each in proportion to
   the people in it. A person with k open tasks in g groups counts in each of them as one part in k · g of their
   weight, so that nobody gets more by asking for many sizes or models at once.
"""

from collections import Counter
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from typing import Any, Protocol, TypeVar


class Claimant(Protocol):
    """What fairness needs to know of a sample."""

    @property
    def person(self) -> str: ...

    @property
    def weight(self) -> float: ...

    @property
    def rows(self) -> int:
        """Rows of a forward pass."""

    @property
    def open_tasks(self) -> int:
        """Open tasks of the person."""

    @property
    def number(self) -> int:
        """Tasks are numbered as they come."""

    @property
    def position(self) -> int:
        """The steps that are made."""


# For so long a group may go on before the next one has its turn. Pictures that come one after another are done sooner
# on average than pictures that keep each other waiting at every step.
QUANTUM_SECONDS = 0.3

S = TypeVar("S", bound=Claimant)
K = TypeVar("K", bound=Hashable)


def choose(
    running: Sequence[S],
    waiting: Sequence[S],
    *,
    room_rows: int,
    turn: int = 0,
    elsewhere: Iterable[S] = (),
) -> tuple[list[S], list[S]]:
    """The samples that join and those that give way, for one group with room for `room_rows` rows.

    `running` are the group's samples in the batcher, `elsewhere` those of other groups: both count for their people.
    `turn` counts the group's forward passes. A sample always finds room when the group is empty, however many rows it
    takes.
    """
    shares = _shares([*running, *waiting], room_rows, turn)
    stay, gone = _within(running, shares)
    running_here = Counter(place.person for place in stay)
    running_of = running_here + Counter(place.person for place in elsewhere)
    free = room_rows - sum(place.rows for place in stay)
    joins: list[S] = []
    queue = list(waiting)
    while queue := [place for place in queue if running_here[place.person] < shares[place.person]]:
        first = min(queue, key=lambda place: (running_of[place.person] / place.weight, *place_in_line(place)))
        if first.rows > free and (stay or joins):
            break
        queue.remove(first)
        joins.append(first)
        free -= first.rows
        running_of[first.person] += 1
        running_here[first.person] += 1
    return joins, gone


def is_uneven(claimants: Iterable[Claimant]) -> bool:
    """Whether one person among them has more tasks open than another."""
    return len({place.open_tasks for place in claimants}) > 1


def _shares(claimants: Sequence[S], room_rows: int, turn: int) -> dict[str, int]:
    """The most places that each person may hold at this turn."""
    open_tasks = {place.person: place.open_tasks for place in claimants}
    fewest = min(open_tasks.values(), default=1)
    return {
        person: room_rows if open_orders == fewest else _part(room_rows, open_orders, turn)
        for person, open_orders in open_tasks.items()
    }


def _part(room_rows: int, open_tasks: int, turn: int) -> int:
    """One place in `open_tasks`, and at least one place at one turn in so many."""
    if open_tasks <= room_rows:
        return room_rows // open_tasks
    every_turns = -(-open_tasks // room_rows)
    return 1 if turn % every_turns == 0 else 0


def place_in_line(place: Claimant) -> tuple[int, int]:
    """Earlier tasks go first, and of one task the sample that is the furthest advanced."""
    return place.number, -place.position


def _within(running: Sequence[S], shares: Mapping[str, int]) -> tuple[list[S], list[S]]:
    """Those of `running` who stay within their person's share, by their place in line, and those beyond it."""
    running_of: Counter[str] = Counter()
    beyond = set()
    in_line = sorted(enumerate(running), key=lambda indexed: (*place_in_line(indexed[1]), indexed[0]))
    for index, place in in_line:
        running_of[place.person] += 1
        if running_of[place.person] > shares[place.person]:
            beyond.add(index)
    stay = [place for index, place in enumerate(running) if index not in beyond]
    return stay, [running[index] for index in sorted(beyond)]


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
        weights = _group_weights(groups)
        poorest = min(free, key=lambda key: self._had[key] + self._usual_seconds / weights[key])
        return self._last if self._may_stay(poorest, free, weights) else poorest

    def _may_stay(
        self, poorest: Hashable, free: Collection[Hashable], weights: Mapping[Hashable, float]
    ) -> bool:
        """Whether the last group may go on although another has had less."""
        last = self._last
        if last not in free or weights[last] < weights[poorest]:
            return False
        return self._had[last] <= self._had[poorest] + QUANTUM_SECONDS / weights[last]

    def record(self, key: Hashable, seconds: float, groups: Mapping[K, Collection[Claimant]]) -> None:
        """`groups` as they were when the turn began."""
        weight = _group_weights(groups).get(key, 1.0) if len(groups) > 1 else 1.0
        self._had[key] = self._had.get(key, 0.0) + seconds / weight
        self._usual_seconds += (seconds - self._usual_seconds) / 8
        self._count[key] += 1
        self._last = key

    @property
    def counts(self) -> Mapping[Any, int]:
        """How many turns each group has had since it came."""
        return self._count


def _group_weights(groups: Mapping[K, Collection[Claimant]]) -> dict[Hashable, float]:
    """What the people in each group count, all together."""
    people = {
        key: {place.person: place.weight / place.open_tasks for place in claimants}
        for key, claimants in groups.items()
    }
    spread = Counter(person for here in people.values() for person in here)
    return {
        key: max(sum(share / spread[person] for person, share in here.items()), 1e-6)
        for key, here in people.items()
    }
