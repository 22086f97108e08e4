"""Messages that show something of a deleted picture or a forgotten person are rendered again, on every front end."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from studio.commands.registry import execute
from studio.commands.spec import Call
from studio.db import settings
from studio.domain.jobs import JobState
from studio.domain.people import Person, Platform
from studio.domain.settings.communities import CommunityRules
from studio.ports import Ports
from tests.support.case_sim import with_desk
from tests.support.discord_sim import Room, open_room, words
from tests.support.fakes import someone, somewhere
from tests.support.finished_jobs import end_job, paint_job
from tests.support.loopback_slack.records import ANA, BO, GENERAL, MOD, MODERATORS, Message
from tests.support.slack_sim import SlackRoom, open_slack_room
from tests.support.web_client import WebServer, web_settings


@pytest.fixture
def instance(ports: Ports) -> Ports:
    return with_desk(ports)


@pytest.fixture
async def discord(instance: Ports, tmp_path: Path) -> AsyncIterator[Room]:
    async with open_room(instance, tmp_path / "home") as opened:
        yield opened


@pytest.fixture
async def slack(instance: Ports) -> AsyncIterator[SlackRoom]:
    async with open_slack_room(instance) as opened:
        yield opened


def set_desk(ports: Ports, platform: Platform, community: str, channel: str) -> None:
    by = Person(platform=platform, community=community, user_id="1", display_name="")
    with ports.database.begin() as session:
        settings.save_community_rules(session, CommunityRules(desk_channel=channel), by=by)


# ---- Discord


async def built_on(room: Room) -> tuple[str, str]:
    """Ana's finished job and Bo's from its first picture, with their messages."""
    first = await room.imagine(prompt="a red fox", count=1)
    await room.painted(first)
    await room.bo.slash(room.channel, "remix", picture=f"{first}.1", prompt="an owl")
    second = room.newest_job()
    await room.painted(second)
    room.ports.events.published.clear()  # type: ignore[attr-defined]
    return first, second


async def test_on_discord_a_deleted_picture_loses_its_words_in_others_messages(discord: Room) -> None:
    first, _ = await built_on(discord)
    assert "red fox" in words(discord.message)
    await discord.ana.slash(discord.channel, "delete", what=f"{first}.1")
    await discord.act()
    assert "red fox" not in words(discord.message)
    assert f"from <@{discord.ana.id}>’s picture" in words(discord.message)


async def test_on_discord_a_forgotten_person_loses_their_name_in_others_messages(discord: Room) -> None:
    await built_on(discord)
    assert str(discord.ana.id) in words(discord.message)
    await discord.ana.slash(discord.channel, "forget-me", confirm="yes")
    await discord.act()
    assert str(discord.ana.id) not in words(discord.message)
    assert "from somebody’s picture" in words(discord.message)


async def test_on_discord_a_forgotten_person_is_named_in_no_case(discord: Room) -> None:
    """Neither as who is judged, nor as who reported, nor with words that another's picture goes back to."""
    desk: Any = discord.guild.create_text_channel("desk")
    set_desk(discord.ports, Platform.DISCORD, str(discord.guild.id), str(desk.id))
    first, second = await built_on(discord)
    await discord.bo.slash(discord.channel, "report", picture=f"{first}.1")
    await discord.ana.slash(discord.channel, "report", picture=f"{second}.1")
    await discord.act()
    about, quoting = map(words, desk.history())
    assert str(discord.ana.id) in about
    assert str(discord.ana.id) in quoting
    assert "red fox" in quoting
    await discord.ana.slash(discord.channel, "forget-me", confirm="yes")
    await discord.act()
    shown = "\n".join(map(words, desk.history()))
    assert [trace for trace in (str(discord.ana.id), "ana", "red fox") if trace in shown] == []
    assert "an owl" in shown


# ---- Slack


async def built_on_slack(room: SlackRoom) -> tuple[str, Message]:
    first, _ = await room.finished("a red fox --count 1", user=ANA)
    await room.slash(f"remix {first}.1 an owl --count 1", command="/studio", user=BO)
    message = await room.painted(room.newest_job())
    room.ports.events.published.clear()  # type: ignore[attr-defined]
    return first, message


async def act(room: SlackRoom) -> None:
    published = room.ports.events.published  # type: ignore[attr-defined]
    events, published[:] = list(published), []
    for event in events:
        await room.tell(event)


async def test_on_slack_a_deleted_picture_loses_its_words_in_others_messages(slack: SlackRoom) -> None:
    first, message = await built_on_slack(slack)
    assert "red fox" in str(message.blocks)
    await slack.slash(f"delete {first}.1", command="/studio", user=ANA)
    await act(slack)
    assert "red fox" not in str(message.blocks)
    assert "owl" in str(message.blocks)


async def test_on_slack_a_forgotten_person_loses_their_name_in_others_messages(slack: SlackRoom) -> None:
    _, message = await built_on_slack(slack)
    assert "@Ana’s red fox" in str(message.blocks)
    await slack.slash("forget-me yes", command="/studio", user=ANA)
    await act(slack)
    assert "from @somebody’s picture" in str(message.blocks)


async def test_on_slack_a_forgotten_person_is_named_in_no_case(slack: SlackRoom) -> None:
    await slack.slash(f"community desk <#{MODERATORS}|mods>", command="/studio", user=MOD)
    first, _ = await built_on_slack(slack)
    await slack.slash(f"report {first}.1", command="/studio", user=BO)
    await act(slack)
    case = slack.message
    assert case.channel != GENERAL
    assert f"<@{ANA}>" in str(case.blocks)
    await slack.slash("forget-me yes", command="/studio", user=ANA)
    await act(slack)
    assert ANA not in str(case.blocks)


# ---- the web


def web_ask(ports: Ports, name: str, command: str, **values: object) -> Any:
    call = Call(person=someone(name), address=somewhere(), request_key=f"{name}:{command}:{values}")
    return execute(ports, call, command, values)


def forget_events(ports: Ports) -> None:
    """Those of what happened before anybody looked."""
    for waiting in (ports.events._news, ports.events._watched):  # type: ignore[attr-defined]
        while not waiting.empty():
            waiting.get()


@pytest.mark.parametrize("command", ["delete", "forget-me"])
def test_on_the_web_others_cards_lose_words_and_name_while_they_are_looked_at(
    instance: Ports, command: str
) -> None:
    first = paint_job(instance, web_ask(instance, "ana", "imagine", prompt="a red fox", count=1).job_id)
    remix = {"picture": f"{first}.1", "prompt": "an owl", "count": 1}
    second = paint_job(instance, web_ask(instance, "bo", "remix", **remix).job_id)
    web_ask(instance, "ana", "star", picture=f"{second}.1")
    forget_events(instance)
    values = {"what": first} if command == "delete" else {"confirm": "yes"}
    with WebServer(instance, web_settings()) as web_server:
        eve = web_server.guest("Eve")
        assert "red fox" in eve.wall
        assert 'data-starred="ana"' in eve.wall
        web_ask(instance, "ana", command, **values)
        card = eve.card(second, "done")
    assert "red fox" not in card
    assert ("@Ana" in card) == (command == "delete")
    assert ('data-starred="ana"' in card) == (command == "delete")


def test_on_the_web_the_card_of_a_failed_job_loses_them_too(instance: Ports) -> None:
    first = paint_job(instance, web_ask(instance, "ana", "imagine", prompt="a red fox", count=1).job_id)
    remix = {"picture": f"{first}.1", "prompt": "an owl", "count": 1}
    failed = web_ask(instance, "bo", "remix", **remix).job_id
    end_job(instance, failed, JobState.FAILED)
    forget_events(instance)
    with WebServer(instance, web_settings(moderator_secret="mods")) as web_server:
        mod = web_server.guest("Maud", word="mods")
        assert "red fox" in mod.wall
        web_ask(instance, "ana", "forget-me", confirm="yes")
        assert "red fox" not in mod.card(failed, "failed")
