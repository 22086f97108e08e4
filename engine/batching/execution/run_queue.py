"""The places at an easel: which lanes wait, which are being painted, and whose they are. No device work here."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from engine.batching.device.memory_limits import BatchLimits
from engine.batching.execution.fairness import choose, uneven
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
        return sum(len(group.samples) for group in tuple(self._open))

    @property
    def painting(self) -> Mapping[BatchKey, Sequence[Sample]]:
        """The lanes on the easel; those of one group share a forward pass."""
        return self._painting

    @property
    def anybody_waits(self) -> bool:
        return bool(self._waiting)

    def wanted(self) -> dict[ModelHandle, int]:
        """How many lanes wait for each model."""
        return dict(Counter(sample.model for sample in self._waiting))

    def busy(self) -> set[ModelHandle]:
        """The models with lanes on the easel."""
        return {samples[0].model for samples in self._painting.values()}

    def waiting_for(self, model: ModelHandle) -> list[Sample]:
        return [sample for sample in self._waiting if sample.model is model]

    # ---- coming

    def receive(self, groups: Sequence[SampleGroup]) -> None:
        for group in groups:
            self._open.append(group)
            self._waiting += group.samples
        if groups:
            self._count_orders()

    def moves(
        self, turns: Mapping[BatchKey, int], open_models: Collection[ModelHandle]
    ) -> Iterator[QueueMoves]:
        """Group by group, who joins and who gives way. Seat them before the next is asked for.

        `turns` counts each group's forward passes so far.
        """
        for key, waiting in self._undecided(open_models).items():
            here = self._painting.get(key, [])
            elsewhere = [
                sample for other, samples in self._painting.items() if other != key for sample in samples
            ]
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
        self._waiting = [sample for sample in self._waiting if sample not in joining] + list(leaves)
        stay = [sample for sample in self._painting.get(key, []) if sample not in leaving]
        self._set(key, stay + [sample for sample in joins if not sample.over])

    def _undecided(self, open_models: Collection[ModelHandle]) -> dict[BatchKey, list[Sample]]:
        """The groups in which somebody waits, or somebody has more orders open than a neighbour."""
        groups: dict[BatchKey, list[Sample]] = {
            key: [] for key, samples in self._painting.items() if uneven(samples)
        }
        for sample in self._waiting:
            if sample.model in open_models:
                groups.setdefault(sample.key, []).append(sample)
        return groups

    # ---- going

    def fit(self, key: BatchKey) -> None:
        """After running out of memory fewer lanes stay; the others wait, where they are, for a place."""
        samples = [
            sample for sample in self._painting.get(key, []) if not sample.over and not sample.finished
        ]
        limit = self._limits.rows(key)
        while len(samples) > 1 and sum(sample.rows for sample in samples) > limit:
            self._painting[key].remove(sample := samples.pop())
            self._waiting.append(sample)

    def lift(self, samples: Sequence[Sample]) -> None:
        """Off the easel, to dry: they make no further step."""
        lifted = set(samples)
        for key in {sample.key for sample in samples}:
            self._set(key, [sample for sample in self._painting.get(key, []) if sample not in lifted])

    def leave(self, samples: Sequence[Sample]) -> None:
        """Finished pictures leave; whose last one it is goes home."""
        self.lift(samples)
        for sample in samples:
            sample.forget()
        done = set(samples)
        self._waiting = [sample for sample in self._waiting if sample not in done]
        for group in {sample.group for sample in samples if sample.group is not None}:
            if all(sample.picture is not None for sample in group.samples):
                group.finish()

    def drop_what_is_over(self) -> None:
        if not any(group.over for group in self._open):
            return
        for group in self._open:
            if group.over:
                for sample in group.samples:
                    sample.forget()
        self._open = [group for group in self._open if not group.over]
        self._waiting = [sample for sample in self._waiting if not sample.over]
        for key, samples in list(self._painting.items()):
            self._set(key, [sample for sample in samples if not sample.over])
        self._count_orders()

    def give_up(self, error: BaseException, others: Iterable[SampleGroup] = ()) -> None:
        """Every open ticket fails, and so do the `others`."""
        for group in (*self._open, *others):
            group.fail(error)
        self.drop_what_is_over()

    def _set(self, key: BatchKey, samples: list[Sample]) -> None:
        if samples:
            self._painting[key] = samples
        else:
            self._painting.pop(key, None)

    def _count_orders(self) -> None:
        """How many tickets each person has open: who asks often does not hold up who asks once."""
        counted = Counter(group.person for group in self._open)
        for group in self._open:
            group.orders = counted[group.person]
