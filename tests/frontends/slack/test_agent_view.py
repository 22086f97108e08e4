"""Slack's agent view: suggested prompts, a thread for each request, and a status in it."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bots.slack.context import AGENT_SCOPE
from studio.clock import now
from studio.db.gatherings.gathering_rows import add_gathering
from studio.db.queries import job_of
from studio.db.tables import StarRow
from studio.domain.gatherings import Gathering
from studio.domain.jobs import JobState
from studio.gatherings.kinds import contest, theme
from studio.ports import Ports
from tests.support.loopback_slack.records import ANA, GENERAL
from tests.support.slack_sim import SlackRoom, open_slack_room

DM = f"D{ANA[1:]}"


@pytest.fixture
async def room(ports: Ports) -> AsyncIterator[SlackRoom]:
    async with open_slack_room(ports) as opened:
        opened.slack.scopes = f"chat:write,{AGENT_SCOPE}"
        await opened.send(opened.slack.opening())
        yield opened


def open_theme(room: SlackRoom) -> None:
    """A contest that a theme opened, in the channel of a job."""
    job = job_of(room.jobs()[0])
    at = now()
    parent = Gathering(
        id="k3v9m2p4qx7a",
        kind=theme.NAME,
        address=replace(job.address, private=False),
        host=job.person.key,
        state=theme.RUNNING,
        opened_at=at,
    )
    child = replace(
        parent,
        id="k3v9m2p4qx7b",
        kind=contest.NAME,
        state=contest.OPEN,
        rules={"title": "Autumn light"},
        parent_id=parent.id,
    )
    former = replace(child, id="k3v9m2p4qx7c", rules={"title": "Rain"}, opened_at=at - timedelta(days=1))
    with room.ports.database.begin() as session:
        for gathering in (parent, former, child):
            add_gathering(session, gathering)


def stars_of(room: SlackRoom, job_id: str) -> int:
    with room.ports.database.read() as session:
        return session.query(StarRow).filter(StarRow.picture_id == f"{job_id}.1").count()


async def test_an_opened_conversation_offers_the_theme_and_the_latest_pictures(room: SlackRoom) -> None:
    assert room.slack.suggested == {
        "Paint a red fox in the snow": "imagine a red fox in the snow",
        "What can I ask for?": "help",
    }
    job_id, _ = await room.finished("a blue boat", channel=GENERAL)
    open_theme(room)
    await room.send(room.slack.opening())
    assert room.slack.suggested["Paint the theme: Autumn light"] == "imagine Autumn light"
    chosen = room.slack.suggested["Vary “a blue boat”"]
    assert chosen == f"vary {job_id}.1"
    await room.send(room.slack.direct(chosen))
    assert job_of(room.jobs()[-1]).request.sources[0].picture_id == f"{job_id}.1"


async def test_each_request_has_a_thread_with_a_status_in_it(room: SlackRoom) -> None:
    await room.send(room.slack.direct("a red fox", ts="1700000001.000007"))
    job_id = room.newest_job()
    assert room.message.thread_ts == "1700000001.000007"
    room.rest(job_id)
    await room.progress(job_id, 12, 25)
    assert room.slack.statuses == [("1700000001.000007", "is painting: step 12 of 25")]
    await room.painted(job_id)
    assert room.slack.statuses[-1] == ("1700000001.000007", ""), "nothing goes on any more"
    assert len(room.slack.messages) == 1

    await room.send(room.slack.direct("a blue fox", thread_ts="1700000001.000007"))
    followed = job_of(room.jobs()[-1])
    assert followed.request.sources[0].picture_id == f"{job_id}.1", "words below a result remix it"
    assert room.message.thread_ts == "1700000001.000007"
    await room.send(room.slack.direct("a green fox"))
    assert not job_of(room.jobs()[-1]).request.sources


async def test_a_result_asks_whether_it_is_good(room: SlackRoom) -> None:
    await room.send(room.slack.direct("a red fox --count 1"))
    job_id = room.newest_job()
    room.rest(job_id)
    await room.painted(job_id)
    feedback = room.message.blocks[-1]["elements"][0]
    good, not_good = (feedback[f"{kind}_button"]["value"] for kind in ("positive", "negative"))
    for _ in range(2):
        await room.send(room.slack.press(room.message, feedback["action_id"], value=good))
        assert stars_of(room, job_id) == 1, "pressed twice it is one star"
    await room.send(room.slack.press(room.message, feedback["action_id"], value=not_good))
    assert stars_of(room, job_id) == 0
    asked = room.slack.whispers[-1]
    assert "What was wrong?" in repr(asked)
    offered = [f"c1:{action}:{job_id}:" for action in ("remix", "edit", "reroll", "report")]
    assert all(button in repr(asked) for button in offered)


async def test_of_several_pictures_it_asks_which_is_good(room: SlackRoom) -> None:
    await room.send(room.slack.direct("a red fox --count 4"))
    job_id = room.newest_job()
    room.rest(job_id)
    await room.painted(job_id)
    feedback = room.message.blocks[-1]["elements"][0]
    await room.send(
        room.slack.press(room.message, feedback["action_id"], value=feedback["positive_button"]["value"])
    )
    assert stars_of(room, job_id) == 0
    assert f"c1:star:{job_id}:4" in repr(room.slack.whispers[-1])


async def test_a_workspace_that_refuses_feedback_buttons_gets_the_pictures_without(room: SlackRoom) -> None:
    await room.send(room.slack.direct("a red fox --count 1"))
    job_id = room.newest_job()
    room.rest(job_id)
    room.slack.refuse("chat.update", "invalid_blocks")
    await room.painted(job_id)
    kinds = [block["type"] for block in room.message.blocks]
    assert "context_actions" not in kinds
    assert "image" in kinds


async def test_a_job_that_ends_without_pictures_leaves_no_status(room: SlackRoom) -> None:
    await room.send(room.slack.direct("a red fox", ts="1700000001.000007"))
    await room.ended(room.newest_job(), JobState.FAILED)
    assert room.slack.statuses == [("1700000001.000007", "")]


async def test_channels_and_workspaces_without_the_scope_stay_as_they_were(ports: Ports) -> None:
    async with open_slack_room(ports) as room:
        room.slack.scopes = "chat:write"
        await room.send(room.slack.opening())
        assert room.slack.suggested == {}
        await room.send(room.slack.direct("a red fox"))
        assert (room.message.channel, room.message.thread_ts) == (DM, None)
        room.slack.scopes += f",{AGENT_SCOPE}"
        job_id = await room.imagine()
        assert room.message.thread_ts is None
        room.rest(job_id)
        await room.progress(job_id, 1)
        assert room.slack.statuses == []
        await room.painted(job_id)
        assert all(block["type"] != "context_actions" for block in room.message.blocks)


@pytest.mark.parametrize("code", ["missing_scope", "feature_not_enabled"])
async def test_a_workspace_that_refuses_it_is_not_asked_again(room: SlackRoom, code: str) -> None:
    room.slack.refuse("assistant.threads.setSuggestedPrompts", code)
    room.slack.calls.clear()
    for _ in range(2):
        await room.send(room.slack.opening())
    assert len(room.slack.called("assistant.threads.setSuggestedPrompts")) == 1
    await room.send(room.slack.direct("a red fox"))
    assert room.message.thread_ts is None


async def test_slacks_pauses_are_kept(room: SlackRoom) -> None:
    room.slack.rate_limit("assistant.threads.setSuggestedPrompts", 60)
    room.slack.calls.clear()
    for _ in range(2):
        await room.send(room.slack.opening())
    assert len(room.slack.called("assistant.threads.setSuggestedPrompts")) == 1
    await room.send(room.slack.direct("a red fox"))
    assert room.message.thread_ts is not None
