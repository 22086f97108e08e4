"""Ports for a measurement of the database: everybody is let in, and what leaves the database goes nowhere."""

import threading
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, cast

from studio.db.database import Database
from studio.domain.events import Event, JobProgress
from studio.domain.people import Address, Person
from studio.domain.settings.word_lists import WordTrial
from studio.domain.verdicts import ALLOWED, Verdict
from studio.errors import NotFoundError
from studio.ports import (
    Admission,
    Allowance,
    AnnouncedWorker,
    Delivery,
    Inspection,
    InstanceLimits,
    Ports,
    RunnableModel,
)

_CREDITS = 10**6


class OpenGate:
    """`policy_version` is that by which jobs count as judged already."""

    def __init__(self, policy_version: str = "") -> None:
        self._policy_version = policy_version

    def allowance(self, person: Person, address: Address | None = None) -> Allowance:
        return Allowance(
            monthly_credits=_CREDITS, max_outstanding_jobs=10**6, policy_version=self._policy_version
        )

    def admit(self, admission: Admission) -> Verdict:
        return ALLOWED

    def require_not_banned(self, person: Person) -> None: ...

    def require_moderators(self, person: Person) -> None: ...

    def admit_upload(self, person: Person) -> None: ...

    def check_command_rate(self, person: Person, command: str) -> None: ...

    def try_words(self, moderator: Person, words: Mapping[str, str]) -> WordTrial:
        return WordTrial(days=0, requests=0, refused=0, held=0)

    def review(self, admission: Admission) -> Verdict:
        return ALLOWED

    def inspect(self, inspection: Inspection) -> Verdict:
        return ALLOWED


class SilentQueue:
    """`messages` are the jobs whose messages lie in it."""

    def __init__(self) -> None:
        self.messages: frozenset[str] = frozenset()

    def enqueue(self, job_id: str, *, priority: int, model: str | None) -> None: ...

    def waiting(self) -> frozenset[str]:
        return self.messages

    def cancel(self, job_id: str) -> None: ...

    def stop_early(self, job_id: str) -> None: ...

    def set_aside(self, job_id: str) -> None: ...


class SilentEvents:
    def publish(self, event: Event) -> None: ...

    def announce(self, progress: JobProgress) -> None: ...

    def deliveries(self, frontend: str, consumer: str, stop: threading.Event) -> Iterator[Delivery]:
        yield from ()

    def watch(self, stop: threading.Event) -> Iterator[Event]:
        yield from ()

    def progress(self, stop: threading.Event) -> Iterator[JobProgress]:
        yield from ()

    def ping(self) -> None: ...


class ListedStore:
    """Names files and holds none: `keys` are those in each of its parts."""

    def __init__(self) -> None:
        self.keys: list[str] = []

    def put(self, data: bytes, *, suffix: str) -> str:
        return f"00/{'0' * 62}{suffix}"

    def get(self, key: str) -> bytes:
        raise NotFoundError("this_picture")

    def delete(self, key: str, *, unless_put_since: datetime | None = None) -> None: ...

    def free_bytes(self) -> int | None:
        return None

    def list_put(self, part: int, *, since: datetime, before: datetime) -> list[str]:
        return self.keys


class OneModel:
    def models(self) -> tuple[RunnableModel, ...]:
        return (RunnableModel(name="thimble"),)

    def default_price(self) -> float:
        return 1.0

    def workers(self) -> tuple[AnnouncedWorker, ...]:
        return ()

    def styles(self) -> tuple[str, ...]:
        return ()


def open_ports(database: Database) -> Ports:
    nothing = cast("Any", None)
    return Ports(
        database=database,
        gate=OpenGate(),
        queue=SilentQueue(),
        store=ListedStore(),
        events=SilentEvents(),
        image_tools=nothing,
        desk=nothing,
        examiner=nothing,
        options=OneModel(),
        rules=InstanceLimits(monthly_credits=_CREDITS),
    )
