"""Previews on Slack: shown while a picture is painted, and gone when it is done."""

import base64
import io
from collections.abc import Callable
from dataclasses import replace

from PIL import Image

from bots.delivery.attachments import Attachment
from bots.delivery.transport import OutgoingMessage, Place
from bots.presentation.compose.job_message import PREVIEW, compose_job
from bots.queries.job_view import load_job_view
from bots.slack.messages.preview_uploads import PreviewUploads
from studio.db.tables import JobRow
from studio.domain.deliveries import Subject
from studio.domain.events import JobProgress, PictureFinished
from studio.domain.jobs import JobState
from studio.domain.people import Platform
from studio.ports import Ports
from tests.support import slack_files
from tests.support.finished_jobs import finish_early
from tests.support.loopback_slack.records import ANA
from tests.support.slack_files import rows, sweep
from tests.support.slack_sim import SlackRoom, open_slack_room

room = slack_files.room


def preview(colour: str = "red") -> str:
    file = io.BytesIO()
    Image.new("RGB", (24, 24), colour).save(file, "WEBP")
    return f"data:image/webp;base64,{base64.b64encode(file.getvalue()).decode()}"


async def preview_after(room: SlackRoom, job_id: str, step: int, colour: str) -> str | None:
    """What the message shows after two steps: the first brings a preview, which the second can show."""
    for number in (step, step + 1):
        room.rest(job_id)
        room.app.transport._throttles.clear()
        await room.progress(job_id, number, preview=preview(colour))
        await room.app.previews.finish(seconds=60)
    return room.message.picture


async def test_a_preview_is_shown_while_it_is_painted_and_goes_when_it_is_done(room: SlackRoom) -> None:
    job_id = await room.imagine("a red fox")
    first = await preview_after(room, job_id, 1, "red")
    assert first is not None
    assert room.message.blocks[0]["alt_text"] == "An unfinished picture: a red fox"
    assert "of 8" in room.message.words
    assert "channel_id" not in room.slack.called("files.completeUploadExternal")[0], (
        "it is shared nowhere else"
    )
    with Image.open(io.BytesIO(room.slack.files[first]["data"])) as shown:
        assert shown.format == "JPEG", "image blocks show no WebP"

    second = await preview_after(room, job_id, 4, "blue")
    assert second not in (None, first)
    await sweep(room)
    assert list(room.slack.deleted) == [first]

    message = await room.painted(job_id)
    await sweep(room)
    assert list(room.slack.deleted) == [first, second]
    assert sorted(rows(room)) == sorted(message.pictures)


async def test_a_job_that_fails_leaves_no_preview_behind(room: SlackRoom) -> None:
    job_id = await room.imagine()
    assert await preview_after(room, job_id, 1, "red")
    await room.ended(job_id, JobState.FAILED)
    assert room.message.picture is None
    await sweep(room)
    assert (room.slack.files, rows(room)) == ({}, {})


async def test_a_preview_that_comes_after_the_end_is_thrown_away(room: SlackRoom) -> None:
    job_id = await room.imagine()
    room.rest(job_id)
    await room.progress(job_id, 1, preview=preview())
    message = await room.painted(job_id)
    await room.app.previews.finish(seconds=60)
    await sweep(room)
    assert sorted(room.slack.files) == sorted(message.pictures)


async def test_a_preview_that_slack_does_not_take_leaves_the_words(room: SlackRoom) -> None:
    job_id = await room.imagine()
    assert await preview_after(room, job_id, 1, "red")
    room.slack.refuse("chat.update", "invalid_blocks")
    room.rest(job_id)
    room.app.transport._throttles.clear()
    await room.progress(job_id, 3)
    assert room.message.picture is None
    assert "of 8" in room.message.words
    await sweep(room)
    assert room.slack.files == {}


async def test_while_slack_asks_for_pauses_words_go_on_alone(
    room: SlackRoom, still: Callable[[str], None]
) -> None:
    still("bots.slack.api.client")
    job_id = await room.imagine()
    room.slack.rate_limit("users.info", 0)
    workspace = await room.app.context.workspaces.of("T0TEAM")
    await workspace.client.call("users.info", user=ANA)
    assert await preview_after(room, job_id, 1, "red") is None
    assert "of 8" in room.message.words
    assert room.slack.called("files.getUploadURLExternal") == []


async def test_what_a_moderator_let_through_hidden_shows_no_preview(room: SlackRoom) -> None:
    job_id = await room.imagine()
    with room.ports.database.begin() as session:
        session.get_one(JobRow, job_id).spoiler = True
    room.app.delivery.publisher._messages.clear()
    assert await preview_after(room, job_id, 1, "red") is None
    assert room.slack.files == {}


async def test_short_jobs_show_no_preview_and_long_ones_few(ports: Ports) -> None:
    async with open_slack_room(ports) as room:
        clock = [100.0]
        room.app.previews._clock = lambda: clock[0]
        job_id = await room.imagine()

        async def uploads_after(seconds: float) -> int:
            clock[0] += seconds
            room.rest(job_id)
            room.app.transport._throttles.clear()
            await room.progress(job_id, 1, preview=preview(f"#0000{int(clock[0]) % 256:02x}"))
            await room.app.previews.finish(seconds=60)
            return len(room.slack.called("files.completeUploadExternal"))

        assert await uploads_after(0) == 0
        assert await uploads_after(2) == 0
        assert await uploads_after(2) == 1
        assert await uploads_after(9) == 1


async def test_of_two_processes_one_uploads_the_preview(room: SlackRoom) -> None:
    job_id = await room.imagine()
    shown = await preview_after(room, job_id, 1, "red")
    workspace = await room.app.context.workspaces.of("T0TEAM")
    job_view = load_job_view(room.ports.database, job_id)
    job = replace(job_view.job, state=JobState.PAINTING)
    context = room.app.context
    later = replace(context, settings=replace(context.settings, preview_every_seconds=60.0))
    other = PreviewUploads(later)
    progress = JobProgress(job_id=job_id, platform=Platform.SLACK, step=2, steps=8, preview=preview("blue"))
    outgoing = OutgoingMessage(
        subject=Subject.of_job(job),
        nonce="",
        place=Place(community=job.address.community),
        message=compose_job(replace(job_view, job=job), progress),
        files={PREVIEW: Attachment(data=b"blue", suffix=".png")},
    )
    other.current(workspace, outgoing)
    await other.finish(seconds=60)
    assert list(other.current(workspace, outgoing)[1].values()) == [shown]
    assert list(room.slack.files) == [shown]


async def test_a_finished_picture_stays_beside_the_previews_of_the_others(room: SlackRoom) -> None:
    job_id = await room.imagine("a red fox")
    first = await preview_after(room, job_id, 1, "red")
    file = io.BytesIO()
    Image.new("RGB", (24, 24), "green").save(file, "WEBP")
    picture = finish_early(room.ports, job_id, 2, png=file.getvalue())
    room.rest(job_id)
    await room.tell(PictureFinished(job_id=job_id, platform=Platform.SLACK, picture_id=picture))
    (green,) = room.message.pictures
    assert "c1:enough" in repr(room.message.blocks)
    await preview_after(room, job_id, 3, "blue")
    assert len(room.message.pictures) == 2
    assert room.message.pictures[0] == green
    await sweep(room)
    assert green in room.slack.files
    assert first not in room.slack.files
