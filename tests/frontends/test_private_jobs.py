"""A private job as its person and everybody else see it, on Discord, on Slack and on the web."""

from dataclasses import replace

from studio.commands.button_ids import Action, Button
from studio.domain.events import JobChanged, JobProgress
from studio.domain.jobs import JobVisibility
from studio.domain.people import Platform
from tests.support import discord_sim, slack_cases
from tests.support.discord_sim import Room, gallery, words
from tests.support.loopback_slack.records import ANA, GENERAL
from tests.support.slack_sim import SlackRoom
from tests.support.web_client import WebServer
from tests.support.web_jobs import finish

room, slack_room = discord_sim.room, slack_cases.room


async def test_on_discord_it_comes_by_direct_message_and_moves_to_the_channel(room: Room) -> None:
    asked = await room.ana.slash(room.channel, "imagine", prompt="a red fox", private=True)
    assert "Only you will see it" in words(asked.response)
    assert asked.response.ephemeral
    job_id = room.newest_job()
    await room.painted(job_id)
    assert not room.messages
    direct = room.ana.user.dm_channel.last_message
    assert len(gallery(direct)) == 4
    await room.restart()
    await room.ana.user.click(direct, label="V2")
    assert room.jobs()[-1].visibility == JobVisibility.PRIVATE
    assert room.jobs()[-1].address["channel"] == str(room.channel.id)
    pressed = await room.ana.user.click(direct, custom_id=f"c1:publish:{job_id}:0")
    assert "Everybody can see it now" in words(pressed.response)
    await room.tell(JobChanged(job_id=job_id, platform=Platform.DISCORD))
    assert len(gallery(room.message)) == 4
    assert direct.id not in {message.id for message in room.ana.user.dm_channel.history()}


async def test_on_discord_a_variation_of_it_leaves_nothing_in_the_channel(room: Room) -> None:
    await room.ana.slash(room.channel, "imagine", prompt="a red fox", private=True)
    job_id = room.newest_job()
    await room.painted(job_id)
    await room.ana.slash(room.channel, "vary", picture=f"{job_id}.1")
    assert len(room.jobs()) == 2
    assert not room.messages


async def test_on_slack_it_comes_by_direct_message_and_moves_to_the_channel(slack_room: SlackRoom) -> None:
    job_id, message = await slack_room.finished("a red fox --private --count 1")
    assert message.channel == f"D{ANA[1:]}"
    assert message.picture is not None
    assert "Only you will see it" in slack_room.slack.whispered()[-1]
    await slack_room.send(slack_room.slack.press(message, f"c1:publish:{job_id}:0"))
    assert "Everybody can see it now" in slack_room.slack.whispered()[-1]
    await slack_room.tell(JobChanged(job_id=job_id, platform=Platform.SLACK))
    (shown,) = slack_room.slack.messages
    assert shown.channel == GENERAL
    assert shown.picture is not None


def test_on_the_web_it_is_on_its_owners_feed_alone_until_it_is_published(web_server: WebServer) -> None:
    ana, bo = web_server.guest("Ana"), web_server.guest("Bo")
    job_id = ana.say("a red fox --private")["job"]
    ana.card(job_id, "queued")
    preview = "data:image/webp;base64,AAAA"
    progress = JobProgress(job_id=job_id, platform=Platform.WEB, step=3, steps=12, preview=preview)
    web_server.ports.events.announce(progress)
    assert ana.hear("progress", lambda message: job_id in message["jobs"])["jobs"][job_id]["preview"]
    shown = bo.say("a blue fox")["job"]
    web_server.ports.events.announce(replace(progress, job_id=shown))
    assert job_id not in bo.hear("progress")["jobs"]  # nor in one before it
    finish(web_server.ports, job_id)
    publish = Button(action=Action.PUBLISH, job_id=job_id)
    assert f'"{publish}"' in ana.card(job_id, "done")
    assert job_id not in bo.disconnect_and_come_back().wall
    assert not bo.press(publish)["ok"]
    assert ana.press(publish)["ok"]
    assert f'"{publish}"' not in bo.card(job_id, "done")
