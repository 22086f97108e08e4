"""Copies, notifications, replies, cases and the starboard: where each message goes."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bots.delivery.errors import PlatformUnavailableError
from bots.presentation.message import PersonName
from studio.clock import now
from studio.commands.registry import execute
from studio.commands.spec import Call
from studio.db import cases
from studio.db.identities.people import lock_person
from studio.db.tables import JobRow
from studio.domain.cases import CaseKind, Decision, NewCase
from studio.domain.deliveries import DeliveryKind
from studio.domain.events import (
    CaseChanged,
    DigestWritten,
    RecapDue,
)
from studio.domain.people import Platform
from studio.domain.settings.communities import ResultPlacement
from studio.ports import Ports
from tests.support import chat_frontend
from tests.support.chat_frontend import FrontEnd
from tests.support.fakes import someone, somewhere
from tests.support.finished_jobs import paint_job
from tests.support.message_text import text_of

front_end = chat_frontend.front_end


async def test_a_person_who_likes_copies_gets_one_of_each_finished_job(front_end: FrontEnd) -> None:
    job_id = front_end.ask()
    call = Call(person=someone(), address=somewhere(), request_key="settings")
    execute(front_end.ports, call, "settings", {"dm": "yes"})
    await front_end.painted(job_id)
    await front_end.ended(job_id)
    copies = [message.now for message in front_end.chat.messages.values() if message.ref.channel == "ana"]
    assert [copy.subject.kind for copy in copies] == [DeliveryKind.COPY]
    assert copies[0].message.rows == ()


@pytest.mark.parametrize(("seconds", "wanted", "pinged"), [(31, True, 1), (29, True, 0), (31, False, 0)])
async def test_a_job_that_took_long_pings_its_person_where_the_community_wants_it(
    front_end: FrontEnd, seconds: int, wanted: bool, pinged: int
) -> None:
    front_end.govern(ping=wanted)
    job_id = front_end.ask()
    await front_end.accepted(job_id)
    paint_job(front_end.ports, job_id)
    with front_end.ports.database.begin() as session:
        row = session.get_one(JobRow, job_id)
        row.created_at = (row.ended_at or now()) - timedelta(seconds=seconds)
    for _ in range(2):
        await front_end.ended(job_id)
    pings = [
        message.now
        for message in front_end.chat.messages.values()
        if message.now.subject.kind is DeliveryKind.PING
    ]
    assert len(pings) == pinged
    for ping in pings:
        assert ping.place.reply_to == replace(front_end.chat.of(job_id).ref, final=True)
        assert ping.place.in_thread
        assert [person.user_id for person in ping.place.mentions] == ["ana"]


@pytest.mark.parametrize(
    ("results", "replies", "in_thread"),
    [
        (ResultPlacement.REPLY, True, False),
        (ResultPlacement.THREAD, True, True),
        (ResultPlacement.CHANNEL, False, False),
    ],
)
async def test_what_was_made_from_a_picture_stands_where_the_community_wants_it(
    front_end: FrontEnd, results: ResultPlacement, replies: bool, in_thread: bool
) -> None:
    front_end.govern(results=results)
    origin = front_end.ask()
    await front_end.painted(origin)
    child = front_end.ask("vary", picture=f"{origin}.1")
    await front_end.accepted(child)
    place = front_end.chat.of(child).now.place
    assert (place.reply_to is not None, place.in_thread) == (replies, in_thread)
    assert place.reply_to in (None, front_end.recorded(origin))


async def test_a_message_of_another_channel_is_not_replied_to(front_end: FrontEnd) -> None:
    origin = front_end.ask()
    await front_end.painted(origin)
    front_end.change_delivery(channel="elsewhere")
    child = front_end.ask("vary", picture=f"{origin}.1")
    await front_end.accepted(child)
    assert front_end.chat.of(child).now.place.reply_to is None


def open_case(ports: Ports, *, asked: bool = False) -> str:
    with ports.database.begin() as session:
        people = [someone(), someone("bo")]
        for person in people:
            lock_person(session, person)
        kind = CaseKind.CONSENT if asked else CaseKind.SUSPENSION
        addressee = people[1] if asked else None
        case, _ = cases.open_case(
            session, NewCase(kind=kind, case_key="key", subject=people[0], addressee=addressee)
        )
    return case.id


async def show_case(front_end: FrontEnd, case_id: str) -> None:
    await front_end.delivery.handle(CaseChanged(case_id=case_id, platform=Platform.WEB))


def close_case(ports: Ports, case_id: str) -> None:
    with ports.database.begin() as session:
        assert cases.close(session, case_id, Decision.REJECT, by="web:room:mod", at=now())


async def test_a_case_has_one_message_on_the_desk_channel(front_end: FrontEnd) -> None:
    case_id = open_case(front_end.ports)
    await show_case(front_end, case_id)
    assert front_end.chat.messages == {}, "there is no desk channel yet"
    front_end.govern(desk_channel="desk")
    await front_end.delivery.show_open_cases(someone("mod", moderator=True))
    await show_case(front_end, case_id)
    close_case(front_end.ports, case_id)
    await show_case(front_end, case_id)
    shown = front_end.chat.of(case_id)
    assert shown.ref.channel == "desk"
    assert [version.final for version in shown.versions] == [False, False, True]


async def test_an_open_case_whose_message_was_deleted_gets_another_and_a_closed_one_does_not(
    front_end: FrontEnd,
) -> None:
    front_end.govern(desk_channel="desk")
    case_id = open_case(front_end.ports)
    await show_case(front_end, case_id)
    front_end.chat.messages.clear()
    await show_case(front_end, case_id)
    assert front_end.recorded(case_id, DeliveryKind.CASE) == front_end.chat.of(case_id).ref
    close_case(front_end.ports, case_id)
    front_end.chat.messages.clear()
    await show_case(front_end, case_id)
    assert front_end.chat.messages == {}


async def test_a_desk_that_is_closed_ends_quietly(front_end: FrontEnd) -> None:
    front_end.govern(desk_channel="desk")
    front_end.chat.closed.add("desk")
    case_id = open_case(front_end.ports)
    await show_case(front_end, case_id)
    assert front_end.recorded(case_id, DeliveryKind.CASE) is None
    front_end.chat.closed.clear()
    await show_case(front_end, case_id)
    assert front_end.recorded(case_id, DeliveryKind.CASE)


async def test_a_case_that_was_decided_before_anybody_saw_it_is_not_shown(front_end: FrontEnd) -> None:
    front_end.govern(desk_channel="desk")
    case_id = open_case(front_end.ports)
    close_case(front_end.ports, case_id)
    await show_case(front_end, case_id)
    assert front_end.chat.messages == {}


async def test_an_owner_is_asked_by_direct_message_without_any_desk(front_end: FrontEnd) -> None:
    case_id = open_case(front_end.ports, asked=True)
    await show_case(front_end, case_id)
    assert front_end.chat.of(case_id).ref.channel == "bo"
    assert front_end.recorded(case_id, DeliveryKind.QUESTION)


async def test_an_owner_who_takes_no_direct_messages_is_asked_by_name_where_the_other_asked(
    front_end: FrontEnd,
) -> None:
    case_id = open_case(front_end.ports, asked=True)
    job_id = front_end.ask()
    with front_end.ports.database.begin() as session:
        session.get_one(cases.CaseRow, case_id).job_id = job_id
    front_end.chat.closed.add("bo")
    for _ in range(2):
        await show_case(front_end, case_id)
    asked = front_end.chat.of(case_id).now
    assert asked.place.channel == "main"
    named = [
        span.person
        for part in asked.message.parts
        for span in getattr(part, "spans", ())
        if isinstance(span, PersonName)
    ]
    assert asked.place.mentions[0] in named


async def test_a_starboard_entry_stays_until_deletion_also_after_a_short_failure(
    front_end: FrontEnd,
) -> None:
    front_end.govern(star_channel="stars", star_threshold=1)
    job_id = front_end.ask()
    await front_end.painted(job_id)
    await front_end.picture_changed(f"{job_id}.1")
    assert front_end.recorded(f"{job_id}.1", DeliveryKind.STARBOARD) is None, "it has no star"
    call = Call(person=someone("bo"), address=somewhere(), request_key="star")
    execute(front_end.ports, call, "star", {"picture": f"{job_id}.1"})
    await front_end.picture_changed(f"{job_id}.1")
    assert front_end.chat.of(f"{job_id}.1").ref.channel == "stars"
    call = Call(person=someone(), address=somewhere(), request_key="delete")
    execute(front_end.ports, call, "delete", {"what": job_id})
    await front_end.delivery.publisher.show(DeliveryKind.JOB, job_id)
    front_end.chat.away = True
    with pytest.raises(PlatformUnavailableError):
        await front_end.picture_changed(f"{job_id}.1")
    assert front_end.recorded(f"{job_id}.1", DeliveryKind.STARBOARD)
    front_end.chat.away = False
    await front_end.picture_changed(f"{job_id}.1")
    assert front_end.recorded(f"{job_id}.1", DeliveryKind.STARBOARD) is None
    assert [message.ref.channel for message in front_end.chat.messages.values()] == ["main"]


async def test_a_digest_is_sent_to_its_channel_and_a_closed_one_left_alone(front_end: FrontEnd) -> None:
    digest = DigestWritten(platform=Platform.WEB, community="room", channel="log", text="Three pictures.")
    await front_end.delivery.handle(digest)
    front_end.chat.closed.add("log")
    await front_end.delivery.handle(digest)
    assert [message.ref.channel for message in front_end.chat.messages.values()] == ["log"]


async def test_a_recap_is_read_when_it_is_sent_and_a_week_without_anything_is_not_told(
    front_end: FrontEnd,
) -> None:
    monday = now().replace(hour=0) - timedelta(days=now().weekday())
    week = RecapDue(platform=Platform.WEB, community="room", channel="main", week=f"{monday:%Y-%m-%d}")
    await front_end.delivery.handle(week)
    assert not front_end.chat.messages
    for name in ("ana", "bo", "cy"):
        call = Call(person=someone(name), address=somewhere(), request_key=f"recap:{name}")
        accepted = execute(front_end.ports, call, "imagine", {"prompt": "a red fox", "count": 1})
        paint_job(front_end.ports, accepted.job_id)  # type: ignore[union-attr]
    await front_end.delivery.handle(week)
    (message,) = front_end.chat.messages.values()
    assert "3 people made 3 pictures." in text_of(message.now.message)
