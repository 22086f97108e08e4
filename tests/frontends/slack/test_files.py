"""The picture files that the Slack front end uploads: none stays that no message shows."""

import io
import zipfile
from collections import Counter
from collections.abc import Callable

import pytest
from PIL import Image
from sqlalchemy import update

from bots.slack.api.client import SlackUnavailableError
from bots.slack.db_tables import SlackFileRow
from bots.slack.files import file_records
from bots.slack.files.file_records import PASSING_LASTS
from studio.clock import now
from studio.db.tables import JobRow
from studio.domain.deliveries import DeliveryKind
from studio.domain.events import JobChanged, PictureChanged
from studio.domain.people import Platform
from tests.support import slack_files
from tests.support.loopback_slack.records import ANA, BO, MODERATORS, Message
from tests.support.slack_files import rows, sweep
from tests.support.slack_sim import SlackRoom, open_slack_room

room = slack_files.room


async def deleted(room: SlackRoom, job_id: str, what: str) -> None:
    await room.slash(f"delete {what}", command="/studio")
    room.rest(job_id)
    await room.picture_changed(f"{job_id}.1")


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
    still("bots.delivery.message_publisher")
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
    await room.app.event_consumer._tick()
    assert "⭐ 1" not in message.words
    room.rest(job_id)
    await room.app.event_consumer._tick()
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
    assert len(room.slack.called("files.getUploadURLExternal")) == 4


async def test_four_pictures_take_as_few_requests_as_slack_permits(room: SlackRoom) -> None:
    job_id = await room.imagine("a red fox")
    before = Counter(method for _, method, _ in room.slack.calls)
    message = await room.painted(job_id)
    assert len(message.pictures) == 4
    # An address for each file cannot be asked for otherwise; one look says that they are processed.
    assert Counter(method for _, method, _ in room.slack.calls) - before == {
        "files.getUploadURLExternal": 4,
        "files.completeUploadExternal": 1,
        "files.info": 1,
        "chat.update": 1,
    }


async def test_files_that_slack_has_processed_at_once_are_not_asked_about(room: SlackRoom) -> None:
    room.slack.polls_until_ready = -1
    await room.painted(await room.imagine("a red fox"))
    assert room.slack.called("files.info") == []


async def test_pictures_that_arrived_before_an_upload_failed_are_not_sent_again(room: SlackRoom) -> None:
    job_id = await room.imagine("a red fox")
    room.slack.refuse("files.getUploadURLExternal", "internal_error")
    with pytest.raises(SlackUnavailableError):
        await room.painted(job_id)
    room.rest(job_id)
    await room.app.delivery.publisher.show(DeliveryKind.JOB, job_id)
    assert len(room.message.pictures) == 4
    assert len(room.slack.called("files.getUploadURLExternal")) == 5, "four, and the one that failed"


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


async def test_the_archive_of_an_export_goes_into_the_persons_direct_messages(room: SlackRoom) -> None:
    job_id = await room.imagine()
    await room.painted(job_id)
    before = set(room.slack.files)
    await room.slash("export-me", command="/studio")
    (added,) = set(room.slack.files) - before
    archive = room.slack.files[added]
    message = room.slack.messages[-1]
    assert (message.channel, message.thread_ts) == (f"D{ANA[1:]}", None)
    assert (archive["channel_id"], archive["thread_ts"]) == (message.channel, message.ts)
    with zipfile.ZipFile(io.BytesIO(archive["data"])) as opened:
        assert any(name.endswith(".json") for name in opened.namelist())
    assert "in your direct messages with me, for an hour" in room.slack.whispered()[-1]
    with room.ports.database.read() as session:
        row = session.get_one(SlackFileRow, added)
    assert row.unwanted_at is not None
    assert row.unwanted_at <= now() + PASSING_LASTS


async def test_an_archive_that_slack_refuses_is_to_be_had_elsewhere(room: SlackRoom) -> None:
    room.slack.refuse("files.completeUploadExternal", "restricted_action")
    await room.slash("export-me", command="/studio")
    assert "cannot be sent here" in room.slack.whispered()[-1]
