"""What is offered while an option is typed: recent pictures and jobs, the models, one's own recent words."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from discord import Interaction, app_commands
from sqlalchemy import select

from bots.discord.people import call_of
from bots.words import shorten
from studio.commands.spec import Kind, Parameter
from studio.db import records
from studio.db.database import Database
from studio.db.tables import JobRow
from studio.errors import ChatelierError
from studio.identifiers import picture_id
from studio.jobs import Job, JobState
from studio.people import Person

if TYPE_CHECKING:
    from bots.discord.bot import Bot

MOST = 25
_LONGEST = 100
_LOOKED_AT = 60
_PATIENCE_SECONDS = 2.0

log = logging.getLogger(__name__)
Suggest = Callable[["Interaction[Bot]", str], Any]


def suggester(parameter: Parameter) -> Suggest:
    """Never raises: without suggestions, people type."""

    async def suggest(interaction: "Interaction[Bot]", typed: str) -> list[app_commands.Choice[str]]:
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                found = await _find(interaction, parameter)
        except (ChatelierError, TimeoutError):
            return []
        wanted = typed.strip().lower()
        fitting = [(name, value) for name, value in found if wanted in name.lower()]
        return [app_commands.Choice(name=name, value=value) for name, value in fitting[:MOST]]

    return suggest


async def _find(interaction: "Interaction[Bot]", parameter: Parameter) -> Sequence[tuple[str, str]]:
    bot = interaction.client
    if parameter.kind is Kind.MODEL:
        return [(name[:_LONGEST], name) for name in bot.settings.models if len(name) <= _LONGEST]
    person = call_of(interaction, bot.settings).person
    find = {Kind.PICTURE: recent_pictures, Kind.JOB: recent_jobs}.get(parameter.kind, recent_prompts)
    return await bot.backroom.run("mail", find, bot.ports.database, person)


def recent_pictures(database: Database, person: Person) -> list[tuple[str, str]]:
    """The community's latest finished pictures: a line to read, and the id."""
    return [
        (_line(picture_id(job.id, index), job), picture_id(job.id, index))
        for job in _recent(database, person)
        if job.state is JobState.DONE
        for index in range(1, job.request.count + 1)
    ]


def recent_jobs(database: Database, person: Person) -> list[tuple[str, str]]:
    return [(_line(job.id, job), job.id) for job in _recent(database, person)]


def recent_prompts(database: Database, person: Person) -> list[tuple[str, str]]:
    """One's own latest words, each once. An option's value has room for 100 characters."""
    query = select(JobRow).where(JobRow.person_key == person.key).order_by(JobRow.created_at.desc())
    with database.read() as session:
        prompts = [records.job_of(row).request.prompt for row in session.scalars(query.limit(_LOOKED_AT))]
    return [(prompt, prompt) for prompt in dict.fromkeys(prompts) if 0 < len(prompt) <= _LONGEST]


def _recent(database: Database, person: Person) -> list[Job]:
    with database.read() as session:
        return [
            job
            for job in records.recent_jobs(session, person, limit=_LOOKED_AT)
            if job.state not in (JobState.REFUSED, JobState.HELD) or job.person.key == person.key
        ]


def _line(identifier: str, job: Job) -> str:
    return shorten(f"{identifier} · {job.person.display_name} · {job.request.prompt}", _LONGEST)
