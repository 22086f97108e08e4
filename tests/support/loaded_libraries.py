"""Which libraries a running process has loaded. Unlike its resident memory, that depends on nothing else."""

from pathlib import Path

import psutil

_HEAVY = {"c2pa", "onnxruntime", "torch"}


def heavy_libraries(process_id: int) -> set[str]:
    """The packages of these whose compiled parts the process has mapped: they belong into other processes."""
    mapped = psutil.Process(process_id).memory_maps()
    return _HEAVY & {part for region in mapped for part in Path(region.path).parts}
