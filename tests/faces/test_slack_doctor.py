"""What the doctor finds out about Slack's tokens."""

import asyncio

import pytest

from bots.slack.manifest import SCOPES
from chatelier.doctor.findings import Finding
from chatelier.doctor.slack import slack as examine
from chatelier.settings import read_settings
from tests.loopback_slack import APP_TOKEN, BOT_TOKEN, LoopbackSlack


async def findings(
    monkeypatch: pytest.MonkeyPatch, api_url: str, *, bot: str = BOT_TOKEN, app: str = APP_TOKEN
) -> list[Finding]:
    monkeypatch.setenv("CHATELIER_SLACK__BOT_TOKEN", bot)
    monkeypatch.setenv("CHATELIER_SLACK__APP_TOKEN", app)
    monkeypatch.setenv("CHATELIER_SLACK__API_URL", api_url)
    loaded = read_settings()
    return await asyncio.to_thread(lambda: list(examine(loaded)))


@pytest.mark.parametrize(
    ("scopes", "health", "said"),
    [
        (",".join(SCOPES), "good", "exactly the scopes"),
        (",".join(scope for scope in SCOPES if scope != "files:write"), "bad", "files:write (the pictures)"),
        (",".join([*SCOPES, "channels:history"]), "note", "channels:history"),
    ],
)
async def test_the_doctor_compares_the_scopes(
    monkeypatch: pytest.MonkeyPatch, scopes: str, health: str, said: str
) -> None:
    async with LoopbackSlack().open() as slack:
        slack.scopes = scopes
        found = await findings(monkeypatch, slack.api_url)
    finding = next(each for each in found if "scopes" in each.said)
    assert finding.health == health
    assert said in finding.said


@pytest.mark.parametrize(
    ("bot", "app", "name"),
    [
        ("xoxb-somebody-elses-token", APP_TOKEN, "CHATELIER_SLACK__BOT_TOKEN"),
        (BOT_TOKEN, "xapp-somebody-elses-token", "CHATELIER_SLACK__APP_TOKEN"),
    ],
)
async def test_the_doctor_names_the_token_that_slack_does_not_take(
    monkeypatch: pytest.MonkeyPatch, bot: str, app: str, name: str
) -> None:
    async with LoopbackSlack().open() as slack:
        last = (await findings(monkeypatch, slack.api_url, bot=bot, app=app))[-1]
    assert (last.health, last.said) == ("bad", f"{name} is not accepted (invalid_auth)")
    assert "somebody" not in last.said + last.fix


async def test_a_token_of_the_wrong_form_is_sent_to_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    async with LoopbackSlack().open() as slack:
        found = await findings(monkeypatch, slack.api_url, app="nonsense")
        assert [each.health for each in found] == ["good", "bad"]
        assert slack.calls == []


async def test_without_a_network_the_doctor_only_notes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    last = (await findings(monkeypatch, "http://127.0.0.1:9/api"))[-1]
    assert last.health == "note"
    assert "could not be asked" in last.said
