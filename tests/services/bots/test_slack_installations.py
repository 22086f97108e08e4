"""Slack's installations and the files there, on every database: kept, found, renewed and forgotten."""

import time
from collections.abc import Iterator

import pytest
from slack_sdk.oauth.installation_store.models import Installation

from bots.process.thread_pools import ThreadPools
from bots.slack.files import file_records
from bots.slack.workspaces.installation_store import InstallationStore, States
from studio.db.database import Database
from tests.support.fakes import open_empty


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = open_empty(database_url)
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
    pools = ThreadPools("test")
    store = InstallationStore(database, pools, client_id="1.2")
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
    assert await InstallationStore(database, pools, client_id="another app").find("T1") is None
    await store.forget(enterprise=None, team="T1")
    await store.forget(enterprise="E1", team=None)
    assert await store.find("T1") is None
    assert await store.find("E1:T2") is None
    pools.close()


async def test_a_state_is_consumed_once(database: Database) -> None:
    pools = ThreadPools("test")
    states = States(database, pools)
    state = await states.async_issue()
    assert [await states.async_consume(value) for value in (state, state, "made up")] == [True, False, False]
    pools.close()


def test_files_are_known_until_they_are_deleted(database: Database) -> None:
    def hang(file_id: str, subject: str, digest: str, *, passing: bool = False) -> None:
        file_records.begin_upload(database, file_id, community="T1", subject=subject)
        file_records.mark_complete(database, file_id, digest=digest, passing=passing)

    def found(digest: str, *, passing: bool = False) -> str | None:
        return file_records.reuse(database, community="T1", subject="job", digest=digest, passing=passing)

    hang("F1", "job", "one")
    hang("F2", "job", "two", passing=True)
    hang("F3", "another", "one")
    assert (found("one"), found("one", passing=True), found("none")) == ("F1", "F1", None)
    newest = file_records.newest(database, "job")
    assert newest is not None
    assert newest[0] == "F1"
    assert file_records.replace_files(database, "job", "F1") == 0
    assert found("two") == "F2", "what was passing stays when it is wanted for good"
    hang("F4", "job", "four", passing=True)
    assert file_records.replace_files(database, "job", "F2") == 1
    assert (found("one"), found("two"), found("four", passing=True)) == (None, "F2", None)
    unwanted = file_records.take_unwanted(database, most_of_one=8)
    assert {file.id for file in unwanted} == {"F1", "F4"}
    assert file_records.take_unwanted(database, most_of_one=8) == []
    assert file_records.replace_files(database, "job", "F1") == 1
    assert (found("one"), found("two")) == ("F1", None), "what is shown after all stays"
    for file in unwanted:
        file_records.forget(database, file.id)
    assert file_records.subjects_of(database, ["F1", "F3"]) == ["another"]
    hang("F0", "job", "zero")
    assert file_records.subjects_of(database, ["F3", "F0"]) == ["another", "job"], "in the order of the files"
