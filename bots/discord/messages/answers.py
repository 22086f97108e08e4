"""What a person sees of an answer: a message that everybody may read for a job, else one for them alone."""

import logging
from collections.abc import Mapping
from functools import partial
from typing import Any

import discord
from discord import ui

from bots.delivery.attachments import Attachment
from bots.delivery.chat_delivery import ChatDelivery
from bots.delivery.errors import DeliveryInProgressError, PlatformUnavailableError
from bots.delivery.message_files import draw_images, load_files
from bots.discord.context import DiscordContext
from bots.discord.guilds.dm_context import in_home_community
from bots.discord.guilds.permissions import closed_channels
from bots.discord.messages.transport import DiscordTransport
from bots.discord.render import edit_arguments, send_arguments
from bots.discord.texts import texts
from bots.presentation.compose.answers import compose_answer, compose_sent, compose_under_way
from bots.presentation.compose.cases import compose_case_pictures
from bots.presentation.compose.job_message import compose_job, with_missing_files
from bots.presentation.compose.provenance import compose_family
from bots.presentation.compose.settings import compose_community
from bots.presentation.message import Audience, Message, Note, Tone
from bots.process.thread_pools import Pool
from bots.queries.job_view import JobView, load_job_view
from studio.commands.results import Accepted, Answer, Community, Family, PictureShown
from studio.commands.spec import Call

_NO_FILES: Mapping[str, Attachment] = {}

log = logging.getLogger(__name__)


class Answers:
    def __init__(self, context: DiscordContext, transport: DiscordTransport, delivery: ChatDelivery) -> None:
        self._context = context
        self._transport = transport
        self._delivery = delivery

    async def give(
        self, interaction: discord.Interaction, call: Call, answer: Answer | Message | None
    ) -> None:
        match answer:
            case None:
                return
            case Accepted():
                await self._accept(interaction, call, answer)
            case Message():
                await self.show(interaction, answer)
            case PictureShown():
                await self.show(interaction, compose_job(await self._job_view(answer.job.id, call)))
            case Family():
                drawn = partial(draw_images, self._context.ports, answer)
                made = await self._context.pools.run(Pool.FILES, drawn)
                await self.show(interaction, compose_family(answer), made=made)
            case Community():
                await self._govern(interaction, call, answer)
            case _:
                if message := compose_answer(answer):
                    await self.show(interaction, message)

    async def _accept(self, interaction: discord.Interaction, call: Call, answer: Accepted) -> None:
        """The job's own message is the answer. That of a repeated click is there already."""
        job_view = await self._job_view(answer.job_id, call) if answer.repeated else None
        if job_view and job_view.job.address.message != call.address.message:
            await self.refuse(interaction, call, compose_under_way(), public=True)
            return
        self._transport.expect(answer.job_id, limit_bytes=interaction.filesize_limit)
        await self.pin(answer.job_id)

    async def pin(self, job_id: str) -> None:
        """Make the message of a new job."""
        await self._delivery.pin_job(job_id)

    async def _govern(self, interaction: discord.Interaction, call: Call, answer: Community) -> None:
        """The rules, what hinders them, and in a desk channel that was just named what is on the desk."""
        message = compose_community(answer)
        hints = closed_channels(interaction.guild, answer.rules)
        notes = tuple(Note(spans=spans, tone=Tone.WARNING) for spans in hints)
        await self.show(interaction, message.with_parts(*notes))
        if answer.rules.desk_channel:
            try:
                await self._delivery.show_open_cases(call.person)
            except (DeliveryInProgressError, PlatformUnavailableError) as error:
                log.info("case message postponed: %s", type(error).__name__)

    async def show(
        self,
        interaction: discord.Interaction,
        message: Message,
        *,
        made: Mapping[str, Attachment] = _NO_FILES,
        more: ui.ActionRow[Any] | None = None,
    ) -> None:
        """Fill the private answer of an acknowledged interaction; `more` stands below the message's own buttons."""
        limit_bytes = interaction.filesize_limit // max(1, len(message.files))  # together they fit for sure
        load = partial(load_files, self._context.ports, message, limit_bytes=limit_bytes, made=made)
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
        try:
            if public:
                self._transport.take_back(call.address.message or "")
                await interaction.edit_original_response(content=texts.TAKEN_BACK)
                await interaction.followup.send(ephemeral=True, **arguments)
                await interaction.delete_original_response()
            else:
                await interaction.edit_original_response(**edit_arguments(message, {}))
        except discord.HTTPException as error:
            log.warning("refusal not sent: status=%s", error.status)

    async def case_pictures(self, case_id: str, call: Call) -> Message:
        """A case's pictures as they are, for the moderator who asks and for nobody else."""
        return compose_case_pictures(await self._delivery.case_for(call.person, case_id))

    async def send_home(self, job_id: str, call: Call) -> Message:
        """The pictures and their recipe, into the person's direct messages."""
        job_view = await self._job_view(job_id, call)
        return compose_sent(sent=await self._delivery.personal.send_copy(job_view, call.person))

    async def _job_view(self, job_id: str, call: Call) -> JobView:
        call = await in_home_community(self._context, call, job_id, paints=False)
        load = partial(load_job_view, self._context.ports.database, job_id, viewer=call.person)
        return await self._context.pools.run(Pool.COMMANDS, load)


def notice(text: str) -> Message:
    return Message(parts=(Note(spans=(text,)),), audience=Audience.PERSON, summary=text)


async def send_private(interaction: discord.Interaction, message: Message) -> None:
    """A first and only answer, seen by the person alone; nothing where there was one already."""
    if interaction.response.is_done():
        return
    try:
        await interaction.response.send_message(ephemeral=True, **send_arguments(message, {}))
    except discord.HTTPException as error:
        log.warning("ephemeral message not sent: code=%s", error.code)
