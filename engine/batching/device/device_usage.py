"""How much of a card is used: peak memory, and the share of time in which it computes."""

import time
from collections.abc import Callable, Iterable

import torch


def forget_peak(device: torch.device) -> None:
    """From now on `peak_bytes` counts anew."""
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)


def peak_bytes(device: torch.device) -> int | None:
    """The most memory that tensors took at once; None where nobody counts it."""
    return int(torch.cuda.max_memory_allocated(device)) if device.type == "cuda" else None


def idle_share(action: Callable[[], None], device: torch.device) -> float | None:
    """The share of time in which a card has nothing to compute while `action` runs; None without a card.

    `action` runs twice: alone, for its time, and under the profiler, which slows the host but not the kernels.
    """
    if device.type != "cuda":
        return None
    torch.cuda.synchronize(device)
    started = time.perf_counter()
    action()
    torch.cuda.synchronize(device)
    seconds = time.perf_counter() - started
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CUDA]) as profile:
        action()
        torch.cuda.synchronize(device)
    kernels = [
        (event.time_range.start, event.time_range.end)
        for event in profile.events() or ()
        if event.device_type.name == "CUDA"
    ]
    return max(0.0, 1 - covered_length(kernels) / 1e6 / seconds)


def covered_length(intervals: Iterable[tuple[float, float]]) -> float:
    """The length of what intervals cover together; where several streams compute at once it counts once."""
    total, until = 0.0, float("-inf")
    for start, end in sorted(intervals):
        total += max(0.0, end - max(start, until))
        until = max(until, end)
    return total
