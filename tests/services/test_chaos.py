"""The whole instance as real processes, while its parts are killed: every job still ends exactly once.

Everything stays on 127.0.0.1; the number of jobs, of kills and the time are bounded.
"""

import hashlib
import json
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
import redis
from sqlalchemy import select, update

from engine.queue.celery_app import MAINTENANCE_QUEUE, PAINT_QUEUE
from engine.queue.redis_events import PROGRESS_CHANNEL, STREAM
from studio.clock import now
from studio.commands.registry import execute
from studio.commands.spec import Call
from studio.db import credit_ledger
from studio.db.database import Database
from studio.db.tables import JobRow, LedgerRow, OutboxRow, PictureRow
from studio.domain.jobs import WAITING, JobState
from studio.errors import DatabaseUnavailableError
from studio.ports import Ports
from tests.support.fakes import close_ports, someone, somewhere
from tests.support.running_instance import RunningInstance
from tests.support.thoroughness import THOROUGH

PEOPLE = 8
JOBS_EACH = 5 if THOROUGH else 2
LONG = {"width": 256, "height": 256, "steps": 60}  # still being painted when trouble comes
WORKER_KILLS = WEB_KILLS = 2 if THOROUGH else 1
# Bounds on what people wait for, on a slow and busy machine.
OUTAGE_SECONDS = (
    15.0  # without a picture, once Redis is back; a busy machine gets five small jobs' time on top
)
EVENTS_SECONDS = 80.0
LOST_MESSAGE_SECONDS = 240.0
HUNG_SECONDS = 180.0  # noticed after 30 s


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[RunningInstance]:
    made = RunningInstance(
        tmp_path / "home", CHATELIER_WORKER__LEASE_SECONDS="4", CHATELIER_WORKER__MAX_ATTEMPTS="100"
    )
    try:
        yield made.wait_until_open()
    finally:
        made.clear_away()


@pytest.fixture
def ports(instance: RunningInstance, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ports]:
    """What a front end has in its hands, in this process."""
    from chatelier.settings import load_settings
    from chatelier.wiring.ports import frontend_ports

    monkeypatch.setenv("CHATELIER_HOME", str(instance.home))
    monkeypatch.setenv("CHATELIER_REDIS_URL", instance.note["redis_url"])
    monkeypatch.setenv("CHATELIER_LIMITS__MAX_OUTSTANDING_JOBS", "100")
    made = frontend_ports(load_settings())
    yield made
    close_ports(made)


def ask(ports: Ports, person: str, index: int, **options: int) -> str:
    """A small job, unless the options say otherwise."""
    call = Call(person=someone(person), address=somewhere(), request_key=f"chaos:{person}:{index}")
    small = {"prompt": f"a red apple number {index}", "count": 1, "seed": index, "width": 64, "height": 64}
    return execute(ports, call, "imagine", small | options).job_id


def answers(client: redis.Redis) -> bool:
    with suppress(redis.RedisError):
        return bool(client.ping())
    return False


def states(database: Database) -> Counter[str]:
    with database.read() as session:
        return Counter(session.scalars(select(JobRow.state)))


@pytest.mark.timeout(2400)
def test_jobs_survive_killed_workers_killed_frontends_and_a_restart_of_redis(
    instance: RunningInstance, ports: Ports
):
    chance = random.Random(7)
    troubles = ["worker"] * WORKER_KILLS + ["web"] * WEB_KILLS + ["redis"]
    chance.shuffle(troubles)
    jobs: list[str] = []
    for index in range(JOBS_EACH):
        jobs += [ask(ports, f"person{number}", index) for number in range(PEOPLE)]
        for trouble in troubles[index::JOBS_EACH]:
            time.sleep(chance.uniform(0.3, 1.5))
            instance.kill(trouble)
    assert len(set(jobs)) == PEOPLE * JOBS_EACH

    def all_over() -> bool:
        with suppress(DatabaseUnavailableError):
            found = states(ports.database)
            return sum(found[state] for state in JobState if state.ended) == len(jobs)
        return False

    instance.wait(all_over, "the end of all jobs", seconds=1500)
    assert states(ports.database) == {JobState.DONE: len(jobs)}
    with ports.database.read() as session:
        entries = Counter((row.job_id, row.kind) for row in session.scalars(select(LedgerRow)))
        assert entries == Counter({(job, kind): 1 for job in jobs for kind in ("reserve", "capture")})
        spent = sum(
            credit_ledger.balance(session, someone(f"person{number}").key, at=now())
            for number in range(PEOPLE)
        )
        assert spent == -len(jobs)
        assert Counter(session.scalars(select(PictureRow.job_id))) == Counter(jobs)
        kinds = Counter((row.payload["job_id"], row.kind) for row in session.scalars(select(OutboxRow)))
        assert kinds == Counter({(job, kind): 1 for job in jobs for kind in ("JobAccepted", "JobEnded")})

    def all_told() -> bool:
        with ports.database.read() as session:
            unsent = session.scalars(select(OutboxRow.id).where(OutboxRow.published_at.is_(None))).all()
        with redis.Redis.from_url(instance.note["redis_url"]) as client:
            web = next(group for group in client.xinfo_groups(STREAM) if group["name"] == b"web")
            heard_all = web["last-delivered-id"] == client.xinfo_stream(STREAM)["last-generated-id"]
            return not unsent and heard_all and web["pending"] == 0

    instance.wait(all_told, "word of every end to the front end")
    files = [path for path in (instance.home / "storage" / "pictures").rglob("*") if path.is_file()]
    assert len(files) > len(jobs)
    for path in files:
        name = path.parent.name + path.stem
        assert hashlib.sha256(path.read_bytes()).hexdigest() == name, f"half a file: {path.name}"
    assert instance.end() == 0


@pytest.mark.thorough
@pytest.mark.timeout(2400)
class TestOneTrouble:
    """Each with a bound on the time that people wait for it, far above what it takes on a quiet machine."""

    @pytest.fixture(scope="class")
    @classmethod
    def instance(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningInstance]:
        made = RunningInstance(
            tmp_path_factory.mktemp("trouble") / "home",
            options=("--hang-seconds", "30"),
            CHATELIER_WORKER__LEASE_SECONDS="4",
            CHATELIER_WORKER__MAX_ATTEMPTS="100",
        )
        try:
            yield made.wait_until_open()
        finally:
            made.clear_away()

    @pytest.fixture
    def client(self, instance: RunningInstance) -> Iterator[redis.Redis]:
        with redis.Redis.from_url(instance.note["redis_url"]) as made:
            yield made

    def state_of(self, ports: Ports, job: str) -> JobState:
        with ports.database.read() as session:
            return JobState(session.get_one(JobRow, job).state)

    def wait_for_end(self, instance: RunningInstance, ports: Ports, job: str, *, seconds: float) -> None:
        def is_over() -> bool:
            with suppress(DatabaseUnavailableError):
                return self.state_of(ports, job) is JobState.DONE
            return False

        instance.wait(is_over, f"the end of {job}", seconds=seconds)

    def seconds_of_a_small_job(self, instance: RunningInstance, ports: Ports) -> float:
        began = time.monotonic()
        self.wait_for_end(instance, ports, ask(ports, "ada", 99), seconds=LOST_MESSAGE_SECONDS)
        return time.monotonic() - began

    def let_time_pass(self, ports: Ports, jobs: Collection[str]) -> None:
        """The jobs were queued so long ago that the sweeper looks after them, instead of in 30 s."""
        long_ago = now() - timedelta(minutes=10)
        with ports.database.begin() as session:
            session.execute(update(JobRow).where(JobRow.id.in_(jobs)).values(queued_at=long_ago))

    def test_what_cannot_be_read_stops_nobody(
        self, instance: RunningInstance, ports: Ports, client: redis.Redis
    ) -> None:
        before = instance.note["processes"]
        client.xadd(STREAM, {"kind": "JobEnded", "event": "{"})
        client.publish(PROGRESS_CHANNEL, "{")
        client.lpush(PAINT_QUEUE, "{", '{"body":"x","properties":{}}')
        client.lpush(MAINTENANCE_QUEUE, "{")
        self.wait_for_end(instance, ports, ask(ports, "ana", 1), seconds=EVENTS_SECONDS)

        def has_heard_all() -> bool:
            web = next(group for group in client.xinfo_groups(STREAM) if group["name"] == b"web")
            last = client.xinfo_stream(STREAM)["last-generated-id"]
            return bool(web["last-delivered-id"] == last and web["pending"] == 0)

        instance.wait(has_heard_all, "word of the end behind it", seconds=EVENTS_SECONDS)
        assert instance.note["processes"] == before

    def test_something_is_painted_soon_after_redis_died_while_painting(
        self, instance: RunningInstance, ports: Ports, client: redis.Redis
    ) -> None:
        job_seconds = self.seconds_of_a_small_job(instance, ports)
        long = ask(ports, "bo", 1, **LONG)
        instance.wait(lambda: self.state_of(ports, long) is JobState.PAINTING, "the painting")
        worker = instance.process_of("worker")
        instance.kill("redis")
        instance.wait(lambda: answers(client), "Redis, restarted")
        # Only jobs asked for now show that the worker listens: those of before may all have ended meanwhile.
        jobs = [ask(ports, f"bo{number}", 1) for number in range(PEOPLE)]
        instance.wait(
            lambda: any(self.state_of(ports, job) is JobState.DONE for job in jobs),
            "the end of any job",
            seconds=OUTAGE_SECONDS + 5 * job_seconds,
        )
        for job in (long, *jobs):
            self.wait_for_end(instance, ports, job, seconds=LOST_MESSAGE_SECONDS)
        assert instance.process_of("worker") == worker

    def test_jobs_end_although_redis_lost_all_that_it_held(
        self, instance: RunningInstance, ports: Ports, client: redis.Redis
    ) -> None:
        worker = instance.process_of("worker")
        os.kill(worker, signal.SIGSTOP)
        jobs = [ask(ports, f"cy{number}", 1) for number in range(PEOPLE)]
        client.flushall()
        self.let_time_pass(ports, jobs)
        os.kill(worker, signal.SIGCONT)
        instance.kill("web")
        for job in jobs:
            self.wait_for_end(instance, ports, job, seconds=LOST_MESSAGE_SECONDS)

    def test_the_message_of_a_returned_job_is_in_the_queue(
        self, instance: RunningInstance, ports: Ports
    ) -> None:
        jobs = [ask(ports, "di", 1, **LONG), *(ask(ports, f"di{number}", 1) for number in range(PEOPLE))]
        instance.wait(lambda: self.state_of(ports, jobs[0]) is JobState.PAINTING, "the painting")
        worker = instance.process_of("worker")
        os.kill(worker, signal.SIGTERM)
        instance.process_of("worker", but=worker)
        waiting = ports.queue.waiting()
        assert [job for job in jobs if self.state_of(ports, job) in WAITING and job not in waiting] == []
        for job in jobs:
            self.wait_for_end(instance, ports, job, seconds=LOST_MESSAGE_SECONDS)

    def test_waiting_jobs_are_not_sent_again_and_hung_processes_are_restarted(
        self, instance: RunningInstance, ports: Ports, client: redis.Redis
    ) -> None:
        for name in ("worker", "web"):
            instance.wait_until_ready(name)
        hung = {name: instance.process_of(name) for name in ("worker", "web")}
        for process in hung.values():
            os.kill(process, signal.SIGSTOP)
        jobs = {ask(ports, f"eve{number}", 1) for number in range(PEOPLE)}

        def messages_of(job: str) -> list[tuple[bytes, bytes]]:
            lists = [key for key in client.keys(f"{PAINT_QUEUE}*") if client.type(key) == b"list"]
            found = [(key, message) for key in lists for message in client.lrange(key, 0, -1)]
            return [pair for pair in found if json.loads(pair[1])["headers"]["id"] == job]

        lost = next(job for job in jobs if messages_of(job))
        for key, message in messages_of(lost):
            client.lrem(key, 0, message)
        self.let_time_pass(ports, jobs)
        instance.wait(lambda: bool(messages_of(lost)), "the sweep", seconds=EVENTS_SECONDS)
        sent = Counter({job: len(messages_of(job)) for job in jobs})
        assert {sent[job] for job in jobs} == {1}, (
            "one message each, also for what the worker has in its hands"
        )
        for name, process in hung.items():
            instance.wait(
                lambda name=name, process=process: instance.note["processes"].get(name, process) != process,
                f"another {name}",
                seconds=HUNG_SECONDS,
            )
        for job in jobs:
            self.wait_for_end(instance, ports, job, seconds=LOST_MESSAGE_SECONDS)
