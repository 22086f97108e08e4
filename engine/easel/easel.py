"""The easel: one device, one thread, and the pictures of many people denoised side by side.

Each turn of the loop takes one step for one group of lanes that can share a forward pass. Between two steps lanes
come and go; nothing waits for the slowest of a batch.
"""

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import cast

import torch

from engine.easel.fairness import Turns, choose
from engine.easel.lane import BatchKey, Lane
from engine.easel.limits import RowLimits
from engine.easel.memory import TOO_LARGE, attempt, free_cache, in_halves, is_out_of_memory
from engine.easel.shelf import Shelf
from engine.easel.ticket import Ticket
from engine.painters.painter import CallPainter, Painter, StepPainter
from studio.errors import PaintingFailed

PREVIEW_SECONDS = 0.6
NOT_A_NUMBER = (
    "The picture turned into noise without end. Try again with another seed, less guidance or more steps."
)
CLOSED = "The worker is shutting down. Your request is kept."

log = logging.getLogger(__name__)


class Easel:
    """Takes tickets from many threads; everything on the device happens on a thread of its own."""

    def __init__(
        self,
        shelf: Shelf,
        *,
        device: torch.device,
        limits: RowLimits | None = None,
        threads: int | None = None,
        preview_seconds: float = PREVIEW_SECONDS,
    ) -> None:
        self.device = device
        self.limits = limits or RowLimits(device.type)
        self._shelf = shelf
        self._threads = threads
        self._preview_seconds = preview_seconds
        self._turns = Turns()
        self._waiting: list[Lane] = []
        self._painting: dict[BatchKey, list[Lane]] = {}
        self._open: list[Ticket] = []
        self._inbox: list[Ticket] = []
        self._running: Painter | None = None  # a model that is in the middle of a whole call
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

    def submit(self, ticket: Ticket) -> None:
        """The ticket's lanes come to the easel as soon as it is their turn. Wait with `Ticket.wait`."""
        with self._news:
            if self._closed:
                ticket.fail(PaintingFailed(CLOSED))
                return
            self._inbox.append(ticket)
        self.stir()

    def stir(self) -> None:
        """Wake the easel: something is new."""
        with self._news:
            self._stirred = True
            self._news.notify_all()

    @property
    def lanes(self) -> int:
        """Lanes that wait or are being painted."""
        return (
            len(self._waiting)
            + sum(map(len, self._painting.values()))
            + sum(len(t.lanes) for t in self._inbox)
        )

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
                    log.exception("the easel stumbled")
                    self._give_up_all(PaintingFailed())
                    moved = False
                if not moved:
                    self._rest()
        self._give_up_all(PaintingFailed(CLOSED))
        self._shelf.unload_all()

    def _rest(self) -> None:
        """Until there is news; a second at most, since models may have to make way for waiting ones."""
        with self._news:
            self._news.wait_for(lambda: self._stirred or self._closed, timeout=1.0 if self._waiting else None)
            self._stirred = False

    def turn(self) -> bool:
        """One step of one group. False when there is nothing to do."""
        self._make_ready()
        if not self._painting:
            return False
        self._work_on(self._painting)
        return True

    def _make_ready(self) -> None:
        self._receive()
        self._drop_what_is_over()
        self._tend_models()
        self._admit()

    def _work_on(self, groups: Mapping[BatchKey, Sequence[Lane]]) -> None:
        key = self._turns.next(groups)
        lanes = list(groups[key])
        started, beside = time.perf_counter(), self._seconds_beside
        if isinstance(lanes[0].painter, CallPainter):
            self._running = lanes[0].painter
            self._call(key, lanes)
            self._running = None
        else:
            self._step(key, lanes)
            self._finish([lane for lane in lanes if lane.finished and not _over(lane)])
        spent = time.perf_counter() - started - (self._seconds_beside - beside)
        self._turns.took(key, spent, lanes)
        self._drop_what_is_over()

    def _receive(self) -> None:
        with self._news:
            tickets, self._inbox = self._inbox, []
        for ticket in tickets:
            self._open.append(ticket)
            self._waiting += ticket.lanes
        if tickets:
            self._count_orders()

    def _count_orders(self) -> None:
        """How many tickets each person has open: who asks often does not hold up who asks once."""
        counted = Counter(ticket.person for ticket in self._open)
        for ticket in self._open:
            ticket.orders = counted[ticket.person]

    def _drop_what_is_over(self) -> None:
        if not any(ticket.over for ticket in self._open):
            return
        for ticket in self._open:
            if ticket.over:
                for lane in ticket.lanes:
                    lane.forget()
        self._open = [ticket for ticket in self._open if not ticket.over]
        self._waiting = [lane for lane in self._waiting if not _over(lane)]
        left = {key: [lane for lane in lanes if not _over(lane)] for key, lanes in self._painting.items()}
        self._painting = {key: lanes for key, lanes in left.items() if lanes}
        self._count_orders()

    def _tend_models(self) -> None:
        wanted: dict[Painter, int] = {}
        for lane in self._waiting:
            wanted[lane.painter] = wanted.get(lane.painter, 0) + 1
        busy = {lanes[0].painter for lanes in self._painting.values()}
        if self._running is not None:
            busy.add(self._running)
        for painter, problem in self._shelf.tend(wanted, busy):
            for lane in [each for each in self._waiting if each.painter is painter]:
                _fail(lane, problem)
        self._drop_what_is_over()

    # ---- joining

    def _admit(self) -> None:
        """Fair places for waiting lanes, group by group; those that give way wait where they are."""
        if not self._waiting:
            return
        groups: dict[BatchKey, list[Lane]] = {}
        for lane in self._waiting:
            if self._shelf.open(lane.painter):
                groups.setdefault(lane.key, []).append(lane)
        for key, waiting in groups.items():
            here = self._painting.get(key, [])
            elsewhere = [lane for other, lanes in self._painting.items() if other != key for lane in lanes]
            joins, leaves = choose(here, waiting, room_rows=self.limits.rows(key), elsewhere=elsewhere)
            if joins:
                self._seat(key, joins, leaves)

    def _seat(self, key: BatchKey, joins: Sequence[Lane], leaves: Sequence[Lane]) -> None:
        joining, leaving = set(joins), set(leaves)
        self._waiting = [lane for lane in self._waiting if lane not in joining] + list(leaves)
        new = [lane for lane in joins if not lane.prepared and isinstance(lane.painter, StepPainter)]
        in_halves(lambda lanes: _stepper(lanes).prepare(lanes), new, failed=_fail, ran_out=self._ran_out)
        stay = [lane for lane in self._painting.get(key, []) if lane not in leaving]
        self._painting[key] = stay + [lane for lane in joins if not _over(lane)]
        if not self._painting[key]:
            del self._painting[key]

    # ---- stepping

    def _step(self, key: BatchKey, lanes: Sequence[Lane]) -> None:
        """One step for each lane, in one forward pass if memory allows."""
        self._in_batches(key, lanes, self._advance)
        self._fit_to_limit(key)

    def _in_batches(
        self, key: BatchKey, lanes: Sequence[Lane], action: Callable[[Sequence[Lane]], None]
    ) -> None:
        """Do `action` for all lanes, as many at once as memory allows; a lane that breaks it ends alone."""
        left = [lane for lane in lanes if not _over(lane)]
        while left:
            batch = _fitting(left, self.limits.rows(key))
            problem = attempt(lambda some=batch: action(some))  # type: ignore[misc]
            if problem is not None and is_out_of_memory(problem):
                self.limits.ran_out(key, sum(lane.rows for lane in batch))
                self._ran_out(batch)
                if len(batch) > 1:
                    continue
                _fail(batch[0], problem)
            elif problem is not None:
                in_halves(action, batch, failed=_fail, ran_out=self._ran_out)
            left = left[len(batch) :]

    # ---- models that paint in one call

    def _call(self, key: BatchKey, lanes: Sequence[Lane]) -> None:
        """A whole call for the lanes that fit into it; the others stay for the next."""
        batch = _fitting([lane for lane in lanes if not _over(lane)], self.limits.rows(key))
        self._in_batches(key, batch, self._paint_whole)
        self._leave([lane for lane in batch if lane.picture is not None and not _over(lane)])

    def _paint_whole(self, lanes: Sequence[Lane]) -> None:
        cast("CallPainter", lanes[0].painter).paint(lanes, lambda step: self._between(lanes, step))

    def _between(self, lanes: Sequence[Lane], step: int) -> bool:
        """After each step of a whole call: lanes of other models make a step too. False when nobody waits any more."""
        for lane in lanes:
            lane.position = min(step, lane.steps)
        started = time.perf_counter()
        self._make_ready()
        others = {
            key: found
            for key, found in self._painting.items()
            if not isinstance(found[0].painter, CallPainter)
        }
        if others:
            self._work_on(others)
        self._seconds_beside += time.perf_counter() - started
        return not all(_over(lane) for lane in lanes)

    # ---- models that paint step by step

    def _advance(self, lanes: Sequence[Lane]) -> None:
        predictions = _stepper(lanes).predict(lanes)
        for lane, prediction in zip(lanes, predictions, strict=True):
            if _over(lane):
                continue
            wanted = self._wants_glimpse(lane)
            try:
                lane.advance(prediction, wants_estimate=wanted)
                if wanted and not lane.finished:
                    self._glimpse(lane)
            except Exception as error:  # noqa: BLE001 - what one lane's scheduler throws is that lane's affair
                _fail(lane, error)
        self._mark_glimpsed(lanes)

    def _fit_to_limit(self, key: BatchKey) -> None:
        """After running out of memory fewer lanes stay; the others wait, where they are, for a place."""
        lanes = [lane for lane in self._painting.get(key, []) if not _over(lane) and not lane.finished]
        limit = self.limits.rows(key)
        while len(lanes) > 1 and sum(lane.rows for lane in lanes) > limit:
            self._painting[key].remove(lane := lanes.pop())
            self._waiting.append(lane)

    def _ran_out(self, lanes: Sequence[Lane]) -> None:
        log.warning("out of memory: going on with fewer lanes at once", extra={"lanes": len(lanes)})
        free_cache(self.device)

    def _wants_glimpse(self, lane: Lane) -> bool:
        return (
            lane.ticket is not None and time.monotonic() - lane.ticket.previewed_at >= self._preview_seconds
        )

    def _glimpse(self, lane: Lane) -> None:
        _check_numbers(lane)
        lane.glimpse = _stepper([lane]).preview(lane)
        lane.estimate = None

    def _mark_glimpsed(self, lanes: Sequence[Lane]) -> None:
        for ticket in {
            lane.ticket for lane in lanes if lane.ticket is not None and self._wants_glimpse(lane)
        }:
            ticket.previewed_at = time.monotonic()

    # ---- leaving

    def _finish(self, lanes: Sequence[Lane]) -> None:
        sound: list[Lane] = []
        for lane in lanes:
            try:
                _check_numbers(lane)
                sound.append(lane)
            except PaintingFailed as error:
                _fail(lane, error)
        in_halves(_decode, sound, failed=_fail, ran_out=self._ran_out)
        self._leave([lane for lane in sound if lane.picture is not None])

    def _leave(self, lanes: Sequence[Lane]) -> None:
        """Finished pictures leave; whose last one it is goes home."""
        done = set(lanes)
        for lane in lanes:
            lane.forget()
        self._waiting = [lane for lane in self._waiting if lane not in done]
        for key in {lane.key for lane in lanes if lane.key in self._painting}:
            self._painting[key] = [lane for lane in self._painting[key] if lane not in done]
            if not self._painting[key]:
                del self._painting[key]
        for ticket in {lane.ticket for lane in lanes if lane.ticket is not None}:
            if all(lane.picture is not None for lane in ticket.lanes):
                ticket.finish()

    def _give_up_all(self, error: BaseException) -> None:
        with self._news:
            tickets, self._inbox = self._inbox, []
        for ticket in (*self._open, *tickets):
            ticket.fail(error)
        self._drop_what_is_over()


def _stepper(lanes: Sequence[Lane]) -> StepPainter:
    return cast("StepPainter", lanes[0].painter)


def _decode(lanes: Sequence[Lane]) -> None:
    for lane, picture in zip(lanes, _stepper(lanes).decode(lanes), strict=True):
        lane.picture = picture


def _fitting(lanes: Sequence[Lane], rows: int) -> Sequence[Lane]:
    """The first lanes that take at most `rows` rows, one at least."""
    taken = 0
    for index, lane in enumerate(lanes):
        taken += lane.rows
        if taken > rows and index:
            return lanes[:index]
    return lanes


def _check_numbers(lane: Lane) -> None:
    if lane.latents is None or not bool(torch.isfinite(lane.latents).all()):
        raise PaintingFailed(NOT_A_NUMBER)


def _over(lane: Lane) -> bool:
    return lane.ticket is not None and lane.ticket.over


def _fail(lane: Lane, error: BaseException) -> None:
    """Only the lane's own order ends."""
    if is_out_of_memory(error):
        told = PaintingFailed(TOO_LARGE)
        told.__cause__ = error
        error = told
    if lane.ticket is not None:
        lane.ticket.fail(error)
