"""A worker leaves its cores to the step that runs."""

import numpy as np
from threadpoolctl import threadpool_info, threadpool_limits

from engine.jobs.cpu_threads import share_cores


def numpy_threads():
    return [pool["num_threads"] for pool in threadpool_info() if "numpy" in pool["filepath"]]


def test_numpy_takes_one_core_in_a_process_that_paints():
    with threadpool_limits(2):
        share_cores()
        assert np.ones((2, 2)).sum() == 4
        assert numpy_threads() == [1]
