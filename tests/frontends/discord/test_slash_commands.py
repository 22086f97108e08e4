"""Slash commands: built from the catalogue, acknowledged, answered in one message."""

import socket
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import AsyncMock

import discord
import pytest
import simcord
from aiohttp import web
from discord.http import Route
from sqlalchemy import select

from bots.discord.bot import ChatelierBot
from bots.discord.interactions.autocomplete import is_suggested
from bots.discord.run import _keep_connected
from studio.commands.parameter_values import Kind
from studio.commands.registry import CATALOG
from studio.commands.spec import Audience
from studio.db.queries import job_of
from studio.db.tables import LedgerRow
from studio.domain.jobs import JobState
from studio.domain.verdicts import Ruling, Verdict
from studio.errors import ConfigurationError, DatabaseUnavailableError
from studio.ports import Ports
from tests.support import discord_sim
from tests.support.discord_sim import PNG, Room, button_ids, gallery, open_room, settings_for, words

room = discord_sim.room

TYPES = {Kind.INTEGER: 4, Kind.NUMBER: 10, Kind.IMAGE: 11, Kind.FILE: 11, Kind.MASK: 11, Kind.PERSON: 6}


def command_payloads(ports: Ports, home: Path) -> dict[str, dict[str, Any]]:
    bot = ChatelierBot(ports, settings_for(home))
    bot.pools.close()
    return {
        command.name: command.to_dict(bot.tree)
        for command in bot.tree.get_commands()
        if isinstance(command, discord.app_commands.Command)
    }


# ---- parity with the catalogue


async def test_every_command_of_the_catalogue_is_a_slash_command(ports: Ports, tmp_path: Path) -> None:
    assert set(command_payloads(ports, tmp_path)) == {*CATALOG, "studio", "help"}


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


# ---- /imagine


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
        patch.setattr(room.ports.database, "begin", away)
        result = await room.ana.slash(room.channel, "imagine", prompt="a red fox")
    assert "database is not available" in words(result.followups[0])
    assert result.followups[0].ephemeral
    await room.imagine()
    assert len(room.jobs()) == 1


async def test_a_slow_database_keeps_nobody_waiting_for_the_acknowledgement(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin, acknowledged = room.ports.database.begin, []

    def slowly() -> Any:
        acknowledged.append(any(entry.path.endswith("/callback") for entry in room.env.http_requests))
        return begin()

    monkeypatch.setattr(room.ports.database, "begin", slowly)
    await room.imagine()
    assert acknowledged[0], "the acknowledgement came before the database was asked"


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


# ---- attachments


async def test_a_blend_takes_several_attachments(room: Room) -> None:
    await room.ana.slash(room.channel, "blend", image=("fox.png", PNG), image2=("cat.png", PNG))
    sources = room.jobs()[0].request["sources"]
    assert [room.ports.store.get(each["key"]) for each in sources] == [PNG, PNG]


async def test_an_attached_image_becomes_the_source(room: Room) -> None:
    await room.imagine(image=("fox.png", PNG), strength=0.5)
    request = room.jobs()[0].request
    assert room.ports.store.get(request["sources"][0]["key"]) == PNG


@pytest.mark.parametrize(
    ("file", "changes", "sentence"),
    [
        (("fox.png", b"bad bytes"), {}, "not a picture"),
        (("fox.txt", PNG), {}, "not an image"),
        (("fox.png", PNG * 10), {"max_upload_bytes": 100}, "larger than"),
        (("fox.png", PNG), {"cdn_hosts": frozenset({"elsewhere.example"})}, "does not come from Discord"),
    ],
)
async def test_an_unusable_attachment_is_a_sentence(
    file: tuple[str, bytes], changes: dict[str, Any], sentence: str, ports: Ports, tmp_path: Path
) -> None:
    async with open_room(ports, tmp_path, **changes) as room:
        result = await room.ana.slash(room.channel, "imagine", prompt="a red fox", image=file)
        assert sentence in words(result.followups[0])
        assert room.jobs() == []


def test_downloads_come_from_discord_and_the_configured_api_only(tmp_path: Path) -> None:
    settings = settings_for(tmp_path, api_url="http://127.0.0.1:9/api", cdn_hosts=frozenset({"cdn.example"}))
    allowed = ("https://cdn.example/a.png", "http://127.0.0.1:9/files/a.png")
    foreign = (
        "http://cdn.example/a.png",
        "https://cdn.example:8443/a.png",
        "https://cdn.example.evil/a.png",
        "https://user@evil/cdn.example",
        "http://127.0.0.1:10/a.png",
        "http://169.254.169.254/latest",
        "file:///etc/passwd",
    )
    assert all(settings.may_download(url) for url in allowed)
    assert not any(settings.may_download(url) for url in foreign)
    assert not replace(settings, api_url="https://discord.com/api/v10").may_download(allowed[1])


# ---- the other commands


async def test_show_repeats_a_job_for_the_person_alone(room: Room) -> None:
    job_id = await room.imagine()
    await room.painted(job_id)
    result = await room.bo.slash(room.channel, "show", job=job_id)
    assert result.ephemeral
    assert result.response is not None
    assert "a red fox" in words(result.response)
    assert len(result.response.attachments) == 4


async def test_cancel_stops_a_waiting_job(room: Room) -> None:
    job_id = await room.imagine()
    result = await room.ana.slash(room.channel, "cancel", job=job_id)
    assert result.response is not None
    assert words(result.response) == "Cancelled."
    await room.until(lambda: words(room.channel.history()[0]).endswith("Cancelled."))


async def test_vary_starts_from_a_picture_and_names_its_maker(room: Room) -> None:
    job_id = await room.imagine(room.bo, "a red fox in the snow")
    await room.painted(job_id)
    await room.ana.slash(room.channel, "vary", picture=f"{job_id}.2", strength="subtle")
    request = room.jobs()[1].request
    assert request["sources"][0]["picture_id"] == f"{job_id}.2"
    assert f"<@{room.ana.id}>, from <@{room.bo.id}>’s red fox" in words(room.message)


async def test_a_picture_of_another_server_is_not_found(room: Room) -> None:
    job_id = await room.imagine()
    await room.painted(job_id)
    other = room.env.create_guild("Elsewhere")
    channel = other.create_text_channel("general")
    eve = other.add_member(room.env.create_user("eve"))
    result = await eve.slash(channel, "vary", picture=f"{job_id}.1")
    assert "not here" in words(result.followups[0])
    assert len(room.jobs()) == 1


async def test_help_names_every_command_that_one_may_use(room: Room) -> None:
    seen = {}
    for who in (room.ana, room.mod):
        result = await who.slash(room.channel, "help")
        assert result.ephemeral
        assert result.response is not None
        content = words(result.response)
        assert len(content) <= 4000
        seen[who] = {name for name in CATALOG if f"`/{name}`" in content}
    assert seen[room.mod] == set(CATALOG)
    left_out = set(CATALOG) - seen[room.ana]
    assert left_out == {name for name, spec in CATALOG.items() if spec.audience is Audience.MODERATORS}


async def test_help_tells_of_one_commands_options(room: Room) -> None:
    offered = await room.ana.autocomplete(room.channel, "help", "command", "ima")
    assert [choice["value"] for choice in offered] == ["imagine"]
    told = words((await room.ana.slash(room.channel, "help", command="imagine")).response)
    assert all(f"`{each.name}`" in told for each in CATALOG["imagine"].parameters)
    assert "Did you mean" in words((await room.ana.slash(room.channel, "help", command="imagin")).response)


async def test_a_command_of_another_version_is_a_sentence(room: Room) -> None:
    room.bot.tree.remove_command("queue")
    result = await room.ana.slash(room.channel, "queue")
    assert result.ephemeral
    assert result.response is not None
    assert "has changed" in words(result.response)
    simcord.assert_error(room.env, discord.app_commands.CommandNotFound)


# ---- suggestions


async def test_recent_pictures_jobs_models_and_words_are_suggested(room: Room) -> None:
    job_id = await room.imagine(room.bo, "a red fox", count=2)
    await room.painted(job_id)
    pictures = await room.ana.autocomplete(room.channel, "vary", "picture", "fox")
    assert [choice["value"] for choice in pictures] == [f"{job_id}.1", f"{job_id}.2"]
    jobs = await room.ana.autocomplete(room.channel, "show", "job", "")
    assert [choice["value"] for choice in jobs] == [job_id]
    models = await room.ana.autocomplete(room.channel, "imagine", "model", "thi")
    assert [choice["value"] for choice in models] == ["thimble"]
    assert await room.ana.autocomplete(room.channel, "imagine", "prompt", "") == []
    own = await room.bo.autocomplete(room.channel, "imagine", "prompt", "")
    assert [choice["value"] for choice in own] == ["a red fox"]


async def test_long_words_are_suggested_by_their_beginning_and_painted_whole(room: Room) -> None:
    long = "a red fox " * 20
    await room.imagine(prompt=long)
    (offered,) = await room.ana.autocomplete(room.channel, "imagine", "prompt", "red")
    assert offered["name"].startswith("a red fox a red fox")
    assert max(len(offered["name"]), len(offered["value"])) <= 100
    await room.imagine(prompt=offered["value"])
    assert room.request["prompt"] == long.strip()
    await room.imagine(room.bo, prompt=offered["value"])
    assert room.request["prompt"] == offered["value"], "the words of others stay theirs"


async def test_without_a_database_nothing_is_suggested(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> None:
        raise DatabaseUnavailableError

    monkeypatch.setattr(room.ports.database, "begin", away)
    assert await room.ana.autocomplete(room.channel, "vary", "picture", "") == []
    monkeypatch.undo()


# ---- lists


async def test_the_queue_has_a_cancel_button_for_each_job(room: Room) -> None:
    first = await room.imagine(room.ana, "a red fox")
    await room.imagine(room.bo, "a blue bird")
    second = await room.imagine(room.ana, "a green tree")
    result = await room.ana.slash(room.channel, "queue")
    assert result.ephemeral
    assert result.response is not None
    assert words(result.response).index("a red fox") < words(result.response).index("a green tree")
    shown = result.response.message
    assert button_ids(shown) == [f"c1:cancel:{first}:0", f"c1:cancel:{second}:0"]
    await room.ana.click(shown, label="Cancel 2")
    assert [job.state for job in room.jobs()][2] == JobState.CANCELLED


async def test_lineage_attaches_the_drawn_tree(room: Room) -> None:
    job_id = await room.imagine()
    await room.painted(job_id)
    await room.bo.slash(room.channel, "vary", picture=f"{job_id}.1", count=1)
    await room.painted(room.newest_job())
    result = await room.bo.slash(room.channel, "lineage", picture=f"{job_id}.1")
    assert result.response is not None
    (tree,) = result.response.attachments
    assert (await tree.read()).startswith(b"\x89PNG")
    assert "ana" in gallery(result.response.message)[0]["description"]


async def test_history_and_credits_are_for_the_person_alone(room: Room) -> None:
    job_id = await room.imagine(prompt="a *red* fox")
    await room.painted(job_id)
    history = await room.ana.slash(room.channel, "history")
    assert history.ephemeral
    assert history.response is not None
    assert r"a \*red\* fox" in words(history.response)
    assert f"`{job_id}`" in words(history.response)
    balance = await room.ana.slash(room.channel, "credits")
    assert balance.response is not None
    assert "4 credits this month" in words(balance.response)


# ---- words with alternatives


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
    assert "never closed" in words(result.followups[0])
    assert "```\na {red,blue bird\n  ^\n```" in words(result.followups[0])
    result = await room.ana.slash(room.channel, "imagine", prompt="a bird --sed 4")
    assert "```\na bird --sed 4\n       ^^^^^\n```" in words(result.response)


async def test_styles_and_loras_are_suggested(ports: Ports, tmp_path: Path) -> None:
    async with open_room(ports, tmp_path) as room:
        styles = await room.ana.autocomplete(room.channel, "imagine", "style", "water")
        assert [choice["value"] for choice in styles] == ["watercolour"]
        loras = await room.ana.autocomplete(room.channel, "imagine", "lora", "")
        assert [choice["value"] for choice in loras] == ["ink", "pixel"]
        second = await room.ana.autocomplete(room.channel, "imagine", "lora", "ink:0.8,pi")
        assert [choice["value"] for choice in second] == ["ink:0.8, pixel"]
        of_brush = await room.ana.autocomplete(room.channel, "imagine", "lora", "", model="brush")
        assert of_brush == []
        kept = await room.ana.autocomplete(room.channel, "settings", "style", "sk")
        assert [choice["value"] for choice in kept] == ["sketch"]


async def test_settings_of_the_community_are_suggested(room: Room) -> None:
    async def suggested(setting: str, typed: str) -> list[str]:
        found = await room.mod.autocomplete(room.channel, "community", "value", typed, setting=setting)
        return [choice["value"] for choice in found]

    wardens = next(role for role in room.bot.get_guild(room.guild.id).roles if role.name == "Wardens")  # type: ignore[union-attr]
    assert await suggested("desk", "atel") == [str(room.channel.id)]
    assert f"{wardens.id} trusted" in await suggested("tier", "wardens")
    assert await suggested("model", "thi") == ["thimble"]
    assert await suggested("pause", "") == []


async def test_the_former_name_of_the_rules_works_and_says_the_new_one(room: Room) -> None:
    result = await room.mod.slash(room.channel, "studio", setting="pause")
    lines = words(result.response).splitlines()  # type: ignore[union-attr]
    assert "`/studio` is now called `/community`." in "\n".join(lines)
    assert "**Status** Paused" in "\n".join(lines)
    result = await room.mod.slash(room.channel, "community")
    assert "is now called" not in words(result.response)  # type: ignore[union-attr]
    assert "studio" not in room.ana.available_commands(room.channel)


# ---- blends and places


async def test_a_blend_takes_ids_and_attachments(room: Room) -> None:
    job_id = await room.imagine()
    await room.painted(job_id)
    await room.bo.slash(
        room.channel, "blend", picture=f"{job_id}.1", image=("one.png", PNG), image2=("two.png", PNG + b"2")
    )
    request = room.request
    assert request["operation"] == "blend"
    assert [source.get("picture_id") for source in request["sources"]] == [f"{job_id}.1", None, None]
    assert len({source["key"] for source in request["sources"]}) == 3


async def test_who_asks_elsewhere_is_told_where_pictures_are_painted(room: Room) -> None:
    other = room.guild.create_text_channel("studio")
    result = await room.mod.slash(room.channel, "community", setting="channels", value=f"<#{other.id}>")
    assert f"**Channels** <#{other.id}>" in words(result.response)  # type: ignore[union-attr]
    refusal = await room.ana.slash(room.channel, "imagine", prompt="a red fox")
    assert f"<#{other.id}>" in words(refusal.followups[0])
    await room.ana.slash(other, "imagine", prompt="a red fox")
    assert len(room.jobs()) == 1


async def test_threads_and_posts_of_a_channel_where_pictures_are_painted_are_such_places_too(
    room: Room,
) -> None:
    forum = room.guild.create_forum_channel("ideas")
    await room.mod.slash(
        room.channel, "community", setting="channels", value=f"<#{room.channel.id}> <#{forum.id}>"
    )
    await room.mod.slash(room.channel, "community", setting="pool", value=f"<#{forum.id}> 500")
    with room.env._bot_scope():
        place = room.bot.get_channel(room.channel.id)
        assert isinstance(place, discord.TextChannel)
        await place.create_thread(name="foxes", type=discord.ChannelType.public_thread)
        ideas = room.bot.get_channel(forum.id)
        assert isinstance(ideas, discord.ForumChannel)
        await ideas.create_thread(name="owls", content="owls, please")
    await room.env.settle()
    thread, post = room.channel.threads[0], forum.threads[0]
    other = room.guild.create_text_channel("talk")
    refusal = await room.ana.slash(other, "imagine", prompt="a red fox")
    assert "made in other channels" in words(refusal.followups[0])
    await room.ana.slash(thread, "imagine", prompt="a red fox")
    await room.ana.slash(post, "imagine", prompt="an owl")
    first, second = room.jobs()
    assert (first.address["channel"], first.address["parent"]) == (str(thread.id), str(room.channel.id))
    with room.ports.database.read() as session:
        reserved = select(LedgerRow.account).where(LedgerRow.entry_key.like(f"{second.id}:reserve%"))
        drawn = session.scalars(reserved).all()
    assert [account.endswith(f":{forum.id}") for account in drawn] == [True]


async def test_a_paused_studio_says_so(room: Room) -> None:
    result = await room.mod.slash(room.channel, "community", setting="pause")
    assert "Paused" in words(result.response)  # type: ignore[union-attr]
    refusal = await room.ana.slash(room.channel, "imagine", prompt="a red fox")
    assert "paused" in words(refusal.followups[0])


async def test_one_menu_too_many_for_discord_is_left_out(room: Room) -> None:
    (room.settings.home / "run" / "discord-commands").write_text("another version's")
    room.env.inject_error("PUT", "/applications/*/commands", status=400, code=30032)
    await room.restart()
    menus = room.bot.tree.get_commands(type=discord.AppCommandType.message)
    assert {menu.name for menu in menus} == {"Vary", "Edit", "Expand", "Upscale", "Who made this?"}


async def test_commands_that_discord_does_not_take_leave_the_rest_working(room: Room) -> None:
    kept = room.settings.home / "run" / "discord-commands"
    kept.write_text("another version's")
    room.env.inject_error("PUT", "/applications/*/commands", status=400, code=50035)
    await room.restart()
    assert kept.read_text() == "another version's", "the next start tries again"
    await room.imagine()


@pytest.mark.parametrize(("code", "says"), [(4004, "token"), (4010, "SHARD_COUNT"), (4013, "intents")])
async def test_a_connection_that_discord_refuses_for_good_is_a_sentence(
    room: Room, code: int, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse() -> None:
        raise discord.ConnectionClosed(cast("Any", SimpleNamespace(close_code=code)), shard_id=0)

    monkeypatch.setattr(room.bot, "login", AsyncMock())
    monkeypatch.setattr(room.bot, "connect", refuse)
    with pytest.raises(ConfigurationError, match=says):
        await _keep_connected(room.bot, room.settings)


async def test_while_discord_cannot_be_reached_the_bot_tries_again(
    ports: Ports, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(_: web.BaseRequest) -> web.Response:
        return web.json_response({"message": "401: Unauthorized", "code": 0}, status=401)

    with socket.socket() as taken:  # an address at which nobody listens yet
        taken.bind(("127.0.0.1", 0))
        host, port = taken.getsockname()
    monkeypatch.setattr("bots.discord.run._FIRST_PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(Route, "BASE", f"http://{host}:{port}/api")
    settings = settings_for(tmp_path)
    bot = ChatelierBot(ports, settings)
    runner = web.ServerRunner(web.Server(refuse))
    await runner.setup()
    log_in, tries = bot.login, 0

    async def count(token: str) -> None:
        nonlocal tries
        tries += 1
        if tries == 3:
            await web.TCPSite(runner, host, port).start()
        await log_in(token)

    monkeypatch.setattr(bot, "login", count)
    try:
        with pytest.raises(ConfigurationError, match="does not accept the bot's token"):
            await _keep_connected(bot, settings)
    finally:
        await runner.cleanup()
        await bot.http.close()
        bot.pools.close()
    assert tries == 3


async def test_what_was_painted_in_a_hidden_channel_is_not_at_hand_in_others(room: Room) -> None:
    hidden, shown = (
        discord.PermissionOverwrite(view_channel=False),
        discord.PermissionOverwrite(view_channel=True),
    )
    cellar = room.guild.create_text_channel(
        "cellar",
        overwrites={
            room.guild.default_role: hidden,
            room.ana.user: shown,
            room.bot.user: shown,  # type: ignore[dict-item]
        },
    )
    await room.ana.slash(cellar, "imagine", prompt="a red fox")
    job_id = room.newest_job()
    await room.painted(job_id)
    assert room.jobs()[-1].address["private"] is True
    refusal = await room.bo.slash(room.channel, "vary", picture=f"{job_id}.1")
    assert "is not here" in words(refusal.followups[0])
    await room.imagine(room.bo)
    assert room.jobs()[-1].address["private"] is False
