"""Redis behind Sentinels and behind TLS: the queue, the events, the limits, and a worker in a process of its own."""

import asyncio
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
import redis
from sqlalchemy import func, select

from bots.slack.http.replay_protection import ReplayProtection
from engine.catalog.model_availability import ModelAnnouncer, living_workers
from engine.maintenance import job_sweeper
from engine.maintenance.job_sweeper import Sweeper
from engine.queue.celery_queue import CeleryQueue
from engine.queue.redis_events import RedisEvents
from moderation.limits.rate_limiter import Limiter
from moderation.limits.redis_gcra import RedisMeters
from moderation.limits.settings import LimitSettings
from studio.commands.registry import execute
from studio.commands.spec import Call
from studio.db.tables import JobRow, LedgerRow, PictureRow
from studio.domain.events import JobEnded, JobProgress
from studio.domain.jobs import JobState
from studio.domain.people import Platform
from studio.errors import QueueUnavailableError
from studio.gcra import RateMeter, RateSettings
from studio.ports import InstanceLimits, Ports
from tests.conftest import RedisServer
from tests.support.fakes import someone, somewhere
from tests.support.generation_worker import SERVED
from tests.support.redis_sentinel import WatchedRedis, watched_redis
from tests.support.stepwise_workers import Workers, wait_for
from tests.support.tls_proxy import TlsProxy, make_certificate


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[WatchedRedis]:
    folder = tmp_path / "redis"
    folder.mkdir()
    with watched_redis(folder) as servers:
        yield servers


class EndedJobs(threading.Thread):
    """A front end that counts how often it reads of the end of each job."""

    def __init__(self, url: str) -> None:
        super().__init__(daemon=True)
        self.counts: Counter[str] = Counter()
        self._events = RedisEvents(url)
        self._stop_reading = threading.Event()

    def run(self) -> None:
        for delivery in self._events.deliveries("web", "one", self._stop_reading):
            if isinstance(delivery.event, JobEnded):
                self.counts[delivery.event.job_id] += 1
            delivery.acknowledge()

    def close(self) -> None:
        self._stop_reading.set()
        self.join()
        self._events.close()


def test_when_the_master_is_killed_no_job_is_lost_or_painted_twice(
    watched: WatchedRedis, ports: Ports, tmp_path: Path, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_sweeper, "_UNSENT_AFTER", timedelta())
    monkeypatch.setattr(job_sweeper, "_STALE_AFTER", timedelta())
    folder = tmp_path / "begun"
    folder.mkdir()
    with (
        closing(Workers(ports, watched.url, folder, repository)) as workers,
        closing(RedisEvents(watched.url)) as events,
        closing(EndedJobs(watched.url)) as ended,
    ):
        ended.start()
        for name in ("one", "two"):
            workers.start(name, threads=2)
        jobs = [workers.ask() for _ in range(6)]
        wait_for(lambda: len(list(folder.iterdir())) == 4, what="four jobs at once")
        watched.kill_master()
        jobs += [workers.ask() for _ in range(3)]
        watched.wait_for_failover()
        (folder / "go").touch()
        sweeper = Sweeper(
            database=ports.database, queue=workers.ports.queue, events=events, rules=InstanceLimits()
        )

        def all_ended() -> bool:
            with suppress(QueueUnavailableError):
                sweeper.sweep()
            return all(workers.state_of(job) is JobState.DONE for job in jobs) and ended.counts.keys() == set(
                jobs
            )

        wait_for(all_ended, what="the end of every job")
    assert sorted(path.stem for path in folder.iterdir() if path.name != "go") == sorted(jobs)
    with ports.database.read() as session:
        assert session.scalar(select(func.count()).select_from(PictureRow)) == len(jobs)
        assert set(session.scalars(select(JobRow.attempts))) == {1}
        captured = session.scalars(select(LedgerRow.job_id).where(LedgerRow.kind == "capture")).all()
        assert sorted(filter(None, captured)) == sorted(jobs)


@pytest.fixture
def proxy(redis_server: RedisServer, tmp_path: Path) -> Iterator[TlsProxy]:
    made = TlsProxy(redis_server.port, *make_certificate(tmp_path))
    yield made
    made.close()


def test_with_tls_and_a_certificate_of_ones_own_everything_works(
    proxy: TlsProxy, tmp_path: Path, redis_server: RedisServer, repository: Path
) -> None:
    url = f"rediss://127.0.0.1:{proxy.port}/0?ssl_ca_certs={quote(str(tmp_path / 'ca.pem'), safe='')}"
    require_everything_works(url, redis_server, tmp_path, repository)


@dataclass(frozen=True, slots=True)
class StartedWorker:
    process: "subprocess.Popen[bytes]"
    log_file: Path

    @property
    def log(self) -> str:
        return self.log_file.read_text()


@contextmanager
def started_worker(url: str, folder: Path, repository: Path) -> Iterator[StartedWorker]:
    """A worker in its own process, which writes down the jobs that it is given."""
    command = [sys.executable, "-m", "tests.support.generation_worker"]
    log_file = folder / "worker.log"
    with log_file.open("wb") as log:
        worker = subprocess.Popen(
            [*command, url, f"sqlite:///{folder / 'studio.sqlite3'}", "1"],
            cwd=repository,
            stdout=log,
            stderr=log,
        )
    try:
        yield StartedWorker(worker, log_file)
    finally:
        worker.kill()
        worker.wait()


def require_everything_works(url: str, redis_server: RedisServer, folder: Path, repository: Path) -> None:
    """The queue with a worker of its own, announcements, events, limits and replay protection, over one address."""
    with (
        started_worker(url, folder, repository),
        closing(CeleryQueue(url)) as queue,
        redis.Redis.from_url(redis_server.url) as client,
    ):
        queue.enqueue("a job", priority=0, model=None)
        wait_for(lambda: client.lrange(SERVED, 0, -1) == [b"a job"], what="the job")
        ModelAnnouncer(url, "worker", tuple).announce()
        assert [found.name for found in living_workers(client)] == ["worker"]
    with closing(RedisEvents(url)) as events:
        events.ping()
    with closing(RedisMeters(url, timeout_seconds=10)) as meters:
        meter = RateMeter(scope="burst", key="ana", pace=RateSettings(requests=1, seconds=3600))
        assert meters.take([meter]) is None
        assert meters.take([meter]) is not None
    assert asyncio.run(see_twice(url)) == [True, False]


RIGHTS = (
    "~paint* ~house* ~_kombu* ~unacked* ~*celery* ~chatelier* &chatelier:* &/0.celery.pidbox"
    " +@all -@admin -@dangerous +info"
)


def test_a_user_of_the_access_list_needs_the_rights_that_the_docs_name_and_no_others(
    redis_server: RedisServer, tmp_path: Path, repository: Path
) -> None:
    assert RIGHTS in (repository / "docs/deployment.md").read_text()
    with redis.Redis.from_url(redis_server.url) as client:
        client.execute_command(
            "ACL", "SETUSER", "atelier", "reset", "on", ">secret", *RIGHTS.split(), "~test:*"
        )
        try:
            url = f"redis://atelier:secret@127.0.0.1:{redis_server.port}/0"
            require_everything_works(url, redis_server, tmp_path, repository)
            assert client.acl_log() == []
            with redis.Redis.from_url(url) as stranger, pytest.raises(redis.exceptions.NoPermissionError):
                stranger.flushall()
        finally:
            client.execute_command("ACL", "DELUSER", "atelier")
            client.acl_log_reset()


async def see_twice(url: str) -> list[bool]:
    """What two processes of Slack's front end say of one signature."""
    processes = [ReplayProtection(lasts_seconds=600, redis_url=url) for _ in range(2)]
    found = [await process.is_first("v0=signature") for process in processes]
    for process in processes:
        await process.close()
    return found


def test_a_certificate_of_nobody_known_is_refused_by_every_library(proxy: TlsProxy) -> None:
    url = f"rediss://127.0.0.1:{proxy.port}/0"
    with closing(CeleryQueue(url)) as queue, pytest.raises(QueueUnavailableError):
        queue.enqueue("a job", priority=0, model=None)
    with closing(RedisEvents(url)) as events, pytest.raises(QueueUnavailableError):
        events.ping()


@contextmanager
def full_memory(client: redis.Redis) -> Iterator[None]:
    """Redis answers OOM to what needs memory."""
    client.set("test:filling", "x" * 100_000)
    client.config_set("maxmemory", 1)
    try:
        yield
    finally:
        client.config_set("maxmemory", 0)
        client.delete("test:filling")


@contextmanager
def full_disk(client: redis.Redis, folder: Path) -> Iterator[None]:
    """Redis cannot save, and answers MISCONF to every command that writes, BRPOP among them."""
    in_the_way = folder / "dump.rdb"
    in_the_way.mkdir()  # also root cannot put a file in its place
    client.config_set("save", "3600 1")
    client.bgsave()
    wait_for(lambda: client.info("persistence")["rdb_last_bgsave_status"] == "err", what="a save that fails")
    try:
        yield
    finally:
        client.config_set("save", "")
        in_the_way.rmdir()


def test_a_redis_without_room_refuses_what_the_sweeper_repeats(
    redis_server: RedisServer, ports: Ports, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_sweeper, "_UNSENT_AFTER", timedelta())
    with redis.Redis.from_url(redis_server.url) as client, closing(CeleryQueue(redis_server.url)) as queue:
        with full_memory(client):
            job_id = ask_in_vain(redis_server.url, ports)
        sweep(redis_server.url, ports)
        assert queue.waiting() == {job_id}


def test_a_worker_outlives_a_redis_that_cannot_save(
    redis_server: RedisServer,
    ports: Ports,
    tmp_path: Path,
    repository: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(job_sweeper, "_UNSENT_AFTER", timedelta())
    url = redis_server.url
    with (
        redis.Redis.from_url(url) as client,
        closing(CeleryQueue(url)) as queue,
        started_worker(url, tmp_path, repository) as worker,
    ):
        queue.enqueue("before", priority=0, model=None)
        wait_for(lambda: client.lrange(SERVED, 0, -1) == [b"before"], what="the job before")
        with full_disk(client, redis_server.folder):
            job_id = ask_in_vain(url, ports)
            wait_for(lambda: "Redis refuses to write" in worker.log, what="a refused worker")
        sweep(url, ports)
        served = [b"before", job_id.encode()]
        wait_for(lambda: client.lrange(SERVED, 0, -1) == served, what="the job of meanwhile")
        assert worker.process.poll() is None


def ask_in_vain(url: str, ports: Ports) -> str:
    """A job that is accepted, with its cost set aside, while Redis takes neither messages nor events nor counts."""
    call = Call(person=someone("ana"), address=somewhere(), request_key="ask")
    with (
        closing(CeleryQueue(url)) as queue,
        closing(RedisEvents(url)) as events,
        closing(RedisMeters(url, timeout_seconds=10)) as meters,
        closing(Limiter(LimitSettings(), redis_url=url)) as limiter,
    ):
        with pytest.raises(QueueUnavailableError):
            queue.enqueue("a job", priority=0, model=None)
        with pytest.raises(QueueUnavailableError):
            events.publish(JobEnded(job_id="a job", platform=Platform.WEB, state=JobState.DONE))
        events.announce(JobProgress(job_id="a job", platform=Platform.WEB, step=1, steps=2))
        meter = RateMeter(scope="burst", key="full", pace=RateSettings(requests=1, seconds=3600))
        with pytest.raises(redis.RedisError):
            meters.take([meter])
        limiter.admit(call.person)  # nobody is kept from asking
        job_id = execute(replace(ports, queue=queue), call, "imagine", {"prompt": "a boat"}).job_id
    with ports.database.read() as session:
        assert session.get_one(JobRow, job_id).state == JobState.ACCEPTED
        kinds = session.scalars(select(LedgerRow.kind).where(LedgerRow.job_id == job_id)).all()
    assert kinds == ["reserve"]
    return job_id


def sweep(url: str, ports: Ports) -> None:
    with closing(CeleryQueue(url)) as queue, closing(RedisEvents(url)) as events:
        Sweeper(database=ports.database, queue=queue, events=events, rules=InstanceLimits()).sweep()
