"""On what a worker generates pictures."""

from dataclasses import dataclass
from pathlib import Path

from engine.performance_settings import PLAIN, Speed


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceSettings:
    """The devices of one worker, and what its steps may use.

    `device` is a torch device such as ``cuda:1``, several with commas between, or None for the best there is.
    `threads` are the CPU threads of a step; None leaves torch's choice. `budget_bytes` is the memory for models on
    each device; None: what the device has. What is learned of the devices is kept in `learned_file`, and
    what the compiler did in `compiled_file`.
    """

    device: str | None = None
    threads: int | None = None
    budget_bytes: int | None = None
    speed: Speed = PLAIN
    learned_file: Path | None = None
    compiled_file: Path | None = None

    @property
    def names(self) -> tuple[str | None, ...]:
        """One for each device; None is the best there is."""
        return tuple(name.strip() for name in self.device.split(",")) if self.device else (None,)


def task_threads(rows: int) -> int:
    """Jobs at once of a worker whose devices hold so many rows: as many again are ready when places become free."""
    return max(4, min(64, 2 * rows))
