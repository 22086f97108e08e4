"""One message for each subject: claimed, sent or edited, and recorded, also over restarts."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bots.delivery import deliveries
from bots.delivery.errors import DeliveryInProgressError, PlatformUnavailableError
from bots.delivery.subjects.draft import Draft
from studio.clock import now
from studio.domain.deliveries import DeliveryKind, Subject
from studio.domain.people import Platform
from studio.errors import DatabaseUnavailableError
from tests.support import chat_frontend
from tests.support.chat_frontend import FrontEnd, KilledError, die
from tests.support.finished_jobs import paint_job

front_end = chat_frontend.front_end


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


async def test_what_was_read_before_another_process_sent_the_message_is_read_again(
    front_end: FrontEnd, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = front_end.ask()
    other = FrontEnd(front_end.ports, front_end.chat, front_end.pools)
    publisher = front_end.delivery.publisher
    read = publisher.read

    async def read_too_early(kind: DeliveryKind, subject_id: str) -> Draft:
        draft = await read(kind, subject_id)
        if not front_end.chat.sent:
            await other.accepted(job_id)
            await other.painted(job_id)
        return draft

    monkeypatch.setattr(publisher, "read", read_too_early)
    await front_end.accepted(job_id)
    shown = front_end.chat.of(job_id)
    assert shown.now.final
    assert front_end.recorded(job_id) == replace(shown.ref, final=True)
    assert front_end.chat.sent == 1


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
