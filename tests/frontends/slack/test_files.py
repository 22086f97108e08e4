"""The picture files that the Slack front end uploads: previews, and none that no message shows."""

import base64
import io
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import update

from bots.delivery.attachments import Attachment
from bots.delivery.transport import OutgoingMessage, Place
from bots.presentation.compose.job_message import PREVIEW, compose_job
from bots.queries.job_view import load_job_view
from bots.slack.api.client import SlackUnavailableError
from bots.slack.files import file_records
from bots.slack.messages.preview_uploads import PreviewUploads
from bots.slack.tables import SlackFileRow
from studio.clock import now
from studio.db import cases
from studio.db.tables import DeliveryRow, JobRow, NoticeRow
from studio.domain.cases import NoticeKind
from studio.domain.deliveries import DeliveryKind, Subject
from studio.domain.events import JobChanged, JobProgress, NoticeWritten, PictureChanged
from studio.domain.jobs import JobState
from studio.domain.people import Platform
from studio.ports import Ports
from tests.support.loopback_slack import ANA, BO, GENERAL, MODERATORS, STRANGE, Message
from tests.support.slack_sim import SlackRoom, open_slack_room


@pytest.fixture
async def room(ports: Ports) -> AsyncIterator[SlackRoom]:
    async with open_slack_room(ports, preview_first_seconds=0.0, preview_every_seconds=0.0) as opened:
        yield opened


def preview(colour: str = "red") -> str:
    file = io.BytesIO()
    Image.new("RGB", (24, 24), colour).save(file, "WEBP")
    return f"data:image/webp;base64,{base64.b64encode(file.getvalue()).decode()}"


async def preview_after(room: SlackRoom, job_id: str, step: int, colour: str) -> str | None:
    """What the message shows after two steps: the first brings a preview, which the second can show."""
    for each in (step, step + 1):
        room.rest(job_id)
        room.app.transport._throttles.clear()
        await room.progress(job_id, each, preview=preview(colour))
        await room.app.previews.finish(seconds=60)
    return room.message.picture


def rows(room: SlackRoom) -> dict[str, SlackFileRow]:
    with room.ports.database.read() as session:
        return {row.id: row for row in session.query(SlackFileRow)}


async def sweep(room: SlackRoom) -> None:
    """As when some minutes have passed."""
    with room.ports.database.begin() as session:
        soon = SlackFileRow.unwanted_at < now() + timedelta(minutes=5)
        session.execute(update(SlackFileRow).where(soon).values(unwanted_at=now()))
    await room.app.file_cleanup.sweep()


async def deleted(room: SlackRoom, job_id: str, what: str) -> None:
    await room.slash(f"delete {what}", command="/studio")
    room.rest(job_id)
    await room.picture_changed(f"{job_id}.1")


# ---- on the way


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


# ---- what is deleted


async def test_a_deleted_picture_goes_from_slack_as_well(room: SlackRoom) -> None:
    job_id, message = await room.finished()
    shown = message.pictures
    await room.send(room.slack.reaction(message, "envelope", user=BO))  # a copy shows the same files
    await deleted(room, job_id, job_id)
    assert message.picture is None
    await sweep(room)
    assert room.slack.files == {}
    assert sorted(room.slack.deleted) == sorted(shown)
    assert rows(room) == {}


async def test_a_deletion_does_not_wait_and_is_one_edit(room: SlackRoom) -> None:
    job_id, message = await room.finished()
    await room.slash(f"delete {job_id}", command="/studio")
    edits = len(message.edits)
    for index in (1, 2, 3, 4):
        picture_id = f"{job_id}.{index}"
        await room.tell(PictureChanged(job_id=job_id, platform=Platform.SLACK, picture_id=picture_id))
    assert message.picture is None
    assert len(message.edits) == edits + 1


async def test_a_deletion_that_slack_does_not_show_is_shown_the_next_time(room: SlackRoom) -> None:
    job_id, message = await room.finished()
    await room.slash(f"delete {job_id}", command="/studio")
    deletion = PictureChanged(job_id=job_id, platform=Platform.SLACK, picture_id=f"{job_id}.1")
    room.slack.refuse("chat.update", "internal_error")
    with pytest.raises(SlackUnavailableError):
        await room.tell(deletion)
    assert message.picture is not None
    await room.tell(deletion)
    assert message.picture is None


async def starred(room: SlackRoom, still: Callable[[str], None]) -> tuple[str, Message]:
    """A star that waits for its time: the message was touched just now, and no time passes."""
    still("bots.delivery.publisher")
    job_id, message = await room.finished()
    await room.send(room.slack.press(message, "c1s:star", value=f"c1:star:{job_id}:1", user=BO))
    await room.picture_changed(f"{job_id}.1")
    assert "⭐ 1" not in message.words
    return job_id, message


async def test_a_star_that_waits_for_its_time_is_shown_before_the_frontend_ends(
    room: SlackRoom, still: Callable[[str], None]
) -> None:
    _, message = await starred(room, still)
    await room.app.close()
    assert "⭐ 1" in message.words


async def test_a_star_that_slack_does_not_take_waits_for_the_next_time(
    room: SlackRoom, still: Callable[[str], None]
) -> None:
    job_id, message = await starred(room, still)
    room.rest(job_id)
    room.slack.refuse("chat.update", "internal_error")
    await room.app.event_consumer._ticked()
    assert "⭐ 1" not in message.words
    room.rest(job_id)
    await room.app.event_consumer._ticked()
    assert "⭐ 1" in message.words


async def test_forget_me_takes_every_file_of_ones_own_from_slack(room: SlackRoom) -> None:
    jobs = [await room.finished(f"a red fox, number {number}") for number in range(2)]
    others = await room.painted(await room.imagine("a boat", user=BO))
    await room.slash("forget-me yes", command="/studio")
    for job_id, _ in jobs:
        room.rest(job_id)
        await room.picture_changed(f"{job_id}.1")
    await sweep(room)
    assert [message.picture for _, message in jobs] == [None, None]
    assert sorted(room.slack.files) == sorted(others.pictures)


async def test_a_file_goes_although_its_message_is_gone(room: SlackRoom) -> None:
    job_id, message = await room.finished()
    room.slack.messages.remove(message)
    await deleted(room, job_id, job_id)
    await sweep(room)
    assert room.slack.files == {}


async def test_a_picture_that_was_hidden_leaves_only_its_mosaic(room: SlackRoom) -> None:
    file = io.BytesIO()
    Image.effect_noise((64, 64), 90).convert("RGB").save(file, "PNG")
    job_id = await room.imagine("a red fox --count 1")
    message = await room.painted(job_id, png=file.getvalue())
    plain = message.picture
    with room.ports.database.begin() as session:
        session.get_one(JobRow, job_id).spoiler = True
    await room.tell(JobChanged(job_id=job_id, platform=Platform.SLACK))
    await sweep(room)
    assert list(room.slack.deleted) == [plain]
    assert list(room.slack.files) == [message.picture]
    await room.send(room.slack.press(message, f"c1:show:{job_id}:0", user=BO))
    looked_at = room.slack.whispers[-1]["blocks"][0]["slack_file"]["id"]
    assert rows(room)[looked_at].passing, "what one pair of eyes saw goes after an hour"
    assert rows(room)[str(message.picture)].unwanted_at is None


async def test_a_file_of_the_starboard_goes_with_its_message(room: SlackRoom) -> None:
    await room.open_starboard(MODERATORS)
    job_id, message = await room.finished()
    await room.star(job_id, message)
    assert len(room.slack.files) == 5
    await deleted(room, job_id, f"{job_id}.1")
    await sweep(room)
    assert sorted(room.slack.files) == sorted(message.pictures), "the other three are still shown"
    assert len(message.pictures) == 3


async def test_a_picture_is_uploaded_once_over_restarts(room: SlackRoom) -> None:
    job_id, message = await room.finished()
    await room.send(room.slack.event({"type": "app_home_opened", "user": ANA, "tab": "home"}))
    async with open_slack_room(room.ports) as other:
        other.slack.files.update(room.slack.files)
        other.slack.messages.append(message)
        await other.app.delivery.publisher.show(DeliveryKind.JOB, job_id)
        assert other.slack.called("files.completeUploadExternal") == []
    assert len(room.slack.called("files.completeUploadExternal")) == 4


async def test_an_upload_that_broke_off_is_cleared_away(room: SlackRoom) -> None:
    job_id = await room.imagine("a red fox --count 1")
    room.slack.rate_limit("files.completeUploadExternal", 600)
    with pytest.raises(SlackUnavailableError):
        await room.painted(job_id)
    (row,) = rows(room).values()
    assert row.passing
    assert row.unwanted_at is not None
    with room.ports.database.begin() as session:
        session.execute(update(SlackFileRow).values(unwanted_at=now()))
    await room.app.file_cleanup.sweep()
    assert room.slack.files == {}


async def test_a_deletion_that_slack_does_not_do_is_tried_again_later(room: SlackRoom) -> None:
    job_id, message = await room.finished("a red fox --count 1")
    picture = str(message.picture)
    await deleted(room, job_id, job_id)
    room.slack.refuse("files.delete", "internal_error")
    await room.app.file_cleanup.sweep()
    await room.app.file_cleanup.sweep()
    assert len(room.slack.called("files.delete")) == 1, "it waits a while"
    assert (rows(room)[picture].attempts, picture in room.slack.files) == (1, True)
    await sweep(room)
    assert room.slack.files == {}


@pytest.mark.parametrize("code", ["file_not_found", "file_deleted", "cant_delete_file"])
async def test_a_deletion_that_is_done_or_never_will_be_is_not_tried_again(
    room: SlackRoom, code: str
) -> None:
    job_id, _ = await room.finished()
    await deleted(room, job_id, job_id)
    room.slack.refuse("files.delete", code)
    await room.app.file_cleanup.sweep()
    assert rows(room) == {}


def test_in_the_end_a_deletion_is_given_up(room: SlackRoom) -> None:
    database = room.ports.database
    file_records.begin_upload(database, "F0LOST", community="T0TEAM", subject="upload")
    file_records.discard(database, "F0LOST")
    for attempts in range(12):
        (unwanted,) = file_records.take_unwanted(database, most_of_one=8)
        assert unwanted.attempts == attempts
        assert file_records.take_unwanted(database, most_of_one=8) == [], "another process leaves it alone"
        assert file_records.put_off(database, unwanted) is (attempts < 11)
        with database.begin() as session:
            session.execute(update(SlackFileRow).values(unwanted_at=now()))
    assert rows(room) == {}


# ---- answers that went to direct messages


def killed_before_writing_down(room: SlackRoom) -> None:
    """As it was between Slack's yes and our record."""
    with room.ports.database.begin() as session:
        session.execute(update(DeliveryRow).values(message="", claimed_until=now() - timedelta(minutes=1)))
    room.app.delivery.publisher._messages.clear()


async def test_a_direct_message_that_a_killed_process_sent_is_found_again(room: SlackRoom) -> None:
    job_id = await room.imagine(channel=STRANGE)
    (message,) = room.slack.messages
    assert message.channel == f"D{ANA[1:]}"
    with room.ports.database.begin() as session:
        session.execute(update(DeliveryRow).values(channel=ANA))
    killed_before_writing_down(room)
    await room.painted(job_id)
    assert room.slack.messages == [message]
    assert message.picture is not None


@pytest.mark.parametrize("channel", [GENERAL, STRANGE])
async def test_a_message_whose_answer_was_lost_is_not_sent_again(room: SlackRoom, channel: str) -> None:
    lost = "chat.postMessage"
    if channel == STRANGE:  # first the channel says no, then the person's message is lost
        room.slack.refuse(lost, "not_in_channel")
    real = room.slack._chat_postMessage

    def once(arguments: Any) -> Any:
        room.slack.lost.add(lost)
        room.slack._chat_postMessage = real  # type: ignore[method-assign]
        return real(arguments)

    room.slack._chat_postMessage = once  # type: ignore[method-assign]
    job_id = await room.imagine(channel=channel)
    message = await room.painted(job_id)
    assert room.slack.messages == [message]
    assert message.picture is not None


async def test_a_notice_whose_answer_was_lost_is_told_once(room: SlackRoom) -> None:
    await room.imagine()
    with room.ports.database.begin() as session:
        person = session.get_one(JobRow, room.newest_job()).person_key
        cases.write_notice(session, NoticeKind.WARNING, person, "Please mind the rules.")
        notice_id = session.query(NoticeRow).one().id
    room.slack.lost.add("chat.postMessage")
    for _ in range(2):
        await room.tell(NoticeWritten(notice_id=notice_id, platform=Platform.SLACK))
    assert [each.words for each in room.slack.messages[1:]] == ["Please mind the rules."]


async def test_where_an_answer_is_about_to_go_is_written_down_first(
    room: SlackRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = []

    async def killed(*_: object, **__: object) -> None:
        with room.ports.database.read() as session:
            places.append(session.query(DeliveryRow).one().channel)
        raise SlackUnavailableError("the process ends here")

    monkeypatch.setattr("bots.slack.messages.transport.send_to_person", killed)
    await room.imagine(channel=STRANGE)
    assert places == [ANA]


async def test_an_end_that_was_sent_to_the_person_is_found_again(room: SlackRoom) -> None:
    job_id = await room.imagine()
    room.slack.members.discard(GENERAL)
    message = await room.painted(job_id)
    assert message.channel == f"D{ANA[1:]}"
    with room.ports.database.begin() as session:  # the slip still names the channel's message
        first = room.slack.messages[0]
        session.execute(update(DeliveryRow).values(channel=GENERAL, message=first.ts, final=False))
    room.app.delivery.publisher._messages.clear()
    await room.app.delivery.publisher.show(DeliveryKind.JOB, job_id)
    assert len(room.slack.messages) == 2


async def test_where_the_app_may_not_look_for_direct_messages_a_new_one_comes(room: SlackRoom) -> None:
    job_id = await room.imagine(channel=STRANGE)
    with room.ports.database.begin() as session:
        session.execute(update(DeliveryRow).values(channel=ANA))
    killed_before_writing_down(room)
    room.slack.refuse("conversations.open", "missing_scope")
    await room.painted(job_id)
    assert len(room.slack.messages) == 2


async def test_pictures_are_shown_whose_description_is_too_long_for_a_query(room: SlackRoom) -> None:
    _, message = await room.finished("🦊" * 900)
    assert len(message.pictures) == 4
