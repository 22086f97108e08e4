"""What a command reads once, and what it reads anew."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from sqlalchemy.orm import Session

from studio.clock import now
from studio.commands.registry import execute
from studio.commands.spec import Call
from studio.db import settings
from studio.db.database import Database
from studio.db.queue import queue_pace
from studio.db.sessions.read_memo import remember_reads
from studio.db.tables import JobRow
from studio.domain.jobs import JobState
from studio.domain.settings.communities import CommunityRules
from studio.ports import Ports
from tests.support.finished_jobs import end_job
from tests.support.statements import statements

MOST_STATEMENTS = 9  # once 19


def is_paused(session: Session, call: Call) -> bool:
    return settings.community_rules(session, *call.person.home).paused


@pytest.fixture
def pause(ports: Ports, call: Call) -> Iterator[Callable[[], None]]:
    """What another process writes."""
    other = Database(ports.database.url.render_as_string(hide_password=False))

    def write() -> None:
        with other.begin() as session:
            settings.save_community_rules(session, CommunityRules(paused=True), by=call.person)

    yield write
    other.close()


def test_a_thread_that_wrote_reads_anew(ports, call, pause):
    with remember_reads():
        with ports.database.read() as session:
            assert not is_paused(session, call)
        pause()
        with ports.database.read() as session:
            assert is_paused(session, call)


def test_what_another_process_writes_meanwhile_counts_where_it_is_decided(ports, call):
    with remember_reads():
        with ports.database.read() as session:
            assert not is_paused(session, call)
        with ports.database.engine.begin() as connection:
            connection.exec_driver_sql(
                "INSERT INTO communities (platform, community, data, changed_by, changed_at)"
                " VALUES (?, ?, ?, 'x', ?)",
                (*map(str, call.person.home), '{"paused": true}', str(now())),
            )
        with ports.database.read() as session:
            assert not is_paused(session, call)
        with ports.database.begin() as session:
            assert is_paused(session, call)
        with ports.database.read() as session:  # it wrote, so it reads anew
            assert is_paused(session, call)


def test_without_a_command_nothing_is_remembered(ports, call, pause):
    with ports.database.read() as session:
        assert not is_paused(session, call)
    pause()
    with ports.database.read() as session:
        assert is_paused(session, call)


def test_a_request_asks_few_statements(ports, call):
    execute(ports, call, "imagine", {"prompt": "a red fox", "count": 1})
    with statements(ports.database) as found:
        execute(ports, replace(call, request_key="again"), "imagine", {"prompt": "a red fox", "count": 1})
    assert len(found) <= MOST_STATEMENTS, found


def test_the_pace_of_the_queue_is_learned_again_from_few_jobs_and_kept_from_many(ports, call, monkeypatch):
    monkeypatch.setattr(queue_pace, "_RECENT_JOBS", 2)
    for number in range(2):
        answer = execute(ports, replace(call, request_key=f"p{number}"), "imagine", {"prompt": "a fox"})
        end_job(ports, answer.job_id, JobState.DONE)
        with ports.database.begin() as session:
            row = session.get_one(JobRow, answer.job_id)
            row.painting_seconds, row.started_at = 1.0, now()
        with ports.database.read() as session:
            assert queue_pace.current_pace(session).jobs == number + 1
    with ports.database.read() as session, statements(ports.database) as found:
        queue_pace.current_pace(session)
    assert not found
