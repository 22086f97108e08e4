"""The whole house as real processes, while its parts are killed: every job still ends exactly once.

Everything stays on 127.0.0.1; the number of jobs, of kills and the time are bounded.
"""

import hashlib
import random
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import redis
from sqlalchemy import select

from engine.events import STREAM
from studio.catalog import perform
from studio.clock import now
from studio.commands.spec import Call
from studio.db import ledger
from studio.db.database import Database
from studio.db.tables import JobRow, LedgerRow, OutboxRow, PictureRow
from studio.errors import DatabaseUnavailable
from studio.jobs import JobState
from studio.ports import Ports
from tests.running_house import RunningHouse
from tests.twins import close_ports, someone, somewhere

PEOPLE = 8
JOBS_EACH = 5
WORKER_KILLS = 3
WEB_KILLS = 3


@pytest.fixture
def house(tmp_path: Path) -> Iterator[RunningHouse]:
    made = RunningHouse(
        tmp_path / "home", CHATELIER_WORKER__LEASE_SECONDS="4", CHATELIER_WORKER__MAX_ATTEMPTS="100"
    )
    try:
        yield made.wait_until_open()
    finally:
        made.clear_away()


@pytest.fixture
def ports(house: RunningHouse, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ports]:
    """What a face has in its hands, in this process."""
    from chatelier.settings import load_settings
    from chatelier.wiring import face_ports

    monkeypatch.setenv("CHATELIER_HOME", str(house.home))
    monkeypatch.setenv("CHATELIER_REDIS_URL", house.note["redis_url"])
    monkeypatch.setenv("CHATELIER_LIMITS__MAX_OUTSTANDING_JOBS", "100")
    made = face_ports(load_settings())
    yield made
    close_ports(made)


def ask(ports: Ports, person: str, index: int) -> str:
    call = Call(person=someone(person), address=somewhere(), request_key=f"chaos:{person}:{index}")
    prompt = f"a red apple number {index}"
    answer = perform(
        ports, call, "imagine", {"prompt": prompt, "count": 1, "seed": index, "width": 64, "height": 64}
    )
    return answer.job_id


def states(database: Database) -> Counter[str]:
    with database.read() as session:
        return Counter(session.scalars(select(JobRow.state)))


@pytest.mark.timeout(2400)
def test_40_jobs_survive_killed_workers_killed_faces_and_a_restart_of_redis(
    house: RunningHouse, ports: Ports
):
    chance = random.Random(7)
    troubles = ["worker"] * WORKER_KILLS + ["web"] * WEB_KILLS + ["redis"]
    chance.shuffle(troubles)
    jobs: list[str] = []
    for index in range(JOBS_EACH):
        jobs += [ask(ports, f"person{each}", index) for each in range(PEOPLE)]
        for trouble in troubles[index::JOBS_EACH]:
            time.sleep(chance.uniform(0.3, 1.5))
            house.kill(trouble)
    assert len(set(jobs)) == PEOPLE * JOBS_EACH

    def all_over() -> bool:
        with suppress(DatabaseUnavailable):
            found = states(ports.database)
            return sum(found[state] for state in JobState if state.ended) == len(jobs)
        return False

    house.wait(all_over, "the end of all jobs", seconds=1500)
    assert states(ports.database) == {JobState.DONE: len(jobs)}
    with ports.database.read() as session:
        entries = Counter((row.job_id, row.kind) for row in session.scalars(select(LedgerRow)))
        assert entries == Counter({(job, kind): 1 for job in jobs for kind in ("reserve", "capture")})
        spent = sum(ledger.balance(session, someone(f"person{each}").key, at=now()) for each in range(PEOPLE))
        assert spent == -len(jobs)
        assert Counter(session.scalars(select(PictureRow.job_id))) == Counter(jobs)
        kinds = Counter((row.payload["job_id"], row.kind) for row in session.scalars(select(OutboxRow)))
        assert kinds == Counter({(job, kind): 1 for job in jobs for kind in ("JobAccepted", "JobEnded")})

    def all_told() -> bool:
        with ports.database.read() as session:
            unsent = session.scalars(select(OutboxRow.id).where(OutboxRow.published_at.is_(None))).all()
        with redis.Redis.from_url(house.note["redis_url"]) as client:
            web = next(group for group in client.xinfo_groups(STREAM) if group["name"] == b"web")
            heard_all = web["last-delivered-id"] == client.xinfo_stream(STREAM)["last-generated-id"]
            return not unsent and heard_all and web["pending"] == 0

    house.wait(all_told, "word of every end to the face")
    files = [path for path in (house.home / "storage" / "pictures").rglob("*") if path.is_file()]
    assert len(files) > len(jobs)
    for path in files:
        name = path.parent.name + path.stem
        assert hashlib.sha256(path.read_bytes()).hexdigest() == name, f"half a file: {path.name}"
    assert house.end() == 0
