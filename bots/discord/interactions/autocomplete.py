"""What is offered while an option is typed: recent pictures and jobs, the models, one's own recent words."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Any

from discord import Interaction, app_commands
from sqlalchemy import select

from bots.discord.context import DiscordClient
from bots.discord.guilds.members import call_of
from bots.runtime.thread_pools import Pool
from bots.texts.cases import heading
from bots.texts.chat import shorten
from studio.commands.moderation.community_rules import CHANNELS
from studio.commands.parameters import MODEL
from studio.commands.spec import Kind, Parameter
from studio.commands.submission.known_names import choices_of, lora_suggestions
from studio.db import cases, queries
from studio.db.database import Database
from studio.db.tables import CaseRow, JobRow
from studio.domain.cases import CaseState
from studio.domain.identifiers import picture_id
from studio.domain.jobs import Job, JobState
from studio.domain.people import Person
from studio.domain.settings.communities import Tier
from studio.errors import ChatelierError
from studio.ports import Ports
from studio.services.visibility import Audience, may_see

MOST = 25
_LONGEST = 100
_LOOKED_AT = 60
_PATIENCE_SECONDS = 2.0
_AGAIN = "again:"
_NAMED = frozenset({Kind.MODEL, Kind.STYLE, Kind.LORA})
_CHANNEL_SETTINGS = frozenset({"channels", *CHANNELS})

log = logging.getLogger(__name__)
Suggest = Callable[[Interaction[DiscordClient], str], Any]


def autocompleter(parameter: Parameter) -> Suggest:
    """Never raises: without suggestions, people type."""

    async def suggest(interaction: Interaction[DiscordClient], typed: str) -> list[app_commands.Choice[str]]:
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                found = await _find(interaction, parameter, typed)
        except (ChatelierError, TimeoutError):
            return []
        wanted = "" if parameter.kind is Kind.LORA else typed.strip().lower()
        fitting = [(name, value) for name, value in found if wanted in name.lower()]
        return [app_commands.Choice(name=name, value=value) for name, value in fitting[:MOST]]

    return suggest


async def _find(
    interaction: Interaction[DiscordClient], parameter: Parameter, typed: str
) -> Sequence[tuple[str, str]]:
    bot, namespace = interaction.client, interaction.namespace
    if parameter.name == "value" and getattr(namespace, "setting", None) == "model":
        parameter = MODEL
    if parameter.kind in _NAMED:
        model = getattr(namespace, "model", None) or None
        names = await bot.pools.run(Pool.DATABASE, _names, bot.ports, parameter, typed, model)
        return [(name, name) for name in names if len(name) <= _LONGEST]
    if parameter.name == "value":
        return values_of(interaction)
    call = call_of(interaction, bot.settings)
    if parameter.kind in _OF_PLACE:
        find = _OF_PLACE[parameter.kind]
        return await bot.pools.run(Pool.DATABASE, find, bot.ports.database, call.person, call.address.channel)
    own = open_cases if parameter.kind is Kind.CASE else recent_prompts
    return await bot.pools.run(Pool.DATABASE, own, bot.ports.database, call.person)


def _names(ports: Ports, parameter: Parameter, typed: str, model: str | None) -> Sequence[str]:
    """The names that this installation knows for a parameter."""
    if parameter.kind is Kind.LORA:
        return lora_suggestions(ports, typed, model)
    return choices_of(ports, parameter)


def values_of(interaction: Interaction[DiscordClient]) -> list[tuple[str, str]]:
    """What a setting of the community may be: channels, roles with a tier."""
    setting, guild = getattr(interaction.namespace, "setting", None), interaction.guild
    if guild is None:
        return []
    if setting in _CHANNEL_SETTINGS:
        return [(f"#{each.name}"[:_LONGEST], str(each.id)) for each in guild.text_channels]
    if setting == "tier":
        roles = [role for role in guild.roles if not role.is_default()]
        return [(f"{role.name} {tier}"[:_LONGEST], f"{role.id} {tier}") for role in roles for tier in Tier]
    return []


def open_cases(database: Database, person: Person) -> list[tuple[str, str]]:
    """What somebody was asked, and what lies on a moderator's desk."""
    asked = select(CaseRow).where(CaseRow.addressee == person.key, CaseRow.state == CaseState.OPEN)
    with database.read() as session:
        found = [cases.case_of(row) for row in session.scalars(asked.limit(MOST))]
        found += cases.desk_cases(session, person) if person.moderates else []
    return [(shorten(f"{case.id} · {heading(case)} · {case.rule}", _LONGEST), case.id) for case in found]


def recent_pictures(database: Database, person: Person, channel: str) -> list[tuple[str, str]]:
    """The latest finished pictures that the person may see in `channel`: a line to read, and the id."""
    return [
        (_line(picture_id(job.id, index), job), picture_id(job.id, index))
        for job in _recent(database, person, channel)
        if job.state is JobState.DONE
        for index in range(1, job.request.count + 1)
    ]


def recent_jobs(database: Database, person: Person, channel: str) -> list[tuple[str, str]]:
    return [(_line(job.id, job), job.id) for job in _recent(database, person, channel)]


def recent_prompts(database: Database, person: Person) -> list[tuple[str, str]]:
    """One's own latest words, each once. An option's value has room for 100 characters: longer words go by a token."""
    query = select(JobRow).where(JobRow.person_key == person.key).order_by(JobRow.created_at.desc())
    with database.read() as session:
        jobs = [queries.job_of(row) for row in session.scalars(query.limit(_LOOKED_AT))]
    latest: dict[str, str] = {}
    for job in jobs:
        latest.setdefault(job.request.prompt, job.id)
    return [
        (shorten(prompt, _LONGEST), prompt if len(prompt) <= _LONGEST else f"{_AGAIN}{job_id}")
        for prompt, job_id in latest.items()
        if prompt
    ]


def whole_prompt(database: Database, person: Person, chosen: str) -> str:
    """The words behind a token of `recent_prompts`; what is none, or somebody else's, stays as it is."""
    if not chosen.startswith(_AGAIN):
        return chosen
    with database.read() as session:
        row = session.get(JobRow, chosen.removeprefix(_AGAIN))
        own = row is not None and row.person_key == person.key
        return queries.job_of(row).request.prompt if row is not None and own else chosen


_OF_PLACE = {Kind.PICTURE: recent_pictures, Kind.JOB: recent_jobs}


def _recent(database: Database, person: Person, channel: str) -> list[Job]:
    audience = Audience.of_person(person, channel=channel)
    with database.read() as session:
        return [
            job
            for job in queries.recent_jobs(session, person, limit=_LOOKED_AT)
            if job.state not in (JobState.REFUSED, JobState.HELD) or job.person.key == person.key
            if may_see(session, job, audience)
        ]


def _line(identifier: str, job: Job) -> str:
    return shorten(f"{identifier} · {job.person.display_name} · {job.request.prompt}", _LONGEST)
