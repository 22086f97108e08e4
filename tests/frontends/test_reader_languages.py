"""Private answers are in the reader's language, and what everybody reads in the community's; they never mix."""

import asyncio
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import simcord.interactions
from sqlalchemy import select

from bots.process.thread_pools import Pool, ThreadPools
from bots.texts.languages.readers import current_language, reading_in
from studio.db.tables import CommunityRow, PreferencesRow
from studio.domain.jobs import JobState
from studio.ports import Ports
from tests.support import discord_sim, slack_cases
from tests.support.discord_sim import Room, words
from tests.support.finished_jobs import paint_job
from tests.support.loopback_slack.records import ANA, BO, MOD
from tests.support.pseudo_language import languages_in, name_languages
from tests.support.slack_sim import SlackRoom
from tests.support.web_client import Browser, WebServer, web_settings

room, slack_room = discord_sim.room, slack_cases.room


@pytest.fixture(autouse=True)
def named(monkeypatch: pytest.MonkeyPatch) -> None:
    name_languages(monkeypatch)


@pytest.fixture
def locales(monkeypatch: pytest.MonkeyPatch) -> dict[int, str]:
    """The Discord locale of people, by their ids; the server's by 0."""
    found: dict[int, str] = {}
    make: Callable[..., Any] = simcord.interactions.base_payload

    def speak(*arguments: Any, **named: Any) -> Any:
        record, payload = make(*arguments, **named)
        user = int((payload.get("user") or payload["member"]["user"])["id"])
        payload["locale"] = found.get(user, "en-GB")
        payload["guild_locale"] = found.get(0, "en-GB")
        return record, payload

    monkeypatch.setattr(simcord.interactions, "base_payload", speak)
    return found


async def test_two_people_on_discord_are_answered_in_their_own_languages(
    room: Room, locales: dict[int, str]
) -> None:
    locales |= {room.ana.id: "de", room.bo.id: "ja"}
    german = await room.ana.slash(room.channel, "help")
    japanese = await room.bo.slash(room.channel, "help")
    assert languages_in(words(german.response)) == {"de"}
    assert languages_in(words(japanese.response)) == {"ja"}


async def test_a_job_on_discord_keeps_the_language_of_its_server(room: Room, locales: dict[int, str]) -> None:
    locales |= {room.ana.id: "de", 0: "es-ES"}
    job_id = await room.imagine()
    await room.progress(job_id, 3)
    assert languages_in(words(room.message)) == {"es"}
    await room.painted(job_id)
    assert languages_in(words(room.message)) <= {"es"}
    await room.mod.slash(room.channel, "community", setting="language", value="fr")
    await room.restart()
    await room.changed(f"{job_id}.1")
    other = await room.imagine(room.bo)
    await room.ended(other, JobState.FAILED)
    assert languages_in(words(room.message)) == {"fr"}


async def test_what_somebody_chose_comes_before_what_discord_says(
    room: Room, locales: dict[int, str]
) -> None:
    locales[room.ana.id] = "de"
    await room.imagine()
    await room.ana.slash(room.channel, "settings", language="fr")
    answer = await room.ana.slash(room.channel, "help")
    assert languages_in(words(answer.response)) == {"fr"}
    await room.ana.slash(room.channel, "settings", language="automatic")
    assert languages_in(words((await room.ana.slash(room.channel, "help")).response)) == {"de"}


async def test_what_answers_nothing_comes_in_the_language_that_was_said_last(
    room: Room, locales: dict[int, str]
) -> None:
    locales[room.ana.id] = "de"
    await room.imagine()
    await room.ana.slash(room.channel, "settings", dm="yes")
    await room.painted(await room.imagine())
    copy = words(room.ana.user.dm_channel.last_message)
    assert languages_in(copy) == {"de"}
    with room.ports.database.read() as session:
        assert "de" in str(session.scalars(select(PreferencesRow.data)).all())
        assert session.scalars(select(CommunityRow.data)).all() == [], "English is nothing to note"


async def test_two_people_on_slack_are_answered_at_once_in_their_own_languages(
    slack_room: SlackRoom,
) -> None:
    slack_room.slack.people |= {ANA: {"locale": "de-DE"}, BO: {"locale": "ja-JP"}}
    await asyncio.gather(
        slack_room.slash("help", command="/studio"), slack_room.slash("help", command="/studio", user=BO)
    )
    assert sorted(map(sorted, map(languages_in, slack_room.slack.whispered()))) == [["de"], ["ja"]]


async def test_a_job_on_slack_is_in_the_language_of_its_community(slack_room: SlackRoom) -> None:
    slack_room.slack.people[ANA] = {"locale": "de-DE"}
    job_id = await slack_room.imagine()
    assert languages_in(str(slack_room.message.blocks)) == {"en"}
    await slack_room.slash("community language fr", command="/studio", user=MOD)
    await slack_room.ended(job_id, JobState.FAILED)
    assert languages_in(str(slack_room.message.blocks)) == {"fr"}


async def test_a_form_on_slack_is_in_the_language_of_its_reader(slack_room: SlackRoom) -> None:
    slack_room.slack.people[BO] = {"locale": "es-MX"}
    job_id, message = await slack_room.finished()
    await slack_room.send(slack_room.slack.press(message, f"c1:remix:{job_id}:1", user=BO))
    assert languages_in(json.dumps(slack_room.view, ensure_ascii=False)) == {"es"}


@pytest.fixture
def server(ports: Ports) -> Iterator[WebServer]:
    with WebServer(ports, web_settings()) as opened:
        yield opened


def reader(server: WebServer, name: str, language: str) -> Browser:
    browser = server.browser(headers={"accept-language": language})
    assert browser.enter(name).status_code == 303
    return browser.connect()


def test_everybody_on_the_web_page_sees_a_card_in_their_own_language(server: WebServer) -> None:
    ana, bo = reader(server, "Ana", "de-AT,de;q=0.9,en;q=0.5"), reader(server, "Bo", "xx, fr")
    assert '<html lang="de">' in ana.front_page()
    job_id = ana.say("a red fox")["job"]
    paint_job(server.ports, job_id)
    server.app.state.context.hub.job_changed(job_id)
    assert languages_in(ana.card(job_id, "done")) == {"de"}
    assert languages_in(bo.card(job_id, "done")) == {"fr"}
    bo.disconnect_and_come_back()
    assert languages_in(bo.wall) == {"fr"}


def test_a_language_that_is_chosen_on_the_web_page_applies_at_once_in_every_tab(server: WebServer) -> None:
    ana = reader(server, "Ana", "de")
    assert languages_in(ana.say("/cancel zzzz")["text"]) == {"de"}
    assert 'name="language"' in ana.client.get("/settings", headers={"hx-request": "true"}).text
    assert ana.say("/settings --language ja")["go"] == "/settings"
    assert languages_in(ana.say("/cancel zzzz")["text"]) == {"ja"}
    assert '<html lang="ja">' in ana.front_page()
    assert "go" not in ana.say("/settings --language ja")
    assert ana.say("/settings --language automatic")["go"] == "/settings"
    assert languages_in(ana.say("/cancel zzzz")["text"]) == {"de"}


async def test_threads_speak_the_language_of_the_task_that_waits_for_them() -> None:
    pools = ThreadPools("test", {Pool.DATABASE: 2})

    async def look(language: str) -> str:
        with reading_in(language):
            return await pools.run(Pool.DATABASE, current_language)

    assert await asyncio.gather(*(look(language) for language in ("de", "ja", "fr", "de"))) == [
        "de", "ja", "fr", "de",
    ]  # fmt: skip
    pools.close()
