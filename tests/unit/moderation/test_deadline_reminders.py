"""The desk hears once when 12 of the 48 hours of an urgent report are left, and once when they are over."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from moderation.reports.deadline_reminders import remind_of_deadlines
from studio.clock import now
from studio.commands.registry import execute
from studio.db import settings
from studio.db.tables import CaseRow
from studio.domain.cases import Decision
from studio.domain.events import DigestWritten
from studio.domain.people import Platform
from studio.domain.settings.communities import CommunityRules
from studio.operations.overview import load_overview
from studio.services.weekly_digest import lines_of, read_digest
from tests.support.case_sim import with_desk
from tests.support.case_steps import MOD, by, decide, kinds, only_case, painted
from tests.support.fakes import someone


@pytest.fixture
def instance(ports, call, monkeypatch):
    instance = with_desk(ports)
    picture = f"{painted(instance, call)}.1"
    filed = execute(instance, by(call, someone("bo")), "report", {"picture": picture, "intimate": True})
    assert filed.hidden
    with instance.database.begin() as session:
        rules = CommunityRules(desk_channel="desk")
        settings.save_community_rules(session, rules, by=MOD)
        session.execute(update(CaseRow).values(platform=Platform.DISCORD, community="guild"))
    monkeypatch.setattr("moderation.reports.deadline_reminders.community_rules", lambda *_: rules)
    return instance


def age(instance, hours):
    with instance.database.begin() as session:
        session.execute(update(CaseRow).values(opened_at=now() - timedelta(hours=hours)))


def reminders(instance):
    remind_of_deadlines(instance.database, instance.events)
    return [(event.channel, event.text) for event in kinds(instance, DigestWritten)]


def test_each_of_the_two_times_is_told_once(instance):
    age(instance, 35)
    assert reminders(instance) == []
    age(instance, 37)
    (near,) = reminders(instance)
    assert near[0] == "desk"
    assert "deadline_near" in near[1]
    assert reminders(instance) == [near]
    age(instance, 49)
    assert "deadline_over" in reminders(instance)[1][1]
    assert len(reminders(instance)) == 2


def test_a_report_of_long_ago_reminds_nobody(instance):
    age(instance, 24 * 8)
    assert reminders(instance) == []


def test_two_processes_that_found_the_same_report_remind_once(instance, monkeypatch):
    age(instance, 37)
    case = only_case(instance)
    monkeypatch.setattr("moderation.reports.deadline_reminders.find_urgent", lambda *_, **__: [case, case])
    assert len(reminders(instance)) == 1


def test_the_digest_and_the_overview_count_what_waits(instance):
    age(instance, 49)
    at = now()
    with instance.database.read() as session:
        seen = load_overview(session, (), at=at)
        digest = read_digest(session, Platform.DISCORD, "guild", since=at - timedelta(days=7), until=at)
    assert (seen.urgent_reports, seen.overdue_reports) == (1, 1)
    assert lines_of(digest)[-1].code == "digest.urgent_reports"
    assert lines_of(digest)[-1].values == {"count": 1, "over": 1}


def test_a_decided_report_reminds_nobody(ports, call):
    instance = with_desk(ports)
    picture = f"{painted(instance, call)}.1"
    execute(instance, by(call, someone("bo")), "report", {"picture": picture, "intimate": True})
    decide(instance, call, only_case(instance), Decision.REJECT)
    age(instance, 49)
    assert reminders(instance) == []
