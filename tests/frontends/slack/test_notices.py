"""Notices, questions to owners, spoilers and the starboard on Slack."""

from studio.db import cases
from studio.db.tables import JobRow, NoticeRow, PictureRow
from studio.domain.cases import CaseState, Decision, NewNotice, NoticeKind
from studio.domain.events import JobChanged, NoticeWritten
from studio.domain.people import Platform
from tests.support import slack_cases
from tests.support.loopback_slack.records import ANA, BO, GENERAL, MODERATORS
from tests.support.slack_cases import ANA_KEY, case_rows, changed, finished
from tests.support.slack_sim import SlackRoom

room = slack_cases.room


def picture_row(room: SlackRoom, job_id: str) -> PictureRow:
    with room.ports.database.read() as session:
        return session.get_one(PictureRow, f"{job_id}.1")


async def test_a_notice_comes_by_direct_message_once(room: SlackRoom) -> None:
    await room.imagine()
    with room.ports.database.begin() as session:
        cases.write_notice(
            session,
            NewNotice(NoticeKind.WARNING, ANA_KEY, "Please keep to the rules here <!here>."),
        )
        notice_id = session.query(NoticeRow).one().id
    for _ in range(2):
        await room.tell(NoticeWritten(notice_id=notice_id, platform=Platform.SLACK))
    notices = [message for message in room.slack.messages if message.channel == "D0ANA"]
    assert [message.words for message in notices] == ["Please keep to the rules here &lt;!here&gt;."]


async def test_the_owner_is_asked_and_answers_with_a_click(room: SlackRoom) -> None:
    job_id, message = await finished(room)
    await room.slash("settings --remix ask", command="/studio")
    await room.send(room.slack.press(message, f"c1:vary:{job_id}:1", user=BO))
    (case,) = case_rows(room)
    assert "asked" in room.message.words or "ask" in room.message.words
    await changed(room, case.id)
    question = room.message
    assert question.channel == "D0ANA"
    assert f"<@{BO}> asks to build on your picture `{job_id}.1`" in question.words
    await room.send(room.slack.press(question, f"c1:consent:{case.id}:0", user=BO))
    assert case_rows(room)[0].state == CaseState.OPEN, "only who was asked answers"
    await room.send(room.slack.press(question, f"c1:consent:{case.id}:0", user=ANA))
    assert case_rows(room)[0].decision == Decision.APPROVE
    await changed(room, case.id)
    assert "You allowed" in question.words
    assert question.buttons == []


async def test_an_owner_who_takes_no_direct_messages_is_asked_in_the_channel(room: SlackRoom) -> None:
    job_id, message = await finished(room)
    await room.slash("settings --remix ask", command="/studio")
    await room.send(room.slack.press(message, f"c1:vary:{job_id}:1", user=BO))
    (case,) = case_rows(room)
    room.slack.refuse("chat.postMessage", "messages_tab_disabled")
    await changed(room, case.id)
    assert room.message.channel == GENERAL
    assert room.message.words.startswith(f"<@{ANA}>:\n")
    await room.send(room.slack.press(room.message, f"c1:consent:{case.id}:0", user=ANA))
    assert case_rows(room)[0].decision == Decision.APPROVE


async def test_what_a_moderator_let_through_hidden_is_a_mosaic_until_clicked(room: SlackRoom) -> None:
    job_id, message = await finished(room)
    plain = message.picture
    with room.ports.database.begin() as session:
        session.get_one(JobRow, job_id).spoiler = True
    await room.tell(JobChanged(job_id=job_id, platform=Platform.SLACK))
    assert message.picture != plain
    assert message.buttons[0] == f"c1:show:{job_id}:0"
    await room.send(room.slack.press(message, f"c1:show:{job_id}:0", user=BO))
    shown = room.slack.whispers[-1]["blocks"][0]["slack_file"]["id"]
    assert room.slack.files[shown]["data"] == room.slack.files[str(plain)]["data"]


async def test_a_picture_with_enough_stars_is_posted_on_the_starboard(room: SlackRoom) -> None:
    await room.open_starboard(MODERATORS)
    job_id, message = await finished(room)
    await room.star(job_id, message)
    shown = room.message
    assert (shown.channel, "⭐ 1 star" in shown.words) == (MODERATORS, True)
    await room.slash(f"delete {job_id}.1", command="/studio")
    await room.picture_changed(f"{job_id}.1")
    assert shown not in room.slack.messages


async def test_the_starboard_hides_what_was_let_through_hidden(room: SlackRoom) -> None:
    await room.open_starboard()
    job_id, message = await finished(room)
    with room.ports.database.begin() as session:
        session.get_one(JobRow, job_id).spoiler = True
    await room.star(job_id, message)
    shown = room.message
    assert shown.buttons == [f"c1:show:{job_id}:0"]
    original = room.ports.store.get(picture_row(room, job_id).storage_key)
    assert room.slack.files[str(shown.picture)]["data"] != original


async def test_what_is_hidden_later_is_hidden_on_the_starboard_too(room: SlackRoom) -> None:
    await room.open_starboard()
    job_id, message = await finished(room)
    await room.star(job_id, message)
    shown, original = room.message, room.message.picture
    with room.ports.database.begin() as session:
        session.get_one(JobRow, job_id).spoiler = True
    await room.tell(JobChanged(job_id=job_id, platform=Platform.SLACK))
    assert shown.picture not in (None, original)
    assert shown.buttons == [f"c1:show:{job_id}:0"]
