"""Where results of other pictures stand, and how their owner hears that they are finished."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from studio.db.tables import JobRow
from studio.ports import Ports
from studio.runtime.clock import now
from tests.support.loopback_slack import ANA, BO, MOD
from tests.support.slack_sim import SlackRoom, open_slack_room


@pytest.fixture
async def room(ports: Ports) -> AsyncIterator[SlackRoom]:
    async with open_slack_room(ports) as opened:
        yield opened


async def varied(room: SlackRoom, **where: Any) -> tuple[str, dict[str, Any]]:
    """The message of a picture, and how that of its variation was sent."""
    if where:
        await room.send(room.slack.mention("a red fox", **where))
        job_id = room.newest_job()
        message = await room.painted(job_id)
    else:
        job_id, message = await room.finished()
    await room.send(room.slack.press(message, f"c1:vary:{job_id}:1", user=BO))
    return message.ts, room.slack.called("chat.postMessage")[-1]


async def test_a_variation_is_a_reply_that_the_channel_shows_too(room: SlackRoom) -> None:
    origin, sent = await varied(room)
    assert (sent["thread_ts"], sent["reply_broadcast"]) == (origin, True)


@pytest.mark.parametrize(
    ("results", "in_thread"),
    [("thread", True), ("channel", False)],
)
async def test_a_community_says_where_results_stand(room: SlackRoom, results: str, in_thread: bool) -> None:
    await room.slash(f"community results {results}", command="/studio", user=MOD)
    origin, sent = await varied(room)
    assert sent.get("thread_ts") == (origin if in_thread else None)
    assert "reply_broadcast" not in sent


async def test_in_a_thread_a_variation_stays_in_that_thread(room: SlackRoom) -> None:
    _, sent = await varied(room, thread_ts="1700000000.000009")
    assert sent["thread_ts"] == "1700000000.000009"
    assert "reply_broadcast" not in sent


async def test_where_the_message_of_the_origin_is_gone_the_variation_stands_alone(room: SlackRoom) -> None:
    job_id, message = await room.finished()
    room.slack.refuse("chat.postMessage", "thread_not_found")
    await room.send(room.slack.press(message, f"c1:vary:{job_id}:1", user=BO))
    assert room.message.thread_ts is None
    assert len(room.slack.messages) == 2


@pytest.mark.parametrize("ping", [True, False])
async def test_the_owner_of_a_long_job_is_pinged_where_the_community_wants_that(
    room: SlackRoom, ping: bool
) -> None:
    await room.slash(f"community ping {'on' if ping else 'off'}", command="/studio", user=MOD)
    job_id = await room.imagine()
    with room.ports.database.begin() as session:
        session.get_one(JobRow, job_id).created_at = now() - timedelta(minutes=1)
    await room.painted(job_id)
    first, *pings = room.slack.messages
    assert [f"<@{ANA}>" in each.words for each in pings] == ([True] if ping else [])
    assert [each.thread_ts for each in pings] == ([first.ts] if ping else [])
    assert f"<@{ANA}>" not in first.words
