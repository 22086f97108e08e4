"""Where results stand that were made from a picture, and who is told that a job is finished."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from studio.clock import now
from studio.db.tables import JobRow
from studio.ports import Ports
from tests.support.loopback_slack.records import ANA, BO, GENERAL, MOD
from tests.support.slack_sim import SlackRoom, open_slack_room


@pytest.fixture
async def room(ports: Ports) -> AsyncIterator[SlackRoom]:
    async with open_slack_room(ports) as opened:
        yield opened


async def govern(room: SlackRoom, words: str) -> None:
    await room.slash(f"community {words}", command="/studio", user=MOD)


@pytest.mark.parametrize(
    ("results", "in_thread", "broadcast"), [("reply", 1, 1), ("thread", 1, 0), ("channel", 0, 0)]
)
async def test_a_variation_stands_where_the_community_wants_it(
    room: SlackRoom, results: str, in_thread: bool, broadcast: bool
) -> None:
    await govern(room, f"results {results}")
    job_id, message = await room.finished()
    await room.send(room.slack.press(message, f"c1:vary:{job_id}:1", user=BO))
    assert room.message.channel == GENERAL
    assert room.message.thread_ts == (message.ts if in_thread else None)
    sent = room.slack.called("chat.postMessage")[-1]
    assert bool(sent.get("reply_broadcast")) is bool(broadcast)


async def test_a_variation_of_a_variation_stands_in_the_same_thread(room: SlackRoom) -> None:
    job_id, message = await room.finished()
    await room.send(room.slack.press(message, f"c1:vary:{job_id}:1", user=BO))
    child = room.newest_job()
    await room.painted(child)
    await room.slash(f"vary {child}.1", command="/studio", user=ANA)
    assert room.message.thread_ts == message.ts


async def test_a_variation_that_was_asked_for_in_a_thread_stays_in_that_thread(room: SlackRoom) -> None:
    await room.send(room.slack.mention("a red fox", thread_ts="1700000000.000009"))
    job_id = room.newest_job()
    message = await room.painted(job_id)
    await room.send(room.slack.press(message, f"c1:vary:{job_id}:1", user=BO))
    sent = room.slack.called("chat.postMessage")[-1]
    assert (sent["thread_ts"], "reply_broadcast" in sent) == ("1700000000.000009", False)


async def test_a_variation_stands_alone_where_the_message_of_its_source_is_gone(room: SlackRoom) -> None:
    job_id, message = await room.finished()
    room.slack.refuse("chat.postMessage", "thread_not_found")
    await room.send(room.slack.press(message, f"c1:vary:{job_id}:1", user=BO))
    assert room.message.thread_ts is None
    assert len(room.slack.messages) == 2


async def test_the_thread_of_a_message_is_known_after_a_restart(room: SlackRoom) -> None:
    job_id, message = await room.finished()
    await room.send(room.slack.press(message, f"c1:vary:{job_id}:1", user=BO))
    child = room.newest_job()
    room.app.delivery.publisher._messages.clear()
    await room.painted(child)
    assert len(room.slack.messages) == 2
    assert room.message.thread_ts == message.ts
    assert room.message.picture is not None


@pytest.mark.parametrize(
    ("ping", "minutes", "pinged"), [("on", 2, True), ("on", 0, False), ("off", 2, False)]
)
async def test_the_owner_of_a_long_job_is_told_in_its_thread_where_the_community_wants_it(
    room: SlackRoom, ping: str, minutes: int, pinged: bool
) -> None:
    await govern(room, f"ping {ping}")
    job_id = await room.imagine()
    with room.ports.database.begin() as session:
        session.get_one(JobRow, job_id).created_at = now() - timedelta(minutes=minutes)
    await room.painted(job_id)
    first, *others = room.slack.messages
    assert len(others) == pinged
    for result in others:
        assert result.thread_ts == first.ts
        assert f"<@{ANA}>" in str(result.blocks)
        assert not room.slack.called("chat.postMessage")[-1].get("reply_broadcast")
