"""Measurements of one device, stored in a file: how many rows fit, and how long a step takes."""

import json
import logging
import os
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

# Memory that was short once may have been taken by another process: after a pause more rows are tried again. Rows that
# still do not fit are tried less and less often.
FIRST_PAUSE_SECONDS = 60.0
_LONGEST_PAUSE_SECONDS = 6 * 3600.0
_NEW_WEIGHT = 0.1
_QUICKER_WEIGHT = 0.5
# The first steps of a number of rows may compile or allocate: the curve is drawn without them.
_STEPS_BEFORE_TRUST = 3
_SAVE_EVERY_STEPS = 1000
_LIMIT = ("rows", "learned_at", "pause_seconds")

log = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class _Measurements:
    """Of one model at one size. `rows` fit, as learned at `learned_at` (Unix time); more are tried after a pause.

    Seconds by rows.
    """

    rows: int | None = None
    learned_at: float = 0.0
    pause_seconds: float = FIRST_PAUSE_SECONDS
    step_seconds: dict[str, float] = field(default_factory=dict)


class DeviceProfile:
    """`kind` names a model and a size. Without a file everything is forgotten in the end.

    Several workers may share a file; each writes down what it knows of its own device, and of cards of one kind the
    latest limit counts.
    """

    def __init__(
        self, file: Path | None = None, *, device: str = "", clock: Callable[[], float] = time.time
    ) -> None:
        self._file = file
        self._device = device
        self._clock = clock
        self._lock = threading.Lock()
        self._measurements = {
            kind: _Measurements(**values) for kind, values in read(file).get(device, {}).items()
        }
        self._steps: Counter[tuple[str, int]] = Counter(
            {
                (kind, int(rows)): _STEPS_BEFORE_TRUST
                for kind, measurements in self._measurements.items()
                for rows in measurements.step_seconds
            }
        )
        self._unsaved = 0

    def rows(self, kind: str) -> int | None:
        """How many rows fit at most, and after a pause half as many again; None while all fitted."""
        measurements = self._measurements.get(kind)
        if measurements is None or measurements.rows is None:
            return None
        waits = self._clock() - measurements.learned_at < measurements.pause_seconds
        return measurements.rows if waits else measurements.rows + max(1, measurements.rows // 2)

    def most_rows(self, kind: str) -> int | None:
        """How many ever fitted; None while all did."""
        fitting = self.rows(kind)
        if fitting is None:
            return None
        return max(fitting, *map(int, self._measurements[kind].step_seconds), 1)

    def record_out_of_memory(self, kind: str, rows: int, *, least: int = 1) -> None:
        """`rows` rows did not fit. Where fewer are known to fit it stays with those, else with half of them."""
        measurements = self._of(kind)
        known = measurements.rows
        if known is not None and known < rows:
            self._learn(kind, known, min(2 * measurements.pause_seconds, _LONGEST_PAUSE_SECONDS))
        else:
            self._learn(kind, max(least, rows // 2), FIRST_PAUSE_SECONDS)
        self.save()

    def record_fit(self, kind: str, rows: int) -> None:
        """`rows` rows fitted. Are they more than were known to fit, still more are tried after the first pause."""
        measurements = self._measurements.get(kind)
        if measurements is not None and measurements.rows is not None and rows > measurements.rows:
            self._learn(kind, rows, FIRST_PAUSE_SECONDS)

    def _learn(self, kind: str, rows: int, pause_seconds: float) -> None:
        measurements = self._of(kind)
        measurements.rows, measurements.learned_at = rows, self._clock()
        measurements.pause_seconds = pause_seconds

    def record_step(self, kind: str, rows: int, seconds: float) -> None:
        """A step for so many rows, which fitted."""
        self.record_fit(kind, rows)
        seconds_by_rows = self._of(kind).step_seconds
        before = seconds_by_rows.get(str(rows))
        # A step that was quicker than ever tells more than one that something else held up.
        weight = _NEW_WEIGHT if before is None or seconds > before else _QUICKER_WEIGHT
        seconds_by_rows[str(rows)] = seconds if before is None else before + weight * (seconds - before)
        self._steps[kind, rows] += 1
        self._unsaved += 1
        if self._unsaved >= _SAVE_EVERY_STEPS:
            self.save()

    def step_seconds(self, kind: str, rows: int) -> float | None:
        """What a step for about so many rows usually takes; None where none was made."""
        measurements = self._measurements.get(kind)
        if measurements is None or not measurements.step_seconds:
            return None
        return measurements.step_seconds[
            min(tuple(measurements.step_seconds), key=lambda known_rows: abs(int(known_rows) - rows))
        ]

    def seconds_by_rows(self, kind: str) -> dict[int, float]:
        """Usual seconds of a step by its rows, for the numbers of rows that were measured often enough."""
        measurements = self._measurements.get(kind)
        if measurements is None:
            return {}
        return {
            int(rows): seconds
            for rows, seconds in measurements.step_seconds.items()
            if self._steps[kind, int(rows)] >= _STEPS_BEFORE_TRUST
        }

    def save(self) -> None:
        """What cannot be written is learned again another time."""
        self._unsaved = 0
        if self._file is None or not self._measurements:
            return
        with self._lock:
            everything = read(self._file)
            everything[self._device] = _merge(everything.get(self._device, {}), self._to_data())
            try:
                write_json(self._file, everything)
            except OSError as error:
                log.warning("device profile not saved: %s", error.strerror)

    def _to_data(self) -> dict[str, dict[str, Any]]:
        """Each dictionary is copied in one go: another batcher of the kind may learn at this very moment."""
        return {
            kind: asdict(replace(measurements, step_seconds=measurements.step_seconds.copy()))
            for kind, measurements in self._measurements.copy().items()
        }

    def _of(self, kind: str) -> _Measurements:
        return self._measurements.setdefault(kind, _Measurements())


def read(file: Path | None) -> dict[str, dict[str, Any]]:
    """Device → kind → what is known. A file that is damaged or from another version counts as none."""
    with suppress(OSError, ValueError, TypeError, AttributeError):
        if file is not None:
            found = json.loads(file.read_text(encoding="utf-8"))
            for kinds in found.values():
                for values in kinds.values():
                    _Measurements(**values)
            return dict(found)
    return {}


def _merge(saved: dict[str, Any], known: dict[str, Any]) -> dict[str, Any]:
    """What one worker knows over what others with such a card wrote down; of each limit the later one."""
    merged = {**saved, **known}
    for kind in saved.keys() & known.keys():
        if saved[kind].get("learned_at", 0.0) > known[kind]["learned_at"]:
            limit = {name: saved[kind][name] for name in _LIMIT if name in saved[kind]}
            merged[kind] = {**known[kind], **limit}
    return merged


def write_json(file: Path, content: dict[str, Any]) -> None:
    """Whole or not at all. Raises OSError."""
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=file.name)
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        json.dump(content, out, indent=1)
    Path(name).replace(file)
