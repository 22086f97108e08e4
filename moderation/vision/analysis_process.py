"""Analyzes pictures in a process of its own, so that a front end holds neither the networks nor the pixels."""

from dataclasses import asdict, fields
from functools import cache
from typing import Any

from moderation.vision.image_analysis import LocalFeatures, RemoteFeatures, decode
from moderation.vision.nudity_detection import NudityScores, RegionScores
from moderation.vision.pdq import BITS, Pdq
from studio.sandbox.worker_process import Reply, WorkerProcess, WorkerTask

# Virtual memory. With all three networks and the largest upload about 400 MB of it are used, 240 of them filled.
MEMORY_BYTES = 1024 * 2**20
TASK = WorkerTask(function="moderation.vision.analysis_process:answer")
_VIEWS = 8
_ROUNDING = 1e-3


class ImageAnalyzer:
    """Safe for many threads. Pictures are looked at one after the other.

    The process starts with the first upload and ends when none has come for a while: a look takes a tenth of the time
    that it takes to start.
    """

    def __init__(self, worker_process: WorkerProcess | None = None) -> None:
        self.worker_process = worker_process or WorkerProcess(TASK, memory_bytes=MEMORY_BYTES)

    def see(self, png: bytes) -> RemoteFeatures:
        """Raises ValueError for what is no picture, `WorkerBusyError` and `WorkerCrashedError`."""
        reply, _ = self.worker_process.ask(png, check=_check)
        if "error" in reply:
            raise ValueError(reply["error"])
        return _parse_reply(png, reply)


@cache
def shared_analyzer() -> ImageAnalyzer:
    """One for the process, however many gates there are."""
    return ImageAnalyzer()


def _check(reply: dict[str, Any]) -> None:
    """Raises for what is no answer of ours."""
    if not isinstance(reply.get("error"), str):
        _parse_reply(b"", reply)


def _parse_reply(png: bytes, reply: dict[str, Any]) -> RemoteFeatures:
    second = reply["second"]
    return RemoteFeatures(
        png=png,
        digest=bytes.fromhex(reply["digest"]),
        hashes=_hashes(reply["hashes"]),
        nakedness=NudityScores(
            first=RegionScores(
                **{field.name: _share(reply["first"][field.name]) for field in fields(RegionScores)}
            ),
            second=None if second is None else _share(second),
        ),
        face=_share(reply["face"]),
    )


def _hashes(pairs: list[tuple[str, int]]) -> list[Pdq]:
    hashes = [Pdq(int(bits, 16), int(quality)) for bits, quality in pairs]
    if len(hashes) != _VIEWS or any(entry.bits >> BITS for entry in hashes):
        raise ValueError("invalid hashes in the reply of the analysis process")
    return hashes


def _share(number: Any) -> float:
    """Raises ValueError also for what is not a number: no threshold would ever be reached by it."""
    share = min(1.0, max(0.0, float(number)))
    if not abs(share - number) <= _ROUNDING:
        raise ValueError("not a number between 0 and 1")
    return share


# ---- in the child


def answer(png: bytes) -> Reply:
    """Everything that is seen in a picture. What a network raises ends the process: the picture is not shown then."""
    try:
        sight = LocalFeatures(decode(png))
    except (OSError, SyntaxError, ValueError) as error:
        return {"error": type(error).__name__}, []
    return {
        "digest": sight.digest.hex(),
        "hashes": [(view.hex, view.quality) for view in sight.hashes],
        "first": asdict(sight.nakedness.first),
        "second": sight.nakedness.second,
        "face": sight.face,
    }, []
