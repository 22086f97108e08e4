"""Sends messages to Slack: rendered, with their pictures, and found again when Slack's answer was lost."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from bots.delivery.errors import ChannelClosedError, DestinationUnreachableError
from bots.presentation.message import Message
from bots.slack.api.client import (
    TOKEN_TROUBLES,
    NotInstalledError,
    SlackApiRefusedError,
    SlackUnavailableError,
)
from bots.slack.blocks import Block
from bots.slack.context import Workspace
from bots.slack.messages.message_recovery import MessageMarker, find_marked
from bots.slack.render import render
from studio.clock import now
from studio.domain.deliveries import MessageRef

# The app may not write there (any more).
CLOSED = frozenset(
    {
        "channel_not_found",
        "channel_is_archived",
        "is_archived",
        "is_inactive",
        "not_in_channel",
        "restricted_action",
        "restricted_action_non_threadable_channel",
        "restricted_action_read_only_channel",
        "restricted_action_thread_only_channel",
        "team_access_not_granted",
    }
)
GONE = frozenset({"cant_update_message", "edit_window_closed", "message_not_found"})
_THREAD_GONE = frozenset({"cannot_reply_to_message", "restricted_action_thread_locked", "thread_not_found"})
NO_PERSON = frozenset({"cannot_dm_bot", "messages_tab_disabled", "user_disabled", "user_not_found"})
_ATTEMPTS, _NOT_READY_SECONDS = 3, 1.5
_RECENTLY = timedelta(minutes=5)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What `bots.slack.render.render` takes, with the ids of uploaded files; `above` are blocks before its own.

    `feedback`: with its buttons for good and not good, where the workspace takes them.
    """

    message: Message
    files: Mapping[str, str] = field(default_factory=dict)
    links: bool = True
    above: tuple[Block, ...] = ()
    feedback: bool = False

    def arguments(self, method: str, *, carousel: bool = False, feedback: bool = False) -> dict[str, Any]:
        """For one of Slack's methods, or for a ``response_url``: only new messages have options for link previews."""
        made = render(self.message, self.files, carousel=carousel, links=self.links, feedback=feedback)
        no_previews = {"unfurl_links": False, "unfurl_media": False} if method == "chat.postMessage" else {}
        return {"text": made["text"], "blocks": [*self.above, *made["blocks"]], **no_previews}

    def without_files(self) -> "Draft":
        return replace(self, files={})


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """The message under which another one stands, if any. `broadcast`: it is shown in the channel as well."""

    root: str | None = None
    broadcast: bool = False

    def arguments(self) -> dict[str, Any]:
        return {"thread_ts": self.root, "reply_broadcast": (self.broadcast and self.root is not None) or None}


NO_THREAD = Thread()


@asynccontextmanager
async def transport_errors() -> AsyncIterator[None]:
    """What only an administrator can put right is sent when they have; without an installation, never."""
    try:
        yield
    except NotInstalledError as error:
        raise DestinationUnreachableError from error
    except SlackApiRefusedError as error:
        if error.code in TOKEN_TROUBLES:
            log.warning("Slack API call refused: bot token problem code=%s", error.code)
            raise SlackUnavailableError(error.code) from error
        raise


@contextmanager
def unreachable_when(codes: frozenset[str]) -> Iterator[None]:
    """Raises in place of a refusal for one of these reasons `ChannelClosedError` where another place may take the
    message, else `DestinationUnreachableError`.
    """
    try:
        yield
    except SlackApiRefusedError as error:
        if error.code in codes - GONE:
            raise ChannelClosedError from error
        if error.code in codes:
            raise DestinationUnreachableError from error
        raise


async def call_with(workspace: Workspace, method: str, draft: Draft, **where: Any) -> dict[str, Any]:
    """Send it; a picture that Slack has not processed yet is tried again, and in the end left out.

    Raises `SlackUnavailableError` and `SlackApiRefusedError`.
    """
    for _ in range(_ATTEMPTS):
        if (answer := await _try_call(workspace, method, draft, where)) is not None:
            return answer
        await asyncio.sleep(_NOT_READY_SECONDS)
    log.warning("image left out of the message: Slack refused the block")
    for file_id in draft.files.values():
        await workspace.image_uploads.discard(file_id)
    return await _call(workspace, method, draft.without_files(), where)


async def _try_call(
    workspace: Workspace, method: str, draft: Draft, where: Mapping[str, Any]
) -> dict[str, Any] | None:
    """None where Slack refuses the blocks because of a picture. A workspace that takes the pictures of a refused
    carousel one by one gets them so from then on.
    """
    with_carousel = workspace.features.carousel and len(draft.files) > 1
    for carousel in (True, False) if with_carousel else (False,):
        try:
            answer = await _call(workspace, method, draft, where, carousel=carousel)
        except SlackApiRefusedError as error:
            if error.code != "invalid_blocks" or not draft.files:
                raise
            if error.is_about_file:  # and says nothing of the carousel
                return None
            continue
        if with_carousel and not carousel:
            log.info("carousel refused by the workspace: pictures are shown one by one")
            workspace.features.carousel = False
        return answer
    return None


async def _call(
    workspace: Workspace, method: str, draft: Draft, where: Mapping[str, Any], *, carousel: bool = False
) -> dict[str, Any]:
    feedback = draft.feedback and workspace.features.feedback
    arguments = draft.arguments(method, carousel=carousel, feedback=feedback)
    try:
        return dict(await workspace.client.call(method, **where, **arguments))
    except SlackApiRefusedError as error:
        if not feedback or error.code != "invalid_blocks" or error.is_about_file:
            raise
    plain = draft.arguments(method, carousel=carousel)
    answer = dict(await workspace.client.call(method, **where, **plain))
    log.info("feedback buttons refused by the workspace: messages go without")
    workspace.features.feedback = False
    return answer


async def send(
    workspace: Workspace,
    draft: Draft,
    *,
    channel: str,
    thread: Thread = NO_THREAD,
    mark: MessageMarker | None = None,
) -> MessageRef:
    """Into the thread, or the channel itself where the thread is gone. Raises as `call_with`.

    A message with a `mark` of which Slack's answer was lost is looked for, so that it is not sent again.
    """
    try:
        return await _send(workspace, draft, channel, thread, mark.metadata() if mark else None)
    except SlackUnavailableError as away:
        if not (away.perhaps_done and mark):
            raise
        try:
            since = now() - _RECENTLY
            found = await find_marked(workspace, mark, channel=channel, thread=thread.root, since=since)
        except SlackUnavailableError:
            raise away from None
        if found is None:
            raise
        log.info("message recovered: its response was lost")
        return found


async def _send(
    workspace: Workspace,
    draft: Draft,
    channel: str,
    thread: Thread,
    metadata: Mapping[str, Any] | None,
) -> MessageRef:
    where = {"channel": channel, "metadata": metadata}
    try:
        answer = await call_with(workspace, "chat.postMessage", draft, **thread.arguments(), **where)
    except SlackApiRefusedError as error:
        if error.code not in _THREAD_GONE or thread.root is None:
            raise
        return await _send(workspace, draft, channel, NO_THREAD, metadata)
    return MessageRef(channel=str(answer["channel"]), message=str(answer["ts"]), thread=thread.root)


async def send_to_person(
    workspace: Workspace, user: str, draft: Draft, *, mark: MessageMarker | None = None
) -> MessageRef:
    """By direct message. Raises `ChannelClosedError` for somebody who takes none, and as `call_with`."""
    if not user.isalnum():  # they asked to be forgotten
        raise DestinationUnreachableError
    with unreachable_when(CLOSED | NO_PERSON):
        return await send(workspace, draft, channel=user, mark=mark)
