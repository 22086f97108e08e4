"""A child process for work that is dangerous or heavy, with little memory and little time.

What breaks, hangs or fills the child takes only the child down; another one is started. One stays warm for a while, so
that the next piece of work waits for nothing but itself, and then ends: what it had loaded is given back. A child is
handed a socket and no secret of the environment; nothing that comes back is code: a line of JSON, then bytes.
"""

import json
import socket
import struct
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

TIMEOUT_SECONDS = 20.0
IDLE_SECONDS = 300.0
_LONGEST_PART_BYTES = 256 * 2**20
_LENGTH = struct.Struct(">Q")
_ROOT = Path(__file__).parents[2]
_CHILD = f"import sys; sys.path.insert(0, sys.argv[1]); from {__name__} import serve; serve(*sys.argv[2:])"
# One core each: threads for every core of a large machine would take the virtual memory that a child may have.
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS")
_ENVIRONMENT = dict.fromkeys((*_THREADS, "MALLOC_ARENA_MAX"), "1")

Reply = tuple[dict[str, Any], list[bytes]]


class WorkerBusyError(Exception):
    """Every place was taken for as long as one waits."""


class WorkerCrashedError(Exception):
    """The child died, hung or answered nonsense, and was ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerTask:
    """What a child does: it imports and calls `function`, named `module:function`; bytes in, a reply and bytes out.

    The function is given so many `parts`, and its reply has so many `attachments`.
    """

    function: str
    parts: int = 1
    attachments: int = 0


class WorkerProcess:
    """Safe for many threads; a few are served at the same time, the others wait for a place."""

    def __init__(
        self,
        task: WorkerTask,
        *,
        memory_bytes: int,
        places: int = 1,
        timeout_seconds: float = TIMEOUT_SECONDS,
        idle_seconds: float = IDLE_SECONDS,
        command: Sequence[str] | None = None,
    ) -> None:
        """`memory_bytes` is for each of at most `places` children, of virtual memory.

        `command` is a child's; the descriptor of its socket and its memory are added as arguments.
        """
        self._timeout_seconds = timeout_seconds
        self._idle_seconds = idle_seconds
        self._memory_bytes = memory_bytes
        self._attachments = task.attachments
        self._command = command or (
            *(sys.executable, "-I", "-c", _CHILD, str(_ROOT)),
            *(task.function, str(task.parts)),
        )
        self._places = threading.BoundedSemaphore(places)
        self._lock = threading.Lock()
        self._children: set[_Child] = set()
        self._warm: _Child | None = None  # the one that waits for work
        weakref.finalize(self, _end_all, self._children)

    def ask(self, *parts: bytes, check: Callable[[dict[str, Any]], object]) -> Reply:
        """The task's reply and what is attached to it. `check` raises what it likes for what is no reply.

        Raises `WorkerBusyError` and `WorkerCrashedError`.
        """
        if not self._places.acquire(timeout=self._timeout_seconds):
            raise WorkerBusyError
        try:
            return self._ask(parts, check)
        except Exception as error:
            raise WorkerCrashedError from error
        finally:
            self._places.release()

    @property
    def peak_bytes(self) -> int:
        """The most memory that the child which waits for work has used; 0 while there is none."""
        warm = self._warm
        return warm.peak_bytes if warm else 0

    @property
    def process_ids(self) -> list[int]:
        """Of the children there are."""
        with self._lock:
            return [child.process_id for child in self._children]

    def _ask(self, parts: Sequence[bytes], check: Callable[[dict[str, Any]], object]) -> Reply:
        child = self._take()
        try:
            deadline = time.monotonic() + self._timeout_seconds
            answer = child.ask(parts, attachments=self._attachments, deadline=deadline)
            check(answer[0])
        except BaseException:
            self._end(child)
            raise
        self._put_back(child)
        return answer

    def _take(self) -> "_Child":
        """The warm child, or a new one."""
        with self._lock:
            child, self._warm = self._warm, None
        if child is not None and not child.wakes():
            self._end(child)
            child = None
        if child is None:
            child = _Child(self._command, self._memory_bytes)
            with self._lock:
                self._children.add(child)
        return child

    def _put_back(self, child: "_Child") -> None:
        """One stays warm, until it has waited for long."""
        with self._lock:
            needed = self._warm is None
            if needed:
                self._warm = child
                child.waits(self._idle_seconds, _end_idle, weakref.ref(self))
        if not needed:
            self._end(child)

    def _end_idle(self, child: "_Child", naps: int) -> None:
        """Unless it has had something to do in between."""
        with self._lock:
            if self._warm is not child or child.naps != naps:
                return
            self._warm = None
        self._end(child)

    def _end(self, child: "_Child") -> None:
        with self._lock:
            self._children.discard(child)
        child.end()


def _end_idle(worker_process: "weakref.ref[WorkerProcess]", child: "_Child", naps: int) -> None:
    """A timer that held a reference to the worker process would keep it from being collected."""
    if (found := worker_process()) is not None:
        found._end_idle(child, naps)


def _end_all(children: "set[_Child]") -> None:
    for child in list(children):
        child.end()


class _Child:
    def __init__(self, command: Sequence[str], memory_bytes: int) -> None:
        self.peak_bytes = 0
        self.naps = 0  # how often it has waited for work
        self._nap: threading.Timer | None = None
        self._socket, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [*command, str(theirs.fileno()), str(memory_bytes)],
                pass_fds=[theirs.fileno()],
                env=_ENVIRONMENT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )

    @property
    def process_id(self) -> int:
        return self._process.pid

    def waits(
        self, seconds: float, end: Callable[..., None], worker_process: "weakref.ref[WorkerProcess]"
    ) -> None:
        self.naps += 1
        self._nap = threading.Timer(seconds, end, (worker_process, self, self.naps))
        self._nap.daemon = True
        self._nap.start()

    def wakes(self) -> bool:
        """False: it has ended while it waited."""
        if self._nap:
            self._nap.cancel()
        return self._process.poll() is None

    def ask(self, parts: Sequence[bytes], *, attachments: int, deadline: float) -> Reply:
        """Raises OSError or ValueError."""
        for part in parts:
            self._socket.settimeout(max(0.001, deadline - time.monotonic()))
            self._socket.sendall(_LENGTH.pack(len(part)))
            self._socket.sendall(part)
        reply = json.loads(_read_part(self._socket, deadline))
        attached = [_read_part(self._socket, deadline) for _ in range(attachments)]
        if not isinstance(reply, dict) or not isinstance(reply.get("peak_bytes"), int):
            raise ValueError("invalid reply from the worker process")
        self.peak_bytes = reply["peak_bytes"]
        return reply, attached

    def end(self) -> None:
        """At once, and leave nothing behind. Again: does nothing."""
        if self._nap:
            self._nap.cancel()
        self._socket.close()
        self._process.kill()
        self._process.wait()


def _read_part(connection: socket.socket, deadline: float | None = None) -> bytes:
    """One part with its length before it. Raises ConnectionResetError, TimeoutError or ValueError."""
    (length,) = _LENGTH.unpack(_read_exactly(connection, _LENGTH.size, deadline))
    if length > _LONGEST_PART_BYTES:
        raise ValueError("the message is longer than the limit")
    return _read_exactly(connection, length, deadline)


def _read_exactly(connection: socket.socket, length: int, deadline: float | None) -> bytes:
    found = bytearray(length)
    view, start = memoryview(found), 0
    while start < length:
        if deadline is not None:
            connection.settimeout(max(0.001, deadline - time.monotonic()))
        count = connection.recv_into(view[start:])
        if not count:
            raise ConnectionResetError("the peer closed the connection")
        start += count
    return bytes(found)


# ---- in the child


def serve(task: str, parts: str, descriptor: str, memory_bytes: str) -> None:
    """Answer until the other side is gone."""
    _confine(int(memory_bytes))
    answer: Callable[..., Reply] = resolve_name(task)
    with socket.socket(fileno=int(descriptor)) as connection:
        while True:
            try:
                asked = [_read_part(connection) for _ in range(int(parts))]
            except ConnectionResetError:
                return
            reply, attachments = answer(*asked)
            reply["peak_bytes"] = _peak_bytes()
            for part in (json.dumps(reply).encode(), *attachments):
                connection.sendall(_LENGTH.pack(len(part)) + part)


def _confine(memory_bytes: int) -> None:
    """No more memory than this, no files written, few opened, no core left behind."""
    import resource

    for limit, value in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, 32),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(limit)[1]
        resource.setrlimit(limit, (value, value) if hard < 0 or hard > value else (hard, hard))


def _peak_bytes() -> int:
    """The most memory this process has used. On Linux `getrusage` would count its parent's before the start."""
    import resource

    status = Path("/proc/self/status")
    if status.exists():
        return int(status.read_text("ascii").partition("VmHWM:")[2].split()[0]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
