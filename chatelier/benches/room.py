"""What people and administrators feel: opening, memory, pictures, answers, the time beside the model."""

import asyncio
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from chatelier.benches.house import OpenHouse, open_house
from chatelier.benches.visitor import Said, Visitor
from studio.db.database import Database
from studio.db.tables import JobRow
from studio.errors import Trouble

_SETTLE_SECONDS = 5.0
_ROUNDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomFigures:
    """Seconds unless the name says otherwise. Lists hold one value per round or per person."""

    ready_seconds: float
    idle_mib: dict[str, float]
    four_pictures_seconds: list[float]
    beside_the_model_seconds: list[float]
    people: int
    acknowledged_seconds: list[float]
    accepted_seconds: list[float]

    def rows(self) -> list[tuple[str, str]]:
        pictures = statistics.median(self.four_pictures_seconds)
        beside = statistics.median(self.beside_the_model_seconds)
        return [
            ("from the command to the open door", f"{self.ready_seconds:.1f} s"),
            ("idle memory, all processes (PSS)", f"{sum(self.idle_mib.values()):.0f} MiB"),
            *((f"  {name}", f"{mib:.0f} MiB") for name, mib in self.idle_mib.items()),
            ("four pictures, enter to grid, median", f"{pictures:.2f} s"),
            ("of that beside the model, median", f"{beside * 1000:.0f} ms"),
            (f"{self.people} people at once: acknowledged", _milliseconds(self.acknowledged_seconds)),
            (f"{self.people} people at once: accepted in the database", _milliseconds(self.accepted_seconds)),
        ]


def measure_room(*, people: int, model: str | None, say: Callable[[str], None]) -> RoomFigures:
    """Opens a studio in a temporary home, measures it over loopback and closes it. Takes a minute or two."""
    say("Opening a studio …")
    with open_house(model) as house:
        time.sleep(_SETTLE_SECONDS)
        idle_mib = house.memory_mib()
        say("Painting …")
        return asyncio.run(_measure(house, idle_mib, people, say))


async def _measure(
    house: OpenHouse, idle_mib: dict[str, float], people: int, say: Callable[[str], None]
) -> RoomFigures:
    visitor = await Visitor.enter(house.address, "Ada")
    await _paint(visitor, "/imagine a yellow star")  # the first picture pays for what is loaded lazily
    totals, beside = [], []
    for index in range(_ROUNDS):
        seconds, job = await _paint(visitor, f"/imagine a red apple on a blue background --seed {index}")
        totals.append(seconds)
        beside.append(seconds - _painting_seconds(house, job))
    await visitor.leave()
    say(f"Letting {people} people in …")
    said = await _all_at_once(house, people)
    return RoomFigures(
        ready_seconds=house.ready_seconds,
        idle_mib=idle_mib,
        four_pictures_seconds=totals,
        beside_the_model_seconds=beside,
        people=people,
        acknowledged_seconds=[each.received_seconds for each in said],
        accepted_seconds=[each.answered_seconds for each in said],
    )


async def _paint(visitor: Visitor, text: str) -> tuple[float, str]:
    """Seconds from enter to the finished card, and the job."""
    sent_at = time.perf_counter()
    said = await visitor.say(text)
    job = str(said.answer.get("job"))
    heard_at, message = await visitor.hear(lambda message: _state_in(message, job) not in {None, *_UNDERWAY})
    if (state := _state_in(message, job)) != "done":
        raise Trouble(f"A job ended as {state}. See the worker's log.")
    return heard_at - sent_at, job


_UNDERWAY = ("accepted", "queued", "painting")


def _state_in(message: dict[str, Any], job: str) -> str | None:
    cards = message.get("cards", []) if message["type"] == "cards" else []
    return next((str(card["state"]) for card in cards if card["id"] == job), None)


async def _all_at_once(house: OpenHouse, people: int) -> list[Said]:
    """Everybody presses enter in the same moment. Then all is cancelled."""
    visitors = [await Visitor.enter(house.address, f"Person {number}") for number in range(people)]
    said = await asyncio.gather(*(each.say("/imagine a yellow star --count 1") for each in visitors))
    for visitor, each in zip(visitors, said, strict=True):
        await visitor.say(f"/cancel {each.answer['job']}")
    await asyncio.gather(*(each.leave() for each in visitors))
    return list(said)


def _painting_seconds(house: OpenHouse, job: str) -> float:
    database = Database(f"sqlite:///{next(house.home.glob('*.sqlite3'))}")
    try:
        with database.read() as session:
            return float(session.scalar(select(JobRow.painting_seconds).where(JobRow.id == job)) or 0)
    finally:
        database.close()


def _milliseconds(seconds: list[float]) -> str:
    return f"median {statistics.median(seconds) * 1000:.0f} ms, slowest {max(seconds) * 1000:.0f} ms"
