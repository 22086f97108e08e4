"""Slack's way of sending messages: implements `bots.delivery.transport.Transport`."""

import logging
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from bots.delivery.errors import DestinationUnreachableError
from bots.delivery.transport import OutgoingMessage, Place
from bots.presentation.message import FileKind
from bots.slack.api.client import SlackApiRefusedError, SlackError
from bots.slack.api.progress_throttle import ProgressThrottle
from bots.slack.blocks import Block, section
from bots.slack.context import SlackComponent, SlackContext, Workspace
from bots.slack.messages.agent_thread import show_status
from bots.slack.messages.message_recovery import find_marked, marker_of
from bots.slack.messages.message_sender import (
    CLOSED,
    GONE,
    Draft,
    Thread,
    call_with,
    send,
    send_to_person,
    transport_errors,
    unreachable_when,
)
from bots.slack.messages.preview_uploads import PreviewUploads
from bots.slack.texts import texts
from bots.slack.texts.mrkdwn import mrkdwn
from studio.commands.button_ids import Action
from studio.domain.deliveries import DeliveryKind, MessageRef, Subject
from studio.domain.people import Person, Platform

_LIMIT_BYTES = 8 * 1024 * 1024
_CALM_SECONDS = 3.0
# In these, people are names: a link to a person notifies them.
_OF_RUNNING_JOBS = frozenset({Action.CANCEL, Action.ENOUGH})
_WITHOUT_LINKS = frozenset(
    {DeliveryKind.JOB, DeliveryKind.COPY, DeliveryKind.STARBOARD, DeliveryKind.GATHERING}
)
_RECORDED = frozenset(
    {
        DeliveryKind.JOB,
        DeliveryKind.CASE,
        DeliveryKind.QUESTION,
        DeliveryKind.STARBOARD,
        DeliveryKind.GATHERING,
    }
)

log = logging.getLogger(__name__)


class SlackTransport(SlackComponent):
    platform = Platform.SLACK

    def __init__(self, context: SlackContext, previews: PreviewUploads) -> None:
        super().__init__(context)
        self._previews = previews
        self._throttles: defaultdict[str, ProgressThrottle] = defaultdict(ProgressThrottle)
        self.claim_seconds = context.settings.claim_seconds

    async def send(self, outgoing: OutgoingMessage) -> MessageRef:
        async with transport_errors():
            workspace = await self._workspaces.of(outgoing.place.community)
            draft = await self._draft(outgoing, workspace)
            try:
                return await self._send(workspace, draft, outgoing)
            finally:
                await self._delete_replaced_files(workspace, outgoing, draft)

    async def _send(self, workspace: Workspace, draft: Draft, outgoing: OutgoingMessage) -> MessageRef:
        place, mark = outgoing.place, marker_of(outgoing.subject)
        if place.person:
            return await send_to_person(workspace, place.person.user_id, draft, mark=mark)
        with unreachable_when(CLOSED):
            thread = Thread(root=_root_of(place), broadcast=_is_broadcast(place))
            return await send(workspace, draft, channel=place.channel, thread=thread, mark=mark)

    async def edit(self, ref: MessageRef, outgoing: OutgoingMessage) -> None:
        async with transport_errors():
            workspace = await self._workspaces.of(outgoing.place.community)
            draft = await self._draft(outgoing, workspace)
            try:
                with unreachable_when(CLOSED | GONE):
                    await call_with(workspace, "chat.update", draft, channel=ref.channel, ts=ref.message)
                if outgoing.final and outgoing.subject.kind is DeliveryKind.JOB:
                    await show_status(workspace, ref.channel, outgoing.place.thread, outgoing.message)
            finally:
                await self._delete_replaced_files(workspace, outgoing, draft)

    async def try_edit(self, ref: MessageRef, outgoing: OutgoingMessage) -> None:
        try:
            workspace = await self._workspaces.of(outgoing.place.community)
            await self._edit_at_once(workspace, ref, outgoing)
            await show_status(workspace, ref.channel, outgoing.place.thread, outgoing.message)
        except SlackError as error:
            log.debug("progress update not sent: %s", error)

    async def _edit_at_once(self, workspace: Workspace, ref: MessageRef, outgoing: OutgoingMessage) -> None:
        """A preview that Slack does not take is left out."""
        message, previews = self._previews.current(workspace, outgoing)
        subject = outgoing.subject.id
        finished = await self._upload_finished(workspace, outgoing)
        draft = replace(self._draft_of(outgoing, workspace, {**finished, **previews}), message=message)
        stay = frozenset(finished.values())
        try:
            await _update_at_once(workspace, ref, draft)
        except SlackApiRefusedError as error:
            if error.code != "invalid_blocks" or not previews:
                raise
            await self._previews.mark_refused(workspace, subject, stay=stay)
            await _update_at_once(workspace, ref, draft.without_files())
        else:
            for file_id in previews.values():
                await self._previews.mark_shown(workspace, subject, file_id, stay=stay)

    async def _upload_finished(self, workspace: Workspace, outgoing: OutgoingMessage) -> dict[str, str]:
        """The ids of the files of pictures that are finished, most of which are at Slack already."""
        images = [image for image in outgoing.message.files if image.kind is not FileKind.PREVIEW]
        if not images:
            return {}
        return await workspace.image_uploads.upload_all(
            outgoing.subject.id, images, outgoing.files, patient=False
        )

    async def delete(self, ref: MessageRef, subject: Subject, place: Place) -> None:
        async with transport_errors():
            workspace = await self._workspaces.of(place.community)
            try:
                with unreachable_when(CLOSED | GONE):
                    await workspace.client.call("chat.delete", channel=ref.channel, ts=ref.message)
            finally:
                await workspace.image_uploads.replace_files(subject.id, ())

    async def find_sent(self, subject: Subject, place: Place, *, since: datetime) -> MessageRef | None:
        async with transport_errors():
            workspace = await self._workspaces.of(place.community)
            where = {"channel": place.target, "thread": _root_of(place)}
            return await find_marked(workspace, marker_of(subject), **where, since=since)

    def may_touch(self, ref: MessageRef, place: Place, *, age_seconds: float, since_seconds: float) -> bool:
        throttle = self._throttles[place.community]
        return throttle.allows(ref.channel, age_seconds=age_seconds, since_seconds=since_seconds)

    def rest_seconds(self, ref: MessageRef) -> float:
        return _CALM_SECONDS

    def limit_bytes(self, subject: Subject, place: Place) -> int:
        return _LIMIT_BYTES

    def link_to(self, community: str, ref: MessageRef) -> str:
        return ""  # Slack gives links by a request for each

    def serves(self, community: str) -> bool:
        return True

    async def is_active_member(self, person: Person) -> bool:
        if not person.user_id.isalnum():
            return True  # they asked to be forgotten, and nothing of theirs is left
        try:
            async with transport_errors():
                workspace = await self._workspaces.of(person.community)
                answer = await workspace.client.call("users.info", patient=False, user=person.user_id)
        except DestinationUnreachableError:
            return True
        except SlackApiRefusedError as error:
            return error.code != "user_not_found"
        return not answer.get("user", {}).get("deleted")

    async def _draft(self, outgoing: OutgoingMessage, workspace: Workspace) -> Draft:
        """With its pictures uploaded."""
        files = await workspace.image_uploads.upload_all(
            outgoing.subject.id, outgoing.message.files, outgoing.files
        )
        return self._draft_of(outgoing, workspace, files)

    def _draft_of(self, outgoing: OutgoingMessage, workspace: Workspace, files: dict[str, str]) -> Draft:
        return Draft(
            message=outgoing.message,
            files=files,
            links=outgoing.subject.kind not in _WITHOUT_LINKS,
            above=tuple(_above(outgoing.place, workspace)),
            feedback=outgoing.subject.kind is DeliveryKind.JOB
            and _is_agent_thread(outgoing.place, workspace),
        )

    async def _delete_replaced_files(
        self, workspace: Workspace, outgoing: OutgoingMessage, draft: Draft
    ) -> None:
        """What a message shows no more goes from Slack, wherever else it was shown. Previews stay meanwhile."""
        if outgoing.subject.kind not in _RECORDED:
            return
        if all(button.action not in _OF_RUNNING_JOBS for button in outgoing.message.buttons):
            self._previews.end(outgoing.subject.id)
            await workspace.image_uploads.replace_files(outgoing.subject.id, set(draft.files.values()))


async def _update_at_once(workspace: Workspace, ref: MessageRef, draft: Draft) -> None:
    method = "chat.update"
    arguments = draft.arguments(method, carousel=workspace.features.carousel)
    where = {"channel": ref.channel, "ts": ref.message}
    await workspace.client.call(method, patient=False, **where, **arguments)


def _root_of(place: Place) -> str | None:
    """The message whose thread is the place's own, or that of the message to which it replies."""
    replied = place.reply_to
    if replied is None or replied.channel != place.channel:
        return place.thread
    return place.thread or replied.thread or replied.message


def _is_broadcast(place: Place) -> bool:
    """A reply stands in a thread, as Slack has no other replies, and is shown in the channel as well."""
    replied = place.reply_to
    return replied is not None and not (place.in_thread or place.thread or replied.thread)


def _is_agent_thread(place: Place, workspace: Workspace) -> bool:
    return workspace.has_agent_view and place.thread is not None and place.channel.startswith("D")


def _above(place: Place, workspace: Workspace) -> Iterator[Block]:
    """Why it did not come where it was asked for."""
    if place.instead_of:
        yield section(mrkdwn(texts.elsewhere(workspace.identity.bot_user, place.instead_of)))
