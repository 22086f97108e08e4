"""The moderators' desk, notices and questions on Slack: implements `bots.delivery.case_messages.CaseDelivery`."""

import asyncio
import logging
from dataclasses import replace

from bots.delivery.attachments import Attachment
from bots.delivery.case_images import case_attachments, pixelated_image
from bots.delivery.errors import DestinationUnreachableError
from bots.runtime.thread_pools import Pool
from bots.slack.api.client import SlackApiRefusedError, SlackUnavailableError
from bots.slack.blocks.case_blocks import answered, question, sheet
from bots.slack.blocks.job_blocks import Block, JobBlocks, image, said, section
from bots.slack.context import SlackComponent, Workspace
from bots.slack.messages.message_recovery import MessageMarker
from bots.slack.messages.message_sender import (
    CLOSED,
    edit,
    file_of,
    patience,
    send,
    send_to_person,
    unreachable_when,
)
from bots.slack.texts.texts import as_typed_here
from bots.texts import cases as case_texts
from studio.domain.cases import Case, CaseDetails, CaseState, Notice
from studio.domain.deliveries import MessageRef
from studio.domain.jobs import Job
from studio.domain.people import Platform
from studio.errors import StorageError

_LIMIT_BYTES = 8 * 1024 * 1024
_MOST_SHOWN = 4

log = logging.getLogger(__name__)


class SlackCaseDelivery(SlackComponent):
    async def lay(self, details: CaseDetails, channel: str, message_ref: MessageRef | None) -> MessageRef:
        async with patience():
            workspace = await self._workspaces.of(details.case.community)
            post = await self.sheet_of(details, workspace)
            try:
                kept = await self._place(details.case, workspace, post, channel, message_ref)
            except DestinationUnreachableError:
                await self._tidy(details.case, workspace, post)
                raise
            await self._tidy(details.case, workspace, post)
            return kept

    async def _place(
        self, case: Case, workspace: Workspace, post: JobBlocks, channel: str, message_ref: MessageRef | None
    ) -> MessageRef:
        if message_ref is not None:
            return await edit(workspace, post, message_ref)
        try:
            return await send(workspace, post, channel=channel, mark=_mark_of(case))
        except SlackApiRefusedError as error:
            if error.code not in CLOSED:
                raise
            log.warning("case message not sent: channel not accessible code=%s", error.code)
            raise DestinationUnreachableError from error

    async def _tidy(self, case: Case, workspace: Workspace, post: JobBlocks) -> None:
        """Once a case is decided, neither its mosaic nor what moderators looked at stays at Slack."""
        if case.state is CaseState.CLOSED:
            await workspace.image_uploads.keep_only(case.id, file_of(post) or None)

    async def ask(self, details: CaseDetails, message_ref: MessageRef | None) -> MessageRef:
        case = details.case
        async with patience():
            workspace = await self._workspaces.of(case.community)
            if message_ref is not None:
                return await edit(
                    workspace, answered(details) if case.decision else question(details), message_ref
                )
            user = (case.addressee or "").rpartition(":")[2]
            try:
                return await send_to_person(workspace, user, question(details), mark=_mark_of(case))
            except DestinationUnreachableError:
                if not user.isalnum() or details.job is None:
                    raise
                return await self._ask_there(workspace, details, details.job, user)

    async def _ask_there(self, workspace: Workspace, details: CaseDetails, job: Job, user: str) -> MessageRef:
        """Where the other person asked, of somebody who takes no direct messages."""
        address, mark = job.address, _mark_of(details.case)
        if address.platform is not Platform.SLACK or address.channel.startswith("D"):
            raise DestinationUnreachableError
        asked = question(details)
        post = replace(asked, blocks=(section(f"<@{user}>:"), *asked.blocks))
        with unreachable_when(CLOSED):
            return await send(workspace, post, channel=address.channel, thread=address.thread, mark=mark)

    async def tell(self, notice: Notice) -> None:
        async with patience():
            workspace = await self._workspaces.of(notice.person.community)
            mark = MessageMarker(kind="notice", id=notice.id)
            message = said(as_typed_here(notice.text), ours=False)
            await send_to_person(workspace, notice.person.user_id, message, mark=mark)

    async def announce(self, community: str, channel: str, text: str) -> None:
        async with patience():
            workspace = await self._workspaces.of(community)
            with unreachable_when(CLOSED):
                await send(workspace, said(text, ours=False), channel=channel)

    async def sheet_of(
        self, details: CaseDetails, workspace: Workspace, *, passing: bool = False
    ) -> JobBlocks:
        """A case as it looks now: its picture is a mosaic, and gone once the case is decided.

        `passing`: for one pair of eyes, not for the desk's channel.
        """
        mosaic = None
        if details.case.state is CaseState.OPEN and (exhibits := details.exhibits):
            try:
                if made := await self._pools.run(Pool.FILES, pixelated_image, self._ports, exhibits[0]):
                    mosaic = await workspace.image_uploads.hang(
                        details.case.id,
                        Attachment(data=made, suffix=".png"),
                        case_texts.BLURRED,
                        passing=passing,
                    )
            except (SlackUnavailableError, SlackApiRefusedError, StorageError) as error:
                log.info("case image not uploaded: %s", type(error).__name__)
        return sheet(details, mosaic)

    async def revealed(self, details: CaseDetails, workspace: Workspace) -> JobBlocks:
        """The pictures as they are, for the moderator who asked to see them.

        Raises `SlackUnavailableError`, `SlackApiRefusedError`.
        """
        exhibits = details.exhibits[:_MOST_SHOWN]
        prints = await self._pools.run(
            Pool.FILES, case_attachments, self._ports, exhibits, limit_bytes=_LIMIT_BYTES
        )
        case, heading = details.case, case_texts.heading(details.case)
        files = await asyncio.gather(
            *(workspace.image_uploads.hang(case.id, each, heading, passing=True) for each in prints)
        )
        if not files:
            return said(case_texts.NO_PICTURES)
        blocks: list[Block] = [image(each, heading) for each in files]
        return JobBlocks(text=heading, blocks=tuple(blocks))


def _mark_of(case: Case) -> MessageMarker:
    return MessageMarker(kind="case", id=case.id)
