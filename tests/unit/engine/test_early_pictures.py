"""Pictures that are finished before the others of their job, and a person who has enough with them."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from engine.maintenance.job_sweeper import Sweeper
from studio.clock import now
from studio.commands.registry import execute
from studio.db import queries
from studio.db.settings import save_preferences
from studio.db.tables import JobRow, LedgerRow, NoticeRow, PictureRow
from studio.domain.events import JobEnded, PictureFinished
from studio.domain.jobs import JobState
from studio.domain.settings.preferences import BuiltOn, Preferences
from studio.domain.verdicts import ALLOWED, Ruling
from studio.errors import BadParameterError, GenerationError, NotAllowedError, NotFoundError
from studio.ports import InstanceLimits
from tests.support import job_runner
from tests.support.fakes import someone
from tests.support.finished_jobs import finish_early, paint_job
from tests.support.job_runner import entries, read

brush = job_runner.brush
leases = job_runner.leases
work = job_runner.work
job = job_runner.job


def rows(ports, job_id):
    with ports.database.read() as session:
        found = session.scalars(select(PictureRow).where(PictureRow.job_id == job_id))
        return {row.position: row.deleted_at for row in found}


def events(ports, kind):
    return [event for event in ports.events.published if isinstance(event, kind)]


def settled(ports, job_id):
    """How often the job's credits were settled."""
    with ports.database.read() as session:
        found = session.scalars(select(LedgerRow.kind).where(LedgerRow.job_id == job_id))
        return sum(kind in ("capture", "release") for kind in found)


def until_shown(ports, count=1):
    """`act` of a brush: go on once so many pictures can be seen."""

    def act(order, cancelled):
        pause = threading.Event()
        while len(events(ports, PictureFinished)) < count:  # the time limit of each test bounds it
            pause.wait(0.01)

    return act


def press(ports, call, job_id):
    return execute(ports, call, "cancel", {"job": job_id, "keep": True})


class TestShowing:
    def test_the_first_picture_is_stored_while_the_others_are_painted(self, ports, work, brush, call, job):
        seen = {}

        def look(order, cancelled):
            until_shown(ports)(order, cancelled)
            with ports.database.read() as session:
                picture = queries.find_picture(session, f"{job}.2", early=True)
                with pytest.raises(NotFoundError):  # nothing is made of it before the job is over
                    queries.find_picture(session, f"{job}.2")
            seen["state"] = read(ports, job)[0].state
            seen["file"] = ports.store.blobs.get(picture.key)

        brush.early, brush.act = (1,), look
        work.run(job)
        assert seen["state"] is JobState.PAINTING
        assert seen["file"]
        ended, pictures = read(ports, job)
        assert ended.state is JobState.DONE
        assert [picture.index for picture in pictures] == [1, 2, 3, 4]
        assert entries(ports, job) == {"reserve": -4, "capture": 0}
        assert [event.picture_id for event in events(ports, PictureFinished)] == [f"{job}.2"]

    def test_what_a_moderator_must_see_waits_for_the_end(self, ports, work, brush, job, monkeypatch):
        held = replace(ALLOWED, ruling=Ruling.HOLD)
        monkeypatch.setattr(ports.gate, "inspect", lambda inspection: held)
        brush.early = (0,)
        work.run(job)
        assert events(ports, PictureFinished) == []
        assert read(ports, job)[0].state is JobState.HELD
        assert len(rows(ports, job)) == 4

    @pytest.mark.parametrize("values", [{"count": 1}, {"draft": True}])
    def test_one_picture_and_drafts_are_shown_at_the_end(self, ports, work, brush, call, values):
        job = execute(ports, call, "imagine", {"prompt": "a red apple", **values}).job_id
        offered = []
        brush_generate = brush.generate
        brush.generate = lambda order, *, on_picture=None, **rest: (
            offered.append(on_picture) or brush_generate(order, on_picture=on_picture, **rest)
        )
        work.run(job)
        assert offered == [None]

    def test_progress_says_how_many_can_be_seen(self, ports, work, brush, job):
        brush.early, brush.act = (0,), until_shown(ports)
        work.run(job)
        assert [progress.finished for progress in ports.events.announced][-1] == 1


class TestEnough:
    def test_the_job_ends_with_what_is_finished_and_the_rest_is_paid_back(
        self, ports, work, brush, leases, call, job
    ):
        def enough(order, cancelled):
            until_shown(ports)(order, cancelled)
            answer = press(ports, call, job)
            assert (answer.keeps, answer.at_once) == (True, False)
            press(ports, call, job)  # twice
            for stopped in ports.queue.stopped_early:
                leases.stop_early(stopped)

        brush.early, brush.act = (2,), enough
        work.run(job)
        ended, pictures = read(ports, job)
        assert (ended.state, [picture.index for picture in pictures]) == (JobState.DONE, [3])
        assert ended.request.count == 4
        assert entries(ports, job) == {"reserve": -4, "capture": 3}
        assert settled(ports, job) == 1
        assert [event.state for event in events(ports, JobEnded)] == [JobState.DONE]

    def test_pressed_as_the_last_picture_is_done_all_stay_and_are_paid(self, ports, work, brush, call, job):
        def enough(order, cancelled):
            until_shown(ports)(order, cancelled)
            press(ports, call, job)  # the worker does not hear of it in time

        brush.early, brush.act = (0,), enough
        work.run(job)
        assert len(read(ports, job)[1]) == 4
        assert entries(ports, job) == {"reserve": -4, "capture": 0}
        with pytest.raises(BadParameterError) as error:
            press(ports, call, job)
        assert error.value.texts[0].code == "bad_parameter.already_over"

    def test_it_needs_a_finished_picture(self, ports, call, job):
        with pytest.raises(BadParameterError) as error:
            press(ports, call, job)
        assert error.value.texts[0].code == "bad_parameter.nothing_finished"

    def test_only_the_owner_may(self, ports, work, brush, call, job):
        def enough(order, cancelled):
            until_shown(ports)(order, cancelled)
            for other in (someone("bo"), someone("mo", moderator=True)):
                with pytest.raises(NotAllowedError):
                    press(ports, replace(call, person=other), job)

        brush.early, brush.act = (0,), enough
        work.run(job)
        assert len(read(ports, job)[1]) == 4

    def test_a_plain_cancel_keeps_and_charges_what_was_seen(self, ports, work, brush, leases, call, job):
        def stop(order, cancelled):
            until_shown(ports)(order, cancelled)
            assert execute(ports, call, "cancel", {"job": job}).keeps
            leases.stop_early(job)

        brush.early, brush.act = (0,), stop
        work.run(job)
        assert read(ports, job)[0].state is JobState.DONE
        assert entries(ports, job) == {"reserve": -4, "capture": 3}

    @pytest.mark.parametrize("hears", [True, False])
    def test_deleting_the_job_takes_what_was_seen_which_is_paid(
        self, ports, work, brush, leases, call, job, hears
    ):
        def delete(order, cancelled):
            until_shown(ports)(order, cancelled)
            answer = execute(ports, call, "delete", {"what": job})
            assert (answer.keeps, answer.deleted) == (False, 1)
            if hears:
                leases.stop_early(job)

        brush.early, brush.act = (0,), delete
        work.run(job)
        assert read(ports, job)[1] == []
        assert list(rows(ports, job)) == [1]
        assert entries(ports, job) == {"reserve": -4, "capture": 3}
        assert ports.store.blobs == {}

    def test_deleting_one_picture_leaves_the_others_and_is_paid(self, ports, work, brush, call, job):
        def delete(order, cancelled):
            until_shown(ports)(order, cancelled)
            with pytest.raises(NotFoundError):
                execute(ports, call, "delete", {"what": f"{job}.2"})
            answer = execute(ports, call, "delete", {"what": f"{job}.1"})
            assert (answer.picture_ids, answer.goes_on) == ((f"{job}.1",), True)

        brush.early, brush.act = (0,), delete
        work.run(job)
        ended, pictures = read(ports, job)
        assert (ended.state, [picture.index for picture in pictures]) == (JobState.DONE, [2, 3, 4])
        assert entries(ports, job) == {"reserve": -4, "capture": 0}

    def test_a_cancel_after_the_shown_picture_was_deleted_charges_it(
        self, ports, work, brush, leases, call, job
    ):
        def delete(order, cancelled):
            until_shown(ports)(order, cancelled)
            execute(ports, call, "delete", {"what": f"{job}.1"})
            assert not execute(ports, call, "cancel", {"job": job}).keeps
            leases.stop_early(job)

        brush.early, brush.act = (0,), delete
        work.run(job)
        assert read(ports, job)[1] == []
        assert entries(ports, job) == {"reserve": -4, "capture": 3}

    def test_a_moderators_cancel_takes_everything_back(self, ports, work, brush, leases, call, job):
        def stop(order, cancelled):
            until_shown(ports)(order, cancelled)
            moderator = replace(call, person=someone("mo", moderator=True))
            assert not execute(ports, moderator, "cancel", {"job": job}).keeps
            leases.cancel(job)

        brush.early, brush.act = (0,), stop
        work.run(job)
        assert read(ports, job)[0].state is JobState.CANCELLED
        assert all(rows(ports, job).values())
        assert entries(ports, job) == {"reserve": -4, "release": 4}
        assert ports.store.blobs == {}


class TestAfterAnotherWorker:
    @pytest.fixture
    def abandoned(self, ports, work, brush, job, monkeypatch):
        """A job whose worker was killed after its second picture was shown."""

        class Killed(BaseException):
            pass

        def die(order, cancelled):
            until_shown(ports)(order, cancelled)
            raise Killed

        brush.early, brush.act = (1,), die
        with pytest.raises(Killed):
            work.run(job)
        with ports.database.begin() as session:
            session.get_one(JobRow, job).lease_until = now() - timedelta(seconds=1)
        brush.early, brush.act = (), lambda order, cancelled: None
        brush.orders.clear()
        return job

    def test_the_next_worker_paints_the_others_only(self, ports, work, brush, abandoned):
        work.run(abandoned)
        assert brush.orders[0].done == {1}
        assert [picture.index for picture in read(ports, abandoned)[1]] == [1, 2, 3, 4]
        assert entries(ports, abandoned) == {"reserve": -4, "capture": 0}

    def test_enough_is_remembered_and_nothing_is_painted(self, ports, work, brush, call, abandoned):
        press(ports, call, abandoned)
        work.run(abandoned)
        assert brush.orders == []
        ended, pictures = read(ports, abandoned)
        assert (ended.state, [picture.index for picture in pictures]) == (JobState.DONE, [2])
        assert entries(ports, abandoned) == {"reserve": -4, "capture": 3}

    def test_a_failure_leaves_what_was_shown(self, ports, work, brush, abandoned):
        def fail(order, cancelled):
            raise GenerationError

        brush.act = fail
        work.run(abandoned)
        ended, pictures = read(ports, abandoned)
        assert (ended.state, len(pictures), ended.error_code) == (JobState.DONE, 1, None)
        assert entries(ports, abandoned) == {"reserve": -4, "capture": 3}

    @pytest.mark.parametrize("deletes", [True, False])
    def test_so_does_giving_up(self, ports, call, abandoned, deletes):
        if deletes:
            execute(ports, call, "delete", {"what": abandoned})
        rules = InstanceLimits(max_attempts=1)
        Sweeper(database=ports.database, queue=ports.queue, events=ports.events, rules=rules).sweep()
        assert read(ports, abandoned)[0].state is JobState.DONE
        assert entries(ports, abandoned) == {"reserve": -4, "capture": 3}

    def test_then_owners_hear_of_it(self, ports, call):
        owner = someone("bo")
        first = execute(
            ports, replace(call, person=owner), "imagine", {"prompt": "a pear", "count": 1}
        ).job_id
        source = f"{paint_job(ports, first)}.1"
        with ports.database.begin() as session:
            save_preferences(session, owner.key, Preferences(built_on=BuiltOn.NOW))
        again = replace(call, request_key="again")
        job = execute(ports, again, "remix", {"picture": source, "prompt": "a plum", "count": 2}).job_id
        finish_early(ports, job)
        with ports.database.begin() as session:
            session.get_one(JobRow, job).lease_until = now() - timedelta(seconds=1)
        rules = InstanceLimits(max_attempts=1)
        Sweeper(database=ports.database, queue=ports.queue, events=ports.events, rules=rules).sweep()
        assert read(ports, job)[0].state is JobState.DONE
        with ports.database.read() as session:
            assert [row.job_id for row in session.scalars(select(NoticeRow))] == [job]

    def test_a_worker_that_lost_its_lease_shows_nothing_more(self, ports, work, brush, job):
        def lose(order, cancelled):
            with ports.database.begin() as session:
                session.get_one(JobRow, job).lease_owner = "other"

        brush.early = ()
        brush.act = lose
        original = brush.generate

        def generate(order, *, on_picture, **rest):
            lose(order, None)
            on_picture(0, job_runner.painted(order, 0))
            return original(order, on_picture=on_picture, **rest)

        brush.generate = generate
        work.run(job)
        assert rows(ports, job) == {}
        assert events(ports, PictureFinished) == []
