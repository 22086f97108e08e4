"""Whose the cores of a painting process are."""

import os

import numpy as np  # noqa: F401 - so that its library is there
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

# As it is named in numpy's own wheels. torch brings other libraries, which are left alone.
_NUMPY = "libscipy_openblas"


def share_cores() -> None:
    """Leave the cores to the model; every other library gets one thread. Call it before torch is loaded.

    The pictures of a job are inspected and signed side by side. Numpy would share each of their small matrices
    among all cores, and the threads that it keeps for that would wait for each other far longer than they compute.
    """
    # Threads of a step that spin while they wait take the cores from everybody else. Read when torch is loaded.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    threadpool_limits({_NUMPY: 1})
