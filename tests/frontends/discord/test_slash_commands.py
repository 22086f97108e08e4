"""Slash commands: built from the catalogue, acknowledged, answered in one message."""

import asyncio
from pathlib import Path
from typing import Any

import discord
import pytest

from bots.discord.bot import ChatelierBot
from bots.discord.interactions.autocomplete import is_suggested
from bots.texts import translation
from studio.commands.parameter_values import Kind
from studio.commands.registry import CATALOG
from studio.db.queries import job_of
from studio.domain.jobs import JobState
from studio.domain.verdicts import Ruling, Verdict
from studio.errors import DatabaseUnavailableError
from studio.ports import Ports
from tests.support import discord_sim
from tests.support.discord_sim import Room, button_ids, gallery, open_room, settings_for, words

room = discord_sim.room

TYPES = {
    Kind.INTEGER: 4,
    Kind.SWITCH: 5,
    Kind.NUMBER: 10,
    Kind.IMAGE: 11,
    Kind.FILE: 11,
    Kind.MASK: 11,
    Kind.PERSON: 6,
}


def command_payloads(ports: Ports, home: Path) -> dict[str, dict[str, Any]]:
    bot = ChatelierBot(ports, settings_for(home))
    bot.pools.close()
    return {
        command.name: command.to_dict(bot.tree)
        for command in bot.tree.get_commands()
        if isinstance(command, discord.app_commands.Command)
    }


async def test_every_command_of_the_catalogue_is_a_slash_command(ports: Ports, tmp_path: Path) -> None:
    assert set(command_payloads(ports, tmp_path)) == {*CATALOG, "studio"}


@pytest.mark.parametrize("name", list(CATALOG))
async def test_a_slash_command_has_the_parameters_of_the_catalogue(
    name: str, ports: Ports, tmp_path: Path
) -> None:
    payload, spec = command_payloads(ports, tmp_path)[name], CATALOG[name]
    options = {option["name"]: option for option in payload["options"]}
    assert set(options) == {parameter.name for parameter in spec.parameters}
    for parameter in spec.parameters:
        option = options[parameter.name]
        assert option["type"] == TYPES.get(parameter.kind, 3)
        assert option.get("required", False) is parameter.required
        assert option.get("min_value") == parameter.minimum
        assert option.get("max_value") == parameter.maximum
        assert tuple(choice["value"] for choice in option.get("choices", ())) == parameter.choices
        assert option["description"] == parameter.summary
        assert option.get("autocomplete", False) is is_suggested(parameter)


async def test_commands_and_options_are_described_in_translated_words(
    ports: Ports, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(translation, "lookup", lambda msgid: f"⟦{msgid}")
    for name, payload in command_payloads(ports, tmp_path).items():
        if name in CATALOG:
            assert payload["description"].startswith("⟦")
            assert all(option["description"].startswith("⟦") for option in payload["options"])


async def test_what_is_registered_keeps_within_discords_limits(ports: Ports, tmp_path: Path) -> None:
    payloads = command_payloads(ports, tmp_path)
    assert len(payloads) <= 100
    for payload in payloads.values():
        required = [option.get("required", False) for option in payload["options"]]
        assert required == sorted(required, reverse=True), "required options come first"
        assert len(payload["options"]) <= 25
        assert 1 <= len(payload["description"]) <= 100
        for option in payload["options"]:
            assert 1 <= len(option["description"]) <= 100
            assert len(option.get("choices", ())) <= 25


async def test_the_bot_asks_for_no_privileged_intent(ports: Ports, tmp_path: Path) -> None:
    bot = ChatelierBot(ports, settings_for(tmp_path))
    bot.pools.close()
    intents = bot.intents
    assert (intents.members, intents.presences, intents.message_content) == (False, False, False)


@pytest.mark.parametrize(("shard_ids", "served"), [((0,), [True, False, True]), ((1,), [False, True, False])])
async def test_a_process_shows_progress_for_its_own_shards_only(
    shard_ids: tuple[int, ...], served: list[bool], ports: Ports, tmp_path: Path
) -> None:
    bot = ChatelierBot(ports, settings_for(tmp_path, shard_count=2, shard_ids=shard_ids))
    bot.pools.close()
    even, odd = str(4 << 22), str(5 << 22)
    assert [bot.context.serves(community) for community in (even, odd, "dm:7")] == served
    assert bot.settings.consumer == f"bot-{shard_ids[0]}"


async def test_commands_are_registered_once_and_again_when_they_change(room: Room) -> None:
    def registrations() -> int:
        return sum(entry.method == "PUT" and "commands" in entry.path for entry in room.env.http_requests)

    assert registrations() == 1
    await room.restart()
    assert registrations() == 1
    (room.settings.home / "run" / "discord-commands").write_text("another version's")
    await room.restart()
    assert registrations() == 2


async def test_imagine_leaves_one_message_that_shows_where_the_job_stands(room: Room) -> None:
    await room.ana.slash(room.channel, "imagine", prompt="a red fox")
    (job,) = room.jobs()
    assert "a red fox" in words(room.message)
    assert f"<@{room.ana.id}>" in words(room.message)
    assert "Next in line" in words(room.message)
    assert len(room.channel.history()) == 1
    assert button_ids(room.message) == [f"c1:cancel:{job.id}:0"]


async def test_who_asks_and_where_is_kept_with_the_job(room: Room) -> None:
    job_id = await room.imagine(room.mod)
    with room.ports.database.read() as session:
        job = job_of(session.get_one(type(room.jobs()[0]), job_id))
    assert job.person.key == f"discord:{room.guild.id}:{room.mod.id}"
    assert job.person.display_name == "mod"
    assert job.person.moderates
    assert job.address.channel == str(room.channel.id)
    assert job.address.message == str(room.message.id)


async def test_a_configured_role_makes_a_moderator(ports: Ports, tmp_path: Path) -> None:
    async with open_room(ports, tmp_path, moderator_roles=frozenset({"Curators"})) as room:
        curators = room.guild.create_role("Curators")
        eve = room.guild.add_member(room.env.create_user("eve"), roles=[curators])
        await room.imagine(eve)
        await room.imagine(room.ana)
        first, second = room.jobs()
    assert "moderator" in first.person["roles"]
    assert "moderator" not in second.person["roles"]


async def test_options_reach_the_request(room: Room) -> None:
    await room.imagine(seed=7, count=2, aspect="3:2", steps=9, guidance=2.5, negative="text", model="large")
    request = room.jobs()[0].request
    assert (request["seed"], request["count"], request["aspect"], request["steps"]) == (7, 2, "3:2", 9)
    assert (request["guidance_scale"], request["negative_prompt"], request["model"]) == (2.5, "text", "large")


async def test_flags_work_in_the_words_and_a_filled_in_option_wins(room: Room) -> None:
    await room.imagine(prompt="a red fox --ar 3:2 --seed 7 --no text", seed=9)
    request = room.jobs()[0].request
    assert request["prompt"] == "a red fox"
    assert (request["aspect"], request["seed"], request["negative_prompt"]) == ("3:2", 9, "text")


async def test_a_mistake_in_a_flag_is_told_before_anybody_sees_that_something_is_coming(room: Room) -> None:
    result = await room.ana.slash(room.channel, "imagine", prompt="a red fox --sed 7")
    assert room.jobs() == []
    assert not result.deferred
    assert not result.followups
    assert result.response is not None
    assert result.response.ephemeral
    assert "--sed" in words(result.response)
    assert "--seed" in words(result.response)
    assert room.channel.history(viewer=room.bo) == []


async def test_a_value_that_is_out_of_range_is_told_at_once_too(room: Room) -> None:
    result = await room.ana.slash(room.channel, "imagine", prompt="a red fox --steps 100000")
    assert not result.deferred
    assert "Steps" in words(result.response) or "steps" in words(result.response)


async def test_a_prompt_over_the_limit_is_refused_in_a_sentence(room: Room) -> None:
    result = await room.ana.slash(room.channel, "imagine", prompt="fox " * 400)
    assert "1,000" in words(result.response)
    assert room.jobs() == []


async def test_a_refusal_is_for_the_person_alone(room: Room) -> None:
    room.ports.gate.verdict = Verdict(ruling=Ruling.REFUSE, rule="r", category="gore")  # type: ignore[attr-defined]
    result = await room.ana.slash(room.channel, "imagine", prompt="something bad")
    assert "gore" in words(result.followups[0])
    assert result.followups[0].ephemeral
    assert room.channel.history(viewer=room.bo) == []


async def test_a_held_prompt_is_not_shown(room: Room) -> None:
    room.ports.gate.verdict = Verdict(ruling=Ruling.HOLD, rule="r", category="gore")  # type: ignore[attr-defined]
    await room.ana.slash(room.channel, "imagine", prompt="something doubtful")
    assert "moderator" in words(room.message)
    assert "doubtful" not in words(room.message)


async def test_a_database_that_is_away_is_a_sentence_and_nothing_is_lost(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> None:
        raise DatabaseUnavailableError

    with monkeypatch.context() as patch:
        patch.setattr(room.ports.database, "_transaction", away)
        result = await room.ana.slash(room.channel, "imagine", prompt="a red fox")
    assert "database is not available" in words(result.response)
    assert result.response is not None
    assert result.response.ephemeral
    await room.imagine()
    assert len(room.jobs()) == 1


async def test_a_slow_database_keeps_nobody_waiting_for_the_acknowledgement(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bots.discord.interactions.dispatcher._LOOK_UP_SECONDS", 0)
    await room.imagine()
    answers = [entry.json["type"] for entry in room.env.http_requests if entry.path.endswith("/callback")]
    assert answers == [discord.InteractionResponseType.deferred_channel_message.value]


async def test_of_many_at_once_the_rest_is_acknowledged_without_a_look_into_the_database(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[object] = []
    monkeypatch.setattr("bots.discord.interactions.dispatcher.check", lambda *call: looked.append(call))
    await room.imagine()
    assert len(looked) == 1
    monkeypatch.setattr(room.bot.buttons._dispatcher, "_look_ups", asyncio.Semaphore(0))
    await room.imagine(room.bo, "a blue bird")
    assert len(looked) == 1
    assert len(room.jobs()) == 2


async def test_a_queue_that_is_away_keeps_the_job(room: Room) -> None:
    room.ports.queue.away = True  # type: ignore[attr-defined]
    room.ports.events.away = True  # type: ignore[attr-defined]
    await room.imagine()
    assert room.jobs()[0].state == JobState.ACCEPTED
    assert "Next in line" in words(room.message)


async def test_a_defect_becomes_a_sentence_with_a_fault_number(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_admission: object) -> None:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr(room.ports.gate, "admit", broken)
    result = await room.ana.slash(room.channel, "imagine", prompt="a red fox")
    sentence = words(result.followups[0])
    assert "Fault" in sentence
    assert "secret detail" not in sentence


async def test_two_people_at_once_each_get_their_own_message(room: Room) -> None:
    await room.imagine(room.ana, "a red fox")
    await room.imagine(room.bo, "a blue bird")
    assert [words(message).split("\n")[0] for message in room.channel.history()] == [
        "**a red fox**",
        "**a blue bird**",
    ]
    assert "1 job is ahead" in words(room.message)


async def test_a_direct_message_is_a_community_of_its_own(room: Room) -> None:
    user = room.ana.user
    await user.slash("imagine", prompt="a red fox")
    assert room.jobs()[0].community == f"dm:{user.id}"
    assert "a red fox" in words(user.dm_channel.last_message)


async def test_alternatives_in_the_words_are_one_picture_each(room: Room) -> None:
    job_id = await room.imagine(prompt="a {red,blue} bird")
    await room.painted(job_id)
    assert room.jobs()[0].request["prompts"] == ["a red bird", "a blue bird"]
    assert room.jobs()[0].request["count"] == 2
    assert words(room.message).startswith("**a {red,blue} bird**")
    assert [item["description"] for item in gallery(room.message)] == [
        f"Picture {number} of 2: a {{red,blue}} bird" for number in (1, 2)
    ]


async def test_carets_stand_under_what_is_wrong_with_the_words(room: Room) -> None:
    result = await room.ana.slash(room.channel, "imagine", prompt="a {red,blue bird")
    assert "never closed" in words(result.response)
    assert "```\na {red,blue bird\n  ^\n```" in words(result.response)
    result = await room.ana.slash(room.channel, "imagine", prompt="a bird --sed 4")
    assert "```\na bird --sed 4\n       ^^^^^\n```" in words(result.response)
