"""What a person sees of an answer: a message that everybody may read for a job, else one for them alone."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import discord
from discord import ui

from bots.delivery.message_files import load_files
from bots.discord.context import DiscordContext
from bots.discord.messages.error_mapping import log_api_errors
from bots.discord.messages.transport import DiscordTransport
from bots.discord.render import edit_arguments, send_arguments
from bots.discord.texts import texts
from bots.interactions.step_runner import Reply, Result, StepRunner
from bots.presentation.compose.answers import compose_private, compose_under_way
from bots.presentation.compose.errors import compose_error
from bots.presentation.compose.job_message import with_missing_files
from bots.presentation.message import Message
from bots.process.error_reports import report_error
from bots.process.thread_pools import Pool
from studio.commands.results import Accepted
from studio.commands.spec import Call
from studio.errors import ChatelierError

log = logging.getLogger(__name__)


class Answers:
    def __init__(self, context: DiscordContext, transport: DiscordTransport, runner: StepRunner) -> None:
        self._context, self._transport, self._runner = context, transport, runner

    async def give(
        self, interaction: discord.Interaction, call: Call, result: Result, *, public: bool
    ) -> None:
        """`public`: everybody sees the message that acknowledged the interaction."""
        if isinstance(result, Accepted):
            await self._accept(interaction, call, result, public=public)
        await self._runner.answer(result, call, partial(self.show, interaction))

    async def _accept(
        self, interaction: discord.Interaction, call: Call, answer: Accepted, *, public: bool
    ) -> None:
        """The job's own message is the answer; that of a private one comes by direct message."""
        if answer.private:
            await self.refuse(interaction, call, compose_private(answer), public=public)
            return
        job_view = await self._runner.job_view(answer.job_id, call) if answer.repeated else None
        if job_view and job_view.job.address.message != call.address.message:
            await self.refuse(interaction, call, compose_under_way(), public=True)
            return
        self._transport.expect(answer.job_id, limit_bytes=interaction.filesize_limit)

    async def show(
        self, interaction: discord.Interaction, reply: Reply, *, more: ui.ActionRow[Any] | None = None
    ) -> None:
        """Fill the private answer of an acknowledged interaction; `more` stands below the message's own buttons."""
        message = reply.message
        limit_bytes = interaction.filesize_limit // max(1, len(message.files))  # together they fit for sure
        load = partial(load_files, self._context.ports, message, limit_bytes=limit_bytes, made=reply.made)
        loaded = await self._context.pools.run(Pool.FILES, load)
        arguments = edit_arguments(with_missing_files(message, loaded.missing), loaded.files)
        if more is not None:
            arguments["view"].add_item(more)
        await interaction.edit_original_response(**arguments)

    async def refuse(
        self, interaction: discord.Interaction, call: Call, message: Message, *, public: bool
    ) -> None:
        """The message is for the person alone, so a public "thinking…" is taken away.

        While it still thinks, Discord would take a second message for its text; so it is ended first.
        """
        arguments = send_arguments(message, {})
        with log_api_errors("refusal not sent"):
            if public:
                self._transport.take_back(call.address.message or "")
                await interaction.edit_original_response(content=texts.TAKEN_BACK)
                await interaction.followup.send(ephemeral=True, **arguments)
                await interaction.delete_original_response()
            else:
                await interaction.edit_original_response(**edit_arguments(message, {}))


@asynccontextmanager
async def private_refusal(interaction: discord.Interaction) -> AsyncIterator[None]:
    """What is wrong before an interaction is acknowledged is said to the person alone."""
    try:
        yield
    except ChatelierError as error:
        await send_private(interaction, compose_error(error))


@asynccontextmanager
async def direct_refusal(context: DiscordContext, user_id: int, what: str) -> AsyncIterator[None]:
    """Around the handling of an event that nothing answers: what is wrong is said by direct message. Never raises."""
    try:
        yield
    except ChatelierError as error:
        await send_direct(context, user_id, compose_error(error))
    except discord.HTTPException as error:
        log.warning("%s not handled: status=%s", what, error.status)
    except Exception as error:  # noqa: BLE001 - an event must never end the reading of events
        report_error(error)


async def send_private(interaction: discord.Interaction, message: Message) -> None:
    """A first and only answer, seen by the person alone; nothing where there was one already."""
    if interaction.response.is_done():
        return
    with log_api_errors("ephemeral message not sent"):
        await interaction.response.send_message(ephemeral=True, **send_arguments(message, {}))


async def send_direct(context: DiscordContext, user_id: int, message: Message) -> None:
    """What is for one person where nothing is answered privately, as to a reaction in a channel."""
    try:
        channel = await context.client.create_dm(discord.Object(user_id))
        await channel.send(**send_arguments(message, {}))
    except discord.HTTPException:
        log.debug("direct message not sent: recipient unreachable")
