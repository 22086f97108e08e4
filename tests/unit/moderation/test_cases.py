"""The moderators' desk: what is filed, who decides, and what follows."""

import io
from dataclasses import replace
from datetime import timedelta

import pytest
from PIL import Image, ImageEnhance
from sqlalchemy import delete, select

from bots.presentation.compose.cases import compose_case
from moderation.cases.blocked_pictures import blocked_bits
from moderation.cases.strikes import strike_sum
from moderation.policy.categories import Category
from moderation.policy.policy import default_policy, parse_policy
from moderation.records import audit_log, bans
from moderation.records.tables import StrikeRow
from studio.commands.button_ids import Action, Button
from studio.commands.registry import execute, execute_button
from studio.commands.results import CaseDecided, CaseOpened
from studio.db import cases, credit_ledger, queries, settings
from studio.db.identities import linked_identities
from studio.db.identities.people import lock_person
from studio.db.tables import BanRow, CaseRow, JobRow, NoticeRow, PictureRow
from studio.domain.cases import CaseKind, Decision, NoticeKind
from studio.domain.events import CaseChanged, JobChanged, NoticeWritten, PictureChanged
from studio.domain.jobs import JobState
from studio.domain.people import Platform
from studio.domain.settings.communities import CommunityRules
from studio.domain.verdicts import Ruling, Verdict
from studio.errors import (
    BadParameterError,
    BannedError,
    CaseTakenError,
    CommunityPausedError,
    NotAllowedError,
    NotFoundError,
    PolicyRefusalError,
)
from studio.ports import Inspected, Inspection
from studio.runtime.clock import now
from tests.support.case_sim import Appearance, with_desk, with_gate
from tests.support.fakes import someone
from tests.support.finished_jobs import paint_job
from tests.support.message_text import text_of

MOD, BEA = someone("mod", moderator=True), someone("bea", moderator=True)
FINGERPRINT = "f" * 63 + "0"
REFUSED = Verdict(ruling=Ruling.REFUSE, rule="wording", category="violence")
HELD = Verdict(ruling=Ruling.HOLD, rule="wording", category="violence", evidence="found it")


@pytest.fixture
def instance(ports):
    return with_desk(ports)


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
    found = [each for each in rows if kind in (None, each.kind)]
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


def notices(instance, person=None):
    with instance.database.read() as session:
        rows = session.scalars(select(NoticeRow)).all()
    return [NoticeKind(row.kind) for row in rows if person in (None, row.person_key)]


def kinds(instance, event):
    return [each for each in instance.events.published if isinstance(each, event)]


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
        with pytest.raises(NotAllowedError, match="delete"):
            execute(instance, call, "report", {"picture": f"{job_id}.1"})
        with instance.database.begin() as session:
            lock_person(session, someone("bo"))
            linked_identities.link(session, call.person.key, someone("bo").key)
        with pytest.raises(NotAllowedError, match="delete"):
            reported(instance, call, job_id)

    def test_reports_of_somebody_who_was_often_wrong_weigh_little_and_come_last(self, instance, call):
        jobs = [painted(instance, by(call, someone("ana"), str(index))) for index in range(4)]
        for job_id in jobs[:3]:
            reported(instance, call, job_id, mark=job_id)
            case = next(each for each in desk(instance, call) if each.job_id == job_id)
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
        with pytest.raises(NotAllowedError, match="asked for this"):
            execute(instance, by(call, someone("bo")), "appeal", {"job": job_id})
        first = execute(
            instance, by(call, call.person, "a"), "appeal", {"job": job_id, "reason": "a textbook"}
        )
        assert (first.case.kind, first.case.words) == (CaseKind.APPEAL, "a textbook")
        assert execute_button(
            instance, by(call, call.person, "b"), Button(action=Action.APPEAL, job_id=job_id)
        ).repeated

    def test_what_was_not_refused_is_not_appealed(self, instance, call):
        with pytest.raises(BadParameterError, match="not refused"):
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
        with pytest.raises(NotAllowedError, match="no appeal"):
            execute(instance, by(call, call.person, "a"), "appeal", {"job": row.id})


def desk(instance, call):
    return execute(instance, by(call, MOD), "cases", {}).cases


class TestJudging:
    def test_a_claim_lets_one_moderator_read_and_keeps_the_other_away(self, instance, call):
        _, case = held(instance, call)
        opened = execute(instance, by(call, MOD), "review", {})
        assert isinstance(opened, CaseOpened)
        assert (opened.details.prompts, opened.details.case.evidence) == (("a red apple",), "found it")
        assert opened.details.case.claimed_by == MOD.key
        for values in ({"case": case.id}, {"case": case.id, "decision": "approve"}):
            with pytest.raises(CaseTakenError, match="another moderator"):
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
            with pytest.raises(NotAllowedError, match="somebody else"):
                decide(instance, call, case, Decision.APPROVE, moderator)
            with pytest.raises(NotFoundError):
                execute(instance, by(call, moderator, "n"), "review", {})
        assert isinstance(
            decide(instance, call, case, Decision.APPROVE, someone("cy", moderator=True)), CaseDecided
        )

    def test_only_moderators_of_the_community_judge(self, instance, call):
        _, case = held(instance, call)
        with pytest.raises(NotAllowedError, match="Only moderators"):
            decide(instance, call, case, Decision.APPROVE, someone("bo"))
        with pytest.raises(NotFoundError):
            decide(instance, call, case, Decision.APPROVE, someone("x", moderator=True, community="other"))

    def test_a_case_is_decided_once_and_in_ways_that_fit_it(self, instance, call):
        _, case = held(instance, call)
        with pytest.raises(BadParameterError, match="must be one of"):
            decide(instance, call, case, Decision.OVERTURN)
        decide(instance, call, case, Decision.APPROVE, note="fine")
        with pytest.raises(CaseTakenError, match="decided already"):
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
            assert credit_ledger.used(session, call.person.key, at=now()) == 0

    @pytest.mark.parametrize("decision", [Decision.APPROVE, Decision.SPOILER])
    def test_held_pictures_are_delivered(self, instance, call, decision):
        job_id = paint_job(instance, imagine(instance, call), state=JobState.HELD)
        with instance.database.begin() as session:
            job = queries.find_job(session, job_id)
            case, _ = cases.open_case(
                session, CaseKind.HOLD, case_key="hold", subject=job.person, job_id=job_id
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
                session, CaseKind.HOLD, case_key="hold", subject=job.person, job_id=job_id
            )
        assert notices(instance, someone("cy").key) == []
        decide(instance, call, case, Decision.APPROVE)
        assert notices(instance, someone("cy").key) == [NoticeKind.BUILT_ON]

    def test_a_job_whose_held_pictures_were_deleted_is_over_and_not_painted_again(self, instance, call):
        job_id = paint_job(instance, imagine(instance, call), state=JobState.HELD)
        with instance.database.begin() as session:
            job = queries.find_job(session, job_id)
            case, _ = cases.open_case(
                session, CaseKind.HOLD, case_key="hold", subject=job.person, job_id=job_id
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
    def test_whoever_is_suspended_loses_all_their_jobs_under_all_their_names(self, instance, call, decision):
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
            assert credit_ledger.used(session, call.person.key, at=now()) == 2
        assert notices(instance, call.person.key) == [NoticeKind.DECIDED]

    def test_a_refusal_that_stands_is_told(self, instance, call):
        job_id = refused(instance, call)
        execute(instance, by(call, call.person, "a"), "appeal", {"job": job_id})
        decide(instance, call, only_case(instance), Decision.REJECT)
        assert job_of(instance, job_id).state is JobState.REFUSED
        assert notices(instance, call.person.key) == [NoticeKind.DECIDED]


class TestStrikes:
    """With the real gate."""

    @pytest.fixture
    def strict(self, ports):
        return with_gate(ports)

    def probe(self, strict, call, count, word="violent"):
        for index in range(count):
            with pytest.raises(PolicyRefusalError):
                imagine(strict, by(call, call.person, f"{word}{index}"), f"a {word} thing")

    def test_refusals_lead_to_a_warning_and_then_to_a_timeout(self, strict, call):
        self.probe(strict, call, 4)
        assert notices(strict, call.person.key) == [NoticeKind.WARNING]
        imagine(strict, by(call, call.person, "good"))
        self.probe(strict, by(call, call.person, "more"), 4)
        with pytest.raises(BannedError) as caught:
            imagine(strict, by(call, call.person, "late"))
        left = caught.value.until - now()
        assert timedelta(minutes=58) < left <= timedelta(hours=1)
        assert desk(strict, call) == ()

    def test_small_offences_weigh_nothing(self, strict, call):
        self.probe(strict, call, 9, word="rude")
        assert notices(strict) == []

    def test_strikes_are_forgotten_by_half_every_thirty_days(self, strict, call):
        self.probe(strict, call, 4)
        with strict.database.begin() as session:
            assert strike_sum(session, call.person.key, at=now() + timedelta(days=30)) == pytest.approx(
                0.5, 0.01
            )
            for row in session.scalars(select(StrikeRow)):
                row.at = now() - timedelta(days=60)
            assert strike_sum(session, call.person.key) == pytest.approx(0.25, 0.01)

    def test_the_core_freezes_the_account_at_once_and_asks_a_human(self, strict, call):
        waiting = imagine(strict, by(call, call.person, "w"))
        painting = imagine(strict, by(call, call.person, "p"))
        with strict.database.begin() as session:
            session.get_one(JobRow, painting).state = JobState.PAINTING
        self.probe(strict, call, 1, word="minor")
        assert job_of(strict, waiting).state is JobState.CANCELLED
        assert strict.queue.cancelled == [painting]
        with pytest.raises(BannedError):
            imagine(strict, by(call, call.person, "late"))
        case = only_case(strict, CaseKind.SUSPENSION)
        assert case.subject == call.person.key
        with strict.database.read() as session:
            assert "minor thing" not in str([row.request for row in session.scalars(select(JobRow))])

    def output(self, person, job_id=""):
        file = io.BytesIO()
        Image.radial_gradient("L").convert("RGB").save(file, "PNG")
        return Inspection(kind=Inspected.OUTPUT, person=person, png=file.getvalue(), job_id=job_id)

    def test_a_painted_picture_against_the_core_freezes_the_account_too(self, ports, call):
        strict = with_gate(ports, image_rules=[Appearance(Category.MINORS)])
        job_id = imagine(strict, by(call, call.person, "p"))
        assert strict.gate.inspect(self.output(call.person, job_id)).ruling is Ruling.REFUSE
        assert only_case(strict, CaseKind.SUSPENSION).subject == call.person.key
        with pytest.raises(BannedError):
            imagine(strict, by(call, call.person, "late"))

    def test_other_refused_pictures_weigh_nothing(self, ports, call):
        strict = with_gate(ports, image_rules=[Appearance(Category.SEXUAL)])
        assert strict.gate.inspect(self.output(call.person)).ruling is Ruling.REFUSE
        assert desk(strict, call) == ()
        imagine(strict, by(call, call.person, "again"))

    def test_a_suspension_that_was_a_mistake_is_lifted_with_its_strike(self, strict, call):
        self.probe(strict, call, 1, word="minor")
        decide(strict, call, only_case(strict), Decision.OVERTURN)
        imagine(strict, by(call, call.person, "again"))
        with strict.database.read() as session:
            assert strike_sum(session, call.person.key) == 0
        assert NoticeKind.LIFTED in notices(strict, call.person.key)

    @pytest.mark.parametrize("decision", [Decision.SUSPEND, Decision.BAN])
    def test_a_suspension_that_a_human_confirms_gets_an_end_or_none(self, strict, call, decision):
        self.probe(strict, call, 1, word="minor")
        decide(strict, call, only_case(strict), decision)
        with strict.database.read() as session:
            row = session.get_one(BanRow, call.person.key)
        assert (row.until is None, row.banned_by) == (decision is Decision.BAN, MOD.key)

    def test_an_overturned_appeal_takes_the_strike_of_its_request_back(self, strict, call):
        with pytest.raises(PolicyRefusalError) as caught:
            imagine(strict, call, "a violent thing")
        execute(strict, by(call, call.person, "a"), "appeal", {"job": caught.value.job_id})
        decide(strict, call, only_case(strict), Decision.OVERTURN)
        with strict.database.read() as session:
            assert strike_sum(session, call.person.key) == 0

    def test_an_overturned_appeal_ends_the_timeout_that_its_request_led_to(self, strict, call):
        self.probe(strict, call, 7)
        with pytest.raises(PolicyRefusalError) as caught:
            imagine(strict, by(call, call.person, "last"), "a violent sea")
        with pytest.raises(BannedError):
            imagine(strict, by(call, call.person, "meanwhile"))
        execute(strict, by(call, call.person, "a"), "appeal", {"job": caught.value.job_id})
        decide(strict, call, only_case(strict), Decision.OVERTURN)
        imagine(strict, by(call, call.person, "after"))
        assert NoticeKind.LIFTED in notices(strict, call.person.key)

    def test_an_overturned_appeal_leaves_a_timeout_that_other_strikes_led_to(self, strict, call):
        self.probe(strict, call, 7)
        refused = []
        for index in range(2):
            with strict.database.begin() as session:
                session.execute(delete(BanRow))
            with pytest.raises(PolicyRefusalError) as caught:
                imagine(strict, by(call, call.person, f"last{index}"), "a violent sea")
            refused.append(caught.value.job_id)
        with strict.database.begin() as session:
            bans.ban(
                session,
                call.person.key,
                by=f"{call.person.key.rpartition(':')[0]}:house",
                reason="timeout: violence",
                until=now() + timedelta(hours=1),
            )
        execute(strict, by(call, call.person, "a"), "appeal", {"job": refused[0]})
        decide(strict, call, only_case(strict), Decision.OVERTURN)
        with pytest.raises(BannedError):
            imagine(strict, by(call, call.person, "after"))

    def test_everything_stands_in_the_audit_chain(self, strict, call):
        self.probe(strict, call, 1, word="minor")
        decide(strict, call, only_case(strict), Decision.BAN)
        with strict.database.read() as session:
            entries = list(audit_log.export(session))
            assert audit_log.verify(session).whole
        assert [each["action"] for each in entries] == ["ban", "refuse", "ban", "decide"]


class TestGoverning:
    def test_a_pause_stops_everything_and_a_resume_goes_on(self, instance, call):
        waiting = imagine(instance, call)
        painting = imagine(instance, by(call, call.person, "p"))
        with instance.database.begin() as session:
            session.get_one(JobRow, painting).state = JobState.PAINTING
        assert execute(instance, by(call, MOD), "community", {"setting": "pause"}).rules.paused
        assert (instance.queue.put_aside, instance.queue.cancelled) == ([painting], [])
        with pytest.raises(CommunityPausedError):
            imagine(instance, by(call, call.person, "late"))
        instance.queue.sent.clear()
        assert not execute(instance, by(call, MOD, "r"), "community", {"setting": "resume"}).rules.paused
        assert instance.queue.sent == [(waiting, 0)]

    def test_a_pause_holds_for_one_community(self, instance, call):
        execute(instance, by(call, MOD), "community", {"setting": "pause"})
        other = someone("x", community="other")
        assert imagine(instance, by(call, other))

    def test_a_community_may_be_stricter_and_not_more_lenient(self, ports, call):
        instance = with_gate(ports)
        before = instance.gate.allowance(call.person).policy_version
        for value, problem in (("violence allow", "stricter"), ("nonsense hold", "categories")):
            with pytest.raises(BadParameterError, match=problem):
                execute(instance, by(call, MOD, value), "community", {"setting": "policy", "value": value})
        execute(instance, by(call, MOD, "s"), "community", {"setting": "policy", "value": "deception refuse"})
        assert instance.gate.allowance(call.person).policy_version != before
        assert instance.gate.allowance(someone("x", community="other")).policy_version == before
        with pytest.raises(PolicyRefusalError):
            imagine(instance, by(call, call.person, "2"), "a doubtful thing")

    def test_a_category_that_is_gone_takes_no_other_with_it(self, ports, call):
        instance = with_gate(ports)
        stances = {"bygone": "hold", "deception": "refuse"}
        with instance.database.begin() as session:
            settings.save_community_rules(session, CommunityRules(stances=stances), by=MOD)
        with pytest.raises(PolicyRefusalError):
            imagine(instance, call, "a doubtful thing")
        assert execute(instance, by(call, MOD), "community", {"setting": "pause"}).rules.paused

    def test_what_the_instance_only_minds_goes_ahead_with_a_word_once_a_day(self, ports, call):
        policy = parse_policy('[categories.violence]\naction = "warn"', over=default_policy())
        instance = with_gate(ports, policy=policy)
        for mark in "ab":
            job_id = imagine(instance, by(call, call.person, mark), "a violent thing")
            assert job_of(instance, job_id).state is not JobState.HELD
        assert notices(instance, call.person.key) == [NoticeKind.WARNING]
        imagine(instance, by(call, someone("bo")), "a boat")
        assert notices(instance, someone("bo").key) == []

    def test_where_moderators_look_doubts_are_held_and_elsewhere_refused(self, ports, call):
        instance = with_gate(ports, holds=None)
        with pytest.raises(PolicyRefusalError):
            imagine(instance, call, "a doubtful thing")
        execute(instance, by(call, MOD), "community", {"setting": "desk", "value": "123"})
        asked = by(call, call.person, "2")
        answer = execute(instance, asked, "imagine", {"prompt": "a doubtful thing"})
        assert answer.state is JobState.HELD
        assert only_case(instance).category == "deception"

    def test_on_a_platform_with_moderators_of_its_own_doubts_are_held_without_a_channel(self, ports, call):
        instance = with_gate(ports, holds=None, watched=frozenset({Platform.WEB}))
        held = execute(instance, call, "imagine", {"prompt": "a doubtful thing"})
        assert held.state is JobState.HELD

    def test_a_ban_by_hand_holds_until_it_is_lifted(self, ports, call):
        instance = with_gate(ports)
        waiting = imagine(instance, call)
        execute(instance, by(call, MOD), "ban", {"person": call.person.key, "duration": "7d"})
        assert job_of(instance, waiting).state is JobState.CANCELLED
        with pytest.raises(BannedError):
            imagine(instance, by(call, call.person, "2"))
        with pytest.raises(BannedError):
            execute_button(instance, by(call, call.person, "b"), Button(action=Action.REROLL, job_id=waiting))
        execute(instance, by(call, MOD), "settings", {"count": 2})
        with pytest.raises(NotAllowedError, match="yourself"):
            execute(instance, by(call, MOD, "self"), "ban", {"person": MOD.key})
        assert execute(instance, by(call, MOD), "unban", {"person": call.person.key}).lifted
        assert imagine(instance, by(call, call.person, "3"))
        assert len(kinds(instance, NoticeWritten)) == 2

    @pytest.fixture
    def abroad(self, ports, call):
        """The house, somebody who is banned at home for a week, their other name, and who moderates there."""
        instance = with_gate(ports)
        other = someone("elsewhere", community="other")
        code = execute(instance, call, "link", {}).code
        execute(instance, by(call, other), "link", {"code": code})
        execute(instance, by(call, MOD), "ban", {"person": call.person.key, "duration": "7d"})
        return instance, other, someone("friend", community="other", moderator=True)

    def test_a_ban_is_lifted_where_it_was_imposed(self, abroad, call):
        instance, other, friend = abroad
        with pytest.raises(NotAllowedError, match="another community"):
            execute(instance, by(call, friend), "unban", {"person": other.key})
        with pytest.raises(BannedError):
            imagine(instance, by(call, call.person, "2"))
        assert execute(instance, by(call, MOD), "unban", {"person": call.person.key}).lifted
        assert imagine(instance, by(call, other))

    def test_so_is_the_ban_of_a_moderator_who_was_forgotten(self, abroad, call):
        instance, other, friend = abroad
        execute(instance, by(call, MOD, "f"), "forget-me", {"confirm": "yes"})
        with pytest.raises(NotAllowedError, match="another community"):
            execute(instance, by(call, friend), "unban", {"person": other.key})
        assert execute(instance, by(call, BEA), "unban", {"person": call.person.key}).lifted

    @pytest.mark.parametrize("duration", ["1m", "for good"])
    def test_nobody_elsewhere_makes_a_ban_their_own(self, abroad, call, duration):
        instance, other, friend = abroad
        execute(instance, by(call, friend, "b"), "ban", {"person": other.key, "duration": duration})
        execute(instance, by(call, friend, "u"), "unban", {"person": other.key})
        with pytest.raises(BannedError) as caught:
            imagine(instance, by(call, call.person, "2"))
        assert caught.value.until > now() + timedelta(days=6)

    def test_a_case_elsewhere_lifts_no_ban_from_home(self, abroad, call):
        instance, other, friend = abroad
        with instance.database.begin() as session:
            case, _ = cases.open_case(session, CaseKind.SUSPENSION, case_key="s", subject=other)
        decide(instance, call, case, Decision.OVERTURN, moderator=friend)
        with pytest.raises(BannedError):
            imagine(instance, by(call, call.person, "2"))

    def test_a_suspension_makes_no_ban_shorter(self, ports, call):
        instance = with_gate(ports)
        job_id = painted(instance, call)
        reported(instance, call, job_id)
        execute(instance, by(call, MOD), "ban", {"person": call.person.key})
        decide(instance, call, only_case(instance), Decision.SUSPEND)
        with instance.database.read() as session:
            assert bans.find_ban(session, call.person.key).until is None


class TestBlocking:
    def png(self, size=160, *, brightness=1.0):
        picture = Image.radial_gradient("L").resize((size, size)).convert("RGB")
        picture.paste("navy", (size // 10, size // 8, size // 3, size // 2))
        file = io.BytesIO()
        ImageEnhance.Brightness(picture).enhance(brightness).save(file, "PNG")
        return file.getvalue()

    def judged(self, instance, person, data, kind=Inspected.UPLOAD):
        return instance.gate.inspect(Inspection(kind=kind, person=person, png=data))

    def test_a_blocked_picture_and_its_look_alikes_never_pass_again_in_that_community(self, ports, call):
        instance = with_gate(ports)
        fingerprint = self.judged(instance, call.person, self.png()).fingerprint
        job_id = painted(instance, call)
        with instance.database.begin() as session:
            for row in session.scalars(select(PictureRow)):
                row.perceptual_hash = fingerprint
        reported(instance, call, job_id)
        decide(instance, call, only_case(instance), Decision.BLOCK)
        alike = self.png(96, brightness=1.1)
        for person, kind in ((call.person, Inspected.UPLOAD), (someone("bo"), Inspected.OUTPUT)):
            verdict = self.judged(instance, person, alike, kind)
            assert (verdict.ruling, verdict.rule) == (Ruling.REFUSE, "blocked_here")
        assert self.judged(instance, someone("x", community="other"), alike).allows
