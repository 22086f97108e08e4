"""Every kind of answer as what a person sees: a message of their own, lists, forms, cases; or a refusal."""

import io
import logging

import discord

from bots.delivery.attachments import job_attachment
from bots.delivery.errors import DeliveryInProgressError
from bots.delivery.job_view import load_job_view
from bots.discord.context import DiscordClient
from bots.discord.guilds.permissions import closed_channels
from bots.discord.messages.case_delivery import DiscordCaseDelivery
from bots.discord.messages.components import cancel_buttons, case_buttons, view_of
from bots.discord.messages.job_delivery import DiscordJobDelivery
from bots.discord.messages.job_message import compose
from bots.discord.texts import texts
from bots.discord.texts.escaping import plain
from bots.discord.texts.formatting import VOICE
from bots.drawing.lineage_tree import draw_family
from bots.runtime.thread_pools import Pool, ThreadPools
from bots.texts import answers, chat
from bots.texts import cases as case_texts
from bots.texts.lists import Listing, lines_of
from studio.commands.results import (
    Accepted,
    Answer,
    Attribution,
    Balance,
    CaseOpened,
    Community,
    DeskCases,
    Family,
    History,
    InQueue,
    JobsStopped,
    PicturesDeleted,
    PictureShown,
    StarChanged,
)
from studio.commands.spec import Call
from studio.ports import Ports

log = logging.getLogger(__name__)


class Responses:
    def __init__(
        self,
        bot: DiscordClient,
        ports: Ports,
        pools: ThreadPools,
        delivery: DiscordJobDelivery,
        case_delivery: DiscordCaseDelivery,
    ) -> None:
        self._bot = bot
        self._ports = ports
        self._pools = pools
        self._delivery = delivery
        self._case_delivery = case_delivery

    async def give(self, interaction: discord.Interaction, call: Call, answer: Answer | str) -> None:
        match answer:
            case Accepted():
                if answer.repeated and await self._is_shown_elsewhere(answer, call):
                    await self.refuse(interaction, call, texts.UNDER_WAY, public=True)
                    return
                self._delivery.expect(answer.job_id, limit_bytes=interaction.filesize_limit)
                await self._bot.job_messages.pin(answer.job_id)
            case PictureShown():
                await self._show(interaction, call, answer)
            case JobsStopped():
                await _tell(interaction, chat.stopped(at_once=answer.at_once))
            case PicturesDeleted():
                await _tell(interaction, chat.deleted(len(answer.picture_ids)))
            case StarChanged():
                await _tell(interaction, chat.starred(given=answer.given, stars=answer.stars))
            case InQueue() | History() | Balance() | Family() | Attribution():
                await self._list(interaction, answer)
            case CaseOpened():
                await self._open(interaction, answer)
            case str():
                if answer:
                    await _tell(interaction, answer)
            case _:
                await self._reply(interaction, call, answer)

    async def _reply(self, interaction: discord.Interaction, call: Call, answer: answers.Reply) -> None:
        lines = answers.lines_of(answer, VOICE)
        view = case_buttons(answer.cases) if isinstance(answer, DeskCases) else None
        if isinstance(answer, Community):
            lines += closed_channels(interaction.guild, answer.rules)
        await _tell(interaction, "\n".join(lines)[: texts.LONGEST_MESSAGE], view=view)
        if isinstance(answer, Community) and answer.rules.desk_channel:
            try:
                await self._bot.case_messages.lay_open_cases(call.person)
            except DeliveryInProgressError:
                log.info("case message skipped: another process is sending it")

    async def _open(self, interaction: discord.Interaction, answer: CaseOpened) -> None:
        """The case that a moderator has taken, for their eyes."""
        sheet = await self._case_delivery.sheet_of(answer.details)
        await interaction.edit_original_response(
            content=case_texts.YOURS, attachments=sheet.files(), **sheet.arguments()
        )

    async def _is_shown_elsewhere(self, answer: Accepted, call: Call) -> bool:
        """Whether the job belongs to another acknowledgement: that of the first of two clicks."""
        job_view = await self._pools.run(
            Pool.COMMANDS, load_job_view, self._ports.database, answer.job_id, viewer=call.person
        )
        return job_view.job.address.message != call.address.message

    async def _show(self, interaction: discord.Interaction, call: Call, answer: PictureShown) -> None:
        """The job once more, for one person's eyes."""
        job_view = await self._pools.run(
            Pool.COMMANDS, load_job_view, self._ports.database, answer.job.id, viewer=call.person
        )
        picture = await self._pools.run(
            Pool.FILES, job_attachment, self._ports, job_view, limit_bytes=interaction.filesize_limit
        )
        post = compose(job_view, picture)
        await interaction.edit_original_response(
            content=post.content, attachments=post.files(), view=view_of(post)
        )

    async def _list(self, interaction: discord.Interaction, answer: Listing) -> None:
        """Lines to read, with what can be done about them: cancel buttons, the drawn family."""
        lines = [plain(line) for line in lines_of(answer)]
        files, view = [], None
        if isinstance(answer, Family):
            drawn = await self._pools.run(Pool.FILES, draw_family, answer, self._ports.store)
            files = [
                discord.File(io.BytesIO(drawn), "family.png", description=texts.family_alternative(lines[0]))
            ]
        elif isinstance(answer, InQueue):
            view = cancel_buttons([place.job.id for place in answer.places])
        await interaction.edit_original_response(
            content="\n".join(lines)[: texts.LONGEST_MESSAGE],
            attachments=files,
            view=view,
            allowed_mentions=discord.AllowedMentions.none(),
        )

    async def refuse(
        self,
        interaction: discord.Interaction,
        call: Call,
        sentence: str,
        *,
        public: bool,
        view: discord.ui.View | None = None,
    ) -> None:
        """The sentence is for the person alone, so a public "thinking…" is taken away.

        While it still thinks, Discord would take a second message for its text; so it is ended first.
        """
        try:
            if public:
                self._delivery.take_away(call.address.message or "")
                await _tell(interaction, texts.TAKEN_AWAY)
                await interaction.followup.send(sentence, ephemeral=True, view=view or discord.utils.MISSING)
                await interaction.delete_original_response()
            else:
                await _tell(interaction, sentence, view=view)
        except discord.HTTPException as error:
            log.warning("refusal not sent: status=%s", error.status)


async def _tell(
    interaction: discord.Interaction, sentence: str, *, view: discord.ui.View | None = None
) -> None:
    await interaction.edit_original_response(
        content=sentence, attachments=[], view=view, allowed_mentions=discord.AllowedMentions.none()
    )
