"""What people and moderators do with cases, a step each, for the tests of the desk."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from studio.commands.registry import execute
from studio.db import cases, queries
from studio.db.tables import CaseRow, NoticeRow, PictureRow
from studio.domain.cases import NoticeKind
from studio.domain.verdicts import Ruling, Verdict
from studio.errors import (
    PolicyRefusalError,
)
from tests.support.fakes import someone
from tests.support.finished_jobs import paint_job

MOD, BEA = someone("mod", moderator=True), someone("bea", moderator=True)
FINGERPRINT = "f" * 63 + "0"
REFUSED = Verdict(ruling=Ruling.REFUSE, rule="wording", category="violence")
HELD = Verdict(ruling=Ruling.HOLD, rule="wording", category="violence", evidence="found it")


def by(call, person, mark=""):
    return replace(call, person=person, request_key=f"{call.request_key}:{person.user_id}{mark}")


def imagine(instance, call, prompt="a red apple"):
    return execute(instance, call, "imagine", {"prompt": prompt, "count": 2}).job_id


def painted(instance, call):
    job_id = paint_job(instance, imagine(instance, call))
    with instance.database.begin() as session:
        for row in session.scalars(select(PictureRow).where(PictureRow.job_id == job_id)):
            row.perceptual_hash = FINGERPRINT
    return job_id


def held(instance, call):
    instance.gate.verdict = HELD
    job_id = imagine(instance, call)
    instance.gate.verdict = Verdict(ruling=Ruling.ALLOW)
    return job_id, only_case(instance)


def refused(instance, call):
    instance.gate.verdict = REFUSED
    with pytest.raises(PolicyRefusalError) as caught:
        imagine(instance, call)
    instance.gate.verdict = Verdict(ruling=Ruling.ALLOW)
    return caught.value.job_id


def only_case(instance, kind=None):
    with instance.database.read() as session:
        rows = [cases.case_of(row) for row in session.scalars(select(CaseRow))]
    found = [row for row in rows if kind in (None, row.kind)]
    assert len(found) == 1
    return found[0]


def reported(instance, call, job_id, name="bo", mark=""):
    execute(instance, by(call, someone(name), mark), "report", {"picture": f"{job_id}.1"})


def job_of(instance, job_id):
    with instance.database.read() as session:
        return queries.find_job(session, job_id)


def decide(instance, call, case, decision, moderator=MOD, **values):
    asked = {"case": case.id, "decision": decision, **values}
    return execute(instance, by(call, moderator, decision), "review", asked)


def claim(instance, call, case, moderator=MOD):
    return execute(instance, by(call, moderator, "claim"), "review", {"case": case.id}).details


def notices(instance, person=None):
    with instance.database.read() as session:
        rows = session.scalars(select(NoticeRow)).all()
    return [NoticeKind(row.kind) for row in rows if person in (None, row.person_key)]


def kinds(instance, event):
    return [published for published in instance.events.published if isinstance(published, event)]


def desk(instance, call):
    return execute(instance, by(call, MOD), "cases", {}).cases
