"""`chatelier setup`: tokens are checked with the platform before they are saved."""

import asyncio
import io
import tomllib
from pathlib import Path

import pytest

from chatelier.cli.main import carry_out
from tests.frontends.discord.test_doctor import APPLICATION, TOKEN, discord
from tests.support.loopback_slack.records import (
    APP_TOKEN,
    BOT_TOKEN,
    CLIENT_ID,
    CLIENT_SECRET,
    SIGNING_SECRET,
)
from tests.support.loopback_slack.server import LoopbackSlack


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CHATELIER_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


async def set_up(monkeypatch: pytest.MonkeyPatch, *arguments: str, typed: str) -> int:
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    return await asyncio.to_thread(carry_out, ["setup", *arguments])


def saved(home: Path) -> object:
    return tomllib.loads((home / "chatelier.toml").read_text())


async def test_a_good_discord_token_is_saved_and_the_invite_link_shown(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async with discord() as url:
        monkeypatch.setenv("CHATELIER_DISCORD__API_URL", url)
        assert await set_up(monkeypatch, "discord", typed=f"{TOKEN}\n") == 0
    assert saved(home) == {"discord": {"token": TOKEN}}
    printed = capsys.readouterr().out
    assert f"client_id={APPLICATION}" in printed
    assert TOKEN not in printed


async def test_a_token_that_discord_does_not_accept_is_not_saved(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async with discord() as url:
        monkeypatch.setenv("CHATELIER_DISCORD__API_URL", url)
        assert await set_up(monkeypatch, "discord", typed=TOKEN.replace("G", "H") + "\n") == 1
    assert not (home / "chatelier.toml").exists()
    assert "is not accepted" in capsys.readouterr().out


async def test_without_a_network_nothing_is_saved_unasked(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHATELIER_DISCORD__API_URL", "http://127.0.0.1:9/api")
    assert await set_up(monkeypatch, "discord", typed=f"{TOKEN}\n") == 1
    assert not (home / "chatelier.toml").exists()


async def test_a_token_in_the_environment_would_win_so_it_is_named(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CHATELIER_DISCORD__TOKEN", TOKEN)
    assert await set_up(monkeypatch, "discord", typed=f"{TOKEN}\n") == 1
    assert "CHATELIER_DISCORD__TOKEN is set in the environment" in capsys.readouterr().err


async def test_slacks_tokens_are_saved_and_the_manifest_written(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with LoopbackSlack().open() as slack:
        monkeypatch.setenv("CHATELIER_SLACK__API_URL", slack.api_url)
        assert await set_up(monkeypatch, "slack", typed=f"{BOT_TOKEN}\n{APP_TOKEN}\n") == 0
    assert saved(home) == {"slack": {"bot_token": BOT_TOKEN, "app_token": APP_TOKEN}}
    assert "socket_mode_enabled: true" in (home / "slack-manifest.yaml").read_text()


async def test_with_an_address_slack_is_set_up_for_many_workspaces(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async with LoopbackSlack().open() as slack:
        monkeypatch.setenv("CHATELIER_SLACK__API_URL", slack.api_url)
        typed = f"{CLIENT_ID}\n{CLIENT_SECRET}\n{SIGNING_SECRET}\n"
        assert (
            await set_up(monkeypatch, "slack", "--public-url", "https://paint.example.org/", typed=typed) == 0
        )
    assert saved(home) == {
        "slack": {
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "signing_secret": SIGNING_SECRET,
            "public_url": "https://paint.example.org",
        }
    }
    assert "https://paint.example.org/slack/install" in capsys.readouterr().out
    assert "https://paint.example.org/slack/events" in (home / "slack-manifest.yaml").read_text()
