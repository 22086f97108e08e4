"""What the beat does every hour, as `chatelier beat` puts it together."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from chatelier.settings import load_settings
from chatelier.wiring.workers import run_beat
from engine.queue.celery_app import CHORES_TASK
from moderation.records import audit_log
from studio.clock import now
from studio.commands.registry import execute
from studio.commands.spec import Call
from studio.db import cases, settings
from studio.db.tables import CaseRow, DigestRow, JobRow
from studio.domain.cases import CaseKind, Decision, NewCase
from studio.domain.jobs import JobState
from studio.domain.settings.communities import CommunityRules
from studio.ports import Ports
from studio.services.weekly_digest import week_of
from tests.support.fakes import someone
from tests.support.finished_jobs import paint_job

MOD = someone("mod", moderator=True)
LONG_AGO = now() - timedelta(days=400)


@pytest.fixture
def chores(ports: Ports, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The hourly task on the fakes' database, without a broker."""
    made: list[Any] = []
    monkeypatch.setenv("CHATELIER_REDIS_URL", "redis://127.0.0.1:1/0")
    monkeypatch.setattr("chatelier.wiring.workers.open_database", lambda _settings: ports.database)
    monkeypatch.setattr("engine.queue.celery_worker.run_periodic_tasks", lambda app, **_: made.append(app))
    run_beat(load_settings(), on_ready=lambda: None)
    (app,) = made
    assert {entry["task"] for entry in app.conf.beat_schedule.values()} <= set(app.tasks)
    return app.tasks[CHORES_TASK]


def fail(_at: object) -> None:
    raise ValueError("broken")


def test_every_hour_weeks_are_told_questions_closed_and_old_words_emptied(
    ports: Ports, call: Call, chores: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture = f"{paint_job(ports, execute(ports, call, 'imagine', {'prompt': 'a boat'}).job_id)}.1"
    execute(ports, replace(call, request_key="s"), "settings", {"remix": "ask"})
    bo = replace(call, person=someone("bo"), request_key="v")
    waiting = execute(ports, bo, "vary", {"picture": picture}).job_id
    with ports.database.begin() as session, pytest.MonkeyPatch.context() as patch:
        session.execute(update(CaseRow).values(opened_at=LONG_AGO))
        session.execute(update(JobRow).where(JobRow.id != waiting).values(created_at=week_of(now())[0]))
        settings.save_community_rules(session, CommunityRules(log_channel="42"), by=MOD)
        old, _ = cases.open_case(
            session, NewCase(kind=CaseKind.REPORT, case_key="old", subject=bo.person, words="private")
        )
        cases.close(session, old.id, Decision.APPROVE, by=MOD.key, at=LONG_AGO)
        patch.setattr("moderation.records.audit_log.now", lambda: LONG_AGO)
        audit_log.append(session, "ban", actor=MOD.key, subject=bo.person.key)
    with monkeypatch.context() as patch:
        patch.setattr("engine.maintenance.weekly_digest.week_of", fail)
        chores()  # what goes wrong at one chore keeps no other from being done
    with ports.database.read() as session:
        assert not session.scalars(select(DigestRow)).all()
        assert session.get_one(JobRow, waiting).state == JobState.CANCELLED
        assert session.get_one(CaseRow, old.id).words == ""
        assert audit_log.verify(session).erased == 1
    chores()
    with ports.database.read() as session:
        assert len(session.scalars(select(DigestRow)).all()) == 1
