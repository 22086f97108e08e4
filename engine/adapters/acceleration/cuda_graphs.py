"""Small forward passes as CUDA graphs: recorded once for a bucket of rows and a size, then replayed in one launch.

With few rows a card is done with its kernels sooner than Python launches the next ones, and idles for most of a step.
A graph launches all of them at once. It reads its inputs from buffers of its own and always does the same, so only
passes are recorded that depend on nothing but their tensors: models with LoRA weights or image prompts, whose layers
change between passes, go without (`engine/adapters/registry.py`).
"""

import logging
from collections import Counter, OrderedDict
from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import Any, Protocol

import torch
from torch.utils._pytree import tree_leaves, tree_map

from engine.batching.device.memory_limits import attempt, is_out_of_memory

# 1024×1024 with guidance in the usual latent cells: larger passes keep a card busy by themselves.
MOST_CELLS = 32_768
# Passes of a kind before it is recorded: what comes once or twice is not worth it, and they compile what is compiled.
PASSES_BEFORE = 2
_MOST_KINDS = 256
_TOLERANCE = (
    0.02  # of the answer's length: kernels may be others in a recording, such as sums in another order
)
_CELLS_OF_TOKEN = 4

log = logging.getLogger(__name__)


class Recording(Protocol):
    """A recorded pass. `answer` is where each replay leaves what it answers; `size_bytes` is what it occupies."""

    answer: Any
    size_bytes: int

    def replay(self) -> None: ...


class GraphRecorder(Protocol):
    def record(self, action: Callable[[], Any]) -> Recording:
        """Record what `action` does on the device. It is called more than once. Raises what the device throws."""


class GraphedNetwork:
    """The forward pass of one network. For the batcher's thread.

    Recordings take `budget_bytes` at most, the least recently used ones go first. A network that cannot be recorded, or
    answers something else when it is replayed, runs as it is from then on, and the log says so once.
    """

    def __init__(self, recorder: GraphRecorder, *, budget_bytes: int, most_cells: int = MOST_CELLS) -> None:
        self._recorder = recorder
        self._budget_bytes = budget_bytes
        self._most_cells = most_cells
        self._passes: OrderedDict[Hashable, _RecordedPass] = OrderedDict()
        self._seen: Counter[Hashable] = Counter()
        self._plain: set[Hashable] = set()  # kinds of passes that do not fit
        self._is_off = False

    @property
    def size_bytes(self) -> int:
        return sum(recorded.size_bytes for recorded in self._passes.values())

    @property
    def recordings(self) -> int:
        return len(self._passes)

    def put_on(self, network: Any) -> None:
        """From now on `network` runs through this one. Its hooks, such as those that pad rows, stay around it."""
        self._name = type(network).__name__
        self._eager = network.forward
        network.forward = self._forward

    def clear(self) -> None:
        self._passes.clear()
        self._seen.clear()

    def _forward(self, *args: Any, **named: Any) -> Any:
        if self._is_off or torch.is_grad_enabled():
            return self._eager(*args, **named)
        tensors: list[torch.Tensor] = []
        try:
            kind = _kind((args, named), tensors)
        except _UnknownInputError:
            return self._run(args, named)
        if kind in self._plain or count_cells(tensors) > self._most_cells:
            return self._run(args, named)
        if kind in self._passes:
            return self._replay(kind, tensors, args, named)
        answer = self._run(args, named)
        if self._is_due(kind):
            self._record(kind, tensors, args, named)
        return answer

    def _is_due(self, kind: Hashable) -> bool:
        if len(self._seen) + len(self._plain) >= _MOST_KINDS:
            self._seen.clear()
            self._plain.clear()
        self._seen[kind] += 1
        return self._seen[kind] >= PASSES_BEFORE

    def _run(self, args: Any, named: Any) -> Any:
        """As it is; recordings make room where memory is short."""
        try:
            return self._eager(*args, **named)
        except Exception as error:
            if not is_out_of_memory(error) or not self._passes:
                raise
        log.warning("CUDA graphs dropped: out of memory", extra={"network": self._name})
        self.clear()
        return self._eager(*args, **named)

    def _record(self, kind: Hashable, tensors: Sequence[torch.Tensor], args: Any, named: Any) -> None:
        buffers = [tensor.clone() for tensor in tensors]
        own_args, own_named = _with_tensors((args, named), iter(buffers))
        recordings: list[Recording] = []
        problem = attempt(
            lambda: recordings.append(self._recorder.record(lambda: self._eager(*own_args, **own_named)))
        )
        if problem is not None and _ran_out(problem):
            log.warning("CUDA graph not recorded: out of memory", extra={"network": self._name})
            self._plain.add(kind)
        elif problem is not None:
            self._turn_off(f"{type(problem).__name__}: {problem}")
        elif not _is_plain(recordings[0].answer):
            self._plain.add(kind)
        else:
            recorded = _RecordedPass(buffers, recordings[0])
            if recorded.size_bytes > self._budget_bytes:
                self._plain.add(kind)
                return
            self._passes[kind] = recorded
            while self.size_bytes > self._budget_bytes:
                dropped, _ = self._passes.popitem(last=False)
                self._seen[dropped] = 0  # recorded again when it comes often again

    def _replay(self, kind: Hashable, tensors: Sequence[torch.Tensor], args: Any, named: Any) -> Any:
        self._passes.move_to_end(kind)
        recorded = self._passes[kind]
        answer = recorded.run(tensors)
        if recorded.is_checked:
            return answer
        wanted = self._run(args, named)
        agrees = compare(answer, wanted)
        if agrees is False:
            self._turn_off("the replayed pass answered something else")
        recorded.is_checked = agrees is not None
        return wanted

    def _turn_off(self, cause: str) -> None:
        log.warning(
            "CUDA graphs off, passes run one kernel after another: %s", cause, extra={"network": self._name}
        )
        self._is_off = True
        self.clear()


class _RecordedPass:
    """`is_checked` once a replay with other inputs answered what the network itself answers to them."""

    def __init__(self, buffers: Sequence[torch.Tensor], recording: Recording) -> None:
        self._buffers = buffers
        self._recording = recording
        self.is_checked = False
        self.size_bytes = recording.size_bytes + sum(buffer.nbytes for buffer in buffers)

    def run(self, tensors: Sequence[torch.Tensor]) -> Any:
        for buffer, tensor in zip(self._buffers, tensors, strict=True):
            buffer.copy_(tensor)
        self._recording.replay()
        # The next replay writes where this one did.
        return tree_map(
            lambda value: value.clone() if isinstance(value, torch.Tensor) else value, self._recording.answer
        )


class _UnknownInputError(Exception):
    """An input that is neither a tensor nor a plain value, such as a cache of keys and values."""


def _kind(value: Any, tensors: list[torch.Tensor]) -> Hashable:
    """Equal for passes that a recording can stand for; collects the tensors in the order of `_with_tensors`."""
    if isinstance(value, torch.Tensor):
        tensors.append(value)
        return value.shape, value.stride(), value.dtype
    if isinstance(value, (list, tuple)):
        return type(value), tuple(_kind(item, tensors) for item in value)
    if isinstance(value, dict):
        return tuple((name, _kind(item, tensors)) for name, item in value.items())
    if value is None or isinstance(value, (bool, int, float, str)):
        return type(value), value
    raise _UnknownInputError


def _with_tensors(value: Any, tensors: Iterator[torch.Tensor]) -> Any:
    if isinstance(value, torch.Tensor):
        return next(tensors)
    if isinstance(value, list):
        return [_with_tensors(item, tensors) for item in value]
    if isinstance(value, tuple):
        return tuple(_with_tensors(item, tensors) for item in value)
    if isinstance(value, dict):
        return {name: _with_tensors(item, tensors) for name, item in value.items()}
    return value


def _ran_out(problem: BaseException) -> bool:
    """Whether memory was short, also where the end of the recording that it broke raised something else."""
    return is_out_of_memory(problem) or (
        problem.__context__ is not None and is_out_of_memory(problem.__context__)
    )


def _is_plain(answer: Any) -> bool:
    """Whether all that is answered is in tensors."""
    return all(isinstance(leaf, torch.Tensor) for leaf in tree_leaves(answer))


def count_cells(tensors: Sequence[torch.Tensor]) -> int:
    """Usual latent cells of a pass, by its first inputs: (n, c, h, w), (n, tokens, width), or one (c, 1, h, w) each."""
    first = tensors[0]
    if first.dim() == 3:
        return first.shape[0] * first.shape[1] * _CELLS_OF_TOKEN
    if first.dim() < 3:
        return 0
    same = sum(tensor.shape == first.shape for tensor in tensors)
    rows = same if first.shape[1] == 1 else first.shape[0]
    return rows * first.shape[-2] * first.shape[-1]


def compare(answer: Any, wanted: Any) -> bool | None:
    """Whether two answers are the same but for rounding; None where one is not finite."""
    pairs = list(zip(tree_leaves(answer), tree_leaves(wanted), strict=True))
    lengths = [float(torch.linalg.vector_norm(right.float())) for _, right in pairs]
    apart = [float(torch.linalg.vector_norm(left.float() - right.float())) for left, right in pairs]
    if not all(length < float("inf") for length in lengths):
        return None
    return all(distance <= _TOLERANCE * length for distance, length in zip(apart, lengths, strict=True))


class CudaGraphRecorder:
    """Each recording has a memory pool of its own, which is free again when it is dropped."""

    def __init__(self, device: torch.device) -> None:
        self._device = device

    def record(self, action: Callable[[], Any]) -> Recording:
        current = torch.cuda.current_stream(self._device)
        stream, graph = torch.cuda.Stream(self._device), torch.cuda.CUDAGraph()  # type: ignore[no-untyped-call]
        stream.wait_stream(current)
        try:
            with torch.cuda.stream(stream):  # libraries set themselves up on a stream when it is new to them
                action()
            # A model may be loaded on another thread at the same time.
            with torch.cuda.graph(graph, stream=stream, capture_error_mode="thread_local"):
                answer = action()
        finally:
            torch.cuda.set_stream(current)  # a failed recording leaves its own stream as the current one
        pool = graph.pool()
        segments = torch.cuda.memory_snapshot(pool, include_traces=False)  # type: ignore[no-untyped-call]
        return _CudaRecording(graph, answer, sum(int(segment["total_size"]) for segment in segments))


class _CudaRecording:
    def __init__(self, graph: Any, answer: Any, size_bytes: int) -> None:
        self._graph = graph
        self.answer = answer
        self.size_bytes = size_bytes

    def replay(self) -> None:
        self._graph.replay()
