"""Which samples wait, which run, and whose they are. No device work here."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from engine.batching.device.memory_limits import BatchLimits
from engine.batching.execution.fair_scheduling import choose, is_uneven, place_in_line
from engine.batching.model_handle import ModelHandle
from engine.batching.sample import BatchKey, Sample
from engine.batching.sample_group import SampleGroup

QueueMoves = tuple[BatchKey, list[Sample], list[Sample]]


class SampleQueue:
    """For the batcher's own thread; others may count its samples."""

    def __init__(self, limits: BatchLimits) -> None:
        self._limits = limits
        self._open: list[SampleGroup] = []
        self._waiting: list[Sample] = []
        self._running: dict[BatchKey, list[Sample]] = {}

    # ---- state

    @property
    def count(self) -> int:
        """Samples of all open groups."""
        return sum(len(group.samples) for group in tuple(self._open))

    @property
    def running(self) -> Mapping[BatchKey, Sequence[Sample]]:
        """The samples in the batcher; those of one group share a forward pass."""
        return self._running

    @property
    def has_waiting(self) -> bool:
        return bool(self._waiting)

    def waiting_by_model(self) -> dict[ModelHandle, int]:
        """How many samples wait for each model."""
        return dict(Counter(sample.model for sample in self._waiting))

    def busy(self) -> set[ModelHandle]:
        """The models with samples in the batcher."""
        return {samples[0].model for samples in self._running.values()}

    def waiting_for(self, model: ModelHandle) -> list[Sample]:
        return [sample for sample in self._waiting if sample.model is model]

    # ---- arrivals

    def receive(self, groups: Sequence[SampleGroup]) -> None:
        for group in groups:
            self._open.append(group)
            self._waiting += group.samples
        if groups:
            self._count_open_tasks()

    def moves(
        self, turns: Mapping[BatchKey, int], open_models: Collection[ModelHandle]
    ) -> Iterator[QueueMoves]:
        """Group by group, who joins and who gives way. Place them before the next is asked for.

        `turns` counts each group's forward passes so far.
        """
        for key, waiting in self._candidate_batches(open_models).items():
            here = self._running.get(key, [])
            elsewhere = [
                sample for other, samples in self._running.items() if other != key for sample in samples
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

    def place(self, key: BatchKey, joins: Sequence[Sample], leaves: Sequence[Sample]) -> None:
        """Preempted samples wait at their position."""
        joining, leaving = set(joins), set(leaves)
        self._waiting = [sample for sample in self._waiting if sample not in joining] + list(leaves)
        stay = [sample for sample in self._running.get(key, []) if sample not in leaving]
        self._set(key, stay + [sample for sample in joins if not sample.over])

    def _candidate_batches(self, open_models: Collection[ModelHandle]) -> dict[BatchKey, list[Sample]]:
        """The batch keys with waiting samples, or whose people have unequal numbers of open tasks."""
        groups: dict[BatchKey, list[Sample]] = {
            key: [] for key, samples in self._running.items() if is_uneven(samples)
        }
        for sample in self._waiting:
            if sample.model in open_models:
                groups.setdefault(sample.key, []).append(sample)
        return groups

    # ---- departures

    def shrink_to_limit(self, key: BatchKey) -> None:
        """After running out of memory fewer samples stay; the others wait, where they are, for a place."""
        samples = [sample for sample in self._running.get(key, []) if not sample.over and not sample.finished]
        limit = self._limits.rows(key)
        while len(samples) > 1 and sum(sample.rows for sample in samples) > limit:
            samples.remove(sample := max(samples, key=place_in_line))
            self._running[key].remove(sample)
            self._waiting.append(sample)

    def remove(self, samples: Sequence[Sample]) -> None:
        """No longer run: they make no further step and are decoded."""
        lifted = set(samples)
        for key in {sample.key for sample in samples}:
            self._set(key, [sample for sample in self._running.get(key, []) if sample not in lifted])

    def finish(self, samples: Sequence[Sample]) -> None:
        """Finished pictures leave; a group whose last picture it is finishes."""
        self.remove(samples)
        for sample in samples:
            sample.forget()
            sample.is_decoded = sample.picture is not None
        done = set(samples)
        self._waiting = [sample for sample in self._waiting if sample not in done]
        for group in {sample.group for sample in samples if sample.group is not None}:
            if all(sample.picture is not None for sample in group.samples):
                group.finish()

    def drop_finished(self) -> None:
        if not any(group.over for group in self._open):
            return
        for group in self._open:
            if group.over:
                for sample in group.samples:
                    sample.forget()
        self._open = [group for group in self._open if not group.over]
        self._waiting = [sample for sample in self._waiting if not sample.over]
        for key, samples in list(self._running.items()):
            self._set(key, [sample for sample in samples if not sample.over])
        self._count_open_tasks()

    def fail_all(self, error: BaseException, others: Iterable[SampleGroup] = ()) -> None:
        """Every open group fails, and so do the `others`."""
        for group in (*self._open, *others):
            group.fail(error)
        self.drop_finished()

    def _set(self, key: BatchKey, samples: list[Sample]) -> None:
        if samples:
            self._running[key] = samples
        else:
            self._running.pop(key, None)

    def _count_open_tasks(self) -> None:
        """How many groups each person has open: who asks often does not hold up who asks once."""
        counted = Counter(group.person for group in self._open)
        for group in self._open:
            group.open_tasks = counted[group.person]
