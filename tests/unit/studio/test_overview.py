"""The operator's overview: load by community and by worker, the same in figures for Prometheus."""

from dataclasses import replace
from datetime import timedelta

from prometheus_client import CollectorRegistry

from chatelier.runtime.overview_metrics import OverviewCollector
from studio.clock import now
from studio.commands.registry import execute
from studio.db import job_transitions
from studio.db.tables import JobRow
from studio.domain.jobs import JobState
from studio.domain.people import Platform
from studio.errors import DatabaseUnavailableError
from studio.operations.overview import load_overview
from studio.ports import AnnouncedWorker
from tests.support.fakes import someone, somewhere
from tests.support.finished_jobs import end_job

CARD = AnnouncedWorker(name="box-1", devices=("NVIDIA H200", "NVIDIA H200"), models=("thimble",))


def ask(ports, call, key, community="room"):
    person, address = someone(community=community), somewhere(community)
    asked = replace(call, person=person, address=address, request_key=key)
    return execute(ports, asked, "imagine", {"prompt": "a boat", "count": 1}).job_id


def fill(ports, call):
    """In the room one waits, one is painted and two ended, one of them refused; in the hall one waits."""
    jobs = [ask(ports, call, f"room {number}") for number in range(4)]
    ask(ports, call, "hall", "hall")
    with ports.database.begin() as session:
        job_transitions.take_lease(session, jobs[0], worker="box-1", at=now(), lease_seconds=60)
    end_job(ports, jobs[1], JobState.DONE)
    end_job(ports, jobs[2], JobState.REFUSED)
    with ports.database.begin() as session:
        row = session.get_one(JobRow, jobs[1])
        row.started_at = row.created_at + timedelta(seconds=7)
        row.worker = session.get_one(JobRow, jobs[2]).worker = "box-1"


def test_each_community_and_worker_has_its_own_load(ports, call):
    fill(ports, call)
    with ports.database.read() as session:
        seen = load_overview(session, (CARD,), at=now())
        later = load_overview(session, (), at=now() + timedelta(hours=2))
    assert (seen.waiting, seen.painting, seen.devices) == (2, 1, 2)
    room, hall = sorted(seen.communities, key=lambda load: load.community, reverse=True)
    assert (room.platform, room.community, room.waiting, room.painting) == (Platform.WEB, "room", 1, 1)
    assert room.ended == {JobState.DONE: 1, JobState.REFUSED: 1}
    assert room.wait_p95_seconds == 7
    assert (hall.community, hall.waiting, hall.painting, hall.ended) == ("hall", 1, 0, {})
    assert [(load.name, load.painting, load.devices) for load in seen.workers] == [("box-1", 1, CARD.devices)]
    assert [(load.ended, load.wait_p95_seconds) for load in seen.workers] == [
        ({JobState.DONE: 1, JobState.REFUSED: 1}, 7)
    ]
    assert [(load.name, load.devices, load.ended) for load in later.workers] == [("box-1", (), {})]
    assert all(not load.ended and load.wait_p95_seconds is None for load in later.communities)
    assert [(load.name, load.waiting) for load in later.models] == [("", 2)]
    assert later.models[0].oldest_wait_seconds >= 7200


def test_prometheus_reads_the_same_and_a_gap_while_the_database_is_away(ports, call):
    fill(ports, call)
    away = False

    def read():
        if away:
            raise DatabaseUnavailableError
        with ports.database.read() as session:
            return load_overview(session, (CARD,), at=now())

    registry = CollectorRegistry()
    registry.register(OverviewCollector(read))
    room = {"platform": "web", "community": "room"}
    assert registry.get_sample_value("chatelier_jobs_waiting", room) == 1
    assert registry.get_sample_value("chatelier_jobs_painting", room) == 1
    assert registry.get_sample_value("chatelier_wait_p95_seconds", room) == 7
    refused = registry.get_sample_value("chatelier_jobs_ended_last_hour", {**room, "state": "refused"})
    assert refused == 1
    done = registry.get_sample_value("chatelier_worker_ended_last_hour", {"worker": "box-1", "state": "done"})
    assert done == 1
    assert registry.get_sample_value("chatelier_worker_wait_p95_seconds", {"worker": "box-1"}) == 7
    assert registry.get_sample_value("chatelier_worker_devices", {"worker": "box-1"}) == 2
    assert registry.get_sample_value("chatelier_oldest_wait_seconds", {"model": ""}) is not None
    away = True
    assert registry.get_sample_value("chatelier_jobs_waiting", room) is None
