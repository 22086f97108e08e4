"""One message for each subject: claimed, sent or edited, recorded, and taken to another place where one is closed."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from bots.delivery import deliveries
from bots.delivery.chat_delivery import ChatDelivery
from bots.delivery.errors import DeliveryInProgressError, PlatformUnavailableError
from bots.presentation.message import Images, Note, PersonName, Progress
from bots.process.thread_pools import ThreadPools
from studio.clock import now
from studio.commands.registry import execute
from studio.commands.spec import Call
from studio.db import cases, settings
from studio.db.identities.people import lock_person
from studio.db.tables import DeliveryRow, JobRow
from studio.domain.cases import CaseKind, Decision
from studio.domain.deliveries import DeliveryKind, MessageRef, Subject
from studio.domain.events import (
    CaseChanged,
    DigestWritten,
    JobAccepted,
    JobChanged,
    JobEnded,
    JobProgress,
    PictureChanged,
)
from studio.domain.jobs import JobState
from studio.domain.people import Platform
from studio.domain.settings.communities import CommunityRules, ResultPlacement
from studio.errors import DatabaseUnavailableError
from studio.ports import Ports
from tests.support.chat import Chat
from tests.support.fakes import someone, somewhere
from tests.support.finished_jobs import end_job, paint_job

PREVIEW = "data:image/png;base64,aGVsbG8="


@dataclass
class FrontEnd:
    """A process of a chat's front end, with the chat that all of its processes share."""

    ports: Ports
    chat: Chat
    pools: ThreadPools
    delivery: ChatDelivery = field(init=False)

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """What this process remembered is lost."""
        self.delivery = ChatDelivery(self.ports, self.pools, self.chat, pixelated=False)

    def ask(self, command: str = "imagine", *, who: str = "ana", **values: Any) -> str:
        values = values or {"prompt": "a red fox", "count": 2}
        call = Call(
            person=someone(who), address=somewhere(), request_key=f"{len(self.chat.messages)}{values}"
        )
        return execute(self.ports, call, command, values).job_id  # type: ignore[union-attr]

    async def accepted(self, job_id: str) -> None:
        await self.delivery.handle(JobAccepted(job_id=job_id, platform=Platform.WEB))

    async def ended(self, job_id: str) -> None:
        await self.delivery.handle(JobEnded(job_id=job_id, platform=Platform.WEB, state=JobState.DONE))

    async def painted(self, job_id: str) -> None:
        paint_job(self.ports, job_id)
        await self.ended(job_id)

    async def picture_changed(self, picture_id: str) -> None:
        job_id = picture_id.partition(".")[0]
        event = PictureChanged(job_id=job_id, platform=Platform.WEB, picture_id=picture_id)
        await self.delivery.handle(event)

    async def progressed(self, job_id: str, step: int = 3, preview: str | None = None) -> None:
        await self.delivery.progressed(
            JobProgress(job_id=job_id, platform=Platform.WEB, step=step, steps=8, preview=preview)
        )

    def recorded(self, job_id: str, kind: DeliveryKind = DeliveryKind.JOB) -> MessageRef | None:
        return deliveries.find_message(self.ports.database, Subject(kind, job_id, Platform.WEB))

    def rest(self) -> None:
        """As if no message had been touched for a while."""
        for message in self.delivery.publisher._messages.values():
            message.touched_at -= 100

    def change_delivery(self, **values: Any) -> None:
        with self.ports.database.begin() as session:
            session.execute(update(DeliveryRow).values(**values))

    def govern(self, **rules: Any) -> None:
        with self.ports.database.begin() as session:
            settings.save_community_rules(session, CommunityRules(**rules), by=someone("mod"))


@pytest.fixture
def front_end(ports: Ports) -> Iterator[FrontEnd]:
    pools = ThreadPools("test")
    yield FrontEnd(ports, Chat(), pools)
    pools.close()


async def test_a_job_has_one_message_from_its_beginning_to_its_end(front_end: FrontEnd) -> None:
    job_id = front_end.ask()
    await front_end.accepted(job_id)
    shown = front_end.chat.of(job_id)
    assert shown.ref.channel == "main"
    assert not shown.now.final
    await front_end.painted(job_id)
    assert front_end.chat.sent == 1
    assert sorted(shown.now.files) == [f"{job_id}.1", f"{job_id}.2"]
    assert front_end.recorded(job_id) == replace(shown.ref, final=True)


async def test_an_event_that_comes_again_changes_nothing(front_end: FrontEnd) -> None:
    job_id = front_end.ask()
    for _ in range(2):
        await front_end.accepted(job_id)
    paint_job(front_end.ports, job_id)
    for _ in range(2):
        front_end.restart()
        await front_end.ended(job_id)
    assert front_end.chat.sent == 1
    assert front_end.chat.of(job_id).now.final


async def test_a_job_whose_beginning_nobody_was_shown_gets_its_message_at_its_end(
    front_end: FrontEnd,
) -> None:
    job_id = front_end.ask()
    await front_end.painted(job_id)
    await front_end.accepted(job_id)  # which comes late
    assert len(front_end.chat.of(job_id).versions) == 1


async def test_while_another_process_sends_the_message_nobody_else_does(
    front_end: FrontEnd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(front_end.chat, "claim_seconds", -0.9)  # how long one waits for another
    front_end.restart()
    job_id = front_end.ask()
    subject = Subject(DeliveryKind.JOB, job_id, Platform.WEB)
    deliveries.take_claim(front_end.ports.database, subject, "main", lasts=timedelta(minutes=1))
    with pytest.raises(DeliveryInProgressError):
        await front_end.accepted(job_id)
    assert front_end.chat.sent == 0


async def test_a_message_that_another_process_has_sent_meanwhile_is_edited(front_end: FrontEnd) -> None:
    job_id = front_end.ask()
    subject = Subject(DeliveryKind.JOB, job_id, Platform.WEB)
    other = FrontEnd(front_end.ports, front_end.chat, front_end.pools)
    draft = await front_end.delivery.publisher.read(DeliveryKind.JOB, job_id)
    await other.accepted(job_id)
    assert deliveries.find_message(front_end.ports.database, subject)
    ref = await front_end.delivery.publisher._sender.deliver(draft)  # it was read before the other sent it
    assert ref == front_end.chat.of(job_id).ref
    assert front_end.chat.sent == 1


class KilledError(BaseException):
    """The process ends here."""


def die(_: object) -> None:
    raise KilledError


async def test_a_message_that_a_killed_process_has_sent_is_found_again(front_end: FrontEnd) -> None:
    job_id = front_end.ask()
    front_end.chat.after_send = die
    with pytest.raises(KilledError):
        await front_end.accepted(job_id)
    assert front_end.recorded(job_id) is None
    front_end.change_delivery(claimed_until=now())
    front_end.chat.after_send = lambda _: None
    front_end.restart()
    await front_end.painted(job_id)
    assert front_end.chat.sent == 1
    assert front_end.chat.of(job_id).now.final
    assert front_end.recorded(job_id) == replace(front_end.chat.of(job_id).ref, final=True)


async def test_a_process_that_was_killed_before_it_sent_anything_leaves_no_gap(front_end: FrontEnd) -> None:
    job_id = front_end.ask()
    front_end.chat.before_send = die
    with pytest.raises(KilledError):
        await front_end.accepted(job_id)
    front_end.change_delivery(claimed_until=now())
    front_end.chat.before_send = lambda _: None
    front_end.restart()
    await front_end.accepted(job_id)
    assert front_end.chat.searched == ["main"]
    assert front_end.chat.sent == 1


async def test_where_messages_cannot_be_looked_up_the_claim_stays_inherited(front_end: FrontEnd) -> None:
    job_id = front_end.ask()
    front_end.chat.after_send = die
    with pytest.raises(KilledError):
        await front_end.accepted(job_id)
    front_end.change_delivery(claimed_until=now())
    front_end.chat.after_send = lambda _: None
    front_end.chat.away = True
    with pytest.raises(PlatformUnavailableError):
        await front_end.accepted(job_id)
    front_end.chat.away = False
    await front_end.accepted(job_id)
    assert front_end.chat.sent == 1


async def test_after_an_answer_that_was_lost_the_message_is_looked_for(front_end: FrontEnd) -> None:
    def lose(_: object) -> None:
        raise PlatformUnavailableError("the answer was lost", perhaps_done=True)

    job_id = front_end.ask()
    front_end.chat.after_send = lose
    with pytest.raises(PlatformUnavailableError):
        await front_end.accepted(job_id)
    front_end.chat.after_send = lambda _: None
    await front_end.accepted(job_id)
    assert front_end.chat.sent == 1


async def test_a_platform_that_is_away_leaves_the_message_to_the_next_try(front_end: FrontEnd) -> None:
    job_id = front_end.ask()
    front_end.chat.away = True
    with pytest.raises(PlatformUnavailableError):
        await front_end.accepted(job_id)
    front_end.chat.away = False
    await front_end.accepted(job_id)
    assert front_end.chat.searched == []
    assert front_end.chat.sent == 1


async def test_a_message_whose_record_failed_is_edited_by_the_same_process(
    front_end: FrontEnd, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = front_end.ask()
    with monkeypatch.context() as patch:

        def away(*_: object) -> None:
            raise DatabaseUnavailableError

        patch.setattr(deliveries, "record", away)
        with pytest.raises(DatabaseUnavailableError):
            await front_end.accepted(job_id)
    await front_end.painted(job_id)
    assert front_end.chat.sent == 1
    assert front_end.recorded(job_id) == replace(front_end.chat.of(job_id).ref, final=True)


async def test_a_closed_channel_sends_the_answer_to_its_person(front_end: FrontEnd) -> None:
    job_id = front_end.ask()
    front_end.chat.closed.add("main")
    await front_end.accepted(job_id)
    shown = front_end.chat.of(job_id)
    assert shown.ref.channel == "ana"
    assert shown.now.place.instead_of == "main"
    await front_end.painted(job_id)
    assert front_end.chat.sent == 1
    assert shown.now.final


async def test_whoever_inherits_a_claim_looks_where_the_message_was_about_to_go(front_end: FrontEnd) -> None:
    job_id = front_end.ask()
    front_end.chat.closed.add("main")
    front_end.chat.after_send = die
    with pytest.raises(KilledError):
        await front_end.accepted(job_id)
    front_end.change_delivery(claimed_until=now())
    front_end.chat.after_send = lambda _: None
    front_end.restart()
    front_end.chat.closed.clear()
    await front_end.accepted(job_id)
    assert front_end.chat.searched == ["ana"]
    assert front_end.chat.sent == 1


async def test_an_end_that_a_closed_channel_does_not_take_goes_to_the_person(front_end: FrontEnd) -> None:
    job_id = front_end.ask()
    await front_end.accepted(job_id)
    front_end.chat.closed.add("main")
    await front_end.painted(job_id)
    assert [each.ref.channel for each in front_end.chat.messages.values()] == ["main", "ana"]
    recorded = front_end.recorded(job_id)
    assert recorded is not None
    assert (recorded.channel, recorded.final) == ("ana", True)


async def test_an_end_that_a_killed_process_sent_to_the_person_is_found_again(front_end: FrontEnd) -> None:
    job_id = front_end.ask()
    await front_end.accepted(job_id)
    first = front_end.recorded(job_id)
    assert first is not None
    front_end.chat.closed.add("main")
    await front_end.painted(job_id)
    front_end.change_delivery(channel=first.channel, message=first.message, final=False)
    front_end.restart()
    await front_end.ended(job_id)
    assert front_end.chat.sent == 2


async def test_news_of_an_end_that_was_shown_goes_to_nobody_else(front_end: FrontEnd) -> None:
    job_id = front_end.ask()
    await front_end.painted(job_id)
    front_end.chat.closed.add("main")
    await front_end.delivery.handle(JobChanged(job_id=job_id, platform=Platform.WEB))
    assert front_end.chat.sent == 1


async def test_an_end_that_no_place_takes_is_given_up(front_end: FrontEnd) -> None:
    job_id = front_end.ask()
    front_end.chat.closed.add("everywhere")
    await front_end.painted(job_id)
    assert front_end.chat.sent == 0
    with front_end.ports.database.read() as session:
        row = session.get_one(DeliveryRow, (DeliveryKind.JOB, job_id))
        assert (row.message, row.final, row.claimed_until) == ("", True, None)


async def test_an_answer_that_was_deleted_stays_deleted(front_end: FrontEnd) -> None:
    job_id = front_end.ask()
    await front_end.accepted(job_id)
    front_end.chat.messages.clear()
    await front_end.painted(job_id)
    assert front_end.chat.messages == {}
    recorded = front_end.recorded(job_id)
    assert recorded is not None
    assert recorded.final


async def test_a_message_that_the_front_end_took_back_is_sent_anew(front_end: FrontEnd) -> None:
    job_id = front_end.ask()
    await front_end.accepted(job_id)
    taken = front_end.chat.of(job_id).ref.message
    front_end.chat.taken_back.add(taken)
    del front_end.chat.messages[taken]
    await front_end.painted(job_id)
    assert front_end.chat.of(job_id).now.final
    assert front_end.chat.sent == 2


async def test_files_get_smaller_until_the_platform_takes_them(front_end: FrontEnd) -> None:
    job_id = front_end.ask()
    await front_end.accepted(job_id)
    limits = []
    tools: Any = front_end.ports.image_tools

    def fit(picture: bytes, *, limit_bytes: int) -> tuple[bytes, str]:
        limits.append(limit_bytes)
        return picture[:limit_bytes], ".webp"

    tools.fit = fit
    front_end.chat.limit, front_end.chat.largest = 4_000_000, 1_000_000
    paint_job(front_end.ports, job_id, png=b"x" * 9_000_000)
    await front_end.ended(job_id)
    assert all(len(file.data) <= 1_000_000 for file in front_end.chat.of(job_id).now.files.values())
    assert limits == sorted(limits, reverse=True)


async def test_a_picture_whose_file_is_gone_is_left_out_with_a_note(front_end: FrontEnd) -> None:
    job_id = front_end.ask(prompt="a red fox", count=1)
    store: Any = front_end.ports.store
    paint_job(front_end.ports, job_id)
    store.blobs.clear()
    await front_end.ended(job_id)
    shown = front_end.chat.of(job_id).now
    assert shown.files == {}
    assert not [part for part in shown.message.parts if isinstance(part, Images)]
    assert [part for part in shown.message.parts if isinstance(part, Note)]


# ---- small changes and progress


async def test_several_stars_become_one_edit_and_a_deletion_does_not_wait(front_end: FrontEnd) -> None:
    job_id = front_end.ask()
    await front_end.painted(job_id)
    front_end.chat.calm = 50.0
    versions = front_end.chat.of(job_id).versions
    for _ in range(3):
        await front_end.picture_changed(f"{job_id}.1")
    await front_end.delivery.tick()
    assert len(versions) == 1
    front_end.rest()
    await front_end.delivery.tick()
    await front_end.delivery.tick()
    assert len(versions) == 2


async def test_a_deleted_picture_leaves_at_once(front_end: FrontEnd) -> None:
    job_id = front_end.ask()
    await front_end.painted(job_id)
    front_end.chat.calm = 50.0
    for index in (1, 2):
        call = Call(person=someone(), address=somewhere(), request_key=f"delete {index}")
        execute(front_end.ports, call, "delete", {"what": f"{job_id}.{index}"})
    for index in (1, 2):
        await front_end.picture_changed(f"{job_id}.{index}")
    versions = front_end.chat.of(job_id).versions
    assert versions[-1].files == {}
    assert len(versions) == 2, "of several that were deleted at once the first edit shows the end"


async def test_what_waits_is_shown_before_the_process_ends(front_end: FrontEnd) -> None:
    job_id = front_end.ask()
    await front_end.painted(job_id)
    front_end.chat.calm = 50.0
    await front_end.picture_changed(f"{job_id}.1")
    await front_end.delivery.flush()
    assert len(front_end.chat.of(job_id).versions) == 2


async def test_what_cannot_be_shown_now_waits_and_the_others_are_shown(front_end: FrontEnd) -> None:
    jobs = [front_end.ask(prompt=f"fox {number}", count=1) for number in range(2)]
    for job_id in jobs:
        await front_end.painted(job_id)
    front_end.chat.calm = 50.0
    for job_id in jobs:
        await front_end.picture_changed(f"{job_id}.1")
    front_end.rest()
    failing = front_end.chat.of(jobs[0]).ref.message
    edit = front_end.chat.edit

    async def fail_one(ref: MessageRef, outgoing: Any) -> None:
        if ref.message == failing:
            raise PlatformUnavailableError
        await edit(ref, outgoing)

    front_end.chat.edit = fail_one  # type: ignore[method-assign]
    with pytest.raises(PlatformUnavailableError):
        await front_end.delivery.tick()
    assert [len(front_end.chat.of(job_id).versions) for job_id in jobs] == [1, 2]
    front_end.chat.edit = edit  # type: ignore[method-assign]
    await front_end.delivery.tick()
    assert [len(front_end.chat.of(job_id).versions) for job_id in jobs] == [2, 2]


async def test_progress_touches_the_message_with_a_preview(front_end: FrontEnd) -> None:
    job_id = front_end.ask()
    await front_end.progressed(job_id)
    assert front_end.chat.touches == [], "its message is not there yet"
    await front_end.accepted(job_id)
    await front_end.progressed(job_id, 3, PREVIEW)
    (touch,) = front_end.chat.touches
    assert [part.step for part in touch.message.parts if isinstance(part, Progress)] == [3]
    assert touch.files["preview"].data == b"hello"
    front_end.chat.calm = 50.0
    await front_end.progressed(job_id, 4)
    assert len(front_end.chat.touches) == 1, "it was touched a moment ago"


async def test_a_preview_that_is_no_picture_is_left_out(front_end: FrontEnd) -> None:
    job_id = front_end.ask()
    await front_end.accepted(job_id)
    await front_end.progressed(job_id, 3, "data:text/html;base64,aGVsbG8=")
    (touch,) = front_end.chat.touches
    assert touch.files == {}
    assert not [part for part in touch.message.parts if isinstance(part, Images | Note)]


async def test_progress_of_another_process_s_communities_is_left_to_it(front_end: FrontEnd) -> None:
    job_id = front_end.ask()
    await front_end.accepted(job_id)
    front_end.chat.served = False
    await front_end.progressed(job_id)
    assert front_end.chat.touches == []


async def test_progress_that_comes_after_the_end_does_not_hide_it(front_end: FrontEnd) -> None:
    job_id = front_end.ask()
    await front_end.accepted(job_id)
    other = FrontEnd(front_end.ports, front_end.chat, front_end.pools)
    await other.painted(job_id)
    await front_end.progressed(job_id)
    shown = front_end.chat.of(job_id)
    assert len(front_end.chat.touches) == 1
    assert shown.now.final, "the end was shown again"
    assert len(shown.versions) == 3


async def test_a_place_in_the_queue_is_shown_when_it_changed(front_end: FrontEnd) -> None:
    first, second = (front_end.ask(prompt=f"fox {number}") for number in range(2))
    for job_id in (first, second):
        await front_end.accepted(job_id)
    await front_end.delivery.tick()
    assert len(front_end.chat.of(second).versions) == 1
    end_job(front_end.ports, first, JobState.CANCELLED)
    await front_end.delivery.tick()
    assert len(front_end.chat.of(second).versions) == 1, "it was shown a moment ago"
    front_end.rest()
    await front_end.delivery.tick()
    await front_end.delivery.tick()
    assert len(front_end.chat.of(second).versions) == 2


# ---- copies, pings, replies


async def test_a_person_who_likes_copies_gets_one_of_each_finished_job(front_end: FrontEnd) -> None:
    job_id = front_end.ask()
    call = Call(person=someone(), address=somewhere(), request_key="settings")
    execute(front_end.ports, call, "settings", {"dm": "yes"})
    await front_end.painted(job_id)
    await front_end.ended(job_id)
    copies = [each.now for each in front_end.chat.messages.values() if each.ref.channel == "ana"]
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
        each.now for each in front_end.chat.messages.values() if each.now.subject.kind is DeliveryKind.PING
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


# ---- cases and the starboard


def open_case(ports: Ports, *, asked: bool = False) -> str:
    with ports.database.begin() as session:
        people = [someone(), someone("bo")]
        for person in people:
            lock_person(session, person)
        kind = CaseKind.CONSENT if asked else CaseKind.SUSPENSION
        addressee = people[1] if asked else None
        case, _ = cases.open_case(session, kind, case_key="key", subject=people[0], addressee=addressee)
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


async def test_a_starred_picture_hangs_until_it_is_deleted_also_after_a_short_trouble(
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
    assert [each.ref.channel for each in front_end.chat.messages.values()] == ["main"]


async def test_a_digest_is_sent_to_its_channel_and_a_closed_one_left_alone(front_end: FrontEnd) -> None:
    digest = DigestWritten(platform=Platform.WEB, community="room", channel="log", text="Three pictures.")
    await front_end.delivery.handle(digest)
    front_end.chat.closed.add("log")
    await front_end.delivery.handle(digest)
    assert [each.ref.channel for each in front_end.chat.messages.values()] == ["log"]
