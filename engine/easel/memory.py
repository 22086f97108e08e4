"""Running out of memory, on any device."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import torch

T = TypeVar("T")

_SIGNS = ("out of memory", "can't allocate memory", "not enough memory")
TOO_LARGE = "There is not enough memory for this picture. Ask for a smaller one."


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
    except Exception as error:  # noqa: BLE001 - any defect of a lane must stay with that lane
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
