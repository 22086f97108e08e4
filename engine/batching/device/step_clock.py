"""How long steps take on the device, without waiting for the one that runs."""

import time
from collections.abc import Callable
from typing import Any

import torch


class StepClock:
    """For the batcher's thread. `start` and `stop` stand around each step.

    On CUDA a step is only queued: `stop` waits for the step before, so that the device always has the next one queued,
    and the host is at most one step ahead and hears of cancelled samples in time.
    """

    def __init__(self, device: torch.device, clock: Callable[[], float] = time.perf_counter) -> None:
        """On CUDA the device's own events are the clock."""
        self._now = clock
        self._cuda = device.type == "cuda"
        self._device = device
        self._started: Any = None
        self._queued: tuple[Any, Any, Callable[[float], None]] | None = None

    def start(self) -> None:
        self._started = self._event() if self._cuda else self._now()

    def stop(self, measured: Callable[[float], None]) -> None:
        """`measured` gets the seconds of this step: at once, or on CUDA when the next one stops."""
        if not self._cuda:
            measured(self._now() - self._started)
            return
        before, self._queued = self._queued, (self._started, self._event(), measured)
        if before is not None:
            begin, end, report = before
            end.synchronize()
            report(begin.elapsed_time(end) / 1000)

    def _event(self) -> Any:
        event = torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]
        event.record(torch.cuda.current_stream(self._device))
        return event
