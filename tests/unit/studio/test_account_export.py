"""/export-me: the archive holds what /forget-me would delete, and nothing of others."""

import io
import json
import zipfile
from dataclasses import replace

import pytest
from sqlalchemy import update

from studio.clock import now
from studio.commands.registry import execute
from studio.commands.spec import Call
from studio.db import cases
from studio.db.identities.linked_identities import link
from studio.db.tables import Erasure, JobRow, PictureRow
from studio.domain.cases import CaseKind, NewCase
from studio.domain.jobs import JobState
from studio.domain.requests import Source
from studio.services import personal_data
from studio.services.accounts.account_export import Exported, find_records, write_export
from tests.support.fakes import someone, somewhere
from tests.support.finished_jobs import paint_job

ANA, BO = someone("ana"), someone("bo")


@pytest.fixture
def job_id(ports):
    made = {}
    for person, prompt in ((ANA, "a red apple"), (BO, "a blue pear")):
        call = Call(person=person, address=somewhere(), request_key=person.user_id)
        made[person] = execute(ports, call, "imagine", {"prompt": prompt, "count": 1}).job_id
        paint_job(ports, made[person])
    with ports.database.begin() as session:
        report = NewCase(
            case_key=f"report:{made[ANA]}.1:{BO.key}",
            kind=CaseKind.REPORT,
            subject=ANA,
            filed_by=BO,
            job_id=made[ANA],
            words="bo's words",
        )
        cases.open_case(session, report)
        outside = replace(report, case_key="outside", filed_by=None, words="a stranger's words")
        cases.open_case(session, outside)
    return made[ANA]


def exported(ports, person=ANA, **options):
    out = io.BytesIO()
    summary = write_export(ports, person, out, readme=", ".join, **options)
    with zipfile.ZipFile(out) as archive:
        return summary, {name: archive.read(name) for name in archive.namelist()}


def test_an_archive_holds_words_and_pictures(ports, job_id):
    summary, files = exported(ports)
    assert files[f"pictures/{job_id}.1.png"]
    jobs = json.loads(files["records/jobs.json"])
    assert [job["request"]["prompt"] for job in jobs] == ["a red apple"]
    assert summary.files == 1
    assert summary.records == sum(
        len(json.loads(data)) for name, data in files.items() if name.startswith("records/")
    )


def test_what_somebody_else_brought_along_is_not_in_the_archive(ports):
    key = ports.store.put(b"an upload of ana's", suffix=".png")
    values = {"image": Source(key=key), "region": "A1", "prompt": "a boat"}
    first = execute(ports, Call(person=ANA, address=somewhere(), request_key="e"), "edit", values).job_id
    paint_job(ports, first)
    for person in (ANA, BO):
        call = Call(person=person, address=somewhere(), request_key=f"again {person.user_id}")
        paint_job(ports, execute(ports, call, "reroll", {"job": first}).job_id)
    assert b"an upload of ana's" in exported(ports)[1].values()
    assert b"an upload of ana's" not in exported(ports, BO)[1].values()


def test_an_archive_holds_nothing_of_others(ports, job_id):
    _, files = exported(ports)
    everything = b"".join(data for name, data in files.items() if name.startswith("records/")).decode()
    assert "a blue pear" not in everything
    assert "bo's words" not in everything
    assert "a stranger's words" not in everything
    assert BO.key not in everything
    found = json.loads(files["records/cases.json"])
    assert {case["filed_by"] for case in found} == {"somebody else", None}
    assert {case["subject"] for case in found} == {ANA.key}


@pytest.mark.parametrize("kept_back", [{"state": JobState.HELD}, {"hidden_by": "case00000001"}])
def test_pictures_that_moderators_keep_back_are_not_exported(ports, job_id, kept_back):
    table = JobRow if "state" in kept_back else PictureRow
    hidden = {"deleted_at": now()} if table is PictureRow else {}
    with ports.database.begin() as session:
        session.execute(update(table).values(**kept_back, **hidden))
    summary, files = exported(ports)
    assert summary.files == 0
    assert not [name for name in files if name.startswith("pictures/")]


def test_linked_names_are_exported_together(ports, job_id):
    with ports.database.begin() as session:
        link(session, ANA.key, BO.key)
    summary, files = exported(ports)
    assert (summary.identities, summary.files) == (2, 2)
    assert b"a blue pear" in files["records/jobs.json"]


def test_every_row_that_forgetting_finds_is_in_the_archive(ports, job_id):
    """Also of tables that come later: by the marks of their columns."""
    with ports.database.read() as session:
        records = find_records(session, [ANA.key])
        for column in personal_data.person_columns(*Erasure):
            found = session.query(column.class_).where(column == ANA.key).count()
            if found:
                assert len(records[column.class_.__tablename__]) >= found


def test_files_that_do_not_fit_or_are_gone_are_left_out(ports, job_id):
    summary, files = exported(ports, most_bytes=0)
    assert (summary.files, summary.left_out) == (0, 1)
    assert "records/jobs.json" in files
    ports.store.blobs.clear()
    assert exported(ports)[0].left_out == 1


def test_the_command_says_what_there_is(ports, job_id):
    answer = execute(ports, Call(person=ANA, address=somewhere(), request_key="e"), "export-me", {})
    assert isinstance(answer, Exported)
    assert (answer.identities, answer.files) == (1, 1)
