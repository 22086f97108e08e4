"""Many moderators, spenders and linked identities at once, on SQLite and PostgreSQL."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from moderation.records import audit_log, bans
from moderation.records.evidence import list_evidence
from moderation.reports.deadline_reminders import remind_of_deadlines
from studio.clock import now
from studio.commands.registry import execute
from studio.commands.results import CaseDecided
from studio.commands.spec import Call
from studio.db import cases, credit_ledger, queries, settings
from studio.db.identities.people import lock_person
from studio.db.tables import CaseRow, LedgerRow, NoticeRow
from studio.domain.cases import CaseKind, CaseState, Decision, NewCase, OutsideReport
from studio.domain.jobs import JobState
from studio.domain.people import Platform
from studio.domain.settings.communities import CommunityRules
from studio.domain.verdicts import Ruling, Verdict
from studio.errors import BannedError, CaseTakenError, OutOfCreditsError, PolicyRefusalError
from studio.ports import InstanceLimits, Ports
from studio.services import held_job_decisions
from tests.services.studio.test_database import at_once
from tests.support.case_sim import with_desk, with_gate
from tests.support.fakes import fake_ports, ruled, someone, somewhere
from tests.support.finished_jobs import paint_job


@pytest.fixture
def ports(database_url: str) -> Iterator[Ports]:
    made = fake_ports(database_url)
    yield made
    made.database.close()


def call(key: str, name: str = "ana", *, moderator: bool = False) -> Call:
    return Call(person=someone(name, moderator=moderator), address=somewhere(), request_key=f"{name}:{key}")


def imagine(ports: Ports, key: str, name: str = "ana") -> str:
    return execute(ports, call(key, name), "imagine", {"prompt": "a red apple"}).job_id


def held_case(ports: Ports) -> str:
    ports.gate.verdict = Verdict(ruling=Ruling.HOLD, rule="r", category="c")
    imagine(ports, "held")
    ports.gate.verdict = Verdict(ruling=Ruling.ALLOW)
    with ports.database.read() as session:
        return session.scalars(select(CaseRow.id)).one()


def test_one_of_many_moderators_gets_the_case(ports: Ports):
    instance = with_desk(ports)
    case = held_case(instance)

    def claim(index: int):
        return execute(instance, call("c", f"mod{index}", moderator=True), "review", {"case": case})

    results = at_once(8, claim)
    assert sum(isinstance(result, CaseTakenError) for result in results) == 7


def test_a_decision_is_followed_once_however_many_decide(ports: Ports):
    instance = with_desk(ports)
    case = held_case(instance)
    decisions = [Decision.APPROVE, Decision.WARN, Decision.BAN, Decision.REJECT]

    def decide(index: int):
        values = {"case": case, "decision": decisions[index % 4]}
        return execute(instance, call("d", f"mod{index}", moderator=True), "review", values)

    results = at_once(8, decide)
    assert sum(isinstance(result, CaseTakenError) for result in results) == 7
    with instance.database.read() as session:
        row = session.get_one(CaseRow, case)
        assert row.state == CaseState.CLOSED
        notices = session.scalar(select(func.count()).select_from(NoticeRow))
        assert notices == (row.decision in (Decision.WARN, Decision.BAN))
        assert audit_log.verify(session).whole
        assert sum(entry["action"] == "decide" for entry in audit_log.export(session)) == 1


def test_encrypted_words_come_back_once_however_many_let_the_request_through(ports: Ports):
    instance = with_gate(ports)
    job_id = execute(instance, call("held"), "imagine", {"prompt": "a doubtful apple"}).job_id
    with instance.database.read() as session:
        assert queries.find_job(session, job_id).request.prompt == ""
        case = session.scalars(select(CaseRow.id)).one()

    def approve(index: int):
        decision = {"case": case, "decision": "approve"}
        return execute(instance, call("d", f"mod{index}", moderator=True), "review", decision)

    assert sum(isinstance(result, CaseDecided) for result in at_once(4, approve)) == 1
    with instance.database.read() as session:
        assert queries.find_job(session, job_id).request.prompt == "a doubtful apple"
        assert list_evidence(session) == []


def test_of_several_processes_one_reminds_the_desk(ports: Ports):
    instance = with_desk(ports)
    picture = f"{paint_job(instance, imagine(instance, 'a'))}.1"
    execute(instance, call("r", "bo"), "report", {"picture": picture, "intimate": True})
    with instance.database.begin() as session:
        ages = now() - timedelta(hours=40)
        chat = {"platform": Platform.DISCORD, "community": "guild", "opened_at": ages}
        session.execute(update(CaseRow).values(chat))
        moderator = replace(someone("mod", moderator=True), platform=Platform.DISCORD, community="guild")
        settings.save_community_rules(session, CommunityRules(desk_channel="desk"), by=moderator)
    written = at_once(4, lambda _: remind_of_deadlines(instance.database, instance.events))
    assert sorted(written) == [0, 0, 0, 1]


def test_the_same_report_from_many_threads_is_filed_once(ports: Ports):
    job = imagine(ports, "a")

    def report(_: int):
        with ports.database.begin() as session:
            lock_person(session, someone("bo"))
            return cases.open_case(
                session, NewCase(kind=CaseKind.REPORT, case_key="same", subject=someone(), job_id=job)
            )

    results = at_once(8, report)
    assert sum(bool(events) for _, events in results) == 1


def test_equal_reports_from_outside_at_the_same_time_are_one(ports: Ports):
    instance = with_desk(ports)
    report = OutsideReport(picture_id=f"{paint_job(ports, imagine(ports, 'a'))}.1", words="that is me")
    codes = at_once(6, lambda _: instance.desk.receive_report(report))
    assert len(set(codes)) == 6
    with instance.database.read() as session:
        assert len(session.scalars(select(CaseRow)).all()) == 1


def test_moderators_who_settle_different_things_at_once_lose_nothing(ports: Ports):
    instance = with_desk(ports)
    moderator = someone("mod", moderator=True)
    changes = [{"paused": True}, {"max_pictures": 2}, {"desk_channel": "desk"}, {"log_channel": "log"}]
    at_once(4, lambda index: instance.desk.govern(moderator, lambda rules: replace(rules, **changes[index])))
    with instance.database.read() as session:
        rules = settings.community_rules(session, moderator.platform, moderator.community)
    assert rules == CommunityRules(paused=True, max_pictures=2, desk_channel="desk", log_channel="log")


def test_many_reports_on_one_picture_decided_at_once_do_not_get_in_each_others_way(ports: Ports):
    instance = with_desk(ports)
    job = paint_job(instance, imagine(instance, "a"))
    for index in range(6):
        execute(instance, call("r", f"p{index}"), "report", {"picture": f"{job}.1"})
    with instance.database.read() as session:
        filed = sorted(session.scalars(select(CaseRow.id)))

    def decide(index: int):
        values = {"case": filed[index], "decision": "reject"}
        return execute(instance, call("d", f"mod{index}", moderator=True), "review", values)

    results = at_once(6, decide)
    assert all(isinstance(result, CaseTakenError | CaseDecided) for result in results)
    with instance.database.read() as session:
        assert {row.state for row in session.scalars(select(CaseRow))} == {CaseState.CLOSED}
        assert session.scalar(select(func.count()).select_from(NoticeRow)) == 7  # six reporters, one owner


def test_linked_identities_do_not_overdraw_their_one_account(ports: Ports):
    poor = ruled(ports, InstanceLimits(monthly_credits=20, max_outstanding_jobs=100))
    imagine(poor, "first")
    imagine(poor, "first", "bo")
    code = execute(poor, call("l"), "link", {}).code
    execute(poor, call("l", "bo"), "link", {"code": code})
    with poor.database.read() as session:  # 20 each were granted, 4 each were spent
        assert credit_ledger.balance(session, someone("bo").key, at=now()) == 12
    results = at_once(8, lambda index: imagine(poor, f"r{index}", "ana" if index % 2 else "bo"))
    assert sum(isinstance(result, str) for result in results) == 3
    assert sum(isinstance(result, OutOfCreditsError) for result in results) == 5
    with poor.database.read() as session:
        assert credit_ledger.balance(session, someone("ana").key, at=now()) == 0


def test_gifts_between_two_who_give_at_the_same_time_add_up(ports: Ports):
    poor = ruled(ports, InstanceLimits(monthly_credits=20, max_outstanding_jobs=100))
    for name in ("ana", "bo"):
        imagine(poor, "first", name)

    def give(index: int):
        giver, receiver = ("ana", "bo") if index % 2 else ("bo", "ana")
        values = {"to": someone(receiver).key, "amount": 3}
        return execute(poor, call(f"g{index}", giver), "credits", values)

    at_once(10, give)
    with poor.database.read() as session:
        left = [credit_ledger.balance(session, someone(name).key, at=now()) for name in ("ana", "bo")]
    assert sum(left) == 32
    assert min(left) >= 0


def test_nobody_gives_more_than_they_have_nor_the_same_twice(ports: Ports):
    poor = ruled(ports, InstanceLimits(monthly_credits=20, max_outstanding_jobs=100))
    imagine(poor, "first")
    imagine(poor, "first", "bo")
    values = {"to": someone("bo").key, "amount": 5}
    results = at_once(6, lambda index: execute(poor, call(f"g{index}"), "credits", values))
    assert sum(isinstance(result, OutOfCreditsError) for result in results) == 3
    execute(poor, call("g0", "bo"), "credits", {"to": someone("ana").key, "amount": 1})
    execute(poor, call("g0", "bo"), "credits", {"to": someone("ana").key, "amount": 1})
    with poor.database.read() as session:
        assert credit_ledger.balance(session, someone("ana").key, at=now()) == 2


def refused(ports: Ports, key: str) -> str:
    """The appeal against a refusal."""
    refusing = replace(ports, gate=replace(ports.gate, verdict=Verdict(ruling=Ruling.REFUSE, rule="r")))
    with pytest.raises(PolicyRefusalError) as caught:
        imagine(refusing, key)
    return execute(ports, call(f"a{key}"), "appeal", {"job": caught.value.job_id}).case.id


def overturn(ports: Ports, case: str, moderator: str = "mod"):
    values = {"case": case, "decision": "overturn"}
    return execute(ports, call(f"o{case}", moderator, moderator=True), "review", values)


def test_of_overturned_refusals_nobody_pays_more_than_they_have(ports: Ports):
    poor = with_desk(ruled(ports, InstanceLimits(monthly_credits=10, max_outstanding_jobs=100)))
    appeals = [refused(poor, f"r{index}") for index in range(5)]

    def decide(index: int):
        if index % 2:
            return imagine(poor, f"j{index}")
        return overturn(poor, appeals[index // 2], f"mod{index}")

    results = at_once(10, decide)
    assert sum(isinstance(result, CaseDecided) for result in results) == 5
    with poor.database.read() as session:
        assert credit_ledger.balance(session, someone("ana").key, at=now()) in range(3)
        states = [queries.find_job(session, row.job_id).state for row in session.scalars(select(CaseRow))]
        assert states == [JobState.QUEUED] * 5
        reserved = [
            row.amount for row in session.scalars(select(LedgerRow).where(LedgerRow.kind == "reserve"))
        ]
        assert -10 <= sum(reserved) < -7
        assert min(reserved) == -4


def test_what_the_instance_paid_for_an_overturned_refusal_nobody_gets_back(ports: Ports):
    poor = with_desk(ruled(ports, InstanceLimits(monthly_credits=10)))
    appeal = refused(poor, "r")
    paint_job(poor, imagine(poor, "a"))
    paint_job(poor, imagine(poor, "b"))
    job = overturn(poor, appeal).case.job_id
    execute(poor, call("c"), "cancel", {"job": job})
    with poor.database.read() as session:
        assert credit_ledger.balance(session, someone("ana").key, at=now()) == 2


def test_a_job_that_was_refused_when_it_was_painted_is_charged_once_it_is_painted_after_all(ports: Ports):
    instance = with_desk(ports)
    job = imagine(instance, "a")
    with instance.database.begin() as session:
        held_job_decisions.stop(session, job, JobState.REFUSED, error_code="policy", error_text="No.")
        assert credit_ledger.used_credits(session, someone("ana").key, at=now()) == 0
    overturn(instance, execute(instance, call("b"), "appeal", {"job": job}).case.id)
    paint_job(instance, job)
    with instance.database.read() as session:
        assert credit_ledger.used_credits(session, someone("ana").key, at=now()) == 4


def test_pictures_that_are_delivered_after_a_refusal_are_charged(ports: Ports):
    instance = with_desk(ports)
    job = paint_job(instance, imagine(instance, "a"), state=JobState.HELD)
    with instance.database.begin() as session:
        held_job_decisions.stop(session, job, JobState.REFUSED, error_code="policy", error_text="No.")
    overturn(instance, execute(instance, call("b"), "appeal", {"job": job}).case.id)
    with instance.database.read() as session:
        assert queries.find_job(session, job).state is JobState.DONE
        assert credit_ledger.used_credits(session, someone("ana").key, at=now()) == 4


def test_two_clicks_at_once_are_refused_as_one(ports: Ports):
    ports.gate.verdict = Verdict(ruling=Ruling.REFUSE, rule="r", category="c")
    results = at_once(4, lambda _: imagine(ports, "same"))
    assert {type(result) for result in results} == {PolicyRefusalError}
    assert len({result.job_id for result in results}) == 1


def test_a_pool_is_drawn_on_first_and_never_overdrawn(ports: Ports):
    poor = ruled(ports, InstanceLimits(monthly_credits=8, max_outstanding_jobs=100))
    with poor.database.begin() as session:
        moderator = someone("mod", moderator=True)
        settings.save_community_rules(session, CommunityRules(pools={"main": 20}), by=moderator)
    people = [f"p{index}" for index in range(2)]
    results = at_once(16, lambda index: imagine(poor, f"j{index}", people[index % 2]))
    # 20 in the pool and 8 in each of two accounts, at 4 a job
    assert sum(isinstance(result, str) for result in results) == 9
    with poor.database.read() as session:
        pool = credit_ledger.pool_account(moderator.platform, moderator.community, "main")
        assert credit_ledger.balance_of(session, pool, at=now()) == 0
        assert [credit_ledger.balance(session, someone(person).key, at=now()) for person in people] == [0] * 2


def test_what_a_pool_paid_for_goes_back_to_the_pool(ports: Ports):
    poor = ruled(ports, InstanceLimits(monthly_credits=8))
    with poor.database.begin() as session:
        settings.save_community_rules(session, CommunityRules(pools={"main": 20}), by=someone("mod"))
    job = imagine(poor, "a")
    execute(poor, call("c"), "cancel", {"job": job})
    with poor.database.read() as session:
        accounts = {row.account for row in session.scalars(select(LedgerRow).where(LedgerRow.job_id == job))}
        assert accounts == {"pool:web:room:main"}
        assert credit_ledger.balance_of(session, "pool:web:room:main", at=now()) == 20
        assert credit_ledger.used_credits(session, someone("ana").key, at=now()) == 0


def test_a_ban_and_running_requests_leave_no_job_behind(ports: Ports):
    instance = with_gate(ports, InstanceLimits(max_outstanding_jobs=100))
    imagine(instance, "first")
    moderator = call("ban", "mod", moderator=True)

    def act(index: int):
        if index == 3:
            return execute(instance, moderator, "ban", {"person": someone("ana").key})
        return imagine(instance, f"r{index}")

    results = at_once(8, act)
    jobs = [result for result in results if isinstance(result, str)]
    assert all(isinstance(result, str | BannedError) or index == 3 for index, result in enumerate(results))
    with instance.database.read() as session:
        assert bans.find_ban(session, someone("ana").key)
        states = {queries.find_job(session, job).state for job in jobs}
    # One that slipped past the ban ends when its painting starts: the worker asks the gate once more.
    assert states <= {JobState.CANCELLED, JobState.QUEUED, JobState.ACCEPTED}
    with pytest.raises(BannedError):
        instance.gate.require_not_banned(replace(someone("ana"), display_name="Ana again"))
