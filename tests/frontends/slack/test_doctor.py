"""What the doctor finds out about Slack's tokens."""

import asyncio
from datetime import UTC, datetime

import pytest
from slack_sdk.oauth.installation_store.models import Bot
from slack_sdk.oauth.installation_store.sqlalchemy import SQLAlchemyInstallationStore

from bots.slack.manifest import OPTIONAL_SCOPES, SCOPES
from chatelier.doctor.findings import Finding
from chatelier.doctor.slack import slack as examine
from chatelier.runtime import db_schema
from chatelier.settings import read_settings
from chatelier.wiring.database import connect_database
from tests.support.loopback_slack.records import (
    APP_TOKEN,
    BOT_TOKEN,
    BOT_USER,
    CLIENT_ID,
    CLIENT_SECRET,
    GENERAL,
    SIGNING_SECRET,
    TEAM,
)
from tests.support.loopback_slack.server import LoopbackSlack


async def findings(
    monkeypatch: pytest.MonkeyPatch, api_url: str, *, bot: str = BOT_TOKEN, app: str = APP_TOKEN
) -> list[Finding]:
    monkeypatch.setenv("CHATELIER_SLACK__BOT_TOKEN", bot)
    monkeypatch.setenv("CHATELIER_SLACK__APP_TOKEN", app)
    monkeypatch.setenv("CHATELIER_SLACK__API_URL", api_url)
    loaded = read_settings()
    return await asyncio.to_thread(lambda: list(examine(loaded)))


@pytest.mark.parametrize(
    ("scopes", "health", "sentence"),
    [
        (",".join([*SCOPES, *OPTIONAL_SCOPES]), "good", "exactly the scopes"),
        (",".join(scope for scope in SCOPES if scope != "files:write"), "bad", "files:write (the pictures)"),
        (",".join([*SCOPES, "channels:manage"]), "note", "channels:manage"),
    ],
)
async def test_the_doctor_compares_the_scopes(
    monkeypatch: pytest.MonkeyPatch, scopes: str, health: str, sentence: str
) -> None:
    async with LoopbackSlack().open() as slack:
        slack.scopes = scopes
        found = await findings(monkeypatch, slack.api_url)
    finding = next(finding_ for finding_ in found if "scopes" in finding_.said)
    assert finding.health == health
    assert sentence in finding.said


async def test_the_doctor_notes_what_may_be_declined(monkeypatch: pytest.MonkeyPatch) -> None:
    async with LoopbackSlack().open() as slack:
        slack.scopes = ",".join(SCOPES)
        found = await findings(monkeypatch, slack.api_url)
    (declined,) = [finding for finding in found if "may do without" in finding.said]
    assert declined.health == "note"
    assert "channels:history" in declined.said


@pytest.mark.parametrize(
    ("members", "health", "sentence"),
    [({GENERAL}, "good", "the app is in #general"), (set(), "note", "in no public channel")],
)
async def test_the_doctor_says_where_the_app_is(
    monkeypatch: pytest.MonkeyPatch, members: set[str], health: str, sentence: str
) -> None:
    async with LoopbackSlack().open() as slack:
        slack.members = members
        found = await findings(monkeypatch, slack.api_url)
    (where,) = [finding for finding in found if "the app is in" in finding.said]
    assert (where.health, sentence in where.said) == (health, True)


async def test_the_doctor_asks_for_the_workspaces_that_installed_the_app(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CHATELIER_SLACK__CLIENT_ID", CLIENT_ID)
    monkeypatch.setenv("CHATELIER_SLACK__CLIENT_SECRET", CLIENT_SECRET)
    monkeypatch.setenv("CHATELIER_SLACK__SIGNING_SECRET", SIGNING_SECRET)
    async with LoopbackSlack().open() as slack:
        monkeypatch.setenv("CHATELIER_SLACK__API_URL", slack.api_url)
        loaded = read_settings()
        database = connect_database(loaded.settings)
        db_schema.upgrade(database)
        store = SQLAlchemyInstallationStore(client_id=CLIENT_ID, engine=database.engine)
        before = await asyncio.to_thread(lambda: list(examine(loaded)))
        _install(store, BOT_TOKEN)
        after = await asyncio.to_thread(lambda: list(examine(loaded)))
        database.close()
    assert before[-1].said == "no workspace has installed the app"
    sentences = [finding.said for finding in after]
    assert "1 workspace has the app" in sentences
    assert any("the app is chatelier in the workspace" in sentence for sentence in sentences)


def _install(store: SQLAlchemyInstallationStore, token: str) -> None:
    store.save_bot(
        Bot(
            app_id="A0APP",
            team_id=TEAM,
            bot_token=token,
            bot_id="B0BOT",
            bot_user_id=BOT_USER,
            installed_at=datetime.now(UTC),
        )
    )


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
        assert [finding.health for finding in found] == ["good", "bad"]
        assert slack.calls == []


async def test_without_a_network_the_doctor_only_notes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    last = (await findings(monkeypatch, "http://127.0.0.1:9/api"))[-1]
    assert last.health == "note"
    assert "could not be asked" in last.said
