"""Small networks in ONNX, run with onnxruntime: loaded when first asked, on one core."""

import threading
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


class OnnxNetwork:
    """Safe for many threads. Loading raises what onnxruntime raises: a rule that cannot look has failed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._loading = threading.Lock()

    def run(self, image: Floats) -> list[Floats]:
        """The network's outputs for its one input."""
        with self._loading:
            session = self._session
        return [np.asarray(output) for output in session.run(None, {session.get_inputs()[0].name: image})]

    @cached_property
    def _session(self) -> Any:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        # One thread each: pictures are looked at side by side, and the painter needs the other cores.
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        # Weights are not kept a second time in another order; it costs a few milliseconds a picture.
        options.add_session_config_entry("session.disable_prepacking", "1")
        options.log_severity_level = 3
        return onnxruntime.InferenceSession(str(self._path), options, providers=["CPUExecutionProvider"])
