"""Images that people attach to a slash command."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from studio.ports import Ports
from tests.support import discord_sim
from tests.support.discord_sim import PNG, Room, open_room, settings_for, words

room = discord_sim.room


async def test_a_blend_takes_several_attachments(room: Room) -> None:
    await room.ana.slash(room.channel, "blend", image=("fox.png", PNG), image2=("cat.png", PNG))
    sources = room.jobs()[0].request["sources"]
    assert [room.ports.store.get(source["key"]) for source in sources] == [PNG, PNG]


async def test_an_attached_image_becomes_the_source(room: Room) -> None:
    await room.imagine(image=("fox.png", PNG), strength=0.5)
    request = room.jobs()[0].request
    assert room.ports.store.get(request["sources"][0]["key"]) == PNG


@pytest.mark.parametrize(
    ("file", "changes", "sentence"),
    [
        (("fox.png", b"bad bytes"), {}, "not an image"),
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
