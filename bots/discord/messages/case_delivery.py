"""Cases, questions and notices on Discord: the desk channel's messages, and direct messages to people."""

import io
import logging
from dataclasses import dataclass
from typing import Any

import discord

from bots.delivery.case_images import case_attachments, pixelated_image
from bots.delivery.errors import DestinationUnreachableError
from bots.discord.context import DiscordClient
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
from bots.runtime.thread_pools import Pool, ThreadPools
from bots.texts import cases as case_texts
from bots.texts.chat import shorten
from studio.commands.spec import Call
from studio.domain.cases import Case, CaseDetails, CaseImage, CaseKind, CaseState, Notice
from studio.domain.deliveries import MessageRef
from studio.domain.people import Platform
from studio.errors import StorageError
from studio.ports import Ports

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

    def __init__(self, bot: DiscordClient, ports: Ports, pools: ThreadPools) -> None:
        self._bot = bot
        self._ports = ports
        self._pools = pools

    async def sheet_of(self, details: CaseDetails) -> CaseMessage:
        """A case as it looks now: its picture is a mosaic, and gone once the case is decided."""
        mosaic = None
        if details.case.state is CaseState.OPEN and (exhibits := details.exhibits):
            mosaic = await self._pools.run(Pool.FILES, self._mosaic, exhibits[0])
        embed = _embed(details)
        if mosaic is not None:
            embed.set_image(url=f"attachment://{_file_name(details.case)}")
        return CaseMessage(embed=embed, mosaic=mosaic, case=details.case)

    async def lay(self, details: CaseDetails, channel: str, message_ref: MessageRef | None) -> MessageRef:
        sheet = await self.sheet_of(details)
        try:
            if message_ref is not None:
                await self._message(message_ref).edit(attachments=sheet.files(), **sheet.arguments())
                return message_ref
            place = self._bot.get_partial_messageable(int(channel))
            message = await place.send(files=sheet.files(), nonce=details.case.id, **sheet.arguments())
        except discord.HTTPException as error:
            raise closed(error) from error
        return MessageRef(channel=str(message.channel.id), message=str(message.id))

    async def ask(self, details: CaseDetails, message_ref: MessageRef | None) -> MessageRef:
        case = details.case
        if message_ref is not None:
            if case.decision is None:
                return message_ref  # the question stands as it was asked
            try:
                await self._message(message_ref).edit(
                    content=_answered(details), view=None, allowed_mentions=_NOBODY
                )
            except discord.HTTPException as error:
                raise closed(error) from error
            return message_ref
        return await self._send_question(details, _question(details))

    async def _send_question(self, details: CaseDetails, question: str) -> MessageRef:
        """By direct message, else where the other person asked."""
        case, job = details.case, details.job
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
            details = await self._bot.case_messages.details_for(call.person, case_id)
            exhibits = details.exhibits[:_MOST_FILES]  # which together fit into one message
            each_bytes = limit_bytes // max(1, len(exhibits))
            prints = await self._pools.run(
                Pool.FILES, case_attachments, self._ports, exhibits, limit_bytes=each_bytes
            )
            if not prints:
                return case_texts.NO_PICTURES
            files = [
                discord.File(
                    io.BytesIO(each.data),
                    f"case-{number}{each.suffix}",
                    spoiler=True,
                    description=_alternative(details, number),
                )
                for number, each in enumerate(prints, start=1)
            ]
            await interaction.edit_original_response(content="", attachments=files, allowed_mentions=_NOBODY)
            return ""

        await self._bot.dispatcher.serve(interaction, work, public=False)

    def _message(self, message_ref: MessageRef) -> discord.PartialMessage:
        return self._bot.get_partial_messageable(int(message_ref.channel)).get_partial_message(
            int(message_ref.message)
        )

    def _mosaic(self, exhibit: CaseImage) -> bytes | None:
        try:
            return pixelated_image(self._ports, exhibit)
        except StorageError:
            return None


def _alternative(details: CaseDetails, number: int) -> str:
    """What a picture that a moderator looks at is of, for those who cannot see it."""
    title = f"{case_texts.heading(details.case)}, picture {number}"
    prompt = shorten(details.prompts[0], _LONGEST_PROMPT) if details.prompts else ""
    return f"{title}: {prompt}" if prompt else title


def _file_name(case: Case) -> str:
    return f"case-{case.id}.png"


def closed(error: discord.HTTPException) -> Exception:
    """A channel that is closed or gone is the end; other troubles pass."""
    if isinstance(error, discord.Forbidden):
        log.warning("channel not accessible: code=%s", error.code)
        return DestinationUnreachableError()
    found = classify_error(error)
    return (
        DestinationUnreachableError()
        if isinstance(found, MessageRejectedError | FileTooLargeError)
        else found
    )


def _embed(details: CaseDetails) -> discord.Embed:
    case = details.case
    embed = discord.Embed(
        title=case_texts.heading(case),
        colour=_COLOURS[case.kind] if case.state is CaseState.OPEN else discord.Colour.light_grey(),
        timestamp=case.opened_at,
    )
    # In an embed a mention of somebody whom the client does not know stays a number, so the name stands beside it.
    name = plain(details.subject.display_name, longest=80)
    embed.add_field(name="About", value=f"{name} ({texts.mention(details.subject)})")
    if case.filed_by and case.filed_by != case.subject:
        embed.add_field(name="Filed by", value=mention_of_key(case.filed_by))
    if case.state is CaseState.CLOSED:
        done = f"{case_texts.outcome(case)}, by {mention_of_key(case.decided_by or '')}"
        embed.add_field(name="Decided", value=done)
    elif case.claimed_by and case.claimed_until:
        embed.add_field(
            name="Claimed", value=f"{mention_of_key(case.claimed_by)}, ends {moment(case.claimed_until)}"
        )
    for name, text in case_texts.facts(details):
        embed.add_field(name=name, value=plain(text, longest=1000)[:_LONGEST_FIELD], inline=False)
    embed.set_footer(text=f"Case {case.id}" + (f" · job {case.job_id}" if case.job_id else ""))
    return embed


def _question(details: CaseDetails) -> str:
    prompt = plain(details.prompts[0]) if details.prompts else ""
    picture = f"`{details.case.picture_id}`"
    return case_texts.question(texts.mention(details.subject), picture, prompt)


def _answered(details: CaseDetails) -> str:
    return case_texts.answered(details.case, texts.mention(details.subject))
