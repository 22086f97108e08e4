"""What is suggested while somebody fills in a slash command."""

from pathlib import Path

import pytest

from studio.errors import DatabaseUnavailableError
from studio.ports import Ports
from tests.support import discord_sim
from tests.support.discord_sim import Room, open_room

room = discord_sim.room


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

    monkeypatch.setattr(room.ports.database, "_transaction", away)
    assert await room.ana.autocomplete(room.channel, "vary", "picture", "") == []
    monkeypatch.undo()


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
        offered = await room.ana.autocomplete(room.channel, "settings", "style", "sk")
        assert [choice["value"] for choice in offered] == ["sketch"]


async def test_settings_of_the_community_are_suggested(room: Room) -> None:
    async def suggested(setting: str, typed: str) -> list[str]:
        found = await room.mod.autocomplete(room.channel, "community", "value", typed, setting=setting)
        return [choice["value"] for choice in found]

    wardens = next(role for role in room.bot.get_guild(room.guild.id).roles if role.name == "Wardens")  # type: ignore[union-attr]
    assert await suggested("desk", "atel") == [str(room.channel.id)]
    assert f"{wardens.id} trusted" in await suggested("tier", "wardens")
    assert await suggested("model", "thi") == ["thimble"]
    assert await suggested("pause", "") == []
