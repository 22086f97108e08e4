"""Pictures that are shown while others of their job are being painted."""

from bots.presentation.message import FileKind, Images
from studio.commands.button_ids import Action
from studio.domain.events import JobProgress, PictureFinished
from studio.domain.people import Platform
from tests.support import chat_frontend
from tests.support.chat_frontend import FrontEnd
from tests.support.finished_jobs import finish_early

front_end = chat_frontend.front_end

PREVIEW = "data:image/png;base64,aGVsbG8="


async def finish(front_end: FrontEnd, job_id: str, index: int) -> None:
    picture = finish_early(front_end.ports, job_id, index)
    event = PictureFinished(job_id=job_id, platform=Platform.WEB, picture_id=picture)
    await front_end.delivery.handle(event)


async def step(front_end: FrontEnd, job_id: str, finished: int) -> None:
    await front_end.delivery.show_progress(
        JobProgress(job_id=job_id, platform=Platform.WEB, step=3, steps=8, preview=PREVIEW, finished=finished)
    )


def shown(front_end: FrontEnd, job_id: str) -> list[str]:
    images = [part for part in front_end.chat.of(job_id).now.message.parts if isinstance(part, Images)]
    return [image.name for part in images for image in part.images]


async def test_the_first_picture_is_there_at_once_with_a_button(front_end: FrontEnd) -> None:
    job_id = front_end.ask(prompt="a red fox", count=4)
    await front_end.accepted(job_id)
    assert [button.action for button in front_end.chat.of(job_id).now.message.buttons] == [Action.CANCEL]
    front_end.rest()
    await finish(front_end, job_id, 2)
    now = front_end.chat.of(job_id).now
    assert list(now.files) == [f"{job_id}.2"]
    assert [button.action for button in now.message.buttons] == [Action.ENOUGH]
    assert not now.final


async def test_several_within_seconds_become_one_edit(front_end: FrontEnd) -> None:
    job_id = front_end.ask(prompt="a red fox", count=4)
    await front_end.accepted(job_id)
    versions = front_end.chat.of(job_id).versions
    front_end.edit_just_now()
    for index in (1, 2, 3):
        await finish(front_end, job_id, index)
    assert len(versions) == 1
    for message in front_end.delivery.publisher._messages.values():
        message.touched_at -= 20_000
    await front_end.delivery.tick()
    assert len(versions) == 2
    assert shown(front_end, job_id) == [f"{job_id}.{index}" for index in (1, 2, 3)]


async def test_steps_keep_the_picture_and_come_more_slowly(front_end: FrontEnd) -> None:
    job_id = front_end.ask(prompt="a red fox", count=4)
    await front_end.accepted(job_id)
    front_end.rest()
    await finish(front_end, job_id, 1)
    front_end.chat.touches.clear()
    await step(front_end, job_id, 1)
    assert front_end.chat.touches == []
    front_end.rest()
    await step(front_end, job_id, 1)
    (touch,) = front_end.chat.touches
    images = [part for part in touch.message.parts if isinstance(part, Images)]
    assert [part.images[0].kind for part in images] == [FileKind.PICTURE, FileKind.PREVIEW]


async def test_a_process_that_missed_the_picture_looks_it_up(front_end: FrontEnd) -> None:
    job_id = front_end.ask(prompt="a red fox", count=4)
    await front_end.accepted(job_id)
    finish_early(front_end.ports, job_id, 1)
    front_end.rest()
    await step(front_end, job_id, 1)
    assert f"{job_id}.1" in front_end.chat.touches[-1].files
