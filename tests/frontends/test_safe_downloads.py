"""Downloads reach the platform's own hosts at public addresses, and nothing behind them, and end at their limit."""

import asyncio
import socket
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import aiohttp
import discord
import pytest
from aiohttp import web
from aiohttp.resolver import ThreadedResolver

from bots.discord.downloads import Downloads
from bots.discord.settings import DiscordSettings
from bots.slack.api.client import open_session
from bots.uploads.safe_downloads import (
    ForeignAddressError,
    PublicResolver,
    TooManyBytesError,
    is_public,
    read_within,
    redirects_within,
)
from studio.errors import BadImageError
from tests.support.sentences import raises

CDN = "cdn.discordapp.com"
PRIVATE = [
    "127.0.0.1",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "224.0.0.1",
    "::1",
    "fd00::1",
    "fe80::1%eth0",
    "::ffff:10.0.0.1",
    "2002:7f00:1::",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_this_machine_and_its_neighbours_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111"])
def test_other_addresses_are(address: str) -> None:
    assert is_public(address)


def told(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    async def resolve(_self: object, host: str, port: int = 0, family: Any = None) -> list[dict[str, Any]]:
        return [{"hostname": host, "host": address, "port": port, "family": family} for address in addresses]

    monkeypatch.setattr(ThreadedResolver, "resolve", resolve)


@pytest.mark.parametrize("address", ["127.0.0.1", "169.254.169.254"])
async def test_a_name_server_cannot_lead_a_download_inside(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    told(monkeypatch, "8.8.8.8", address)
    resolver = PublicResolver(frozenset({CDN}))
    with pytest.raises(ForeignAddressError):
        await resolver.resolve(CDN, 443)
    assert await resolver.resolve("api.of-the-operator.example", 443), "what the operator set is theirs"


async def test_a_download_uses_the_address_that_was_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    told(monkeypatch, "8.8.8.8")
    (found,) = await PublicResolver(frozenset({CDN})).resolve(CDN, 443, socket.AF_INET)
    assert found["host"] == "8.8.8.8"


async def test_slacks_files_are_fetched_so(monkeypatch: pytest.MonkeyPatch) -> None:
    told(monkeypatch, "127.0.0.1")
    async with open_session() as session:
        with pytest.raises(aiohttp.ClientConnectorError) as caught:
            await session.get("https://files.slack.com/files-pri/T1-F1/a.png")
    assert isinstance(caught.value.os_error, ForeignAddressError)


@pytest.fixture
async def site() -> AsyncIterator[tuple[str, list[str]]]:
    """A host that sends whoever asks for /to?place elsewhere, and what it was asked for."""
    asked: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(request.path)
        if request.path == "/to":
            raise web.HTTPFound(request.query_string)
        return web.Response(text="a picture")

    app = web.Application()
    app.router.add_get("/{anything}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}", asked
    await runner.cleanup()


async def test_each_redirect_is_looked_at_like_the_first_address(
    site: tuple[str, list[str]], tmp_path: Any
) -> None:
    here, asked = site
    settings = DiscordSettings(token="t", home=tmp_path, api_url=f"{here}/api")
    async with aiohttp.ClientSession(trace_configs=[redirects_within(settings.may_download)]) as session:
        assert (await session.get(f"{here}/to?/own")).status == 200
        for elsewhere in ("http://127.0.0.1:9/inside", "http://169.254.169.254/latest", "//localhost/inside"):
            with pytest.raises(ForeignAddressError):
                await session.get(f"{here}/to?{elsewhere}")
    assert asked == ["/to", "/own", "/to", "/to", "/to"]


async def test_the_bot_looks_so_too(tmp_path: Any, monkeypatch: pytest.MonkeyPatch, ports: Any) -> None:
    from bots.discord.bot import ChatelierBot

    async def nothing(_self: object, _token: str) -> None:
        """Discord is not asked."""

    monkeypatch.setattr(discord.Client, "login", nothing)
    bot = ChatelierBot(ports, DiscordSettings(token="t", home=tmp_path))
    await bot.login("t")
    connector: Any = bot.http.connector
    try:
        assert isinstance(connector._resolver, PublicResolver)
        assert bot.http.http_trace is not None
    finally:
        await connector.close()
        bot.pools.close()


MIB = 1024 * 1024
LIMIT_BYTES = MIB
# What the server has on its way in buffers of both sides when it is hung up on.
BUFFERED_BYTES = 16 * MIB


@pytest.fixture
async def flood() -> AsyncIterator[tuple[str, list[int]]]:
    """A host whose files have 300 MiB or never end, and how many bytes of each it got rid of."""
    sent: list[int] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        if request.path == "/declared":
            response.content_length = 300 * MIB
        await response.prepare(request)
        sent.append(0)
        while request.path == "/endless" or sent[-1] < 300 * MIB:
            try:
                await response.write(bytes(64 * 1024))
            except ConnectionError:
                break
            sent[-1] += 64 * 1024
            await asyncio.sleep(0)
        return response

    app = web.Application()
    app.router.add_get("/{anything}", answer)
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}", sent
    await runner.cleanup()


@pytest.mark.parametrize("path", ["declared", "undeclared", "endless"])
async def test_a_download_is_given_up_at_its_limit(flood: tuple[str, list[int]], path: str) -> None:
    here, sent = flood
    async with aiohttp.ClientSession() as session, session.get(f"{here}/{path}") as response:
        with pytest.raises(TooManyBytesError):
            await read_within(response, most_bytes=LIMIT_BYTES)
    assert sum(sent) < LIMIT_BYTES + BUFFERED_BYTES


@pytest.mark.parametrize("path", ["declared", "undeclared", "endless"])
async def test_an_attachment_that_is_longer_than_discord_says_is_given_up_at_the_limit(
    flood: tuple[str, list[int]], path: str, tmp_path: Any
) -> None:
    here, sent = flood
    url = f"{here}/{path}"
    payload: Any = {"id": 1, "size": 1000, "url": url, "proxy_url": url, "filename": "fox.png"}
    state: Any = SimpleNamespace(http=None)
    downloads = Downloads(
        DiscordSettings(token="t", home=tmp_path, api_url=here, max_upload_bytes=LIMIT_BYTES)
    )
    try:
        with raises(BadImageError, match="larger than 1 MiB"):
            await downloads.download(discord.Attachment(data=payload, state=state))
    finally:
        await downloads.close()
    assert sum(sent) < LIMIT_BYTES + BUFFERED_BYTES


async def test_a_download_within_its_limit_comes_whole(site: tuple[str, list[str]], tmp_path: Any) -> None:
    here, _ = site
    downloads = Downloads(DiscordSettings(token="t", home=tmp_path, api_url=here, max_upload_bytes=9))
    try:
        assert await downloads.fetch(f"{here}/own") == b"a picture"
    finally:
        await downloads.close()
