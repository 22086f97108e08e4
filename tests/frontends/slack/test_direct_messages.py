"""Answers that went to direct messages: found again after a restart, and never sent twice."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from bots.slack.api.client import SlackUnavailableError
from bots.slack.messages.message_recovery import MessageMarker, find_marked
from studio.clock import now
from studio.db import cases
from studio.db.tables import DeliveryRow, JobRow, NoticeRow
from studio.domain.cases import NewNotice, NoticeKind
from studio.domain.deliveries import DeliveryKind
from studio.domain.events import NoticeWritten
from studio.domain.people import Platform
from tests.support import slack_files
from tests.support.loopback_slack.records import ANA, GENERAL, STRANGE
from tests.support.slack_sim import SlackRoom

room = slack_files.room


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
        cases.write_notice(session, NewNotice(NoticeKind.WARNING, person, "Please mind the rules."))
        notice_id = session.query(NoticeRow).one().id
    room.slack.lost.add("chat.postMessage")
    for _ in range(2):
        await room.tell(NoticeWritten(notice_id=notice_id, platform=Platform.SLACK))
    assert [message.words for message in room.slack.messages[1:]] == ["Please mind the rules."]


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


@pytest.mark.parametrize(("code", "warnings"), [(None, 0), ("missing_scope", 1)])
async def test_only_direct_messages_that_may_not_be_read_are_warned_of(
    room: SlackRoom, caplog: pytest.LogCaptureFixture, code: str | None, warnings: int
) -> None:
    """A person to whom nobody has written yet has none: that is no failure."""
    if code:
        room.slack.refuse("conversations.open", code)
    workspace = await room.app.context.workspaces.of("T0TEAM")
    mark = MessageMarker(kind="job", id="k3v9m2p4qx7a")
    assert await find_marked(workspace, mark, channel=ANA, since=now()) is None
    failures = [record for record in caplog.records if "message recovery failed" in record.message]
    assert len(failures) == warnings
