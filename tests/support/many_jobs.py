"""A database with many jobs, copied from one that was painted, for tests of what queries cost."""

import random
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from sqlalchemy import Table, insert, text
from sqlalchemy.orm import Session

from studio.clock import now
from studio.commands.registry import execute
from studio.commands.spec import Call
from studio.db.tables import (
    BallotRow,
    Base,
    GatheringPartRow,
    GatheringRow,
    JobRow,
    LedgerRow,
    LineageRow,
    PersonRow,
    PictureRow,
)
from studio.domain.jobs import JobState
from studio.ports import Ports
from tests.support.fakes import someone, somewhere
from tests.support.finished_jobs import paint_job

_BATCH = 1000


def fill(ports: Ports, *, jobs: int, people: int, waiting: int = 0) -> None:
    """`jobs` that are done, with a picture and a reservation each, and `waiting` more, over so many people."""
    call = Call(person=someone("sample"), address=somewhere(), request_key="sample")
    sample = paint_job(ports, execute(ports, call, "imagine", {"prompt": "a red fox", "count": 1}).job_id)
    with ports.database.begin() as session:
        for model, rows in (
            (PersonRow, _people(session, call.person.key, people)),
            (JobRow, _jobs(session, sample, jobs, people, JobState.DONE)),
            (JobRow, _jobs(session, sample, waiting, people, JobState.QUEUED)),
            (PictureRow, _pictures(session, sample, jobs, people)),
            (LineageRow, _lineage(jobs, people)),
            (LedgerRow, _reservations(session, sample, jobs, people)),
        ):
            _insert(session, model, rows)
        if not ports.database.is_sqlite:
            session.execute(text("ANALYZE"))


def fill_gatherings(ports: Ports, *, ended: int, parts: int) -> None:
    """So many that are over, and one vote that goes on, all hosted by the first person; with a ballot for each part."""
    place = {"platform": "web", "community": "room", "channel": "main"}
    at, host = now(), person_key(0)
    common = {"kind": "tile_vote", "address": place, "rules": {}, "data": {}, "round": 1, **place}
    gatherings, rows, ballots = [], [], []
    for number in range(ended + 1):
        over = {"state": "done", "closed_at": at} if number else {"state": "voting", "closed_at": None}
        key = f"g{number:011}"
        gatherings.append({"id": key, "host": host, "opened_at": at, "changed_at": at, **common, **over})
        for ordinal in range(1, parts + 1):
            whose = {"gathering": key, "human": host, "person_key": host}
            part = {"ordinal": ordinal, "round": 1, "state": "set", "text": "", "data": {}, "changed_at": at}
            rows.append({**whose, **part, "attempts": 0, "showings": 0})
            ballots.append({**whose, "round": 1, "choice": ordinal, "created_at": at})
    with ports.database.begin() as session:
        session.execute(insert(GatheringRow), gatherings)
        session.execute(insert(GatheringPartRow), rows)
        session.execute(insert(BallotRow), ballots)
        if not ports.database.is_sqlite:
            session.execute(text("ANALYZE"))


def person_key(number: int) -> str:
    return someone(f"p{number}").key


def _insert(session: Session, model: type[Base], rows: Iterator[dict[str, Any]]) -> None:
    batch: list[dict[str, Any]] = []
    for row in rows:
        batch.append(row)
        if len(batch) == _BATCH:
            session.execute(insert(model), batch)
            batch = []
    if batch:
        session.execute(insert(model), batch)


def _copy(session: Session, model: type[Base], key: str) -> dict[str, Any]:
    row = session.get_one(model, key)
    table = model.__table__
    assert isinstance(table, Table)
    return {column.key: getattr(row, column.key) for column in table.columns}


def _people(session: Session, sample: str, people: int) -> Iterator[dict[str, Any]]:
    row = _copy(session, PersonRow, sample)
    for number in range(people):
        key = person_key(number)
        yield row | {"key": key, "user_id": f"p{number}", "human": key}


def _jobs(session: Session, sample: str, jobs: int, people: int, state: JobState) -> Iterator[dict[str, Any]]:
    row, start = _copy(session, JobRow, sample), now() - timedelta(days=30)
    ended = state is JobState.DONE
    for number in range(jobs):
        at = start + number * timedelta(days=30) / jobs
        yield row | {
            "id": f"{state[0]}{number:011}",
            "request_key": f"{state}:{number}",
            "person_key": person_key(number % people),
            "person": row["person"] | {"user_id": f"p{number % people}"},
            "request": row["request"] | {"sources": _sources(number) if number % 3 == 2 else []},
            "state": state,
            "grid_key": None,
            "created_at": at,
            "started_at": at if ended else None,
            "ended_at": at if ended else None,
            "queued_at": at,
            "painting_seconds": 3.0 if ended else None,
        }


def _sources(number: int) -> list[dict[str, Any]]:
    """Every third job starts from the picture of the one before it."""
    key = f"{(number - 1) % 256:02x}/{number - 1:062x}.png"
    return [{"key": key, "picture_id": f"d{number - 1:011}.1"}]


def _pictures(session: Session, sample: str, jobs: int, people: int) -> Iterator[dict[str, Any]]:
    row, start = _copy(session, PictureRow, f"{sample}.1"), now() - timedelta(days=30)
    bits = random.Random(7)
    for number in range(jobs):
        job_id = f"d{number:011}"
        yield row | {
            "id": f"{job_id}.1",
            "job_id": job_id,
            "person_key": person_key(number % people),
            "storage_key": f"{number % 256:02x}/{number:062x}.png",
            "master_key": None,
            "thumbnail_key": f"{number % 256:02x}/{number:062x}.webp",
            "perceptual_hash": f"{bits.getrandbits(256):064x}",
            "created_at": start + number * timedelta(days=30) / jobs,
        }


def _lineage(jobs: int, people: int) -> Iterator[dict[str, Any]]:
    """The pictures of the jobs that start from one."""
    for number in range(2, jobs, 3):
        yield {
            "child": f"d{number:011}.1",
            "parent": f"d{number - 1:011}.1",
            "operation": "vary",
            "person_key": person_key(number % people),
        }


def _reservations(session: Session, sample: str, jobs: int, people: int) -> Iterator[dict[str, Any]]:
    row = _copy(session, LedgerRow, f"{sample}:reserve")
    for number in range(jobs):
        job_id, key = f"d{number:011}", person_key(number % people)
        yield row | {"entry_key": f"{job_id}:reserve", "account": key, "person_key": key, "job_id": job_id}
