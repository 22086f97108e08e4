"""Messages that their channel does not take, or that were deleted."""

from typing import Any

import pytest

from bots.presentation.message import Images, Note
from studio.clock import now
from studio.db.tables import DeliveryRow
from studio.domain.deliveries import DeliveryKind
from studio.domain.events import (
    JobChanged,
)
from studio.domain.people import Platform
from tests.support import chat_frontend
from tests.support.chat_frontend import FrontEnd, KilledError, die
from tests.support.finished_jobs import paint_job

front_end = chat_frontend.front_end


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


async def test_the_next_holder_of_a_claim_looks_in_the_channel_that_was_chosen(front_end: FrontEnd) -> None:
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
    assert [message.ref.channel for message in front_end.chat.messages.values()] == ["main", "ana"]
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
