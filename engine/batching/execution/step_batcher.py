"""The easel: one device, one thread, and the pictures of many people denoised side by side.

Each turn of the loop takes one step for one group of lanes that can share a forward pass. Between two steps lanes
come and go; nothing waits for the slowest of a batch.
"""

import logging
import threading
import time
from collections.abc import Collection, Sequence

import torch

from engine.batching.device.memory_limits import BatchLimits, kind_of
from engine.batching.device.model_cache import ModelCache
from engine.batching.execution.decode_queue import DecodeQueue
from engine.batching.execution.fairness import Turns
from engine.batching.execution.run_queue import RunQueue
from engine.batching.execution.step_runner import PREVIEW_SECONDS, StepRunner, fail, fitting, paints_whole
from engine.batching.model_handle import ModelHandle
from engine.batching.sample import BatchKey, Sample
from engine.batching.sample_group import SampleGroup
from studio.errors import GenerationError

CLOSED = "The worker is shutting down. Your request is kept."

log = logging.getLogger(__name__)


class StepBatcher:
    """Takes tickets from many threads; everything on the device happens on a thread of its own."""

    def __init__(
        self,
        shelf: ModelCache,
        *,
        device: torch.device,
        limits: BatchLimits | None = None,
        threads: int | None = None,
        preview_seconds: float = PREVIEW_SECONDS,
        overlap: bool = False,
    ) -> None:
        """With `overlap`, finished pictures are decoded beside the next steps, where the device can do that."""
        self.device = device
        self.limits = limits or BatchLimits(device.type)
        self._shelf = shelf
        self._threads = threads
        self._turns = Turns()
        self._places = RunQueue(self.limits)
        self._hand = StepRunner(device, self.limits, preview_seconds=preview_seconds)
        self._decode_queue = DecodeQueue(self._hand, device, overlap=overlap)
        self._inbox: list[SampleGroup] = []
        self._running: ModelHandle | None = None  # a model that is in the middle of a whole call
        self._seconds_beside = 0.0  # spent on other models' steps during whole calls
        self._closed = False
        self._stirred = False
        self._news = threading.Condition()
        self._thread: threading.Thread | None = None
        shelf.on_change = self.stir

    # ---- from any thread

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name=f"easel-{self.device}", daemon=True)
        self._thread.start()

    def submit(self, group: SampleGroup) -> None:
        """The ticket's lanes come to the easel as soon as it is their turn. Wait with `SampleGroup.wait`."""
        with self._news:
            if self._closed:
                group.fail(GenerationError(CLOSED))
                return
            group.step_seconds = self._usual_seconds(group)
            self._inbox.append(group)
        self.stir()

    def stir(self) -> None:
        """Wake the easel: something is new."""
        with self._news:
            self._stirred = True
            self._news.notify_all()

    @property
    def samples(self) -> int:
        """Lanes that wait or are being painted."""
        return self._places.count + sum(len(group.samples) for group in self._inbox)

    def _usual_seconds(self, group: SampleGroup) -> float | None:
        """What a step of such lanes took in the past."""
        key = group.samples[0].key
        rows = min(sum(sample.rows for sample in group.samples), self.limits.rows(key))
        return self.limits.experience.step_seconds(kind_of(key), rows)

    def close(self) -> None:
        """Ends after the step that is being made. Open tickets fail."""
        with self._news:
            self._closed = True
        self.stir()
        if self._thread is not None:
            self._thread.join()

    # ---- the easel's own thread

    def _run(self) -> None:
        if self._threads:
            torch.set_num_threads(self._threads)
        with torch.inference_mode():
            while not self._closed:
                try:
                    moved = self.turn()
                except Exception:
                    # No lane is to blame, or it would have been caught with it. The lanes go on if they can.
                    log.exception("step batcher failed: unexpected error")
                    self._give_up_all(GenerationError())
                    moved = False
                if not moved:
                    self._rest()
        self._give_up_all(GenerationError(CLOSED))
        self._shelf.unload_all()
        self.limits.experience.save()

    def _rest(self) -> None:
        """Until there is news; a second at most, since models may have to make way for waiting ones."""
        with self._news:
            longest = 1.0 if self._places.anybody_waits else None
            self._news.wait_for(lambda: self._stirred or self._closed, timeout=longest)
            self._stirred = False

    def turn(self) -> bool:
        """One step of one group. False when there is nothing to do."""
        self._make_ready()
        if not self._places.painting and self._decode_queue.empty:
            return False
        if self._places.painting:
            self._work()
        self._places.leave(self._decode_queue.take(wait=not self._places.painting))
        self._places.drop_what_is_over()
        return True

    def _make_ready(self) -> None:
        with self._news:
            groups, self._inbox = self._inbox, []
        self._places.receive(groups)
        self._places.drop_what_is_over()
        self._tend_models()
        self._admit()

    def _tend_models(self) -> None:
        busy = self._places.busy() | self._decode_queue.busy()
        if self._running is not None:
            busy.add(self._running)
        for model, problem in self._shelf.tend(self._places.wanted(), busy):
            for sample in self._places.waiting_for(model):
                fail(sample, problem)
        self._places.drop_what_is_over()

    def _admit(self) -> None:
        """Fair places, group by group; those that give way wait where they are."""
        for key, joins, leaves in self._places.moves(self._turns.counts, self._shelf.open_models):
            self._hand.prepare(joins)
            self._places.seat(key, joins, leaves)

    def _work(self, *, apart: Collection[BatchKey] = ()) -> None:
        """A turn for one group that is not `apart`."""
        groups = dict(self._places.painting)
        key = self._turns.next(groups, apart=apart)
        samples = list(groups[key])
        started, beside = time.perf_counter(), self._seconds_beside
        if paints_whole(samples[0].model):
            self._call(key, samples)
        else:
            self._hand.step(key, samples)
            self._note(key, samples, seconds=time.perf_counter() - started)
            self._places.fit(key)
            done = [sample for sample in samples if sample.finished and not sample.over]
            self._places.lift(done)
            self._decode_queue.put(done)
        spent = time.perf_counter() - started - (self._seconds_beside - beside)
        self._turns.took(key, spent, groups)
        self._places.drop_what_is_over()

    def _note(self, key: BatchKey, samples: Sequence[Sample], *, seconds: float) -> None:
        self.limits.experience.took(kind_of(key), sum(sample.rows for sample in samples), seconds)

    def _call(self, key: BatchKey, samples: Sequence[Sample]) -> None:
        """A whole call for the lanes that fit into it; the others stay for the next."""
        batch = fitting([sample for sample in samples if not sample.over], self.limits.rows(key))
        self._running = samples[0].model
        self._hand.call(key, batch, self._between)
        self._running = None
        self._places.leave([sample for sample in batch if sample.picture is not None and not sample.over])

    def _between(self, samples: Sequence[Sample], step: int) -> bool:
        """After each step of a whole call: lanes of other models make a step too. False when nobody waits any more."""
        for sample in samples:
            sample.position = min(step, sample.steps)
        started = time.perf_counter()
        self._make_ready()
        painting = self._places.painting
        apart = [key for key, found in painting.items() if paints_whole(found[0].model)]
        if len(apart) < len(painting):
            self._work(apart=apart)
        self._places.leave(self._decode_queue.take())
        self._seconds_beside += time.perf_counter() - started
        return not all(sample.over for sample in samples)

    def _give_up_all(self, error: BaseException) -> None:
        with self._news:
            groups, self._inbox = self._inbox, []
        self._places.give_up(error, groups)
