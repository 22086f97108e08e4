"""Jobs judged again when painting starts, by today's bans and rules."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from engine.jobs.job_runner import JobRunner
from moderation.policy.policy import default_policy, parse_policy
from studio.clock import now
from studio.commands.registry import execute
from studio.commands.spec import Call
from studio.db import cases
from studio.db.tables import CaseRow, JobRow
from studio.domain.cases import CaseKind
from studio.domain.events import CaseChanged
from studio.domain.jobs import JobState
from studio.domain.verdicts import Ruling, Verdict
from studio.errors import (
    BannedError,
    DatabaseUnavailableError,
)
from tests.support import job_runner
from tests.support.case_sim import with_gate
from tests.support.fakes import someone, somewhere
from tests.support.job_runner import entries, read
from tests.support.worker_context import worker_context

brush = job_runner.brush
leases = job_runner.leases
work = job_runner.work
job = job_runner.job


def cases_of(ports):
    with ports.database.read() as session:
        return [cases.case_of(row) for row in session.scalars(select(CaseRow))]


class TestJudgingAgain:
    """When painting starts: by today's bans and rules."""

    def test_under_the_same_rules_nothing_is_judged_again(self, ports, work, brush, job):
        work.run(job)
        assert (ports.gate.reviews, len(brush.orders)) == ([], 1)

    def test_under_new_rules_a_job_is_judged_again_and_remembers_them(self, ports, work, brush, job):
        ports.gate.policy_version = "newer"
        work.run(job)
        assert [review.request.prompt for review in ports.gate.reviews] == ["a red apple"]
        assert (read(ports, job)[0].policy_version, len(brush.orders)) == ("newer", 1)

    def test_what_new_rules_refuse_is_not_painted_and_may_be_appealed(self, ports, work, brush, call, job):
        ports.gate.policy_version = "newer"
        ports.gate.verdict = Verdict(ruling=Ruling.REFUSE, rule="words", category="violence")
        work.run(job)
        ended, _ = read(ports, job)
        assert (ended.state, ended.refused_rule, brush.orders) == (JobState.REFUSED, "words", [])
        assert entries(ports, job) == {"reserve": -4, "release": 4}
        assert not execute(ports, call, "appeal", {"job": job}).repeated

    def test_a_community_that_became_stricter_is_heard_when_painting_starts(self, ports, brush, leases, call):
        lenient = parse_policy('[categories.political]\naction = "allow"', over=default_policy())
        instance = with_gate(ports, policy=lenient)
        job = execute(instance, call, "imagine", {"prompt": "a ballot box"}).job_id
        moderator = Call(person=someone("mod", moderator=True), address=somewhere(), request_key="stricter")
        execute(instance, moderator, "community", {"setting": "policy", "value": "political refuse"})
        work = JobRunner(
            worker_context(instance),
            generator=brush,
            leases=leases,
        )
        work.run(job)
        ended, _ = read(instance, job)
        assert (ended.state, ended.refused_category, brush.orders) == (JobState.REFUSED, "political", [])

    def test_what_new_rules_hold_waits_on_the_desk(self, ports, work, brush, job):
        ports.gate.policy_version = "newer"
        ports.gate.verdict = Verdict(ruling=Ruling.HOLD, rule="words", category="violence", evidence="e")
        work.run(job)
        (case,) = cases_of(ports)
        assert (read(ports, job)[0].state, case.job_id, case.evidence) == (JobState.HELD, job, "e")
        assert brush.orders == []

    def test_what_a_moderator_let_pass_is_not_judged_again(self, ports, work, brush, job):
        with ports.database.begin() as session:
            session.get_one(JobRow, job).cleared = True
        ports.gate.policy_version = "newer"
        work.run(job)
        assert (ports.gate.reviews, len(brush.orders)) == ([], 1)

    def test_nothing_is_painted_for_a_person_banned_meanwhile(self, ports, work, brush, job):
        ports.gate.welcome_error = BannedError()
        work.run(job)
        ended, _ = read(ports, job)
        assert (ended.state, ended.error_code, brush.orders) == (JobState.CANCELLED, "banned", [])
        assert entries(ports, job) == {"reserve": -4, "release": 4}

    def test_a_job_that_cannot_be_judged_for_want_of_the_database_is_painted_later(
        self, ports, work, brush, job
    ):
        ports.gate.welcome_error = DatabaseUnavailableError()
        work.run(job)
        assert (brush.orders, read(ports, job)[0].state) == ([], JobState.PAINTING)
        with ports.database.begin() as session:
            session.get_one(JobRow, job).lease_until = now() - timedelta(seconds=1)
        ports.gate.welcome_error = None
        work.run(job)
        assert read(ports, job)[0].state is JobState.DONE

    def test_held_pictures_are_one_case(self, ports, work, job):
        ports.gate.picture_verdict = Verdict(ruling=Ruling.HOLD, rule="face", category="named persons")
        work.run(job)
        (case,) = cases_of(ports)
        assert (case.kind, case.picture_id, case.rule) == (CaseKind.HOLD, f"{job}.1", "face")
        assert [event.case_id for event in ports.events.published if isinstance(event, CaseChanged)] == [
            case.id
        ]

    def test_refused_pictures_may_be_appealed(self, ports, work, call, job):
        ports.gate.picture_verdict = Verdict(ruling=Ruling.REFUSE, rule="nudity", category="sexual")
        work.run(job)
        assert read(ports, job)[0].refused_category == "sexual"
        assert execute(ports, call, "appeal", {"job": job}).case.rule == "nudity"

    @pytest.mark.parametrize("appealable", [True, False])
    def test_of_a_cleared_job_a_moderator_sees_the_pictures_before_they_are_refused(
        self, ports, work, job, appealable
    ):
        with ports.database.begin() as session:
            session.get_one(JobRow, job).cleared = True
        ports.gate.picture_verdict = Verdict(
            ruling=Ruling.REFUSE, rule="nudity", category="sexual", appealable=appealable
        )
        work.run(job)
        ended, _ = read(ports, job)
        assert ended.state is (JobState.HELD if appealable else JobState.REFUSED)
        assert (ended.request.prompt == "") is not appealable

    def test_the_share_of_a_worker_comes_with_the_order(self, ports, work, brush, job):
        ports.gate.allowed = replace(ports.gate.allowed, weight=1.5)
        work.run(job)
        assert brush.orders[0].weight == 1.5
