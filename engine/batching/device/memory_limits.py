"""Running out of memory, on any device."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import torch

from engine.batching.device.device_profile import DeviceProfile
from engine.batching.device.seconds_per_rows import worthwhile_rows
from engine.batching.sample import BatchKey

T = TypeVar("T")

_SIGNS = ("out of memory", "can't allocate memory", "not enough memory")


def is_out_of_memory(error: BaseException) -> bool:
    if isinstance(error, (torch.OutOfMemoryError, MemoryError)):
        return True
    return isinstance(error, RuntimeError) and any(sign in str(error).lower() for sign in _SIGNS)


def free_cache(device: torch.device) -> None:
    """Give cached blocks back to the device, so that a smaller try finds room."""
    if device.type == "cuda":
        torch.cuda.empty_cache()
    elif device.type == "mps":
        torch.mps.empty_cache()


def budget_bytes(device: torch.device) -> int:
    """What models may take in all: the device's memory less what steps and decoding need beside them."""
    if device.type == "cuda":
        return int(torch.cuda.get_device_properties(device).total_memory * 0.75)
    import psutil

    return int(psutil.virtual_memory().total * 0.6)


def attempt(action: Callable[[], None]) -> BaseException | None:
    """What went wrong, or None."""
    try:
        action()
    except Exception as error:  # noqa: BLE001 - any defect of a sample must stay with that sample
        # The traceback keeps tensors of the failed forward alive.
        return error.with_traceback(None) if is_out_of_memory(error) else error
    return None


def in_halves(
    action: Callable[[Sequence[T]], None],
    items: Sequence[T],
    *,
    failed: Callable[[T, BaseException], None],
    ran_out: Callable[[Sequence[T]], None],
) -> None:
    """Do `action` on all items at once; when it raises, on each half, down to single ones, which then `failed`.

    So one bad item harms no other, and too many of them are done in smaller batches. `action` must be one that can
    be repeated.
    """
    if not items or (problem := attempt(lambda: action(items))) is None:
        return
    if is_out_of_memory(problem):
        ran_out(items)
    if len(items) == 1:
        failed(items[0], problem)
        return
    middle = (len(items) + 1) // 2
    for part in (items[:middle], items[middle:]):
        in_halves(action, part, failed=failed, ran_out=ran_out)


# Latent cells in one forward pass beyond which more rows hardly make a device faster: sixteen rows of 1024-pixel
# pictures on a large GPU, eight rows of Thimble's 256-pixel ones on a CPU. There calling all layers takes one core
# about 20 ms whatever the rows: with two cores nearly a third of a pass of four rows, a sixth of one of eight.
CELLS = {"cuda": 262_144, "mps": 32_768, "cpu": 8_192}
MAX_ROWS = 64
MIN_ROWS = 2


class BatchLimits:
    """Rows by batch key. For the batcher's thread; others may read."""

    def __init__(
        self,
        device_type: str,
        *,
        cells: int | None = None,
        max_rows: int = MAX_ROWS,
        profile: DeviceProfile | None = None,
        follows_curve: bool = True,
    ) -> None:
        """Without `follows_curve` as many rows as fit, whatever a step with them takes."""
        self._follows_curve = follows_curve
        self.profile = profile or DeviceProfile()
        self._cells = cells or CELLS.get(device_type, CELLS["cpu"])
        self._max_rows = max_rows

    def rows(self, key: BatchKey) -> int:
        """As many as fit and are worth it, at least 1. One sample is always let in, even when it takes two rows."""
        if not key.shared:
            return 1
        most = self.fitting_rows(key)
        seconds_by_rows = self.profile.seconds_by_rows(kind_of(key))
        return worthwhile_rows(seconds_by_rows, most) if self._follows_curve else most

    def fitting_rows(self, key: BatchKey) -> int:
        """As many as the device can hold and use now, whatever a step with them takes."""
        wanted, fitting = self._useful_rows(key), self.profile.rows(kind_of(key))
        return wanted if fitting is None else min(wanted, fitting)

    def most_rows(self, key: BatchKey) -> int:
        """As many as the device ever held, where that is known: a limit that was learned lately may pass."""
        wanted, fitting = self._useful_rows(key), self.profile.most_rows(kind_of(key))
        return wanted if fitting is None else min(wanted, fitting)

    def _useful_rows(self, key: BatchKey) -> int:
        return max(MIN_ROWS, min(self._max_rows, self._cells // key.cells))

    def ran_out(self, key: BatchKey, rows: int) -> None:
        """`rows` rows did not fit into memory: half of them for now, and more again within minutes."""
        self.profile.record_out_of_memory(kind_of(key), rows)


def kind_of(key: BatchKey) -> str:
    """Model and number of latent cells: what decides over memory and time."""
    return f"{key.model}/{key.cells}"
