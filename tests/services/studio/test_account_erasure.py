"""Whoever asks is forgotten, on SQLite and PostgreSQL: no word, file or name of theirs is left."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from moderation.cases.retention import let_go
from studio.clock import now
from studio.commands.registry import execute
from studio.commands.spec import Call
from studio.db import job_transitions, queries
from studio.db.tables import CaseRow, CommunityRow, DeliveryRow, JobRow, PersonRow
from studio.domain.cases import CaseState
from studio.domain.events import JobChanged, PictureChanged
from studio.domain.jobs import JobState
from studio.domain.people import Platform
from studio.domain.requests import Source
from studio.erasure.community_erasure import erase_community
from studio.errors import BadParameterError, NotAllowedError
from studio.ports import Ports
from tests.support import account_erasure
from tests.support.account_erasure import ask, everything, forget, link, painted
from tests.support.fakes import someone, somewhere
from tests.support.finished_jobs import end_job, paint_job
from tests.support.sentences import raises

instance = account_erasure.instance


def test_nothing_of_a_person_is_left(instance: Ports):
    upload = instance.store.put(b"an upload", suffix=".png")
    job = painted(instance, "ana", image=Source(key=upload))
    others = painted(instance, "bo", "something else")
    ask(instance, "ana", "star", picture=f"{others}.1")
    ask(instance, "ana", "settings", style="ink")
    ask(instance, "ana", "report", picture=f"{others}.1", reason="my secluded words")
    filed = ask(instance, "bo", "report", picture=f"{job}.1", reason="ana did it").case.id
    ask(instance, "mod", "review", case=filed, decision="approve")
    ask(instance, "ana", "imagine", prompt="a waiting secluded thought")
    ask(instance, "ana", "link")
    of_others = {key for key, data in instance.store.blobs.items() if f"picture {others}" in data.decode()}
    answer = forget(instance)
    assert (answer.pictures, answer.identities) == (2, 1)
    left = everything(instance, "outbox", "ledger", "balances")
    for trace in ("secluded", "'ana'", "ana:", "web:room:ana", "Ana", "ana-secret", "did it", "ink"):
        assert trace not in left, trace
    assert {key for key in instance.store.blobs if b"upload" in instance.store.blobs[key]} == set()
    assert not [key for key, data in instance.store.blobs.items() if job in data.decode()]
    assert of_others <= set(instance.store.blobs)
    assert [e.picture_id for e in instance.events.published if isinstance(e, PictureChanged)][-3:] == [
        f"{job}.1",
        f"{job}.2",
        f"{others}.1",  # which they had starred
    ]
    with instance.database.read() as session:
        assert queries.find_job(session, job).person.display_name == "somebody"


def test_no_private_place_leads_to_them_a_day_later(instance: Ports, monkeypatch: pytest.MonkeyPatch):
    person = someone("ana")
    address = replace(somewhere(), channel="ana's own", message="m1", private=True)
    values = {"prompt": "a boat"}
    job = execute(instance, Call(person=person, address=address, request_key="dm"), "imagine", values).job_id
    paint_job(instance, job)
    shared = painted(instance, "ana")
    with instance.database.begin() as session:
        message_ref = {"channel": "ana's own", "message": "m1", "final": True, "updated_at": now()}
        session.add(DeliveryRow(kind="job", subject=job, platform="discord", **message_ref))
    forget(instance)
    let_go(instance.database, keep=timedelta(days=365))
    assert "ana's own" in everything(instance)
    monkeypatch.setattr("moderation.cases.retention._DELIVERED", timedelta(days=-1))
    let_go(instance.database, keep=timedelta(days=365))
    assert "ana's own" not in everything(instance)
    with instance.database.read() as session:
        found = queries.find_job(session, job).address
        assert (found.channel, found.private) == ("", True)
        assert queries.find_job(session, shared).address.channel == "main"


def test_a_message_without_pictures_is_shown_anew_also_in_a_private_channel(
    instance: Ports, monkeypatch: pytest.MonkeyPatch
):
    long_ago = now() - timedelta(days=9)
    address = replace(somewhere(), channel="ana's own", private=True)
    jobs = []
    for message in ("m1", "", None):
        call = Call(person=someone("ana"), address=address, request_key=f"dm:{message}")
        jobs.append(execute(instance, call, "imagine", {"prompt": "a boat"}).job_id)
        end_job(instance, jobs[-1], JobState.FAILED)
        with instance.database.begin() as session:
            row = session.get_one(JobRow, jobs[-1])
            row.ended_at, row.platform = long_ago, Platform.SLACK
            if message is not None:
                message_ref = {"channel": "ana's own", "message": message, "final": True}
                of_job = {"kind": "job", "subject": jobs[-1], "platform": Platform.SLACK}
                session.add(DeliveryRow(**of_job, **message_ref, updated_at=long_ago))
    forget(instance)
    changed = [event.job_id for event in instance.events.published if isinstance(event, JobChanged)]
    assert changed == jobs[:1]
    let_go(instance.database, keep=timedelta(days=365))
    with instance.database.read() as session:
        assert [bool(queries.find_job(session, job).address.channel) for job in jobs] == [True, False, False]
    monkeypatch.setattr("moderation.cases.retention._DELIVERED", timedelta(days=-1))
    let_go(instance.database, keep=timedelta(days=365))
    assert "ana's own" not in everything(instance)


def test_what_others_built_stays_with_them(instance: Ports):
    origin = painted(instance, "ana")
    child = paint_job(instance, ask(instance, "bo", "vary", picture=f"{origin}.1").job_id)
    forget(instance)
    family = ask(instance, "bo", "lineage", picture=f"{child}.1")
    makers = {relative.picture.job_id: relative.person.display_name for relative in family.relatives}
    assert makers == {origin: "somebody", child: "Bo"}
    prompts = {relative.picture.job_id: relative.picture.recipe.prompt for relative in family.relatives}
    assert prompts[origin] == ""


def test_all_names_of_a_human_are_forgotten_together(instance: Ports):
    first, second = painted(instance, "ana"), painted(instance, "elsewhere")
    link(instance, "ana", "elsewhere")
    assert forget(instance).identities == 2
    left = everything(instance, "ledger", "balances", "outbox")
    assert "elsewhere" not in left
    with instance.database.read() as session:
        assert [queries.pictures_of_job(session, job) for job in (first, second)] == [[], []]
        assert not session.scalars(select(PersonRow).where(PersonRow.user_id.in_(["ana", "elsewhere"]))).all()


def test_nobody_is_forgotten_while_a_job_of_theirs_is_painted(instance: Ports):
    job = ask(instance, "ana", "imagine", prompt="a boat").job_id
    with instance.database.begin() as session:
        session.get_one(JobRow, job).state = JobState.PAINTING
    with raises(NotAllowedError, match="being painted"):
        forget(instance)
    with raises(BadParameterError, match="yes"):
        ask(instance, "ana", "forget-me", confirm="perhaps")
    with instance.database.read() as session:
        assert queries.find_job(session, job).person.user_id == "ana"


def test_a_job_whose_worker_died_keeps_nobody_from_being_forgotten(instance: Ports):
    job = ask(instance, "ana", "imagine", prompt="a secluded boat").job_id
    with instance.database.begin() as session:
        assert job_transitions.take_lease(session, job, worker="dead", at=now(), lease_seconds=-1)
    forget(instance)
    with instance.database.read() as session:
        assert queries.find_job(session, job).state is JobState.CANCELLED
    assert "secluded" not in everything(instance)


def test_a_community_that_left_is_erased_and_what_its_people_did_elsewhere_stays(instance: Ports):
    painted(instance, "bo", "a secluded garden")
    held = ask(
        instance, "bo", "report", picture=f"{painted(instance, 'ana')}.1", reason="secluded words"
    ).case.id
    away = Call(person=someone("ana", community="hall"), address=somewhere("hall"), request_key="away:1")
    kept_job = paint_job(instance, execute(instance, away, "imagine", {"prompt": "a lasting thing"}).job_id)
    code = execute(instance, replace(away, request_key="away:2"), "link", {}).code
    ask(instance, "ana", "link", code=code)
    ask(instance, "mod", "words", words="clown", action="hold", apply="yes")
    for _ in range(2):  # once more, as after an interruption
        erase_community(instance, Platform.WEB, "room")
    with instance.database.read() as session:
        assert session.get_one(CaseRow, held).state == CaseState.CLOSED
        assert session.scalars(select(CommunityRow)).all() == []
        assert queries.find_job(session, kept_job).person.key == "web:hall:ana"
        assert session.get_one(PersonRow, "web:hall:ana").display_name == "Ana"
    left = everything(instance, "outbox", "ledger", "balances")
    for trace in ("secluded", "clown", "web:room:ana", "web:room:bo", "Bo"):
        assert trace not in left, trace
    assert "a lasting thing" in left
