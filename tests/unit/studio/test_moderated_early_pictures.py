"""What moderators do while a job has shown a picture and still paints others."""

from dataclasses import replace

from sqlalchemy import select

from studio.commands.registry import execute
from studio.commands.results import Accepted, PicturesDeleted, ReportFiled
from studio.commands.spec import Call
from studio.db import job_transitions, queries
from studio.db.tables import PictureRow
from studio.domain.jobs import JobState
from studio.ports import Ports
from tests.support.fakes import someone
from tests.support.finished_jobs import WORKER, finish_early, paint_job


def ask(ports: Ports, call: Call, command: str, **values: object) -> str:
    again = replace(call, request_key=f"{command}:{sorted(values.items())}")
    accepted = execute(ports, again, command, values)
    assert isinstance(accepted, Accepted)
    return accepted.job_id


def test_a_take_down_ends_a_job_that_waits_for_another_worker_and_its_early_pictures(
    ports: Ports, call: Call
) -> None:
    source = f"{paint_job(ports, ask(ports, call, 'imagine', prompt='a red apple', count=1))}.1"
    bo = replace(call, person=someone("bo"))
    heir = ask(ports, bo, "remix", picture=source, prompt="a plum", count=2)
    finish_early(ports, heir)
    with ports.database.begin() as session:
        assert job_transitions.give_back(session, heir, worker=WORKER)
    moderator = replace(call, person=someone("mo", moderator=True))
    execute(ports, moderator, "delete", {"what": source})
    with ports.database.read() as session:
        assert queries.find_job(session, heir).state is JobState.CANCELLED
        rows = session.scalars(select(PictureRow).where(PictureRow.job_id == heir))
        assert [row.deleted_at is not None for row in rows] == [True]
        appealable = queries.picture_of(session.get_one(PictureRow, source)).file_keys
    assert set(ports.store.blobs) == appealable


def test_a_take_down_by_id_leaves_the_others_of_the_job_and_an_appeal(ports: Ports, call: Call) -> None:
    picture = finish_early(ports, job := ask(ports, call, "imagine", prompt="a red apple", count=2))
    moderator = replace(call, person=someone("mo", moderator=True))
    answer = execute(ports, moderator, "delete", {"what": picture})
    assert answer == PicturesDeleted(picture_ids=(picture,))
    with ports.database.read() as session:
        assert not queries.find_job(session, job).cancel_requested
        row = session.get_one(PictureRow, picture)
        assert row.deleted_at
        assert row.appeal_until


def test_an_early_picture_can_be_reported(ports: Ports, call: Call) -> None:
    picture = finish_early(ports, ask(ports, call, "imagine", prompt="a red apple", count=2))
    filed = execute(ports, replace(call, person=someone("bo")), "report", {"picture": picture})
    assert isinstance(filed, ReportFiled)
    assert filed.case.picture_id == picture
