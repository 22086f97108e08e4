"""What one person and administrators feel: opening, memory, pictures, the time beside the model."""

import asyncio
import io
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from chatelier.benchmarks.instance import RunningInstance, start_instance
from chatelier.benchmarks.web_client import WebClient
from moderation.provenance.watermark.robustness import photograph
from studio.db.database import Database
from studio.db.tables import JobRow
from studio.errors import ServiceError

_SETTLE_SECONDS = 5.0
_ROUNDS = 5
_BROUGHT_PIXELS = (512, 1024)  # a side


@dataclass(frozen=True, slots=True, kw_only=True)
class Painted:
    """Seconds of one job from enter to grid. All but those of `painting`, in the model, are beside it."""

    accepting: float  # until a worker had it
    painting: float
    finishing: float  # inspected, signed, stored, written down
    showing: float  # until the finished card was in the browser

    @property
    def beside(self) -> float:
        return self.accepting + self.finishing + self.showing


@dataclass(frozen=True, slots=True, kw_only=True)
class WebLoadFigures:
    """Seconds unless the name says otherwise. Lists hold one value per round."""

    ready_seconds: float
    idle_mib: dict[str, float]
    busy_mib: dict[str, float]  # after images were brought along and looked at
    brought_seconds: list[float]  # the first starts what judges them
    looked_seconds: list[float]  # likewise
    four_pictures: list[Painted]

    def rows(self) -> list[tuple[str, str]]:
        rounds = self.four_pictures
        pictures = statistics.median(timing.painting + timing.beside for timing in rounds)
        return [
            ("from the command to the open door", f"{self.ready_seconds:.1f} s"),
            *_weights("idle memory, all processes (PSS)", self.idle_mib),
            *_weights("memory after images were brought along", self.busy_mib),
            ("images brought along, each", _each(self.brought_seconds)),
            ("images looked at, each", _each(self.looked_seconds)),
            ("four pictures, enter to grid, median", f"{pictures:.2f} s"),
            ("of that beside the model", _milliseconds([timing.beside for timing in rounds])),
            ("  until a worker has it", _milliseconds([timing.accepting for timing in rounds])),
            ("  inspecting, signing and storing", _milliseconds([timing.finishing for timing in rounds])),
            ("  until it is on the wall", _milliseconds([timing.showing for timing in rounds])),
        ]


def measure_web_load(*, model: str | None, say: Callable[[str], None]) -> WebLoadFigures:
    """Opens a studio in a temporary home, measures it over loopback and closes it. Takes a minute or two."""
    say("Opening a studio …")
    with start_instance(model) as instance:
        time.sleep(_SETTLE_SECONDS)
        idle_mib = instance.memory_mib()
        say("Painting …")
        return asyncio.run(_measure(instance, idle_mib, say))


async def _measure(
    instance: RunningInstance, idle_mib: dict[str, float], say: Callable[[str], None]
) -> WebLoadFigures:
    visitor = await WebClient.enter(instance.address, "Ada")
    await _paint(visitor, "/imagine a yellow star")  # the first picture pays for what is loaded lazily
    painted = []
    for index in range(_ROUNDS):
        sent_at = time.time()
        seconds, job = await _paint(visitor, f"/imagine a red apple on a blue background --seed {index}")
        painted.append(_split(instance, job, sent_at=sent_at, seconds=seconds))
    say("Bringing images along …")
    plain = [_png(side) for side in _BROUGHT_PIXELS]
    marked = await visitor.fetch(f"/pictures/{job}.1.png")
    brought = [await visitor.upload(data) for data in (*plain, marked)]
    looked = [await visitor.upload(data, look=True) for data in (*plain, marked)]
    busy_mib = instance.memory_mib()
    await visitor.leave()
    return WebLoadFigures(
        ready_seconds=instance.ready_seconds,
        idle_mib=idle_mib,
        busy_mib=busy_mib,
        brought_seconds=brought,
        looked_seconds=looked,
        four_pictures=painted,
    )


async def _paint(visitor: WebClient, text: str) -> tuple[float, str]:
    """Seconds from enter to the finished card, and the job."""
    sent_at = time.perf_counter()
    replies = await visitor.send_line(text)
    job = str(replies.answer.get("job"))
    heard_at, message = await visitor.hear(lambda message: _state_in(message, job) not in {None, *_UNDERWAY})
    if (state := _state_in(message, job)) != "done":
        raise ServiceError(f"A job ended as {state}. See the worker's log.")
    return heard_at - sent_at, job


_UNDERWAY = ("accepted", "queued", "painting")


def _state_in(message: dict[str, Any], job: str) -> str | None:
    cards = message.get("cards", []) if message["type"] == "cards" else []
    return next((str(card["state"]) for card in cards if card["id"] == job), None)


def _split(instance: RunningInstance, job: str, *, sent_at: float, seconds: float) -> Painted:
    """Where the time went, by the worker's own record: everything runs by one clock here."""
    database = Database(f"sqlite:///{next(instance.home.glob('*.sqlite3'))}")
    try:
        with database.read() as session:
            row = session.get_one(JobRow, job)
    finally:
        database.close()
    if row.started_at is None or row.ended_at is None or row.painting_seconds is None:
        raise ServiceError("A job was not recorded correctly. See the worker's log.")
    started, ended = row.started_at.timestamp() - sent_at, row.ended_at.timestamp() - sent_at
    return Painted(
        accepting=started,
        painting=row.painting_seconds,
        finishing=ended - started - row.painting_seconds,
        showing=seconds - ended,
    )


def _png(side: int) -> bytes:
    out = io.BytesIO()
    photograph(side, seed=side).save(out, "PNG")
    return out.getvalue()


def _weights(name: str, mib: dict[str, float]) -> list[tuple[str, str]]:
    """The sum, and each."""
    parts = [(f"  {part}", f"{size_mib:.0f} MiB") for part, size_mib in mib.items()]
    return [(name, f"{sum(mib.values()):.0f} MiB"), *parts]


def _each(seconds: list[float]) -> str:
    return ", ".join(f"{value * 1000:.0f}" for value in seconds) + " ms"


def _milliseconds(seconds: list[float]) -> str:
    return f"median {statistics.median(seconds) * 1000:.0f} ms, slowest {max(seconds) * 1000:.0f} ms"
