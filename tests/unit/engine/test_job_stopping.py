"""Jobs that are cancelled, paused or taken over by another worker."""

import threading
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest

from engine.jobs.job_results import record
from engine.jobs.leases import LeaseKeeper
from engine.maintenance.job_sweeper import Sweeper
from studio.clock import now
from studio.commands.registry import execute
from studio.commands.spec import Call
from studio.db import credit_ledger
from studio.db.tables import JobRow
from studio.domain.jobs import JobState
from studio.domain.verdicts import ALLOWED
from studio.errors import (
    StorageError,
)
from tests.support import job_runner
from tests.support.case_sim import with_desk
from tests.support.fakes import someone, somewhere
from tests.support.job_runner import ends, entries, read

brush = job_runner.brush
leases = job_runner.leases
work = job_runner.work
job = job_runner.job


class TestStopping:
    def test_a_cancelled_job_stops_and_pays_back(self, ports, work, brush, leases, job):
        brush.act = lambda order, cancelled: leases.cancel(job)
        work.run(job)
        assert read(ports, job)[0].state is JobState.CANCELLED
        assert entries(ports, job) == {"reserve": -4, "release": 4}
        assert ends(ports, job) == [JobState.CANCELLED]

    def test_a_job_cancelled_at_the_very_end_leaves_no_file(self, ports, work, leases, job, monkeypatch):
        def inspect(inspection):
            leases.cancel(job)
            return ALLOWED

        monkeypatch.setattr(ports.gate, "inspect", inspect)
        work.run(job)
        assert read(ports, job)[0].state is JobState.CANCELLED
        assert ports.store.blobs == {}

    def test_a_file_that_was_deleted_since_it_was_put_is_laid_again(self, ports, work, job, monkeypatch):
        blobs = {}

        def record_late(*arguments, **options):
            blobs.update(ports.store.blobs)
            ports.store.blobs.clear()
            return record(*arguments, **options)

        monkeypatch.setattr("engine.jobs.job_runner.record", record_late)
        work.run(job)
        assert blobs
        assert ports.store.blobs == blobs

    def test_a_deleted_picture_is_there_for_the_job_that_waits_for_it_and_not_longer(self, ports, work, call):
        first = execute(ports, call, "imagine", {"prompt": "a red apple"}).job_id
        work.run(first)
        heir = execute(ports, replace(call, request_key="v"), "vary", {"picture": f"{first}.1"}).job_id
        source = read(ports, heir)[0].request.sources[0].key
        execute(ports, call, "delete", {"what": first})
        assert set(ports.store.blobs) == {source}
        work.run(heir)
        ended, pictures = read(ports, heir)
        assert ended.state is JobState.DONE
        shown = {key for picture in pictures for key in (picture.key, picture.thumbnail_key)}
        assert set(ports.store.blobs) == shown

    def test_a_cancel_that_came_before_the_lease_is_honoured(self, ports, work, brush, job):
        with ports.database.begin() as session:
            session.get_one(JobRow, job).cancel_requested = True
        work.run(job)
        assert brush.orders == []
        assert read(ports, job)[0].state is JobState.CANCELLED

    def test_a_worker_that_stops_gives_its_job_back(self, ports, work, brush, leases, job):
        brush.act = lambda order, cancelled: leases.stop_all()
        ports.queue.sent.clear()
        work.run(job)
        given_back, _ = read(ports, job)
        assert (given_back.state, given_back.attempts) == (JobState.QUEUED, 0)
        assert ports.queue.sent == [(job, 0)]
        assert ends(ports, job) == []

    def test_a_worker_that_stops_takes_no_new_job(self, ports, work, brush, leases, job):
        leases.stop_all()
        work.run(job)
        assert brush.orders == []

    def test_a_worker_whose_lease_was_taken_over_says_nothing(self, ports, work, brush, job):
        def lose(order, cancelled):
            with ports.database.begin() as session:
                row = session.get_one(JobRow, job)
                row.lease_owner = "other"

        brush.act = lose
        work.run(job)
        assert read(ports, job)[0].state is JobState.PAINTING
        assert ends(ports, job) == []
        assert entries(ports, job) == {"reserve": -4}

    def test_heartbeats_renew_the_lease_and_hear_a_cancel(self, ports, brush, job):
        keeper = LeaseKeeper(ports.database, worker="w1", lease_seconds=0.15)
        lease = keeper.take(job)
        with ports.database.begin() as session:
            before = session.get_one(JobRow, job).lease_until
            session.get_one(JobRow, job).cancel_requested = True
        keeper.start()
        try:
            wait_for(lease.must_stop)
            with ports.database.read() as session:
                assert session.get_one(JobRow, job).lease_until > before
            assert not lease.lost
        finally:
            keeper.close()

    def test_the_heart_beats_on_after_a_defect(self, ports, job, monkeypatch):
        keeper = LeaseKeeper(ports.database, worker="w1", lease_seconds=0.15)
        lease = keeper.take(job)
        with ports.database.begin() as session:
            session.get_one(JobRow, job).cancel_requested = True
        renew, beats = keeper._renew, []

        def stumble(lease):
            beats.append(lease)
            if len(beats) == 1:
                raise TypeError
            renew(lease)

        monkeypatch.setattr(keeper, "_renew", stumble)
        keeper.start()
        try:
            wait_for(lease.must_stop)
        finally:
            keeper.close()

    def test_a_heartbeat_notices_that_the_lease_is_lost(self, ports, job):
        keeper = LeaseKeeper(ports.database, worker="w1", lease_seconds=0.15)
        lease = keeper.take(job)
        with ports.database.begin() as session:
            session.get_one(JobRow, job).lease_owner = "other"
        keeper.start()
        try:
            wait_for(lambda: lease.lost)
        finally:
            keeper.close()


def wait_for(condition):
    while not condition():  # the time limit of each test bounds it
        threading.Event().wait(0.01)


def test_balances_are_whole_after_everything(ports, work, brush, call):
    states = []
    for index, act in enumerate([None, ZeroDivisionError, None, StorageError]):
        key = replace(call, request_key=f"many:{index}")
        job = execute(ports, key, "imagine", {"prompt": "a red apple", "count": 2}).job_id

        def step(order, cancelled, act=act):
            if act:
                raise act

        brush.act = step
        work.run(job)
        states.append(read(ports, job)[0].state)
    assert states == [JobState.DONE, JobState.FAILED, JobState.DONE, JobState.FAILED]
    with ports.database.read() as session:
        assert credit_ledger.balance(session, call.person.key, at=now()) == -4


class TestPausing:
    """The kill switch."""

    @pytest.fixture
    def instance(self, ports):
        return with_desk(ports)

    def switch(self, instance, setting):
        moderator = someone("mod", moderator=True)
        asked = Call(person=moderator, address=somewhere(), request_key=setting)
        execute(instance, asked, "community", {"setting": setting})

    def test_what_is_being_painted_stops_and_goes_on_after_the_pause(
        self, ports, instance, work, brush, leases, job
    ):
        def pause(order, cancelled):
            self.switch(instance, "pause")
            assert ports.queue.put_aside == [job]
            leases.set_aside(job)

        brush.act = pause
        ports.queue.sent.clear()
        work.run(job)
        waiting, _ = read(ports, job)
        assert (waiting.state, waiting.attempts) == (JobState.QUEUED, 0)
        assert (ports.queue.sent, ends(ports, job)) == ([], [])
        brush.act = lambda order, cancelled: None
        self.switch(instance, "resume")
        assert ports.queue.sent == [(job, 0)]
        work.run(job)
        assert read(ports, job)[0].state is JobState.DONE

    def test_no_job_of_a_paused_community_is_begun_or_sent_again(self, ports, instance, work, brush, job):
        self.switch(instance, "pause")
        work.run(job)
        assert (brush.orders, read(ports, job)[0].state) == ([], JobState.QUEUED)
        with ports.database.begin() as session:
            session.get_one(JobRow, job).queued_at = now() - timedelta(hours=1)
        ports.queue.sent.clear()
        Sweeper(database=ports.database, queue=ports.queue, events=ports.events, rules=ports.rules).sweep()
        assert ports.queue.sent == []

    def test_a_heartbeat_notices_a_pause_whose_message_was_lost(self, ports, instance, job):
        keeper = LeaseKeeper(ports.database, worker="w1", lease_seconds=0.15)
        lease = keeper.take(job)
        self.switch(instance, "pause")
        keeper.start()
        try:
            wait_for(lambda: lease.goes_back)
        finally:
            keeper.close()

    def test_a_cancelled_job_of_a_paused_community_ends(self, ports, instance, work, brush, leases, job):
        def pause(order, cancelled):
            leases.set_aside(job)
            leases.cancel(job)

        brush.act = pause
        work.run(job)
        assert read(ports, job)[0].state is JobState.CANCELLED


def test_of_the_threads_of_a_worker_one_at_a_time_chooses_a_job(ports):
    """Those that wait hold no connection to the database."""
    meeting = threading.Barrier(2)
    met = []

    def choose(_session, _message, *, at, held):
        with suppress(threading.BrokenBarrierError):
            meeting.wait(0.3)
            met.append(at)

    keeper = LeaseKeeper(ports.database, worker="w1", lease_seconds=30, choose=choose)
    threads = [threading.Thread(target=keeper.take, args=["j1"]) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert met == []
