"""How long a job will take, learned from those that were painted."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bots.texts.jobs import progress_bar, step, waiting
from studio.clock import now
from studio.commands.registry import execute
from studio.commands.spec import Call
from studio.db import job_transitions
from studio.db.queue import queue_lengths
from studio.db.queue.queue_pace import learn_pace
from studio.db.queue_estimates import outlook, outlooks
from studio.db.tables import JobRow
from studio.domain.jobs import JobState
from studio.ports import Ports
from tests.support.fakes import someone, somewhere
from tests.support.finished_jobs import WORKER, end_job
from tests.support.statements import statements

LONG_AGO = timedelta(hours=1)


def imagine(ports: Ports, call: Call, who: str, mark: object, **values: object) -> str:
    asked = replace(call, person=someone(who), request_key=f"{who}:{mark}")
    answer = execute(ports, asked, "imagine", {"prompt": "a red fox", "count": 1, **values})
    return str(answer.job_id)


def painted(
    ports: Ports,
    call: Call,
    mark: object,
    *,
    seconds: float,
    started_at: datetime | None = None,
    **values: object,
) -> None:
    """A job that was painted some time ago in so many seconds."""
    job_id = imagine(ports, call, "cem", mark, **values)
    end_job(ports, job_id, JobState.DONE)
    with ports.database.begin() as session:
        row = session.get_one(JobRow, job_id)
        row.painting_seconds = seconds
        row.started_at = started_at or now() - LONG_AGO + timedelta(seconds=100 * int(str(mark)))


def start(ports: Ports, job_id: str, *, seconds_ago: float, at: datetime | None = None) -> None:
    with ports.database.begin() as session:
        at = (at or now()) - timedelta(seconds=seconds_ago)
        assert job_transitions.take_lease(session, job_id, worker=WORKER, at=at, lease_seconds=900)


def test_nothing_is_promised_while_nothing_is_known(ports, call):
    with ports.database.read() as session:
        found = outlook(session, imagine(ports, call, "ana", 1))
    assert (found.ahead, found.eta_seconds) == (0, None)


def test_an_accepted_job_tells_how_long_such_jobs_took(ports, call):
    for mark, seconds in enumerate((8.0, 10.0, 60.0)):
        painted(ports, call, mark, seconds=seconds)
    answer = execute(ports, call, "imagine", {"prompt": "a fox", "count": 4})
    with ports.database.read() as session:
        assert outlook(session, answer.job_id).eta_seconds == pytest.approx(40)


def test_the_jobs_ahead_count_with_what_is_left_of_them(ports, call, monkeypatch):
    moment = now()
    monkeypatch.setattr("studio.db.queue_estimates.now", lambda: moment)
    for mark in range(3):
        painted(ports, call, mark, seconds=10)
    being_painted, waits = imagine(ports, call, "ana", 1), imagine(ports, call, "bo", 1)
    start(ports, being_painted, seconds_ago=4, at=moment)
    mine = imagine(ports, call, "dan", 1)
    with ports.database.read() as session:
        found = outlooks(session, [being_painted, waits, mine])
    seconds = [found[job_id].eta_seconds for job_id in (being_painted, waits, mine)]
    assert seconds == pytest.approx([6, 16, 26])
    assert [found[job_id].ahead for job_id in (being_painted, waits, mine)] == [0, 1, 2]


def test_a_job_that_takes_longer_than_usual_is_about_to_end(ports, call):
    painted(ports, call, 0, seconds=10)
    job_id = imagine(ports, call, "ana", 1)
    start(ports, job_id, seconds_ago=50)
    with ports.database.read() as session:
        assert outlook(session, job_id).eta_seconds == 0


def test_jobs_painted_side_by_side_are_waited_for_side_by_side(ports, call):
    began = now() - LONG_AGO
    for mark in range(4):
        painted(ports, call, mark, seconds=20, started_at=began)
    with ports.database.read() as session:
        assert learn_pace(session).at_once == pytest.approx(4)
    for mark in range(4):
        imagine(ports, call, f"p{mark}", mark)
    with ports.database.read() as session:
        assert outlook(session, imagine(ports, call, "ana", 1)).eta_seconds == pytest.approx(20 + 4 * 20 / 4)


@pytest.mark.parametrize(("most_summed", "read_for_each"), [(0, 50), (100, 50), (100, 0), (100, 1)])
def test_a_single_job_is_told_the_same_as_among_all(ports, call, monkeypatch, most_summed, read_for_each):
    monkeypatch.setattr("studio.db.queue_estimates._MOST_SUMMED", most_summed)
    monkeypatch.setattr("studio.db.queue_estimates._READ_FOR_EACH", read_for_each)
    painted(ports, call, 0, seconds=10)
    painted(ports, call, 1, seconds=3, model="thimble")
    jobs = [imagine(ports, call, f"p{number % 5}", number, count=1 + number % 4) for number in range(12)]
    with ports.database.begin() as session:
        for number, job_id in enumerate(jobs):
            row = session.get_one(JobRow, job_id)
            row.priority, row.cost = number % 3, number % 4
            row.model = (None, "thimble")[number % 2]
            row.created_at -= timedelta(minutes=number % 4)
    start(ports, jobs[0], seconds_ago=4)
    with ports.database.read() as session:
        together = outlooks(session, jobs)
        few = outlooks(session, jobs[3:7])
        assert {job_id: few[job_id].ahead for job_id in jobs[3:7]} == {
            job_id: together[job_id].ahead for job_id in jobs[3:7]
        }
        for job_id in jobs[1:]:
            alone = outlook(session, job_id)
            assert (alone.waits, alone.ahead) == (True, together[job_id].ahead)
            assert alone.eta_seconds == pytest.approx(together[job_id].eta_seconds, abs=1)


def test_the_places_of_a_short_queue_are_read_with_one_statement(ports, call):
    jobs = [imagine(ports, call, f"p{number}", number) for number in range(5)]
    with ports.database.read() as session, statements(ports.database) as one:
        outlook(session, jobs[0])
    with ports.database.read() as session, statements(ports.database) as all_of_them:
        outlooks(session, jobs)
    assert len(all_of_them) == len(one)


def test_an_operation_never_seen_is_judged_by_the_models_others(ports, call):
    painted(ports, call, 0, seconds=12)
    with ports.database.read() as session:
        pace = learn_pace(session)
    assert pace.of(None, "expand", 1) == 12
    assert pace.of("another-model", "expand", 1) is None


def test_what_is_over_has_no_place_and_no_time(ports, call):
    painted(ports, call, 0, seconds=12)
    job_id = imagine(ports, call, "ana", 1)
    end_job(ports, job_id, JobState.FAILED)
    with ports.database.read() as session:
        found = outlook(session, job_id)
    assert (found.waits, found.ahead, found.eta_seconds) == (False, 0, None)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, "Next in line."),
        (0.4, "Next in line. Done in a few seconds."),
        (9, "Next in line. Done in about 10 s."),
        (43, "Next in line. Done in about 40 s."),
        (170, "Next in line. Done in about 3 min."),
    ],
)
def test_times_are_told_coarsely(seconds, words):
    assert waiting(0, seconds) == words


@pytest.mark.parametrize(
    ("seconds", "end"),
    [(None, "of 8"), (3, "of 8"), (21, "of 8 · about 20 s left"), (200, "about 3 min left")],
)
def test_the_time_left_is_told_while_it_is_worth_telling(seconds, end):
    assert progress_bar(3, 8, seconds).endswith(end)
    assert step(3, 8, seconds).endswith(end)


def test_of_many_jobs_the_lengths_of_the_queues_hold_for_a_moment(ports, call, monkeypatch):
    monkeypatch.setattr(queue_lengths, "_MANY", 2)
    monkeypatch.setattr(queue_lengths, "_HOLDS_SECONDS", 600.0)
    elsewhere = replace(call, person=someone("eve", community="small"), address=somewhere("small"))
    execute(ports, replace(elsewhere, request_key="small"), "imagine", {"prompt": "a fox"})
    jobs = [imagine(ports, call, "ana", mark) for mark in range(3)]
    with ports.database.read() as session:
        with statements(ports.database) as first:
            seen = outlook(session, jobs[2])
        with statements(ports.database) as again:
            assert outlook(session, jobs[2]).ahead == seen.ahead == 3
        assert len(again) < len(first)
    jobs.append(imagine(ports, call, "ana", 3))
    with ports.database.read() as session:
        assert outlook(session, jobs[3]).ahead == 4  # its own community is always counted
