"""Examines files in a process of its own: they are anybody's, and looking for the mark fills memory for a moment."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from studio.domain.provenance import Traces
from studio.errors import BadImageError, ExaminationError
from studio.sandbox.image_replies import bad_image_of, reply_of
from studio.sandbox.worker_process import (
    Reply,
    WorkerBusyError,
    WorkerCrashedError,
    WorkerProcess,
    WorkerTask,
)
from studio.serialization import from_data

if TYPE_CHECKING:
    from moderation.provenance.certificates import Chain

# Virtual memory. With everything loaded about 300 MB are used, 100 of them filled; the rest is for large pictures.
MEMORY_BYTES = 1024 * 2**20
TASK = WorkerTask(function="moderation.provenance.examiner_process:answer", parts=3, attachments=1)


class ProvenanceExaminerProcess:
    """Implements `studio.ports.Examiner`. Safe for many threads; files are examined one after the other.

    `find_chains` as for `ProvenanceExaminer`. The process starts with the first file and ends when none has come for a
    while. It gets the certificates, never the key.
    """

    def __init__(
        self, find_chains: "Callable[[], Sequence[Chain]]", *, worker_process: WorkerProcess | None = None
    ) -> None:
        self._find_chains = find_chains
        self.worker_process = worker_process or WorkerProcess(TASK, memory_bytes=MEMORY_BYTES)

    def examine(self, data: bytes, *, png: bytes) -> Traces:
        """Raises `BadImageError`, and `ExaminationError` for a file that the process did not survive."""
        chains = self._find_chains()
        trusted = "".join(chain.certificates for chain in chains).encode()
        try:
            reply, _ = self.worker_process.ask(data, png, trusted, check=_check)
        except (WorkerBusyError, WorkerCrashedError) as error:
            raise ExaminationError from error
        if "error" in reply:
            raise bad_image_of(reply)
        return from_data(Traces, reply["traces"])

    def extract_credentials(self, data: bytes) -> bytes:
        """Raises `ExaminationError` for a file that the process did not survive."""
        try:
            _, parts = self.worker_process.ask(data, b"", b"", check=_check_credentials)
        except (WorkerBusyError, WorkerCrashedError) as error:
            raise ExaminationError from error
        return parts[0]


def _check_credentials(reply: dict[str, Any]) -> None:
    """Raises for what is no answer of ours."""
    if reply.get("credentials") is not True:
        raise ValueError(reply)


def _check(reply: dict[str, Any]) -> None:
    """Raises for what is no answer of ours: a process that a file took over may say anything."""
    if "error" in reply:
        bad_image_of(reply)
        return
    traces = Traces(**reply["traces"])  # a field too many is a TypeError
    from_data(Traces, reply["traces"])
    for digits in (traces.fingerprint or "0", *traces.views, *traces.turned):
        int(digits, 16)


# ---- in the child


def answer(data: bytes, png: bytes, trusted: bytes) -> Reply:
    """What a file tells, or why nothing; without `png` the credentials inside it, to keep."""
    from moderation.provenance.examiner import (  # its libraries are for this process only
        credentials_inside,
        examine,
    )

    if not png:
        return {"credentials": True}, [credentials_inside(data)]

    try:
        return {"traces": asdict(examine(data, png, trusted=trusted.decode() or None))}, [b""]
    except BadImageError as error:
        return reply_of(error), [b""]
