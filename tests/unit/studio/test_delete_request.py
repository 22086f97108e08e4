"""/delete of a job that has no picture deletes its request, as far as nothing needs it."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from studio.clock import now
from studio.commands.registry import execute
from studio.commands.results import JobsStopped, PicturesDeleted
from studio.commands.spec import Call
from studio.db import cases
from studio.db.identities import linked_identities
from studio.db.identities.people import lock_person
from studio.db.tables import CaseRow, EvidenceRow, JobRow, LedgerRow, UploadRow
from studio.domain.cases import CaseKind, CaseState, Decision, NewCase
from studio.domain.jobs import JobState
from studio.erasure.unused_uploads import APPEALED_FOR
from studio.errors import NotAllowedError, NotFoundError
from studio.ports import Ports
from studio.services.upload_intake import accept_upload
from tests.support.fakes import someone
from tests.support.finished_jobs import end_job, paint_job
from tests.support.sentences import raises


@pytest.fixture
def upload(ports, call):
    return accept_upload(ports, call.person, b"an image")


def edited(ports: Ports, call: Call, upload, key: str = "edit") -> str:
    values = {"image": upload, "prompt": "a fox", "region": "A1"}
    return execute(ports, replace(call, request_key=key), "edit", values).job_id


def deleted(ports: Ports, call: Call, job_id: str):
    return execute(ports, replace(call, request_key=f"delete {now()}"), "delete", {"what": job_id})


def request_of(ports: Ports, job_id: str) -> dict[str, object]:
    with ports.database.read() as session:
        return session.get_one(JobRow, job_id).request


@pytest.mark.parametrize("state", [JobState.FAILED, JobState.CANCELLED])
def test_words_and_files_of_a_job_without_pictures_go(ports, call, upload, state):
    job_id = edited(ports, call, upload)
    end_job(ports, job_id, state)
    with ports.database.read() as session:
        entries = session.scalar(select(func.count()).select_from(LedgerRow))
    assert deleted(ports, call, job_id) == PicturesDeleted(picture_ids=())
    assert request_of(ports, job_id).keys() == {"operation", "seed", "count"}
    assert upload.key not in ports.store.blobs
    with ports.database.read() as session:
        assert session.scalars(select(UploadRow)).all() == []
        assert session.scalar(select(func.count()).select_from(LedgerRow)) == entries
    with raises(NotFoundError, match="nothing else of it is left"):
        deleted(ports, call, job_id)
    with pytest.raises(NotFoundError):
        execute(ports, replace(call, request_key="again"), "reroll", {"job": job_id})


def test_a_file_that_another_request_uses_stays(ports, call, upload):
    failed, painted = edited(ports, call, upload), paint_job(ports, edited(ports, call, upload, "other"))
    end_job(ports, failed, JobState.FAILED)
    deleted(ports, call, failed)
    assert upload.key in ports.store.blobs
    assert request_of(ports, painted)["prompt"] == "a fox"


def refuse(ports, call, job_id):
    end_job(ports, job_id, JobState.REFUSED)


def open_case(ports, call, job_id):
    end_job(ports, job_id, JobState.FAILED)
    with ports.database.begin() as session:
        cases.open_case(
            session, NewCase(kind=CaseKind.REPORT, case_key="x", job_id=job_id, subject=call.person)
        )


def keep_evidence(ports, call, job_id):
    end_job(ports, job_id, JobState.CANCELLED)
    with ports.database.begin() as session:
        session.add(
            EvidenceRow(id="e", kind="words", subject="x", job_id=job_id, content=b"", created_at=now())
        )


def decide_against(ports, call, job_id):
    open_case(ports, call, job_id)
    with ports.database.begin() as session:
        case = session.scalars(select(CaseRow)).one()
        case.state, case.decision, case.decided_at = CaseState.CLOSED, Decision.WARN, now()


@pytest.mark.parametrize("need", [refuse, open_case, keep_evidence])
def test_what_moderators_may_need_stays(ports, call, upload, need):
    job_id = edited(ports, call, upload)
    need(ports, call, job_id)
    with raises(NotAllowedError, match="stay while they may be needed"):
        deleted(ports, call, job_id)
    assert request_of(ports, job_id)["prompt"] == "a fox"
    assert upload.key in ports.store.blobs


def test_words_that_a_case_was_decided_against_stay_within_the_time_for_appeals(ports, call, upload):
    job_id = edited(ports, call, upload)
    decide_against(ports, call, job_id)
    with raises(NotAllowedError, match="stay while they may be needed"):
        deleted(ports, call, job_id)
    assert request_of(ports, job_id)["prompt"] == "a fox"
    with ports.database.begin() as session:
        session.scalars(select(CaseRow)).one().decided_at = now() - APPEALED_FOR - timedelta(days=1)
    assert deleted(ports, call, job_id) == PicturesDeleted(picture_ids=())


def test_a_linked_identity_of_another_community_cancels_and_deletes(ports, call, upload):
    elsewhere = someone("bo", community="elsewhere")
    painted = paint_job(ports, edited(ports, call, upload))
    waiting = edited(ports, call, upload, "other")
    foreign = replace(call, person=elsewhere)
    for command in (
        {"name": "delete", "values": {"what": painted}},
        {"name": "cancel", "values": {"job": waiting}},
    ):
        with pytest.raises(NotFoundError):
            execute(ports, replace(foreign, request_key=f"{command}"), **command)
    with ports.database.begin() as session:
        lock_person(session, elsewhere)
        linked_identities.link(session, elsewhere.key, call.person.key)
    assert len(deleted(ports, foreign, painted).picture_ids) > 0
    cancelled = execute(ports, replace(foreign, request_key="cancel"), "cancel", {"job": waiting})
    assert cancelled.at_once


def test_nobody_else_deletes_a_request(ports, call, upload):
    job_id = edited(ports, call, upload)
    end_job(ports, job_id, JobState.FAILED)
    with pytest.raises(NotAllowedError):
        deleted(ports, replace(call, person=someone("bo")), job_id)
    with pytest.raises(NotFoundError):
        deleted(ports, replace(call, person=someone("mod", moderator=True)), job_id)
    assert request_of(ports, job_id)["prompt"] == "a fox"


def test_of_a_finished_job_whose_pictures_are_deleted_nothing_is_left(ports, call, upload):
    job_id = paint_job(ports, edited(ports, call, upload))
    deleted(ports, call, job_id)
    with raises(NotFoundError, match="nothing else of it is left"):
        deleted(ports, call, job_id)


def test_a_request_that_waits_for_a_moderator_is_cancelled(ports, call, upload):
    job_id = edited(ports, call, upload)
    end_job(ports, job_id, JobState.HELD)
    assert deleted(ports, call, job_id) == JobsStopped(job_id=job_id, at_once=True)
