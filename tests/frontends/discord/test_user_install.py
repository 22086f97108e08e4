"""The app on somebody's account: in servers that did not add the bot, and in groups. Over real sockets."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
from discord.gateway import DiscordWebSocket
from discord.http import Route
from sqlalchemy import update

from bots.discord.bot import ChatelierBot
from bots.discord.run import name_gateway, point_at
from chatelier.benchmarks.loopback.discord_payloads import CHANNEL, GUILD, TOKEN
from studio.clock import now
from studio.db.identities.linked_identities import human_of
from studio.db.identities.people import lock_person
from studio.db.queries import job_of
from studio.db.settings import community_rules, save_community_rules
from studio.db.tables import JobRow
from studio.domain.deliveries import DeliveryKind
from studio.domain.events import JobEnded
from studio.domain.jobs import Job, JobState
from studio.domain.people import Person, Platform, Role
from studio.domain.settings.communities import CommunityRules
from studio.ports import Ports
from tests.support.discord_sim import PATIENCE_SECONDS, settings_for
from tests.support.finished_jobs import paint_job
from tests.support.loopback_discord.foreign_places import FOREIGN_CHANNEL, FOREIGN_GUILD, GROUP, GROUP_CHANNEL
from tests.support.loopback_discord.records import Interaction, Message
from tests.support.loopback_discord.server import LoopbackDiscord, open_discord


@dataclass(kw_only=True)
class Abroad:
    discord: LoopbackDiscord
    bot: ChatelierBot
    ports: Ports

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not holds():  # noqa: ASYNC110 - the stand-in is asked, not an event
                await asyncio.sleep(0.01)

    async def imagine(self, *, guild: str = FOREIGN_GUILD, user: str = "1") -> tuple[Job, Interaction]:
        count = len(self.jobs())
        asked = await self.discord.slash(user, "imagine", guild=guild, prompt="a red fox")
        await self.until(lambda: len(self.jobs()) > count)
        await self.until(lambda: asked.message is not None and bool(asked.message.words))
        return self.jobs()[-1], asked

    async def painted(self, job: Job) -> None:
        paint_job(self.ports, job.id)
        await self.bot.event_consumer.handler.handle(
            JobEnded(job_id=job.id, platform=Platform.DISCORD, state=JobState.DONE)
        )

    def jobs(self) -> list[Job]:
        with self.ports.database.read() as session:
            return [job_of(row) for row in session.query(JobRow).order_by(JobRow.created_at)]

    def expire(self, job: Job, asked: Interaction, *, in_seconds: float = -1.0) -> None:
        """As if the quarter of an hour were over, or nearly."""
        asked.expired = in_seconds < 0
        expires_at = now() + timedelta(seconds=in_seconds)
        address = {**self.address(job.id), "token_expires_at": expires_at.isoformat()}
        with self.ports.database.begin() as session:
            session.execute(update(JobRow).where(JobRow.id == job.id).values(address=address))

    def address(self, job_id: str) -> dict[str, object]:
        with self.ports.database.read() as session:
            return dict(session.get_one(JobRow, job_id).address)


@pytest.fixture
async def abroad(ports: Ports, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Abroad]:
    monkeypatch.setattr(Route, "BASE", Route.BASE)
    monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", DiscordWebSocket.DEFAULT_GATEWAY)
    async with open_discord() as (discord, url):
        settings = replace(
            settings_for(tmp_path / "home", api_url=f"{url}/api/v10", gateway_url=discord.gateway_url),
            token=TOKEN,
            user_install=True,
            home_server=GUILD,
            activity=True,
        )
        point_at(settings)
        bot = ChatelierBot(ports, settings)
        name_gateway(bot, settings)
        await bot.login(TOKEN)
        running = asyncio.create_task(bot.connect())
        try:
            await asyncio.wait_for(discord.gateway.connected.wait(), PATIENCE_SECONDS)
            yield Abroad(discord=discord, bot=bot, ports=ports)
        finally:
            await bot.close()
            await running
    # discord.py sends the id of a recipient as a number, which Discord takes.
    problems = discord.contract.problems if discord.contract else []
    assert [problem for problem in problems if "recipient_id" not in problem] == []
    assert discord.trespasses == [], "the bot itself may do nothing there"
    for asked in discord.interactions.values():
        assert len(asked.followups) <= 1, "Discord allows five"


def answer_of(asked: Interaction) -> Message:
    assert asked.message is not None
    return asked.message


async def test_the_entry_point_is_registered_with_the_other_commands(abroad: Abroad) -> None:
    (found,) = [command for command in abroad.discord.commands if command["type"] == 4]
    assert (found["name"], found["handler"], found["contexts"]) == ("launch", 2, [0])
    assert found["name_localizations"]["de"] == "starten"
    assert len(abroad.discord.commands) == len(abroad.bot.tree.get_commands()) + 1


async def deleted(abroad: Abroad, picture: str) -> str:
    """What is said when its person deletes it."""
    asked = await abroad.discord.slash("1", "delete", guild=FOREIGN_GUILD, what=picture)
    await abroad.until(lambda: asked.message is not None and "was deleted" in asked.message.words)
    return answer_of(asked).words


async def test_commands_are_offered_everywhere_but_those_of_moderators_and_gatherings(abroad: Abroad) -> None:
    offered = {command["name"]: command for command in abroad.discord.commands}
    for name in ("imagine", "history", "settings", "Vary"):
        assert (offered[name]["integration_types"], offered[name]["contexts"]) == ([0, 1], [0, 1, 2])
    for name, contexts in (("contest", [0, 1]), ("community", [0])):
        assert (offered[name]["integration_types"], offered[name]["contexts"]) == ([0], contexts)

    # In a server that added the bot nothing changes.
    job, asked = await abroad.imagine(guild=GUILD, user="2")
    assert (job.person.community, job.address.by_token) == (GUILD, False)
    await abroad.painted(job)
    assert len(answer_of(asked).attachments) == 4


async def test_pictures_belong_to_the_person_alone_and_are_shown_by_the_token(abroad: Abroad) -> None:
    job, asked = await abroad.imagine()
    assert (job.person.community, job.address.channel) == ("dm:1", FOREIGN_CHANNEL)
    assert (job.person.roles, job.person.platform_roles) == ({Role.MEMBER}, frozenset())
    assert job.person.joined_at is None
    assert not job.address.age_restricted, "a foreign server loosens nothing"
    assert (job.address.by_token, job.address.private) == (True, False)
    await abroad.painted(job)
    shown = answer_of(asked)
    assert len(shown.attachments) == 4
    assert not shown.ephemeral

    again = await abroad.discord.click("1", shown, f"c1:vary:{job.id}:1")
    await abroad.until(lambda: len(abroad.jobs()) == 2)
    varied = abroad.jobs()[-1]
    await abroad.until(lambda: again.message is not None and bool(again.message.words))
    assert (varied.person.key, varied.request.sources[0].picture_id) == (job.person.key, f"{job.id}.1")

    stranger = await abroad.discord.click("2", shown, f"c1:vary:{job.id}:1")
    await abroad.until(lambda: bool(stranger.followups or (stranger.message and stranger.message.words)))
    reply = stranger.followups[-1] if stranger.followups else answer_of(stranger)
    assert reply.ephemeral
    assert "was not found" in reply.words
    assert len(abroad.jobs()) == 2

    assert "can no longer be changed" not in await deleted(abroad, f"{job.id}.1")
    abroad.expire(job, asked)
    assert "can no longer be changed" in await deleted(abroad, f"{job.id}.2")


async def test_in_a_group_and_where_external_apps_may_not_be_seen(abroad: Abroad) -> None:
    job, asked = await abroad.imagine(guild=GROUP)
    assert (job.person.key, job.address.channel, job.address.by_token) == (
        "discord:dm:1:1",
        GROUP_CHANNEL,
        True,
    )
    await abroad.painted(job)
    assert (len(answer_of(asked).attachments), answer_of(asked).ephemeral) == (4, False)

    abroad.discord.hides_external_apps = True
    job, asked = await abroad.imagine()
    await abroad.painted(job)
    assert (len(answer_of(asked).attachments), answer_of(asked).ephemeral) == (4, True)


async def test_what_takes_longer_than_the_token_says_so_and_comes_by_direct_message(abroad: Abroad) -> None:
    job, asked = await abroad.imagine()
    assert "/history" not in answer_of(asked).words
    abroad.expire(job, asked, in_seconds=90)
    await abroad.bot.delivery.publisher.read(DeliveryKind.JOB, job.id)
    abroad.bot.delivery.publisher.message(DeliveryKind.JOB, job.id).touched_at -= 100
    await abroad.bot.delivery.tick()
    assert "/history" in answer_of(asked).words
    edits = len(answer_of(asked).edited_at)
    await abroad.bot.delivery.tick()
    assert len(answer_of(asked).edited_at) == edits, "once"

    abroad.expire(job, asked)
    await abroad.painted(job)
    (sent,) = abroad.discord.seen(abroad.discord.dm_of("1"))
    assert len(sent.attachments) == 4
    assert "quarter of an hour" in sent.words
    listed = await abroad.discord.slash("1", "history", guild=FOREIGN_GUILD)
    await abroad.until(lambda: listed.message is not None and job.id in listed.message.words)
    assert answer_of(listed).ephemeral
    assert "can no longer be changed" not in await deleted(abroad, f"{job.id}.1"), "it is in direct messages"


async def test_the_home_server_rules_over_what_people_ask_elsewhere(abroad: Abroad) -> None:
    moderator = Person(
        platform=Platform.DISCORD,
        community=GUILD,
        user_id="9",
        display_name="Mod",
        roles=frozenset({Role.MODERATOR}),
    )
    member = replace(moderator, user_id="1", display_name="Ana", roles=frozenset({Role.MEMBER}))
    rules = CommunityRules(max_pictures=2, channels=(CHANNEL,), star_channel=CHANNEL, desk_channel=CHANNEL)
    with abroad.ports.database.begin() as session:
        lock_person(session, member)
        save_community_rules(session, rules, by=moderator)
    job, _ = await abroad.imagine()
    with abroad.ports.database.read() as session:
        found = community_rules(session, Platform.DISCORD, "dm:1")
        assert human_of(session, job.person.key) == member.key, "one human: one quota, one ban"
    assert found == CommunityRules(max_pictures=2)
