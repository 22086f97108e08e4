"""Figures of one model on one device: steps by their rows, idle time, memory."""

import statistics

from engine.adapters.acceleration.row_buckets import BUCKETS
from engine.adapters.loading.model_parts import choose_device, device_name
from engine.adapters.loading.optimization import count_compiled_graphs
from engine.batching.device.device_usage import forget_peak, idle_share, peak_bytes
from engine.benchmarks.baselines import step_seconds
from engine.benchmarks.card.report import CardReport
from engine.benchmarks.harness import Stage

_CURVE_STEPS = 4
_IDLE_STEPS = 5
_SHARE_OF_TIME = 0.25  # of what is left, for one part that may take any time


class StageFigures:
    def __init__(self, stage: Stage, report: CardReport) -> None:
        self._stage = stage
        self._report = report
        self._device = choose_device(stage.device)
        self._rows_each = stage.model.new_sample(stage.new_sample()).rows

    @property
    def device_name(self) -> str:
        return device_name(self._device)

    def at_once(self, pictures: int) -> int:
        """Pictures side by side that the device takes, `pictures` at most."""
        return max(1, min(self._stage.rows() // self._rows_each, pictures))

    def affordable(self, pictures: int, *, seconds_each: float) -> int:
        """As many pictures as a part may take the time for, at least those that are painted side by side."""
        fitting = int(_SHARE_OF_TIME * self._report.seconds_left / seconds_each)
        return max(self.at_once(pictures), min(pictures, fitting))

    def compiled_graphs(self) -> int:
        """By what the compiler did, not by what was asked of it."""
        return count_compiled_graphs()

    def step_ms(self, count: int, *, times: int) -> list[float]:
        """Milliseconds of so many steps in a row, for `count` pictures side by side."""
        params_list = [self._stage.new_sample(seed=seed) for seed in range(count)]
        return [seconds * 1000 for seconds in step_seconds(self._stage.model, params_list, times=times)]

    def rows_curve(self, key: str, label: str, pictures: int) -> None:
        """Up to so many pictures side by side; written down after each number of rows."""
        found: dict[int, float] = {}
        for count in [count for count in BUCKETS if count <= self.at_once(pictures)]:
            found[count * self._rows_each] = statistics.median(self.step_ms(count, times=_CURVE_STEPS)[1:])
            text = ", ".join(f"{rows}: {ms:.1f} ms" for rows, ms in found.items())
            self._report.add(key, label, dict(found), text)
            if (
                2 * _CURVE_STEPS * found[count * self._rows_each] / 1000
                > _SHARE_OF_TIME * self._report.seconds_left
            ):
                break  # more rows would take the time of everything else

    def idle(self, key: str, label: str) -> None:
        """With one picture: there a card waits for the host most."""
        share = idle_share(lambda: self._steps(1), self._device)
        self._report.add(key, label, share, "not known without a card" if share is None else f"{share:.0%}")

    def _steps(self, count: int) -> None:
        self.step_ms(count, times=_IDLE_STEPS)

    def forget_peak(self) -> None:
        forget_peak(self._device)

    def peak(self, key: str, label: str) -> None:
        found = peak_bytes(self._device)
        text = "not known without a card" if found is None else f"{found / 2**30:.1f} GiB"
        self._report.add(key, label, found, text)
