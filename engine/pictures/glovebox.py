"""Where files from outside are opened: a child process that may use little memory and little time.

A decoder that a hostile file breaks, hangs or fills with data takes only the child down; another one is started. A few
work side by side, so that a file that hangs its child keeps nobody waiting. One stays warm, so that an ordinary upload
waits for nothing but its own decoding. A child is handed a socket and no environment; nothing that comes back is code:
a line of JSON, then the bytes of the pictures.
"""

import json
import socket
import struct
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from engine.pictures.uploads import check_size, clean_upload
from studio.errors import BadImage
from studio.ports import CleanUpload

# Virtual memory: about 60 MB for the interpreter and its libraries, the rest for the largest picture allowed.
MEMORY_BYTES = 512 * 2**20
TIMEOUT_SECONDS = 20.0
PLACES = 3
_LONGEST_REPLY_BYTES = 128 * 2**20
_LENGTH = struct.Struct(">Q")
_ROOT = Path(__file__).parents[2]
_CHILD = "import sys; sys.path.insert(0, sys.argv[1]); from engine.pictures.glovebox import serve; serve(*sys.argv[2:])"


class Glovebox:
    """Safe for many threads; a few are served at the same time, the others wait for a place."""

    def __init__(
        self,
        *,
        timeout_seconds: float = TIMEOUT_SECONDS,
        memory_bytes: int = MEMORY_BYTES,
        places: int = PLACES,
        command: Sequence[str] | None = None,
    ) -> None:
        """`memory_bytes` is for each of at most `places` children.

        `command` is a child's; the descriptor of its socket and its memory are added as arguments.
        """
        self._timeout_seconds = timeout_seconds
        self._memory_bytes = memory_bytes
        self._command = command or (sys.executable, "-I", "-c", _CHILD, str(_ROOT))
        self._places = threading.BoundedSemaphore(places)
        self._lock = threading.Lock()
        self._children: set[_Child] = set()
        self._warm: _Child | None = None  # the one that waits for work
        weakref.finalize(self, _end_all, self._children)

    def clean(self, data: bytes) -> CleanUpload:
        """As `clean_upload`. Raises `BadImage` also for a file that its decoder did not survive."""
        check_size(data)
        if not self._places.acquire(timeout=self._timeout_seconds):
            raise BadImage("too many others are being opened. Please try again in a minute.")
        try:
            reply, pictures = self._ask(data)
        except (OSError, ValueError, RecursionError) as error:  # a timeout is an OSError
            raise BadImage("it could not be opened safely. Please save it again as PNG or JPEG.") from error
        finally:
            self._places.release()
        if "error" in reply:
            raise BadImage(reply["error"])
        mask = pictures[1] or None
        return CleanUpload(png=pictures[0], width=reply["width"], height=reply["height"], mask_png=mask)

    @property
    def peak_bytes(self) -> int:
        """The most memory that the child which waits for work has used; 0 while there is none."""
        return self._warm.peak_bytes if self._warm else 0

    def _ask(self, data: bytes) -> tuple[dict[str, Any], list[bytes]]:
        child = self._take()
        try:
            answer = child.ask(data, deadline=time.monotonic() + self._timeout_seconds)
        except BaseException:
            self._end(child)
            raise
        self._put_back(child)
        return answer

    def _take(self) -> "_Child":
        """The warm child, or a new one."""
        with self._lock:
            child, self._warm = self._warm, None
        if child is not None and child.has_ended:
            self._end(child)
            child = None
        if child is None:
            child = _Child(self._command, self._memory_bytes)
            with self._lock:
                self._children.add(child)
        return child

    def _put_back(self, child: "_Child") -> None:
        """One stays warm."""
        with self._lock:
            needed = self._warm is None
            if needed:
                self._warm = child
        if not needed:
            self._end(child)

    def _end(self, child: "_Child") -> None:
        with self._lock:
            self._children.discard(child)
        child.end()


@cache
def house_glovebox() -> Glovebox:
    """One for the process: its child starts with the first upload."""
    return Glovebox()


def _end_all(children: "set[_Child]") -> None:
    for child in children:
        child.end()


class _Child:
    def __init__(self, command: Sequence[str], memory_bytes: int) -> None:
        self.peak_bytes = 0
        self._socket, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [*command, str(theirs.fileno()), str(memory_bytes)],
                pass_fds=[theirs.fileno()],
                env={},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )

    @property
    def has_ended(self) -> bool:
        return self._process.poll() is not None

    def ask(self, data: bytes, *, deadline: float) -> tuple[dict[str, Any], list[bytes]]:
        """The reply and its two pictures, of which the second may be empty. Raises OSError or ValueError."""
        self._socket.settimeout(max(0.001, deadline - time.monotonic()))
        self._socket.sendall(_LENGTH.pack(len(data)) + data)
        reply = _checked(json.loads(self._read(deadline)))
        pictures = [self._read(deadline) for _ in range(2)]
        self.peak_bytes = int(reply["peak_bytes"])
        return reply, pictures

    def _read(self, deadline: float) -> bytes:
        return _read_part(self._socket, deadline)

    def end(self) -> None:
        """At once, and leave nothing behind. Again: does nothing."""
        self._socket.close()
        self._process.kill()
        self._process.wait()


def _checked(reply: Any) -> dict[str, Any]:
    """Raises ValueError for what no child of ours answers: one that a file took over may say anything."""
    if isinstance(reply, dict) and isinstance(reply.get("peak_bytes"), int):
        sizes = [reply.get(name) for name in ("width", "height")]
        if isinstance(reply.get("error"), str) or all(isinstance(each, int) for each in sizes):
            return reply
    raise ValueError("no answer of ours")


def _read_part(connection: socket.socket, deadline: float | None = None) -> bytes:
    """One part with its length before it. Raises EOFError, TimeoutError or ValueError."""
    (length,) = _LENGTH.unpack(_read_exactly(connection, _LENGTH.size, deadline))
    if length > _LONGEST_REPLY_BYTES:
        raise ValueError("more than any picture has")
    return _read_exactly(connection, length, deadline)


def _read_exactly(connection: socket.socket, length: int, deadline: float | None) -> bytes:
    found = bytearray(length)
    view, start = memoryview(found), 0
    while start < length:
        if deadline is not None:
            connection.settimeout(max(0.001, deadline - time.monotonic()))
        count = connection.recv_into(view[start:])
        if not count:
            raise ConnectionResetError("the other side is gone")
        start += count
    return bytes(found)


# ---- in the child


def serve(descriptor: str, memory_bytes: str) -> None:
    """Answer until the other side is gone."""
    _confine(int(memory_bytes))
    with socket.socket(fileno=int(descriptor)) as connection:
        while True:
            try:
                data = _read_part(connection)
            except ConnectionResetError:
                return
            reply, png, mask = _cleaned(data)
            reply["peak_bytes"] = _peak_bytes()
            for part in (json.dumps(reply).encode(), png, mask):
                connection.sendall(_LENGTH.pack(len(part)) + part)


def _cleaned(data: bytes) -> tuple[dict[str, Any], bytes, bytes]:
    try:
        upload = clean_upload(data)
    except BadImage as error:
        return {"error": error.reason}, b"", b""
    except MemoryError:
        return {"error": "it needs more memory than a picture may. Please make it smaller."}, b"", b""
    return {"width": upload.width, "height": upload.height}, upload.png, upload.mask_png or b""


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
