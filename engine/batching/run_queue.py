"""The places at an easel: which lanes wait, which are being painted, and whose they are. No device work here."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from engine.batching.fairness import choose, uneven
from engine.batching.memory_limits import BatchLimits
from engine.batching.model_handle import ModelHandle
from engine.batching.sample import BatchKey, Sample
from engine.batching.sample_group import SampleGroup

QueueMoves = tuple[BatchKey, list[Sample], list[Sample]]


class RunQueue:
    """For the easel's own thread; others may count its lanes."""

    def __init__(self, limits: BatchLimits) -> None:
        self._limits = limits
        self._open: list[SampleGroup] = []
        self._waiting: list[Sample] = []
        self._painting: dict[BatchKey, list[Sample]] = {}

    # ---- who is here

    @property
    def count(self) -> int:
        """Lanes of all open tickets."""
        return sum(len(ticket.lanes) for ticket in tuple(self._open))

    @property
    def painting(self) -> Mapping[BatchKey, Sequence[Sample]]:
        """The lanes on the easel; those of one group share a forward pass."""
        return self._painting

    @property
    def anybody_waits(self) -> bool:
        return bool(self._waiting)

    def wanted(self) -> dict[ModelHandle, int]:
        """How many lanes wait for each model."""
        return dict(Counter(lane.painter for lane in self._waiting))

    def busy(self) -> set[ModelHandle]:
        """The models with lanes on the easel."""
        return {lanes[0].painter for lanes in self._painting.values()}

    def waiting_for(self, painter: ModelHandle) -> list[Sample]:
        return [lane for lane in self._waiting if lane.painter is painter]

    # ---- coming

    def receive(self, tickets: Sequence[SampleGroup]) -> None:
        for ticket in tickets:
            self._open.append(ticket)
            self._waiting += ticket.lanes
        if tickets:
            self._count_orders()

    def moves(
        self, turns: Mapping[BatchKey, int], open_models: Collection[ModelHandle]
    ) -> Iterator[QueueMoves]:
        """Group by group, who joins and who gives way. Seat them before the next is asked for.

        `turns` counts each group's forward passes so far.
        """
        for key, waiting in self._undecided(open_models).items():
            here = self._painting.get(key, [])
            elsewhere = [lane for other, lanes in self._painting.items() if other != key for lane in lanes]
            joins, leaves = choose(
                here,
                waiting,
                room_rows=self._limits.rows(key),
                turn=turns.get(key, 0),
                elsewhere=elsewhere,
            )
            if joins or leaves:
                yield key, joins, leaves

    def seat(self, key: BatchKey, joins: Sequence[Sample], leaves: Sequence[Sample]) -> None:
        """Those that give way wait where they are."""
        joining, leaving = set(joins), set(leaves)
        self._waiting = [lane for lane in self._waiting if lane not in joining] + list(leaves)
        stay = [lane for lane in self._painting.get(key, []) if lane not in leaving]
        self._set(key, stay + [lane for lane in joins if not lane.over])

    def _undecided(self, open_models: Collection[ModelHandle]) -> dict[BatchKey, list[Sample]]:
        """The groups in which somebody waits, or somebody has more orders open than a neighbour."""
        groups: dict[BatchKey, list[Sample]] = {
            key: [] for key, lanes in self._painting.items() if uneven(lanes)
        }
        for lane in self._waiting:
            if lane.painter in open_models:
                groups.setdefault(lane.key, []).append(lane)
        return groups

    # ---- going

    def fit(self, key: BatchKey) -> None:
        """After running out of memory fewer lanes stay; the others wait, where they are, for a place."""
        lanes = [lane for lane in self._painting.get(key, []) if not lane.over and not lane.finished]
        limit = self._limits.rows(key)
        while len(lanes) > 1 and sum(lane.rows for lane in lanes) > limit:
            self._painting[key].remove(lane := lanes.pop())
            self._waiting.append(lane)

    def lift(self, lanes: Sequence[Sample]) -> None:
        """Off the easel, to dry: they make no further step."""
        lifted = set(lanes)
        for key in {lane.key for lane in lanes}:
            self._set(key, [lane for lane in self._painting.get(key, []) if lane not in lifted])

    def leave(self, lanes: Sequence[Sample]) -> None:
        """Finished pictures leave; whose last one it is goes home."""
        self.lift(lanes)
        for lane in lanes:
            lane.forget()
        done = set(lanes)
        self._waiting = [lane for lane in self._waiting if lane not in done]
        for ticket in {lane.ticket for lane in lanes if lane.ticket is not None}:
            if all(lane.picture is not None for lane in ticket.lanes):
                ticket.finish()

    def drop_what_is_over(self) -> None:
        if not any(ticket.over for ticket in self._open):
            return
        for ticket in self._open:
            if ticket.over:
                for lane in ticket.lanes:
                    lane.forget()
        self._open = [ticket for ticket in self._open if not ticket.over]
        self._waiting = [lane for lane in self._waiting if not lane.over]
        for key, lanes in list(self._painting.items()):
            self._set(key, [lane for lane in lanes if not lane.over])
        self._count_orders()

    def give_up(self, error: BaseException, others: Iterable[SampleGroup] = ()) -> None:
        """Every open ticket fails, and so do the `others`."""
        for ticket in (*self._open, *others):
            ticket.fail(error)
        self.drop_what_is_over()

    def _set(self, key: BatchKey, lanes: list[Sample]) -> None:
        if lanes:
            self._painting[key] = lanes
        else:
            self._painting.pop(key, None)

    def _count_orders(self) -> None:
        """How many tickets each person has open: who asks often does not hold up who asks once."""
        counted = Counter(ticket.person for ticket in self._open)
        for ticket in self._open:
            ticket.orders = counted[ticket.person]
