"""A vote on a job's pictures, from its opening to the upscaled winner, on the real discord.py and slack_bolt."""

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from studio.clock import now
from studio.db.tables import DeliveryRow, GatheringRow
from studio.domain.deliveries import DeliveryKind
from studio.domain.people import Platform
from studio.gatherings import periodic_tasks
from studio.ports import Ports
from tests.support.discord_sim import Room, button_ids, open_room, words
from tests.support.fakes import someone
from tests.support.gatherings import moved_clock
from tests.support.loopback_slack.records import TEAM
from tests.support.slack_sim import SlackRoom, open_slack_room


def gathering(ports: Ports) -> GatheringRow:
    with ports.database.read() as session:
        return session.query(GatheringRow).one()


def messages_of(ports: Ports) -> list[str]:
    with ports.database.read() as session:
        rows = session.query(DeliveryRow).where(DeliveryRow.kind == DeliveryKind.GATHERING)
        return [row.message for row in rows]


async def act_on_discord(room: Room) -> None:
    """The events of what was done, and the small changes of messages that wait for their time."""
    await room.act()
    with room.env._bot_scope():
        await room.bot.delivery.flush()
    await room.env.settle()


async def test_a_vote_on_discord(ports: Ports, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = moved_clock(monkeypatch)
    async with open_room(ports, tmp_path / "home") as room:
        job_id = await room.imagine(prompt="a red fox", seed=7)
        await room.painted(job_id)
        opened = await room.ana.slash(room.channel, "pick", job=job_id, lasts="10m")
        assert opened.response.ephemeral
        await act_on_discord(room)
        message = room.message
        assert "Which one shall be upscaled?" in words(message)
        assert len(button_ids(message)) == 6  # four pictures, count now, manage
        for person, label in ((room.bo, "2"), (room.mod, "2"), (room.ana, "3")):
            result = await person.click(message, label=label)
            assert "You voted for number" in words(result.response)
        await act_on_discord(room)
        assert "3 people" in words(room.message)
        clock.pass_by(minutes=11)
        periodic_tasks.sweep(ports.database, ports.events)
        await act_on_discord(room)
        assert "Number 2 won with 2 votes" in words(
            next(shown for shown in room.messages if shown.id == message.id)
        )
        assert room.request["operation"] == "upscale"
        assert len(messages_of(ports)) == 1
        (thread,) = room.channel.threads
        assert thread.id == message.id  # beside the one message
        # The bot reads the events by itself too; Discord passes over a nonce that it knows.
        assert {words(remark) for remark in thread.history()} == {"The votes are counted: number 2 won."}


async def test_on_discord_a_member_who_left_or_is_in_a_timeout_is_noticed(
    ports: Ports, tmp_path: Path
) -> None:
    async with open_room(ports, tmp_path / "home") as room:
        community = str(room.guild.id)

        async def is_active(user_id: int) -> bool:
            with room.env._bot_scope():
                return await room.bot.transport.is_active_member(
                    replace(someone(str(user_id), community=community), platform=Platform.DISCORD)
                )

        assert await is_active(room.bo.id)
        member = room.env.backend.get_member(room.guild.id, room.bo.id)
        member.timed_out_until = (now() + timedelta(hours=1)).isoformat()
        assert not await is_active(room.bo.id)
        room.guild.remove_member(room.ana)
        assert not await is_active(room.ana.id)


async def test_on_slack_somebody_whose_account_is_closed_is_noticed(ports: Ports) -> None:
    async with open_slack_room(ports) as room:
        bo = replace(someone("U0BO", community=TEAM), platform=Platform.SLACK)
        assert await room.app.transport.is_active_member(bo)
        room.slack.people["U0BO"] = {"deleted": True}
        assert not await room.app.transport.is_active_member(bo)


async def test_a_vote_on_slack(ports: Ports, monkeypatch: pytest.MonkeyPatch) -> None:
    moved_clock(monkeypatch)
    async with open_slack_room(ports) as room:
        job_id, _ = await room.finished()
        await room.slash(f"pick {job_id} --lasts 10m", command="/studio")
        await act_on_slack(room)
        text = str(room.message)
        assert "Which one shall be upscaled?" in text
        vote = re.findall(r"c1:gather:\w+:0:vote:1:3", text)
        assert vote
        await room.send(room.slack.press(room.message, vote[0], user="U0BO"))
        assert "You voted for number 3" in str(room.slack.whispered()[-1])
        await act_on_slack(room)
        await room.slash(f"gather skip {gathering(ports).id}", command="/studio")
        await act_on_slack(room)
        assert room.jobs()[-1].request["operation"] == "upscale"
        (remark,) = [shown for shown in room.slack.messages if "The votes are counted" in str(shown)]
        assert str(messages_of(ports)[0]) in str(remark)  # the root of its thread
        assert len(messages_of(ports)) == 1


async def act_on_slack(room: SlackRoom) -> None:
    events, room.ports.events.published[:] = list(room.ports.events.published), []  # type: ignore[attr-defined]
    for event in events:
        await room.tell(event)
    await room.app.delivery.flush()


async def play_telephone(room: Room) -> tuple[Any, ...]:
    """Its three players."""
    await room.ana.slash(room.channel, "telephone", players=3)
    await act_on_discord(room)
    for person in (room.bo, room.mod):
        await person.click(room.message, label="Join")
    await act_on_discord(room)
    return room.ana, room.bo, room.mod


async def test_who_takes_no_direct_messages_is_told_of_their_turn_in_the_thread(
    ports: Ports, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved_clock(monkeypatch)
    async with open_room(ports, tmp_path / "home") as room:
        room.env.inject_error("POST", "/users/@me/channels", status=403, code=50007, times=None)
        await play_telephone(room)
        (thread,) = room.channel.threads
        offers = [found for found in thread.history() if "it is your turn at telephone" in words(found)]
        assert offers
        assert len(button_ids(offers[0])) == 1


async def test_a_turn_of_telephone_is_played_in_direct_messages(
    ports: Ports, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only its player is told of it there, and the words stay there."""
    moved_clock(monkeypatch)
    async with open_room(ports, tmp_path / "home") as room:
        people = await play_telephone(room)
        (player,) = [person for person in people if person.user.dm_channel.history()]
        offer = player.user.dm_channel.last_message
        assert "it is your turn at telephone" in words(offer)
        panel = (await player.user.click(offer, label="My turn")).response
        form = await player.user.click(panel.message, label="Write")
        await player.user.submit_modal(form, {"words": "a red fox"})
        await act_on_discord(room)
        assert (room.request["prompt"], room.request["count"]) == ("a red fox", 2)
        assert "fox" not in str([words(message) for message in room.messages])


async def test_on_discord_an_archived_thread_interrupts_a_gathering_until_it_goes_on_elsewhere(
    ports: Ports, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = moved_clock(monkeypatch)
    async with open_room(ports, tmp_path / "home") as room:
        job_id = await room.imagine()
        await room.painted(job_id)
        await room.ana.slash(room.channel, "pick", job=job_id, lasts="10m")
        await act_on_discord(room)
        opened = room.message
        for method in ("PATCH", "POST"):  # it takes neither an edit nor a new message
            path = f"/channels/{room.channel.id}/messages*"
            room.env.inject_error(method, path, status=400, code=50083, times=None)
        await room.bo.click(opened, label="2")
        await act_on_discord(room)
        assert gathering(ports).state == "interrupted"
        vote = gathering(ports).id
        await act_on_discord(room)
        assert f"The place of your gathering {vote} was closed" in words(
            room.ana.user.dm_channel.last_message
        )
        clock.pass_by(minutes=11)
        periodic_tasks.sweep(ports.database, ports.events)
        assert gathering(ports).state == "interrupted"  # nobody loses time
        other = room.guild.create_text_channel("elsewhere")
        await room.ana.slash(other, "gather", do="resume", id=vote)
        await act_on_discord(room)
        assert gathering(ports).state == "voting"
        await room.mod.click(other.last_message, label="2")
        clock.pass_by(minutes=11)
        periodic_tasks.sweep(ports.database, ports.events)
        await act_on_discord(room)
        assert "Number 2 won with 2 votes" in words(other.history()[0])


@pytest.mark.parametrize("error", ["is_archived", "channel_not_found"])
async def test_on_slack_an_archived_channel_interrupts_a_gathering(ports: Ports, error: str) -> None:
    async with open_slack_room(ports) as room:
        job_id, _ = await room.finished()
        await room.slash(f"pick {job_id} --lasts 10m", command="/studio")
        await act_on_slack(room)
        vote = re.findall(r"c1:gather:\w+:0:vote:1:3", str(room.message))
        assert vote
        for method in ("chat.update", "chat.postMessage"):
            room.slack.refuse(method, error)
        await room.send(room.slack.press(room.message, vote[0], user="U0BO"))
        await act_on_slack(room)
        assert gathering(ports).state == "interrupted"
        await act_on_slack(room)
        remarks = [shown for shown in room.slack.messages if "The place of your gathering" in str(shown)]
        assert len(remarks) == 1
        await room.slash(f"gather resume {gathering(ports).id}", command="/studio")
        assert gathering(ports).state == "voting"
