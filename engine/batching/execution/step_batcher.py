"""The step batcher: one device, one thread, and the images of many people denoised side by side.

Each turn of the loop takes one step for one group of samples that can share a forward pass. Between two steps samples
come and go; nothing waits for the slowest of a batch.
"""

import logging
import threading
import time
from collections.abc import Callable, Collection, Sequence
from functools import partial

import torch

from engine.batching.device.memory_limits import BatchLimits, kind_of
from engine.batching.device.model_cache import ModelCache
from engine.batching.device.step_clock import StepClock
from engine.batching.execution.decode_queue import DecodeQueue
from engine.batching.execution.fair_scheduling import Turns
from engine.batching.execution.forward_pass import PREVIEW_SECONDS, ForwardPass, fail, fitting, is_whole_call
from engine.batching.execution.sample_queue import SampleQueue
from engine.batching.model_handle import ModelHandle
from engine.batching.sample import BatchKey, Sample
from engine.batching.sample_group import SampleGroup
from engine.routing.worker_figures import ResidentModels
from studio.errors import GenerationError

log = logging.getLogger(__name__)


class StepBatcher:
    """Takes groups from many threads; everything on the device happens on a thread of its own."""

    def __init__(
        self,
        cache: ModelCache,
        *,
        device: torch.device,
        limits: BatchLimits | None = None,
        threads: int | None = None,
        preview_seconds: float = PREVIEW_SECONDS,
        overlap: bool = False,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        """With `overlap`, finished pictures are decoded beside the next steps, where the device can do that."""
        self.device = device
        self.limits = limits or BatchLimits(device.type)
        self._cache = cache
        self._threads = threads
        self._turns = Turns()
        self._queue = SampleQueue(self.limits)
        self._runner = ForwardPass(
            device,
            self.limits,
            preview_seconds=preview_seconds,
            clock=time.monotonic if clock is time.perf_counter else clock,
        )
        self._now = clock
        self._clock = StepClock(device, clock)
        self._decode_queue = DecodeQueue(self._runner, device, overlap=overlap)
        self._inbox: list[SampleGroup] = []
        self._running: ModelHandle | None = None  # a model that is in the middle of a whole call
        self._seconds_beside = 0.0  # spent on other models' steps during whole calls
        self._closed = False
        self._awake = False
        self._wake_condition = threading.Condition()
        self._thread: threading.Thread | None = None
        cache.on_change = self.wake

    # ---- from any thread

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name=f"step-batcher-{self.device}", daemon=True)
        self._thread.start()

    def submit(self, group: SampleGroup) -> None:
        """The group's samples come to the step batcher as soon as it is their turn. Wait with `SampleGroup.wait`."""
        with self._wake_condition:
            if self._closed:
                group.fail(GenerationError(reason="shutting_down"))
                return
            group.step_seconds = self._usual_seconds(group)
            self._inbox.append(group)
        self.wake()

    def wake(self) -> None:
        """Wake the batcher's thread: something is new."""
        with self._wake_condition:
            self._awake = True
            self._wake_condition.notify_all()

    @property
    def samples(self) -> int:
        """Samples that wait or are being painted."""
        return self._queue.count + sum(len(group.samples) for group in self._inbox)

    def residents(self) -> ResidentModels:
        """The models on the device."""
        return self._cache.residents()

    def _usual_seconds(self, group: SampleGroup) -> float | None:
        """What a step of such samples took in the past."""
        key = group.samples[0].key
        rows = min(sum(sample.rows for sample in group.samples), self.limits.rows(key))
        return self.limits.profile.step_seconds(kind_of(key), rows)

    def close(self) -> None:
        """Ends after the step that is being made. Open groups fail."""
        with self._wake_condition:
            self._closed = True
        self.wake()
        if self._thread is not None:
            self._thread.join()

    # ---- the batcher's own thread

    def _run(self) -> None:
        if self._threads:
            torch.set_num_threads(self._threads)
        with torch.inference_mode():
            while not self._closed:
                try:
                    moved = self.turn()
                except Exception:
                    # No sample caused it, or it would have been caught with it. All open groups fail.
                    log.exception("step batcher failed: unexpected error")
                    self._fail_all(GenerationError())
                    moved = False
                if not moved:
                    self._wait_for_news()
        self._fail_all(GenerationError(reason="shutting_down"))
        self._cache.unload_all()
        self.limits.profile.save()

    def _wait_for_news(self) -> None:
        """Until there is news; a second at most, since models may have to make way for waiting ones."""
        with self._wake_condition:
            longest = 1.0 if self._queue.has_waiting else None
            self._wake_condition.wait_for(lambda: self._awake or self._closed, timeout=longest)
            self._awake = False

    def turn(self) -> bool:
        """One step of one group. False when there is nothing to do."""
        self._admit_new()
        if not self._queue.running and self._decode_queue.empty:
            return False
        if self._queue.running:
            self._run_group()
        self._queue.finish(self._decode_queue.take(wait=not self._queue.running))
        self._queue.drop_finished()
        return True

    def _admit_new(self) -> None:
        with self._wake_condition:
            groups, self._inbox = self._inbox, []
        self._queue.receive(groups)
        self._queue.drop_finished()
        self._update_models()
        self._admit()

    def _update_models(self) -> None:
        busy = self._queue.busy() | self._decode_queue.busy()
        if self._running is not None:
            busy.add(self._running)
        for model, problem in self._cache.update(self._queue.waiting_by_model(), busy):
            for sample in self._queue.waiting_for(model):
                fail(sample, problem)
        self._queue.drop_finished()

    def _admit(self) -> None:
        """Fair places, group by group; those that give way wait where they are."""
        for key, joins, leaves in self._queue.moves(self._turns.counts, self._cache.open_models):
            self._runner.prepare(joins)
            self._queue.place(key, joins, leaves)

    def _run_group(self, *, apart: Collection[BatchKey] = ()) -> None:
        """A turn for one group that is not `apart`."""
        groups = dict(self._queue.running)
        key = self._turns.next(groups, apart=apart)
        samples = list(groups[key])
        started, beside = self._now(), self._seconds_beside
        if is_whole_call(samples[0].model):
            self._call(key, samples)
        else:
            self._clock.start()
            passes = self._runner.step(key, samples)
            rows = sum(sample.rows for sample in samples)
            self._clock.stop(partial(self._record_step, key, rows) if passes == 1 else _forget_step)
            self._queue.shrink_to_limit(key)
            done = [sample for sample in samples if sample.finished and not sample.over]
            self._queue.remove(done)
            self._decode_queue.put(done)
        spent = self._now() - started - (self._seconds_beside - beside)
        self._turns.record(key, spent, groups)
        self._queue.drop_finished()

    def _record_step(self, key: BatchKey, rows: int, seconds: float) -> None:
        self.limits.profile.record_step(kind_of(key), rows, seconds)

    def _call(self, key: BatchKey, samples: Sequence[Sample]) -> None:
        """A whole call for the samples that fit into it; the others stay for the next."""
        batch = fitting([sample for sample in samples if not sample.over], self.limits.rows(key))
        self._running = samples[0].model
        self._runner.call(key, batch, self._after_step)
        self._running = None
        self._queue.finish([sample for sample in batch if sample.picture is not None and not sample.over])

    def _after_step(self, samples: Sequence[Sample], step: int) -> bool:
        """After each step of a whole call: samples of other models make a step too.

        False when nobody waits any more.
        """
        for sample in samples:
            sample.position = min(step, sample.steps)
        started = self._now()
        self._admit_new()
        running = self._queue.running
        apart = [key for key, found in running.items() if is_whole_call(found[0].model)]
        if len(apart) < len(running):
            self._run_group(apart=apart)
        self._queue.finish(self._decode_queue.take())
        self._seconds_beside += self._now() - started
        return not all(sample.over for sample in samples)

    def _fail_all(self, error: BaseException) -> None:
        with self._wake_condition:
            groups, self._inbox = self._inbox, []
        self._queue.fail_all(error, groups)


def _forget_step(_seconds: float) -> None:
    """A step that took several passes says nothing of its rows."""
