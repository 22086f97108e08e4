"""Owners hear that others built on their pictures, as they chose, on SQLite and PostgreSQL."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from bots.texts.coded.sentences import say_stored
from studio.clock import now
from studio.commands.registry import execute
from studio.commands.spec import Call
from studio.db import queries
from studio.db.tables import JobRow, NoticeRow, OutboxRow, PictureRow
from studio.domain.events import NoticeWritten
from studio.domain.jobs import JobState
from studio.domain.people import Address
from studio.ports import Ports
from studio.services.built_on_notices import notify_owners, write_daily_notices
from tests.support.case_sim import with_desk
from tests.support.fakes import fake_ports, someone, somewhere
from tests.support.finished_jobs import paint_job

_calls = iter(range(10_000))
SECRET = replace(somewhere(), channel="secret", private=True)


@pytest.fixture
def instance(database_url: str) -> Iterator[Ports]:
    made = with_desk(fake_ports(database_url))
    yield made
    made.database.close()


def ask(instance: Ports, name: str, command: str, address: Address | None = None, **values: object):
    call = Call(person=someone(name), address=address or somewhere(), request_key=f"{name}:{next(_calls)}")
    return execute(instance, call, command, values)


def painted(
    instance: Ports, name: str, command: str = "imagine", address: Address | None = None, **values: object
) -> str:
    values = {"prompt": "a red  fox", **values} if command == "imagine" else values
    job_id = paint_job(instance, ask(instance, name, command, address, **values).job_id)
    with instance.database.begin() as session:
        notify_owners(session, queries.find_job(session, job_id))
    return job_id


def said_to(instance: Ports, name: str) -> list[str]:
    with instance.database.read() as session:
        mine = NoticeRow.person_key == someone(name).key
        texts = session.scalars(select(NoticeRow.text).where(mine).order_by(NoticeRow.written_at))
        return [say_stored(text) for text in texts]


def test_nobody_hears_unasked(instance: Ports) -> None:
    source = painted(instance, "ana")
    painted(instance, "bo", "vary", picture=f"{source}.2")
    assert write_daily_notices(instance.database, instance.events, at=now() + timedelta(days=1)) == 0
    assert said_to(instance, "ana") == []


def test_who_wants_to_hear_at_once_hears_once(instance: Ports) -> None:
    ask(instance, "ana", "settings", built_on="now")
    source = painted(instance, "ana")
    built = painted(instance, "bo", "vary", picture=f"{source}.2")
    with instance.database.begin() as session:
        assert notify_owners(session, queries.find_job(session, built)) == []
        [event] = session.scalars(select(OutboxRow).where(OutboxRow.kind == NoticeWritten.__name__))
        notice = session.get_one(NoticeRow, event.payload["notice_id"])
        assert notice.job_id == built
    assert said_to(instance, "ana") == [
        f"@Bo varied your picture “a red fox” ({source}.2). See the result with /show {built}."
    ]
    assert write_daily_notices(instance.database, instance.events, at=now() + timedelta(days=1)) == 0


def test_a_blend_of_two_pictures_of_one_owner_is_one_notice(instance: Ports) -> None:
    ask(instance, "ana", "settings", built_on="now")
    source = painted(instance, "ana")
    painted(instance, "bo", "blend", picture=f"{source}.1", picture2=f"{source}.3")
    [text] = said_to(instance, "ana")
    assert text.startswith("@Bo blended your pictures ")
    assert f"{source}.1" in text
    assert f"{source}.3" in text


def test_what_one_builds_oneself_is_no_news(instance: Ports) -> None:
    ask(instance, "ana", "settings", built_on="now")
    code = ask(instance, "ana", "link").code
    ask(instance, "ana-elsewhere", "link", code=code)
    source = painted(instance, "ana")
    for name in ("ana", "ana-elsewhere"):
        painted(instance, name, "vary", picture=f"{source}.1")
    assert said_to(instance, "ana") == []


@pytest.mark.parametrize("wanted", ["now", "daily"])
def test_nobody_hears_of_pictures_from_private_places(instance: Ports, wanted: str) -> None:
    ask(instance, "ana", "settings", built_on=wanted)
    source = painted(instance, "ana")
    painted(instance, "bo", "vary", SECRET, picture=f"{source}.1")
    assert write_daily_notices(instance.database, instance.events, at=now() + timedelta(days=1)) == 0
    assert said_to(instance, "ana") == []


def test_a_daily_notice_tells_of_yesterday_once_and_names_nobody(instance: Ports) -> None:
    ask(instance, "ana", "settings", built_on="daily")
    source = painted(instance, "ana")
    varied = painted(instance, "bo", "vary", picture=f"{source}.1")
    larger = painted(instance, "cleo", "upscale", picture=f"{source}.2")
    gone = painted(instance, "bo", "vary", picture=f"{source}.2")
    ask(instance, "bo", "delete", what=gone)
    assert write_daily_notices(instance.database, instance.events, at=now()) == 0  # the day is not over
    tomorrow = now() + timedelta(days=1)
    assert write_daily_notices(instance.database, instance.events, at=tomorrow) == 1
    assert write_daily_notices(instance.database, instance.events, at=tomorrow) == 0
    assert said_to(instance, "ana") == [
        "Others built on your pictures yesterday."
        f" “a red fox” ({source}.1) was varied: /show {varied}."
        f" “a red fox” ({source}.2) was upscaled: /show {larger}."
    ]


def test_a_long_day_is_cut(instance: Ports) -> None:
    ask(instance, "ana", "settings", built_on="daily")
    source = painted(instance, "ana")
    for number in range(8):
        painted(instance, "bo", "vary", picture=f"{source}.{number % 4 + 1}", count=1)
    write_daily_notices(instance.database, instance.events, at=now() + timedelta(days=1))
    [text] = said_to(instance, "ana")
    assert text.count("/show") == 6
    assert text.endswith(" And 2 more.")


def test_a_picture_that_was_refused_since_holds_up_no_daily_notice(instance: Ports) -> None:
    ask(instance, "ana", "settings", built_on="daily")
    source = painted(instance, "ana")
    painted(instance, "bo", "vary", picture=f"{source}.1")
    with instance.database.begin() as session:
        session.get_one(JobRow, source).state = JobState.REFUSED
    assert write_daily_notices(instance.database, instance.events, at=now() + timedelta(days=1)) == 1


def test_a_builder_who_is_forgotten_is_named_no_more(instance: Ports) -> None:
    ask(instance, "ana", "settings", built_on="now")
    source = painted(instance, "ana")
    painted(instance, "bo", "vary", picture=f"{source}.1")
    ask(instance, "bo", "forget-me", confirm="yes")
    assert said_to(instance, "ana") == ["Somebody built on a picture of yours."]


def test_a_deleted_picture_is_no_news(instance: Ports) -> None:
    ask(instance, "ana", "settings", built_on="now")
    source = painted(instance, "ana")
    job_id = paint_job(instance, ask(instance, "bo", "vary", picture=f"{source}.1").job_id)
    with instance.database.begin() as session:
        session.execute(update(PictureRow).where(PictureRow.id == f"{source}.1").values(deleted_at=now()))
        assert session.get_one(JobRow, job_id).state == JobState.DONE
        assert notify_owners(session, queries.find_job(session, job_id)) == []
