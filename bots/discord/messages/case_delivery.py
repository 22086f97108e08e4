"""Cases, questions and notices on Discord: the desk channel's messages, and direct messages to people."""

import io
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import discord

from bots.delivery.case_images import case_attachments, pixelated_image
from bots.delivery.job_messages import DestinationUnreachableError
from bots.delivery.job_view import MessageRef
from bots.discord.messages.components import case_view
from bots.discord.messages.message_sender import (
    FileTooLargeError,
    MessageRejectedError,
    classify_error,
    open_dm,
)
from bots.discord.texts import texts
from bots.discord.texts.escaping import plain
from bots.discord.texts.formatting import mention_of_key, moment
from bots.runtime.thread_pools import ThreadPools
from bots.texts import cases as case_texts
from bots.texts.chat import shorten
from studio.commands.spec import Call
from studio.domain.cases import Case, CaseDetails, CaseImage, CaseKind, CaseState, Notice
from studio.domain.people import Platform
from studio.errors import StorageError
from studio.ports import Ports

if TYPE_CHECKING:
    from bots.discord.bot import ChatelierBot

_LONGEST_FIELD = 1024
_MOST_FILES = 10
_LONGEST_PROMPT = 800  # an alternative text has 1,024 characters
_NOBODY = discord.AllowedMentions.none()
_COLOURS = {
    CaseKind.HOLD: discord.Colour.gold(),
    CaseKind.REPORT: discord.Colour.red(),
    CaseKind.APPEAL: discord.Colour.blue(),
    CaseKind.SUSPENSION: discord.Colour.dark_red(),
    CaseKind.CONSENT: discord.Colour.teal(),
}

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseMessage:
    """A case as a message."""

    embed: discord.Embed
    mosaic: bytes | None
    case: Case

    def files(self) -> list[discord.File]:
        if self.mosaic is None:
            return []
        return [discord.File(io.BytesIO(self.mosaic), _file_name(self.case), description=case_texts.BLURRED)]

    def arguments(self) -> dict[str, Any]:
        return {"embed": self.embed, "view": case_view(self.case), "allowed_mentions": _NOBODY}


class DiscordCaseDelivery:
    """Implements `bots.delivery.case_messages.CaseDelivery`."""

    def __init__(self, bot: "ChatelierBot", ports: Ports, backroom: ThreadPools) -> None:
        self._bot = bot
        self._ports = ports
        self._backroom = backroom

    async def sheet_of(self, dossier: CaseDetails) -> CaseMessage:
        """A case as it looks now: its picture is a mosaic, and gone once the case is decided."""
        mosaic = None
        if dossier.case.state is CaseState.OPEN and (exhibits := dossier.exhibits):
            mosaic = await self._backroom.run("shelf", self._mosaic, exhibits[0])
        embed = _embed(dossier)
        if mosaic is not None:
            embed.set_image(url=f"attachment://{_file_name(dossier.case)}")
        return CaseMessage(embed=embed, mosaic=mosaic, case=dossier.case)

    async def lay(self, dossier: CaseDetails, channel: str, slip: MessageRef | None) -> MessageRef:
        sheet = await self.sheet_of(dossier)
        try:
            if slip is not None:
                await self._message(slip).edit(attachments=sheet.files(), **sheet.arguments())
                return slip
            place = self._bot.get_partial_messageable(int(channel))
            message = await place.send(files=sheet.files(), nonce=dossier.case.id, **sheet.arguments())
        except discord.HTTPException as error:
            raise closed(error) from error
        return MessageRef(channel=str(message.channel.id), message=str(message.id))

    async def ask(self, dossier: CaseDetails, slip: MessageRef | None) -> MessageRef:
        case = dossier.case
        if slip is not None:
            if case.decision is None:
                return slip  # the question stands as it was asked
            try:
                await self._message(slip).edit(
                    content=_answered(dossier), view=None, allowed_mentions=_NOBODY
                )
            except discord.HTTPException as error:
                raise closed(error) from error
            return slip
        return await self._send_question(dossier, _question(dossier))

    async def _send_question(self, dossier: CaseDetails, question: str) -> MessageRef:
        """By direct message, else where the other person asked."""
        case, job = dossier.case, dossier.job
        user_id = (case.addressee or "").rpartition(":")[2]
        try:
            home = await open_dm(self._bot, user_id)
            message = await self._send(home, case, question)
        except discord.Forbidden:
            if job is None or job.address.platform is not Platform.DISCORD:
                raise DestinationUnreachableError from None
            place = self._bot.get_partial_messageable(int(job.address.channel))
            try:
                message = await self._send(place, case, f"{mention_of_key(case.addressee or '')}: {question}")
            except discord.HTTPException as error:
                raise closed(error) from error
        except discord.HTTPException as error:
            raise closed(error) from error
        return MessageRef(channel=str(message.channel.id), message=str(message.id))

    async def _send(self, place: discord.abc.Messageable, case: Case, text: str) -> discord.Message:
        view = case_view(case, pictures=False) or discord.utils.MISSING
        return await place.send(text, view=view, nonce=case.id, allowed_mentions=_NOBODY)

    async def tell(self, notice: Notice) -> None:
        try:
            home = await open_dm(self._bot, notice.person.user_id)
            await home.send(texts.plain_sentence(notice.text), nonce=notice.id, allowed_mentions=_NOBODY)
        except discord.HTTPException as error:
            raise closed(error) from error

    async def announce(self, community: str, channel: str, text: str) -> None:
        place = self._bot.get_partial_messageable(int(channel))
        try:
            await place.send(text[:2000], allowed_mentions=_NOBODY)  # numbers only
        except discord.HTTPException as error:
            raise closed(error) from error

    async def reveal(self, interaction: discord.Interaction, case_id: str) -> None:
        """A case's pictures as they are, for the moderator who asks and for nobody else."""
        limit_bytes = interaction.filesize_limit

        async def work(call: Call) -> str:
            dossier = await self._bot.caseboard.dossier_for(call.person, case_id)
            exhibits = dossier.exhibits[:_MOST_FILES]  # which together fit into one message
            each_bytes = limit_bytes // max(1, len(exhibits))
            prints = await self._backroom.run(
                "shelf", case_attachments, self._ports, exhibits, limit_bytes=each_bytes
            )
            if not prints:
                return case_texts.NO_PICTURES
            files = [
                discord.File(
                    io.BytesIO(each.data),
                    f"case-{number}{each.suffix}",
                    spoiler=True,
                    description=_alternative(dossier, number),
                )
                for number, each in enumerate(prints, start=1)
            ]
            await interaction.edit_original_response(content="", attachments=files, allowed_mentions=_NOBODY)
            return ""

        await self._bot.counter.serve(interaction, work, public=False)

    def _message(self, slip: MessageRef) -> discord.PartialMessage:
        return self._bot.get_partial_messageable(int(slip.channel)).get_partial_message(int(slip.message))

    def _mosaic(self, exhibit: CaseImage) -> bytes | None:
        try:
            return pixelated_image(self._ports, exhibit)
        except StorageError:
            return None


def _alternative(dossier: CaseDetails, number: int) -> str:
    """What a picture that a moderator looks at is of, for those who cannot see it."""
    title = f"{case_texts.heading(dossier.case)}, picture {number}"
    prompt = shorten(dossier.prompts[0], _LONGEST_PROMPT) if dossier.prompts else ""
    return f"{title}: {prompt}" if prompt else title


def _file_name(case: Case) -> str:
    return f"case-{case.id}.png"


def closed(error: discord.HTTPException) -> Exception:
    """A channel that is closed or gone is the end; other troubles pass."""
    if isinstance(error, discord.Forbidden):
        log.warning("a channel is closed to the bot: %s", error.code)
        return DestinationUnreachableError()
    found = classify_error(error)
    return (
        DestinationUnreachableError()
        if isinstance(found, MessageRejectedError | FileTooLargeError)
        else found
    )


def _embed(dossier: CaseDetails) -> discord.Embed:
    case = dossier.case
    embed = discord.Embed(
        title=case_texts.heading(case),
        colour=_COLOURS[case.kind] if case.state is CaseState.OPEN else discord.Colour.light_grey(),
        timestamp=case.opened_at,
    )
    # In an embed a mention of somebody whom the client does not know stays a number, so the name stands beside it.
    name = plain(dossier.subject.display_name, longest=80)
    embed.add_field(name="About", value=f"{name} ({texts.mention(dossier.subject)})")
    if case.filed_by and case.filed_by != case.subject:
        embed.add_field(name="Filed by", value=mention_of_key(case.filed_by))
    if case.state is CaseState.CLOSED:
        done = f"{case_texts.outcome(case)}, by {mention_of_key(case.decided_by or '')}"
        embed.add_field(name="Decided", value=done)
    elif case.claimed_by and case.claimed_until:
        embed.add_field(
            name="Claimed", value=f"{mention_of_key(case.claimed_by)}, ends {moment(case.claimed_until)}"
        )
    for name, text in case_texts.facts(dossier):
        embed.add_field(name=name, value=plain(text, longest=1000)[:_LONGEST_FIELD], inline=False)
    embed.set_footer(text=f"Case {case.id}" + (f" · job {case.job_id}" if case.job_id else ""))
    return embed


def _question(dossier: CaseDetails) -> str:
    prompt = plain(dossier.prompts[0]) if dossier.prompts else ""
    picture = f"`{dossier.case.picture_id}`"
    return case_texts.question(texts.mention(dossier.subject), picture, prompt)


def _answered(dossier: CaseDetails) -> str:
    return case_texts.answered(dossier.case, texts.mention(dossier.subject))
