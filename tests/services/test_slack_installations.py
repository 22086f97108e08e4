"""Slack's installations on every database: kept, found, renewed and forgotten."""

import time
from collections.abc import Iterator

import pytest
from slack_sdk.oauth.installation_store.models import Installation

from bots.backroom import Backroom
from bots.slack.installations import Installations, States
from chatelier import schema
from studio.db.database import Database


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = Database(database_url)
    schema.upgrade(opened)
    yield opened
    opened.close()


def installed(team: str | None, token: str, *, enterprise: str | None = None) -> Installation:
    return Installation(
        app_id="A1",
        team_id=team,
        enterprise_id=enterprise,
        is_enterprise_install=team is None,
        user_id="U1",
        bot_token=token,
        bot_id="B1",
        bot_user_id="U0BOT",
        bot_refresh_token="refresh",
        bot_token_expires_in=43200,
    )


async def test_an_installation_is_kept_found_renewed_and_forgotten(database: Database) -> None:
    backroom = Backroom("test")
    store = Installations(database, backroom, client_id="1.2")
    await store.async_save(installed("T1", "x" * 200))
    await store.async_save(installed(None, "org", enterprise="E1"))
    bot = await store.find("T1")
    assert bot is not None
    assert bot.bot_token == "x" * 200
    assert abs(int(bot.bot_token_expires_at or 0) - time.time() - 43200) < 60
    bot.bot_token = "renewed"
    await store.save_bot(bot)
    again = await store.find("T1")
    assert again is not None
    assert again.bot_token == "renewed"
    of_organisation = await store.find("E1:T2")
    assert of_organisation is not None
    assert of_organisation.bot_token == "org"
    assert await store.find("T2") is None
    assert await Installations(database, backroom, client_id="another app").find("T1") is None
    await store.forget(enterprise=None, team="T1")
    await store.forget(enterprise="E1", team=None)
    assert await store.find("T1") is None
    assert await store.find("E1:T2") is None
    backroom.close()


async def test_a_state_is_consumed_once(database: Database) -> None:
    backroom = Backroom("test")
    states = States(database, backroom)
    state = await states.async_issue()
    assert [await states.async_consume(each) for each in (state, state, "made up")] == [True, False, False]
    backroom.close()
