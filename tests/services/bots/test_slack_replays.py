"""Signatures of Slack's requests, remembered by all processes of the front end together."""

import pytest
import redis.asyncio

from bots.slack.http.replay_protection import ReplayProtection
from bots.slack.http.request_verification import REMEMBERED_SECONDS
from tests.conftest import RedisServer


async def test_what_one_process_has_seen_is_a_replay_for_the_others(
    redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bots.slack.http.replay_protection._PATIENCE_SECONDS", 300.0)
    first, second = (
        ReplayProtection(lasts_seconds=REMEMBERED_SECONDS, redis_url=redis_server.url) for _ in range(2)
    )
    assert await first.is_first("v0=abc")
    assert not await first.is_first("v0=abc")
    assert not await second.is_first("v0=abc")
    assert await second.is_first("v0=def")
    async with redis.asyncio.Redis.from_url(redis_server.url) as client:
        (*_, lasts) = [await client.ttl(key) for key in await client.keys("chatelier-slack-seen:*")]
    assert 0 < lasts <= REMEMBERED_SECONDS
    for process in (first, second):
        await process.close()
