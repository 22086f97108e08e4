"""In direct messages: what somebody presses there may belong to a server that they are in."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import discord

from bots.delivery.chat_event_handler import ChatEventHandler
from bots.discord.context import DiscordContext
from bots.discord.guilds.members import person_of
from bots.discord.guilds.permissions import closed_channels, require_own
from bots.interactions.step_runner import StepRunner
from bots.presentation.interaction_router import Run
from bots.presentation.message import Spans
from bots.process.thread_pools import Pool
from studio.commands.registry import find_command
from studio.commands.results import Answer, Community
from studio.commands.spec import Call
from studio.db.database import Database
from studio.db.gatherings.ballot_rows import members_of
from studio.db.tables import CaseRow, GatheringRow, JobRow, ProposalRow
from studio.domain.identifiers import is_job_id, split_picture_id
from studio.domain.people import Platform

_DIRECT = "dm:"


class DiscordStepRunner(StepRunner):
    def __init__(self, context: DiscordContext, delivery: ChatEventHandler) -> None:
        super().__init__(context.ports, context.pools, delivery)
        self._context = context

    async def at_home(self, call: Call, what: str, *, paints: bool = False) -> Call:
        return await in_home_community(self._context, call, what, paints=paints)

    async def run(self, run: Run, call: Call) -> Answer:
        """Forms and presses name channels as commands do."""
        require_own(self._guild_of(call), find_command(run.command).current_name, run.values)
        return await super().run(run, call)

    async def channel_hints(self, answer: Community, call: Call) -> Sequence[Spans]:
        return list(closed_channels(self._guild_of(call), answer.rules))

    def _guild_of(self, call: Call) -> discord.Guild | None:
        community = call.person.community
        return self._context.client.get_guild(int(community)) if community.isdecimal() else None


async def in_home_community(context: DiscordContext, call: Call, what: str, *, paints: bool) -> Call:
    """The call as a member of the server that a job, a picture, a case, a proposal or a gathering belongs to.

    Who wants to paint there, or means somebody else's picture, has to be a member still. Otherwise the call stays as
    it is. So does one from a place that the bot is not in: a server's pictures are not shown to strangers.
    """
    if call.address.by_token or not call.person.community.startswith(_DIRECT):
        return call
    home = await context.pools.run(
        Pool.DATABASE, find_home_community, context.ports.database, what, call.person.user_id
    )
    if home is None or not home.community.isdecimal():
        return call
    person = replace(call.person, community=home.community)
    if paints or not home.own:
        try:
            # The server may be on a shard of another process; direct messages come to shard 0 alone.
            guild = context.client.get_guild(int(home.community)) or await context.client.fetch_guild(
                int(home.community)
            )
            member = await guild.fetch_member(int(call.person.user_id))
        except discord.HTTPException:
            return call
        person = person_of(member, home.community, moderates=False)
    return replace(call, person=person, address=replace(call.address, community=home.community))


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeCommunity:
    """Where something belongs. `own`: it is the person's, a question to them, or a gathering that they joined."""

    community: str
    own: bool


def find_home_community(database: Database, what: str, user_id: str) -> HomeCommunity | None:
    split = split_picture_id(what.strip().lower())
    identifier = split[0] if split else what.strip().lower()
    if not is_job_id(identifier):
        return None
    with database.read() as session:
        case = session.get(CaseRow, identifier)
        if case is not None:
            asked = f"{Platform.DISCORD}:{case.community}:{user_id}"
            return HomeCommunity(community=case.community, own=True) if case.addressee == asked else None
        gathering = session.get(GatheringRow, identifier)
        if gathering is not None and gathering.platform == Platform.DISCORD:
            key = f"{Platform.DISCORD}:{gathering.community}:{user_id}"
            own = key in members_of(session, identifier).values()
            return HomeCommunity(community=gathering.community, own=own)
        if proposal := session.get(ProposalRow, identifier):
            platform, _, place = proposal.person_key.partition(":")
            community, _, owner = place.rpartition(":")
            own = platform == Platform.DISCORD and owner == user_id
            return HomeCommunity(community=community, own=True) if own else None
        job = session.get(JobRow, identifier)
        if job is None or job.platform != Platform.DISCORD:
            return None
        own = job.person_key == f"{Platform.DISCORD}:{job.community}:{user_id}"
        return HomeCommunity(community=job.community, own=own)
