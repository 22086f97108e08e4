"""What the doctor finds out about Discord's token."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from chatelier.doctor.discord import discord as examine
from chatelier.doctor.findings import Finding
from chatelier.settings import read_settings

TOKEN = "MTIzNDU2Nzg5MDEyMzQ1Njc4.Gabcde.0123456789abcdefghijklmnopqrstuvwxyz"
APPLICATION = "123456789012345678"


@asynccontextmanager
async def discord(**answers: Any) -> AsyncIterator[str]:
    """A Discord that knows one bot; `answers` change what it says of it."""

    async def answer(request: web.Request) -> web.Response:
        if request.headers["Authorization"] != f"Bot {TOKEN}":
            return web.json_response({"message": "401: Unauthorized", "code": 0}, status=401)
        sentences = {
            "/api/users/@me": {"id": "7", "username": "Chatelier"},
            "/api/applications/@me": {
                "id": APPLICATION,
                "flags": answers.get("flags", 0),
                "integration_types_config": answers.get("installs", {"0": {}}),
            },
            "/api/gateway/bot": {
                "shards": answers.get("shards", 1),
                "session_start_limit": {"remaining": answers.get("remaining", 1000)},
            },
        }
        return web.json_response(sentences[request.path])

    app = web.Application()
    app.router.add_get("/{rest:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/api"
    finally:
        await runner.cleanup()


async def findings(monkeypatch: pytest.MonkeyPatch, url: str, *, token: str = TOKEN) -> list[Finding]:
    monkeypatch.setenv("CHATELIER_DISCORD__TOKEN", token)
    monkeypatch.setenv("CHATELIER_DISCORD__API_URL", url)
    loaded = read_settings()
    return await asyncio.to_thread(lambda: list(examine(loaded)))


async def test_a_good_token_gives_the_link_that_invites_the_bot(monkeypatch: pytest.MonkeyPatch) -> None:
    async with discord() as url:
        found = await findings(monkeypatch, url)
    assert {finding.health for finding in found} == {"good"}
    assert found[1].said == "the bot is Chatelier"
    assert f"client_id={APPLICATION}" in found[-1].said
    assert "permissions=274878024704" in found[-1].said


@pytest.mark.parametrize(
    ("installs", "health", "sentence"),
    [
        ({"0": {}}, "bad", "cannot add the application to their account"),
        (
            {"0": {}, "1": {}},
            "good",
            f"client_id={APPLICATION}&scope=applications.commands&integration_type=1",
        ),
    ],
)
async def test_with_user_install_the_doctor_looks_whether_discord_allows_it(
    monkeypatch: pytest.MonkeyPatch, installs: dict[str, object], health: str, sentence: str
) -> None:
    monkeypatch.setenv("CHATELIER_DISCORD__USER_INSTALL", "true")
    async with discord(installs=installs) as url:
        found = await findings(monkeypatch, url)
    assert [finding.health for finding in found if sentence in finding.said] == [health]


@pytest.mark.parametrize(
    ("answers", "sentence"),
    [
        ({"flags": 1 << 19}, "Message Content"),
        ({"remaining": 3}, "only 3 starts are left"),
        ({"shards": 4}, "advises 4 shards"),
    ],
)
async def test_what_could_be_better_is_a_note(
    monkeypatch: pytest.MonkeyPatch, answers: dict[str, int], sentence: str
) -> None:
    monkeypatch.setenv("CHATELIER_DISCORD__SHARD_COUNT", "2")
    async with discord(**answers) as url:
        found = await findings(monkeypatch, url)
    assert [finding.health for finding in found if sentence in finding.said] == ["note"]


async def test_a_token_that_discord_does_not_take_is_bad_and_not_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wrong = TOKEN[:-1] + "0"
    async with discord() as url:
        last = (await findings(monkeypatch, url, token=wrong))[-1]
    assert (last.health, last.said) == ("bad", "CHATELIER_DISCORD__TOKEN is not accepted")
    assert wrong not in last.fix


async def test_a_token_of_the_wrong_form_is_sent_to_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    (only,) = await findings(monkeypatch, "http://127.0.0.1:9/api", token="nonsense")
    assert only.health == "bad"


async def test_without_a_network_the_doctor_only_notes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    last = (await findings(monkeypatch, "http://127.0.0.1:9/api"))[-1]
    assert last.health == "note"
    assert "could not be asked" in last.said


async def test_activities_that_are_on_in_the_portal_only_are_bad(monkeypatch: pytest.MonkeyPatch) -> None:
    """Discord refuses each registration of commands then."""
    async with discord(flags=1 << 17) as url:
        found = await findings(monkeypatch, url)
    assert ["Activities are on" in finding.said for finding in found if finding.health == "bad"] == [True]


@pytest.mark.parametrize(
    ("flags", "client", "health", "sentence"),
    [
        (1 << 17, APPLICATION, "good", "(URL Mappings) is paint.example.org"),
        (0, APPLICATION, "bad", "the application has no Activity"),
        (1 << 17, "987654321098765432", "bad", "is not that of the bot’s application"),
        (1 << 17, None, "bad", "knows neither its web page"),
    ],
)
async def test_with_the_activity_the_doctor_looks_whether_all_of_it_is_there(
    monkeypatch: pytest.MonkeyPatch, flags: int, client: str | None, health: str, sentence: str
) -> None:
    monkeypatch.setenv("CHATELIER_DISCORD__ACTIVITY", "true")
    monkeypatch.setenv("CHATELIER_WEB__PUBLIC_URL", "https://paint.example.org")
    if client:
        monkeypatch.setenv("CHATELIER_WEB__DISCORD_CLIENT_ID", client)
        monkeypatch.setenv("CHATELIER_WEB__DISCORD_CLIENT_SECRET", "secret")
    async with discord(flags=flags) as url:
        found = await findings(monkeypatch, url)
    assert [finding.health for finding in found if sentence in finding.said] == [health]
