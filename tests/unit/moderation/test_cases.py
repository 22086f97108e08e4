"""The moderators' desk: what is filed, who decides, and what follows."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from bots.presentation.compose.cases import compose_case
from moderation.cases.blocked_pictures import blocked_bits
from moderation.cases.strikes import strike_sum
from moderation.records import bans
from moderation.records.tables import StrikeRow
from studio.clock import now
from studio.commands.button_ids import Action, Button
from studio.commands.registry import execute
from studio.commands.results import CaseDecided, CaseOpened
from studio.db import cases, credit_ledger, queries
from studio.db.identities import linked_identities
from studio.db.identities.people import lock_person
from studio.db.tables import CaseRow, JobRow
from studio.domain.cases import CaseKind, Decision, NewCase, NoticeKind
from studio.domain.events import CaseChanged, JobChanged, PictureChanged
from studio.domain.jobs import JobState
from studio.errors import (
    BadParameterError,
    CaseTakenError,
    NotAllowedError,
    NotFoundError,
    PolicyRefusalError,
)
from tests.support.buttons import execute_button
from tests.support.case_sim import with_desk
from tests.support.case_steps import (
    BEA,
    FINGERPRINT,
    HELD,
    MOD,
    REFUSED,
    by,
    decide,
    desk,
    held,
    imagine,
    job_of,
    kinds,
    notices,
    only_case,
    painted,
    refused,
    reported,
)
from tests.support.fakes import someone
from tests.support.finished_jobs import paint_job
from tests.support.message_text import text_of
from tests.support.sentences import raises


@pytest.fixture
def instance(ports):
    return with_desk(ports)


class TestFiling:
    def test_a_picture_is_reported_once_by_each_person(self, instance, call):
        job_id = painted(instance, call)
        report = {"picture": f"{job_id}.1", "reason": "a private person"}
        first = execute(instance, by(call, someone("bo")), "report", report)
        again = execute(instance, by(call, someone("bo"), "2"), "report", report)
        other = execute(instance, by(call, someone("cy")), "report", report)
        assert (first.repeated, again.repeated, other.repeated) == (False, True, False)
        assert again.case.id == first.case.id != other.case.id
        assert len(kinds(instance, CaseChanged)) == 2

    def test_a_human_reports_a_picture_once_whichever_name_they_use(self, instance, call):
        job_id = painted(instance, call)
        reported(instance, call, job_id)
        with instance.database.begin() as session:
            lock_person(session, someone("bo2"))
            linked_identities.link(session, someone("bo").key, someone("bo2").key)
        again = execute(instance, by(call, someone("bo2")), "report", {"picture": f"{job_id}.1"})
        elsewhere = execute(instance, by(call, someone("bo2"), "2"), "report", {"picture": f"{job_id}.2"})
        assert (again.repeated, elsewhere.repeated) == (True, False)
        assert [case.filed_by for case in desk(instance, call)] == [someone("bo").key, someone("bo2").key]
        assert len(kinds(instance, CaseChanged)) == 2

    def test_what_two_names_reported_before_they_were_linked_weighs_as_one_report(self, instance, call):
        job_id = painted(instance, call)
        reported(instance, call, job_id)
        reported(instance, call, job_id, name="bo2")
        decide(instance, call, desk(instance, call)[0], Decision.APPROVE)
        with instance.database.begin() as session:
            weight = cases.report_weight(session, someone("bo").key)
            linked_identities.link(session, someone("bo").key, someone("bo2").key)
            assert cases.report_weight(session, someone("bo2").key) == weight == pytest.approx(2 / 3)

    def test_ones_own_picture_is_deleted_not_reported(self, instance, call):
        job_id = painted(instance, call)
        with raises(NotAllowedError, match="delete"):
            execute(instance, call, "report", {"picture": f"{job_id}.1"})
        with instance.database.begin() as session:
            lock_person(session, someone("bo"))
            linked_identities.link(session, call.person.key, someone("bo").key)
        with raises(NotAllowedError, match="delete"):
            reported(instance, call, job_id)

    def test_reports_of_somebody_who_was_often_wrong_weigh_little_and_come_last(self, instance, call):
        jobs = [painted(instance, by(call, someone("ana"), str(index))) for index in range(4)]
        for job_id in jobs[:3]:
            reported(instance, call, job_id, mark=job_id)
            case = next(case for case in desk(instance, call) if case.job_id == job_id)
            decide(instance, call, case, Decision.APPROVE)
        reported(instance, call, jobs[3], mark="last")
        reported(instance, call, jobs[3], name="cy")
        waiting = desk(instance, call)
        assert [case.filed_by for case in waiting] == [someone("cy").key, someone("bo").key]
        assert waiting[1].weight == pytest.approx(0.4)
        with instance.database.begin() as session:
            linked_identities.link(session, someone("bo").key, someone("cy").key)
            assert cases.report_weight(session, someone("cy").key) == pytest.approx(0.4)

    def test_a_refusal_is_appealed_once_and_by_its_owner_only(self, instance, call):
        job_id = refused(instance, call)
        with raises(NotAllowedError, match="asked for this"):
            execute(instance, by(call, someone("bo")), "appeal", {"job": job_id})
        first = execute(
            instance, by(call, call.person, "a"), "appeal", {"job": job_id, "reason": "a textbook"}
        )
        assert (first.case.kind, first.case.words) == (CaseKind.APPEAL, "a textbook")
        assert execute_button(
            instance, by(call, call.person, "b"), Button(action=Action.APPEAL, job_id=job_id)
        ).repeated

    def test_what_was_not_refused_is_not_appealed(self, instance, call):
        with raises(BadParameterError, match="not refused"):
            execute(instance, by(call, call.person, "a"), "appeal", {"job": imagine(instance, call)})

    def test_against_the_core_there_is_no_appeal(self, instance, call):
        instance.gate.verdict = replace(REFUSED, appealable=False)
        for _ in range(2):  # a repeated click learns no more
            with pytest.raises(PolicyRefusalError) as caught:
                imagine(instance, call)
            assert caught.value.job_id is None
        with instance.database.read() as session:
            row = session.scalars(select(JobRow)).one()
        assert "apple" not in str(row.request)
        with raises(NotAllowedError, match="cannot be appealed"):
            execute(instance, by(call, call.person, "a"), "appeal", {"job": row.id})


class TestJudging:
    def test_a_claim_lets_one_moderator_read_and_keeps_the_other_away(self, instance, call):
        _, case = held(instance, call)
        opened = execute(instance, by(call, MOD), "review", {})
        assert isinstance(opened, CaseOpened)
        assert (opened.details.prompts, opened.details.case.evidence) == (("a red apple",), "found it")
        assert opened.details.case.claimed_by == MOD.key
        for values in ({"case": case.id}, {"case": case.id, "decision": "approve"}):
            with raises(CaseTakenError, match="another moderator"):
                execute(instance, by(call, BEA, str(values)), "review", values)
        with pytest.raises(NotFoundError):
            execute(instance, by(call, BEA), "review", {})

    def test_a_claim_expires(self, instance, call):
        _, case = held(instance, call)
        execute(instance, by(call, MOD), "review", {"case": case.id})
        with instance.database.begin() as session:
            session.get_one(CaseRow, case.id).claimed_until = now() - timedelta(seconds=1)
        assert execute(instance, by(call, BEA), "review", {}).details.case.claimed_by == BEA.key

    def test_the_effective_prompt_names_every_picture_it_goes_back_to(self, instance, call):
        first = painted(instance, call)
        instance.gate.verdict = HELD
        values = {"picture": f"{first}.1", "prompt": "warmer", "count": 1}
        execute(instance, by(call, call.person, "r"), "remix", values)
        details = execute(instance, by(call, MOD), "review", {}).details
        assert details.prompts == ("warmer", "a red apple")

    def test_what_shall_not_be_shown_and_the_style_are_read_too(self, instance, call):
        instance.gate.verdict = HELD
        execute(instance, call, "imagine", {"prompt": "a boat", "negative": "a storm", "style": "ink"})
        read = text_of(compose_case(instance.desk.read(only_case(instance).id))).splitlines()
        assert {"Effective prompt: a boat", "Negative prompt: a storm", "Style: ink"} <= set(read)

    def test_nobody_judges_their_own_case_under_any_of_their_names(self, instance, call):
        mine = by(call, replace(MOD, display_name="Mod"))
        instance.gate.verdict = HELD
        imagine(instance, mine)
        case = only_case(instance)
        code = execute(instance, by(call, MOD, "l"), "link", {}).code
        execute(instance, by(call, BEA, "l"), "link", {"code": code})
        for moderator in (MOD, BEA):
            with raises(NotAllowedError, match="somebody else"):
                decide(instance, call, case, Decision.APPROVE, moderator)
            with pytest.raises(NotFoundError):
                execute(instance, by(call, moderator, "n"), "review", {})
        assert isinstance(
            decide(instance, call, case, Decision.APPROVE, someone("cy", moderator=True)), CaseDecided
        )

    def test_only_moderators_of_the_community_judge(self, instance, call):
        _, case = held(instance, call)
        with raises(NotAllowedError, match="Only moderators"):
            decide(instance, call, case, Decision.APPROVE, someone("bo"))
        with pytest.raises(NotFoundError):
            decide(instance, call, case, Decision.APPROVE, someone("x", moderator=True, community="other"))

    def test_a_case_is_decided_once_and_in_ways_that_fit_it(self, instance, call):
        _, case = held(instance, call)
        with raises(BadParameterError, match="must be one of"):
            decide(instance, call, case, Decision.OVERTURN)
        decide(instance, call, case, Decision.APPROVE, note="fine")
        with raises(CaseTakenError, match="decided already"):
            decide(instance, call, case, Decision.REJECT, BEA)
        assert (only_case(instance).decision, only_case(instance).note) == (Decision.APPROVE, "fine")


class TestHolds:
    def test_an_approved_prompt_is_painted_and_not_judged_again(self, instance, call):
        job_id, case = held(instance, call)
        decide(instance, call, case, Decision.APPROVE)
        job = job_of(instance, job_id)
        assert (job.state, job.cleared, instance.queue.sent) == (JobState.QUEUED, True, [(job_id, 0)])
        assert [event.job_id for event in kinds(instance, JobChanged)] == [job_id]

    def test_a_rejected_one_is_refused_and_paid_back(self, instance, call):
        job_id, case = held(instance, call)
        decide(instance, call, case, Decision.REJECT)
        job = job_of(instance, job_id)
        assert (job.state, job.refused_category) == (JobState.REFUSED, "violence")
        with instance.database.read() as session:
            assert credit_ledger.used_credits(session, call.person.key, at=now()) == 0

    @pytest.mark.parametrize("decision", [Decision.APPROVE, Decision.SPOILER])
    def test_held_pictures_are_delivered(self, instance, call, decision):
        job_id = paint_job(instance, imagine(instance, call), state=JobState.HELD)
        with instance.database.begin() as session:
            job = queries.find_job(session, job_id)
            case, _ = cases.open_case(
                session, NewCase(kind=CaseKind.HOLD, case_key="hold", subject=job.person, job_id=job_id)
            )
        decide(instance, call, case, decision)
        job = job_of(instance, job_id)
        assert (job.state, job.spoiler) == (JobState.DONE, decision is Decision.SPOILER)

    def test_the_owner_of_the_source_hears_of_a_held_picture_once_it_is_delivered(self, instance, call):
        execute(instance, by(call, someone("cy"), "s"), "settings", {"built_on": "now"})
        source = paint_job(instance, imagine(instance, by(call, someone("cy"))))
        job_id = execute(instance, call, "vary", {"picture": f"{source}.1", "count": 1}).job_id
        paint_job(instance, job_id, state=JobState.HELD)
        with instance.database.begin() as session:
            job = queries.find_job(session, job_id)
            case, _ = cases.open_case(
                session, NewCase(kind=CaseKind.HOLD, case_key="hold", subject=job.person, job_id=job_id)
            )
        assert notices(instance, someone("cy").key) == []
        decide(instance, call, case, Decision.APPROVE)
        assert notices(instance, someone("cy").key) == [NoticeKind.BUILT_ON]

    def test_a_job_whose_held_pictures_were_deleted_is_over_and_not_painted_again(self, instance, call):
        job_id = paint_job(instance, imagine(instance, call), state=JobState.HELD)
        with instance.database.begin() as session:
            job = queries.find_job(session, job_id)
            case, _ = cases.open_case(
                session, NewCase(kind=CaseKind.HOLD, case_key="hold", subject=job.person, job_id=job_id)
            )
        execute(instance, call, "delete", {"what": f"{job_id}.1"})
        assert job_of(instance, job_id).state is JobState.HELD
        execute(instance, call, "delete", {"what": job_id})
        assert job_of(instance, job_id).state is JobState.CANCELLED
        instance.queue.sent.clear()
        decide(instance, call, case, Decision.APPROVE)
        assert (job_of(instance, job_id).state, instance.queue.sent) == (JobState.CANCELLED, [])

    def test_a_picture_that_was_refused_and_deleted_is_not_painted_again(self, instance, call):
        job_id = paint_job(instance, imagine(instance, call), state=JobState.REFUSED)
        execute(instance, call, "delete", {"what": job_id})
        execute(instance, by(call, call.person, "a"), "appeal", {"job": job_id})
        instance.queue.sent.clear()
        decide(instance, call, only_case(instance), Decision.OVERTURN)
        assert (job_of(instance, job_id).state, instance.queue.sent) == (JobState.REFUSED, [])

    def test_a_blocked_picture_is_known_by_its_fingerprint(self, instance, call):
        job_id = painted(instance, call)
        reported(instance, call, job_id)
        decide(instance, call, only_case(instance), Decision.BLOCK)
        with instance.database.read() as session:
            assert blocked_bits(session, call.person) == (int(FINGERPRINT, 16),)
            assert blocked_bits(session, someone("x", community="other")) == ()
            assert strike_sum(session, call.person.key) == pytest.approx(1, abs=0.01)

    def test_a_warning_is_told_and_weighs(self, instance, call):
        _, case = held(instance, call)
        decide(instance, call, case, Decision.WARN)
        assert notices(instance, call.person.key) == [NoticeKind.WARNING]
        with instance.database.read() as session:
            assert strike_sum(session, call.person.key) == pytest.approx(1, abs=0.01)

    @pytest.mark.parametrize("decision", [Decision.SUSPEND, Decision.BAN])
    def test_a_suspended_person_loses_all_their_jobs_under_all_their_names(self, instance, call, decision):
        code = execute(instance, call, "link", {}).code
        execute(instance, by(call, someone("elsewhere")), "link", {"code": code})
        other = imagine(instance, by(call, someone("elsewhere"), "job"))
        painting = imagine(instance, by(call, call.person, "p"))
        with instance.database.begin() as session:
            session.get_one(JobRow, painting).state = JobState.PAINTING
        _, case = held(instance, by(call, call.person, "h"))
        decide(instance, call, case, decision)
        assert job_of(instance, other).state is JobState.CANCELLED
        assert (instance.queue.cancelled, job_of(instance, painting).cancel_requested) == ([painting], True)
        with instance.database.read() as session:
            ban = bans.find_ban(session, someone("elsewhere").key)
        assert (ban.until is None) == (decision is Decision.BAN)
        wanted = NoticeKind.BAN if decision is Decision.BAN else NoticeKind.SUSPENSION
        assert notices(instance) == [wanted, wanted]


class TestReports:
    @pytest.mark.parametrize("decision", [Decision.APPROVE, Decision.SPOILER, Decision.REJECT])
    def test_a_report_leaves_hides_or_removes_the_picture(self, instance, call, decision):
        job_id = painted(instance, call)
        reported(instance, call, job_id)
        reported(instance, call, job_id, "cy")
        case = next(case for case in desk(instance, call) if case.filed_by == someone("bo").key)
        decide(instance, call, case, decision)
        assert desk(instance, call) == ()  # the other report is answered by the same word
        with instance.database.read() as session:
            left = len(queries.pictures_of_job(session, job_id))
            spoiler = queries.find_job(session, job_id).spoiler
        assert (left, spoiler) == (1 if decision is Decision.REJECT else 2, decision is Decision.SPOILER)
        assert (
            notices(instance, someone("bo").key)
            == notices(instance, someone("cy").key)
            == [NoticeKind.DECIDED]
        )
        gone = decision is Decision.REJECT
        assert bool(kinds(instance, PictureChanged)) == bool(notices(instance, call.person.key)) == gone

    def test_a_report_that_the_moderator_filed_waits_for_somebody_else(self, instance, call):
        job_id = painted(instance, call)
        reported(instance, call, job_id)
        execute(instance, by(call, MOD), "report", {"picture": f"{job_id}.1"})
        first = next(case for case in desk(instance, call) if case.filed_by == someone("bo").key)
        decide(instance, call, first, Decision.APPROVE)
        (own,) = desk(instance, call)
        assert own.filed_by == MOD.key
        with pytest.raises(NotAllowedError):
            decide(instance, call, own, Decision.APPROVE)
        decide(instance, call, own, Decision.APPROVE, BEA)
        assert desk(instance, call) == ()


class TestAppeals:
    def test_an_overturned_refusal_is_painted_charged_and_forgiven(self, instance, call):
        job_id = refused(instance, call)
        with instance.database.begin() as session:
            session.add(
                StrikeRow(
                    person_key=call.person.key, rule="r", category="c", weight=1, job_id=job_id, at=now()
                )
            )
        execute(instance, by(call, call.person, "a"), "appeal", {"job": job_id})
        decide(instance, call, only_case(instance), Decision.OVERTURN)
        job = job_of(instance, job_id)
        assert (job.state, job.cleared, job.cost, job.refused_rule) == (JobState.QUEUED, True, 2, "")
        with instance.database.read() as session:
            assert strike_sum(session, call.person.key) == 0
            assert credit_ledger.used_credits(session, call.person.key, at=now()) == 2
        assert notices(instance, call.person.key) == [NoticeKind.DECIDED]

    def test_a_refusal_that_stands_is_told(self, instance, call):
        job_id = refused(instance, call)
        execute(instance, by(call, call.person, "a"), "appeal", {"job": job_id})
        decide(instance, call, only_case(instance), Decision.REJECT)
        assert job_of(instance, job_id).state is JobState.REFUSED
        assert notices(instance, call.person.key) == [NoticeKind.DECIDED]
