"""In-memory fakes of the ports: they keep what they were given, and fail when told to."""

import hashlib
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from pathlib import Path
from queue import Empty, SimpleQueue
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import Dialect, event, inspect
from sqlalchemy.util import LRUCache

from studio.clock import now
from studio.db import cases, queries, settings
from studio.db.database import Database
from studio.db.identities.people import find_person
from studio.db.tables import Base
from studio.domain.cases import Case, CaseDetails, Decision, OutsideReport, PersonRecord, ReportStatus
from studio.domain.events import Event, JobProgress
from studio.domain.people import Address, Person, Platform, Role
from studio.domain.provenance import Traces
from studio.domain.settings.communities import CommunityRules
from studio.domain.settings.word_lists import WordTrial
from studio.domain.verdicts import ALLOWED, Verdict
from studio.errors import BadImageError, ChatelierError, NotFoundError, QueueUnavailableError
from studio.ports import (
    Admission,
    Allowance,
    AnnouncedWorker,
    CleanUpload,
    Delivery,
    FittedMask,
    Inspection,
    InstanceLimits,
    Ports,
    RunnableModel,
)


@dataclass(kw_only=True)
class FakeGate:
    """Answers `verdict` and `picture_verdict`, or raises what it is told to."""

    verdict: Verdict = ALLOWED
    picture_verdict: Verdict = ALLOWED
    admit_error: ChatelierError | None = None
    inspect_error: ChatelierError | None = None
    welcome_error: ChatelierError | None = None
    moderators_error: ChatelierError | None = None
    allowed: Allowance = field(default_factory=Allowance)
    policy_version: str = "fake"
    admissions: list[Admission] = field(default_factory=list)
    inspections: list[Inspection] = field(default_factory=list)
    reviews: list[Admission] = field(default_factory=list)
    side_effects: list[str] = field(default_factory=list)

    def try_words(self, moderator: Person, words: Mapping[str, str]) -> WordTrial:
        return WordTrial(days=30, requests=0, refused=0, held=0)

    def admit(self, admission: Admission) -> Verdict:
        self.admissions.append(admission)
        if self.admit_error:
            raise self.admit_error
        return self.verdict

    def allowance(self, person: Person, address: Address | None = None) -> Allowance:
        return replace(self.allowed, policy_version=self.policy_version)

    def require_not_banned(self, person: Person) -> None:
        if self.welcome_error:
            raise self.welcome_error

    def require_moderators(self, person: Person) -> None:
        if self.moderators_error:
            raise self.moderators_error

    def admit_upload(self, person: Person) -> None:
        self.require_not_banned(person)

    def check_command_rate(self, person: Person, command: str) -> None:
        self.side_effects.append(command)

    def review(self, admission: Admission) -> Verdict:
        self.reviews.append(admission)
        self.require_not_banned(admission.person)
        return self.verdict

    def inspect(self, inspection: Inspection) -> Verdict:
        self.inspections.append(inspection)
        if self.inspect_error:
            raise self.inspect_error
        return self.picture_verdict


@dataclass(kw_only=True)
class FakeQueue:
    away: bool = False
    sent: list[tuple[str, int]] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)
    stopped_early: list[str] = field(default_factory=list)
    put_aside: list[str] = field(default_factory=list)

    def enqueue(self, job_id: str, *, priority: int, model: str | None) -> None:
        if self.away:
            raise QueueUnavailableError
        self.sent.append((job_id, priority))

    def waiting(self) -> frozenset[str]:
        if self.away:
            raise QueueUnavailableError
        return frozenset(job_id for job_id, _ in self.sent)

    def cancel(self, job_id: str) -> None:
        self.cancelled.append(job_id)

    def stop_early(self, job_id: str) -> None:
        self.stopped_early.append(job_id)

    def set_aside(self, job_id: str) -> None:
        self.put_aside.append(job_id)


@dataclass(kw_only=True)
class FakeStore:
    blobs: dict[str, bytes] = field(default_factory=dict)
    free: int | None = None
    put_at: dict[str, datetime] = field(default_factory=dict)
    error: ChatelierError | None = None

    def put(self, data: bytes, *, suffix: str) -> str:
        if self.error:
            raise self.error
        key = f"fake/{hashlib.sha256(data).hexdigest()}{suffix}"
        self.blobs[key], self.put_at[key] = data, now()
        return key

    def get(self, key: str) -> bytes:
        if key not in self.blobs:
            raise NotFoundError("this_picture")
        return self.blobs[key]

    def delete(self, key: str, *, unless_put_since: datetime | None = None) -> None:
        if unless_put_since is None or (key in self.blobs and self.put_at[key] < unless_put_since):
            self.blobs.pop(key, None)

    def free_bytes(self) -> int | None:
        return self.free

    def list_put(self, part: int, *, since: datetime, before: datetime) -> list[str]:
        return [key for key in self.blobs if _part(key) == part and since <= self.put_at[key] < before]


def _part(key: str) -> int:
    return int(key.removeprefix("fake/")[:2], 16)


@dataclass(kw_only=True)
class FakeEvents:
    """Durable events go to every front end's queue; progress to one queue."""

    away: bool = False
    published: list[Event] = field(default_factory=list)
    announced: list[JobProgress] = field(default_factory=list)
    _news: SimpleQueue[Event] = field(default_factory=SimpleQueue)
    _watched: SimpleQueue[Event] = field(default_factory=SimpleQueue)
    _progress: SimpleQueue[JobProgress] = field(default_factory=SimpleQueue)

    def publish(self, event: Event) -> None:
        if self.away:
            raise QueueUnavailableError
        self.published.append(event)
        self._news.put(event)
        self._watched.put(event)

    def announce(self, progress: JobProgress) -> None:
        self.announced.append(progress)
        self._progress.put(progress)

    def deliveries(self, frontend: str, consumer: str, stop: threading.Event) -> Iterator[Delivery]:
        while not stop.is_set():
            try:
                event = self._news.get(timeout=0.02)
            except Empty:
                continue
            yield Delivery(event=event, acknowledge=lambda: None)

    def watch(self, stop: threading.Event) -> Iterator[Event]:
        while not stop.is_set():
            try:
                yield self._watched.get(timeout=0.02)
            except Empty:
                continue

    def progress(self, stop: threading.Event) -> Iterator[JobProgress]:
        while not stop.is_set():
            try:
                yield self._progress.get(timeout=0.02)
            except Empty:
                continue

    def ping(self) -> None:
        if self.away:
            raise QueueUnavailableError


class FakeImageTools:
    """Takes everything for a picture but bytes that begin with ``bad``."""

    def clean(self, data: bytes) -> CleanUpload:
        if data.startswith(b"bad"):
            raise BadImageError("not_an_image")
        return CleanUpload(png=data, width=64, height=64)

    def fit_mask(self, mask: bytes, *, picture: bytes) -> FittedMask:
        return FittedMask(png=mask, box=(0, 0, 32, 32))

    def overlay(self, picture: bytes) -> bytes:
        return b"overlay of " + picture

    def fit(self, picture: bytes, *, limit_bytes: int) -> tuple[bytes, str]:
        return picture[:limit_bytes], ".png"


@dataclass(kw_only=True)
class FakeCaseService:
    """Writes down what it was told, and moves the cases of the database as the real one does; nothing follows."""

    database: Database
    told: list[tuple[str, ...]] = field(default_factory=list)
    error: ChatelierError | None = None

    def claim(self, moderator: Person, case_id: str) -> CaseDetails:
        self._tell("claim", moderator.key, case_id)
        with self.database.begin() as session:
            cases.find_case(session, case_id, viewer=moderator)
            cases.claim(session, case_id, by=moderator.key, at=now())
        return self.read(case_id)

    def read(self, case_id: str) -> CaseDetails:
        with self.database.read() as session:
            case = cases.find_case(session, case_id)
            job = queries.find_job(session, case.job_id) if case.job_id else None
            return CaseDetails(
                case=case,
                subject=find_person(session, case.subject),
                job=job,
                pictures=tuple(queries.pictures_of_job(session, job.id)) if job else (),
                prompts=(job.request.prompt,) if job else (),
                person_record=PersonRecord(jobs=3, refusals=1, strikes=0.5, earlier_cases=2),
            )

    def decide(self, moderator: Person, case_id: str, decision: Decision, *, note: str = "") -> Case:
        self._tell("decide", moderator.key, case_id, decision)
        with self.database.begin() as session:
            cases.find_case(session, case_id, viewer=moderator)
            cases.close(session, case_id, decision, by=moderator.key, at=now(), note=note)
        with self.database.read() as session:
            return cases.find_case(session, case_id)

    def receive_report(self, report: OutsideReport) -> str:
        self._tell("receive_report", report.picture_id or "")
        return "0000-0000-0000-0000"

    def read_report(self, code: str) -> ReportStatus | None:
        return None

    def ban(self, moderator: Person, who: str, *, until: datetime | None, reason: str) -> None:
        self._tell("ban", moderator.key, who)

    def unban(self, moderator: Person, who: str) -> bool:
        self._tell("unban", moderator.key, who)
        return True

    def govern(self, moderator: Person, change: Callable[[CommunityRules], CommunityRules]) -> CommunityRules:
        self._tell("govern", moderator.key)
        with self.database.begin() as session:
            rules = change(settings.community_rules(session, moderator.platform, moderator.community))
            settings.save_community_rules(session, rules, by=moderator)
        return rules

    def forget(self, person: Person) -> bool:
        self._tell("forget", person.key)
        return False

    def _tell(self, *words: str) -> None:
        if self.error:
            raise self.error
        self.told.append(words)


@dataclass(kw_only=True)
class FakeExaminer:
    """Finds `traces` in everything."""

    traces: Traces = field(default_factory=Traces)
    examined: list[bytes] = field(default_factory=list)
    credentials: bytes = b""
    credentials_error: Exception | None = None

    def examine(self, data: bytes, *, png: bytes) -> Traces:
        self.examined.append(data)
        return self.traces

    def extract_credentials(self, data: bytes) -> bytes:
        if self.credentials_error:
            raise self.credentials_error
        return self.credentials


def allowance_of(rules: InstanceLimits) -> Allowance:
    return Allowance(
        monthly_credits=rules.monthly_credits,
        max_outstanding_jobs=rules.max_outstanding_jobs,
        max_pictures=rules.max_pictures,
    )


def ruled(ports: Ports, rules: InstanceLimits) -> Ports:
    """The same instance under other rules."""
    assert isinstance(ports.gate, FakeGate)
    return replace(ports, rules=rules, gate=replace(ports.gate, allowed=allowance_of(rules)))


_COMPILED = LRUCache[Any, Any](1000)


def open_empty(url: str) -> Database:
    """A database with all tables. They are made once: a SQLite file that is not there yet is a copy of a copy."""
    database = Database(url)
    tables = len(Base.metadata.tables)
    if database.is_sqlite:
        # Nothing here outlives the run: durability is traded for speed. The death of a process does no harm.
        event.listen(database.engine, "connect", _wait_for_no_disk)
    if not database.is_sqlite:
        dialect = _filled_server(url, tables)
    elif (file := Path(database.url.database or "")).exists():
        _create_missing_tables(database)
        return database
    else:
        empty, dialect = _empty_file(tables)
        file.write_bytes(empty)
    # Statements are compiled once for all such databases, not again in each test.
    database.engine.dialect = dialect
    database.engine.update_execution_options(compiled_cache=_COMPILED)
    return database


def _wait_for_no_disk(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA synchronous=OFF")


def _create_missing_tables(database: Database) -> None:
    """Where all are there nothing is changed: another process may be at work, and triggers would be made anew."""
    with database.engine.connect() as connection:
        complete = set(Base.metadata.tables) <= set(inspect(connection).get_table_names())
    if not complete:
        Base.metadata.create_all(database.engine)


@cache
def _filled_server(url: str, tables: int) -> Dialect:
    """The dialect in which the `tables` tables that are known by now were made at `url`, where they stay."""
    made = Database(url)
    _create_missing_tables(made)
    made.close()
    return made.engine.dialect


@cache
def _empty_file(tables: int) -> tuple[bytes, Dialect]:
    """The bytes of a SQLite file with the `tables` tables that are known by now, and the dialect it was made in."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "empty.sqlite3")
        made = Database(f"sqlite:///{path}")
        Base.metadata.create_all(made.engine)
        made.close()
        return path.read_bytes(), made.engine.dialect


_FAKE_MODELS = tuple(
    RunnableModel(name=name, loras=loras)
    for name, loras in (
        ("thimble", ()),
        ("large", ("ink", "pixel")),
        ("brush", ()),
        ("tiny", ()),
        ("other", ()),
        ("ours", ()),
        ("mine", ()),
    )
)


@dataclass
class FakeOptions:
    """What may be named; a test may change it."""

    known_models: tuple[RunnableModel, ...] = _FAKE_MODELS
    announced: tuple[AnnouncedWorker, ...] = ()
    known_styles: tuple[str, ...] = ("ink", "sketch", "pencil", "watercolour")
    price_of_default: float | None = None  # that of the first one

    def models(self) -> tuple[RunnableModel, ...]:
        return self.known_models

    def default_price(self) -> float:
        if self.price_of_default is not None:
            return self.price_of_default
        return self.known_models[0].price if self.known_models else 1.0

    def workers(self) -> tuple[AnnouncedWorker, ...]:
        return self.announced

    def styles(self) -> tuple[str, ...]:
        return self.known_styles


def fake_ports(url: str, rules: InstanceLimits | None = None) -> Ports:
    """Ports on fakes and a real database, whose tables are made here."""
    rules = rules or InstanceLimits()
    database = open_empty(url)
    return Ports(
        database=database,
        gate=FakeGate(allowed=allowance_of(rules)),
        queue=FakeQueue(),
        store=FakeStore(),
        events=FakeEvents(),
        image_tools=FakeImageTools(),
        examiner=FakeExaminer(),
        desk=FakeCaseService(database=database),
        options=FakeOptions(),
        rules=rules,
    )


def close_ports(ports: Ports) -> None:
    """The connections of real ports, which nobody but the garbage collector would close otherwise."""
    for port in (ports.gate, ports.queue, ports.events, ports.options, ports.database):
        port.close()  # type: ignore[attr-defined]


def someone(name: str = "ana", *, moderator: bool = False, community: str = "room") -> Person:
    roles = frozenset({Role.MEMBER, Role.MODERATOR}) if moderator else frozenset({Role.MEMBER})
    return Person(
        platform=Platform.WEB, community=community, user_id=name, display_name=name.title(), roles=roles
    )


def somewhere(community: str = "room") -> Address:
    return Address(platform=Platform.WEB, community=community, channel="main")
