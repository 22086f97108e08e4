"""What happened in a week, told once."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from bots.texts.coded.sentences import say
from engine.maintenance.weekly_digest import DigestWriter
from studio.commands.registry import execute
from studio.db import cases, settings
from studio.db.tables import JobRow
from studio.domain.cases import CaseKind, Decision, NewCase
from studio.domain.events import DigestWritten
from studio.domain.jobs import JobState
from studio.domain.people import Platform
from studio.domain.settings.communities import CommunityRules
from studio.services.weekly_digest import find_communities, lines_of, read_digest, week_of
from tests.support.fakes import someone
from tests.support.finished_jobs import end_job, paint_job

MONDAY = datetime(2026, 11, 23, tzinfo=UTC)
DURING = MONDAY - timedelta(days=3)
WEEK = (MONDAY - timedelta(days=7), MONDAY)


def test_a_week_is_the_last_whole_one():
    for at in (MONDAY, MONDAY + timedelta(hours=9), MONDAY + timedelta(days=6, hours=23)):
        assert week_of(at) == WEEK


@pytest.fixture
def busy(ports, call):
    """Three jobs of two people in the week: two done after 10 and 30 s, one failed; and two decided cases."""
    jobs = []
    for index, name in enumerate(["ana", "bo", "ana"]):
        asked = replace(call, person=someone(name), request_key=f"d:{index}")
        jobs.append(execute(ports, asked, "imagine", {"prompt": "a boat", "count": 1}).job_id)
    for job in jobs[:2]:
        paint_job(ports, job)
    end_job(ports, jobs[2], JobState.FAILED)
    with ports.database.begin() as session:
        for index, row in enumerate(session.scalars(select(JobRow).where(JobRow.id.in_(jobs[:2])))):
            row.created_at = DURING
            row.started_at = DURING + timedelta(seconds=10 + 20 * index)
            row.painting_seconds = 90.0
        session.get_one(JobRow, jobs[2]).created_at = DURING
        for index, decision in enumerate((Decision.REJECT, Decision.APPROVE)):
            case, _ = cases.open_case(
                session,
                NewCase(kind=CaseKind.REPORT, case_key=f"c{index}", subject=someone("ana"), job_id=jobs[0]),
            )
            cases.close(session, case.id, decision, by="mod", at=DURING)
    return ports


def test_it_counts_jobs_waits_minutes_and_how_often_moderators_agreed(busy):
    with busy.database.read() as session:
        digest = read_digest(session, Platform.WEB, "room", since=WEEK[0], until=WEEK[1])
        assert find_communities(session, since=WEEK[0], until=WEEK[1]) == [(Platform.WEB, "room")]
    assert (digest.jobs, digest.people, digest.done, digest.failed) == (3, 2, 2, 1)
    assert (digest.usual_wait_seconds, digest.long_wait_seconds) == (20, 30)
    assert (digest.painting_minutes, digest.confirm_rate) == (3.0, 0.5)
    text = say(*lines_of(digest))
    assert "The week from 16 November 2026 to 22 November 2026" in text
    assert "agreed with 50% of them" in text
    assert "boat" not in text


def test_an_empty_week_has_nothing_to_tell(ports):
    with ports.database.read() as session:
        digest = read_digest(session, Platform.WEB, "room", since=WEEK[0], until=WEEK[1])
    assert (digest.jobs, digest.usual_wait_seconds, digest.confirm_rate) == (0, None, None)
    assert len(lines_of(digest)) == 3


def test_it_is_written_once_a_week_to_the_log_channel(busy):
    writer = DigestWriter(database=busy.database, events=busy.events, clock=lambda: MONDAY)
    assert writer.write_due() == 0  # nobody named a channel
    with busy.database.begin() as session:
        settings.save_community_rules(session, CommunityRules(log_channel="42"), by=someone("mod"))
    assert [writer.write_due() for _ in range(2)] == [1, 0]
    written = [event for event in busy.events.published if isinstance(event, DigestWritten)]
    assert [(event.community, event.channel) for event in written] == [("room", "42")]
    later = DigestWriter(database=busy.database, events=busy.events, clock=lambda: MONDAY + timedelta(days=7))
    assert later.write_due() == 0  # nothing was asked for in that week
