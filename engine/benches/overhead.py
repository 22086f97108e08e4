"""`bench overhead`: what the easel itself takes, around a forward pass that takes nothing."""

import statistics
import time
from dataclasses import dataclass

from engine.painters.painter import Sketch

LANES = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Overhead:
    """Milliseconds. The schedulers' part is diffusers' own step, which every way of painting pays."""

    lanes: int
    steps: int
    turn_ms: float
    scheduler_ms: float
    bookkeeping_ms: float
    enqueue_to_first_step_ms: float
    last_step_to_answer_ms: float

    def rows(self) -> list[tuple[str, str]]:
        return [
            (f"a turn with {self.lanes} lanes and nothing to compute", f"{self.turn_ms:.2f} ms"),
            ("  of it the lanes' own schedulers", f"{self.scheduler_ms:.2f} ms"),
            ("  of it the easel's bookkeeping", f"{self.bookkeeping_ms:.2f} ms"),
            ("from handing in to the first step", f"{self.enqueue_to_first_step_ms:.2f} ms"),
            ("from the last step to the waiting thread", f"{self.last_step_to_answer_ms:.2f} ms"),
        ]


def measure_overhead(*, lanes: int = LANES, steps: int = 100, repeats: int = 20) -> Overhead:
    """One lane an order, one order a person: the most bookkeeping there can be. One thread."""
    from engine.painters.weights import use_threads

    use_threads(1)
    from engine.easel.rehearsal import NullPainter, idle_easel, take_turn
    from engine.easel.ticket import Ticket

    painter = NullPainter()
    easel = idle_easel(painter, rows=lanes)
    for index in range(lanes):
        sketch = Sketch(prompt="", seed=index, width=512, height=512, steps=steps, guidance_scale=1.0)
        easel.submit(Ticket([painter.sketch(sketch)], person=f"person {index}"))
    take_turn(easel)
    turns, schedulers = [], []
    for _ in range(steps - 2):
        forward, scheduler = painter.forward_seconds, painter.scheduler_seconds
        started = time.perf_counter()
        take_turn(easel)
        turns.append(time.perf_counter() - started - (painter.forward_seconds - forward))
        schedulers.append(painter.scheduler_seconds - scheduler)
    first_ms, last_ms = _waits(repeats)
    turn_ms, scheduler_ms = statistics.median(turns) * 1000, statistics.median(schedulers) * 1000
    return Overhead(
        lanes=lanes,
        steps=steps,
        turn_ms=turn_ms,
        scheduler_ms=scheduler_ms,
        bookkeeping_ms=turn_ms - scheduler_ms,
        enqueue_to_first_step_ms=first_ms,
        last_step_to_answer_ms=last_ms,
    )


def _waits(repeats: int) -> tuple[float, float]:
    """Medians in ms with a running easel: hand in → first forward; end of the last forward → answer."""
    from engine.benches.stage import easel_for
    from engine.easel.rehearsal import NullPainter
    from engine.easel.ticket import Ticket

    first, last = [], []
    painter = NullPainter()
    with easel_for(painter, device="cpu") as easel:
        for seed in range(repeats):
            sketch = Sketch(prompt="", seed=seed, width=256, height=256, steps=4, guidance_scale=1.0)
            ticket = Ticket([painter.sketch(sketch)], person="ana")
            painter.started.clear()
            handed_in = time.perf_counter()
            easel.submit(ticket)
            ticket.wait()
            answered = time.perf_counter()
            first.append((painter.started[0] - handed_in) * 1000)
            last.append((answered - painter.started[-1]) * 1000)
    return statistics.median(first), statistics.median(last)
