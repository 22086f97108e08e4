"""Posts on their way to Slack: shown with their pictures, to a channel or to one person."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

from bots.delivery.errors import DestinationUnreachableError
from bots.slack.api.client import (
    TOKEN_TROUBLES,
    NotInstalledError,
    SlackApiRefusedError,
    SlackUnavailableError,
)
from bots.slack.blocks.job_blocks import JobBlocks, section
from bots.slack.context import Workspace
from bots.slack.messages.message_recovery import MessageMarker, find_marked
from bots.slack.texts import texts
from studio.domain.deliveries import MessageRef
from studio.runtime.clock import now

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
NO_THREAD = frozenset({"cannot_reply_to_message", "restricted_action_thread_locked", "thread_not_found"})
_NO_PERSON = frozenset({"cannot_dm_bot", "messages_tab_disabled", "user_disabled", "user_not_found"})
_NOT_READY_SECONDS = 1.5
_RECENTLY = timedelta(minutes=5)

log = logging.getLogger(__name__)


@asynccontextmanager
async def patience() -> AsyncIterator[None]:
    """What only an administrator can put right is brought when they have; without an installation, never."""
    try:
        yield
    except NotInstalledError as error:
        raise DestinationUnreachableError from error
    except SlackApiRefusedError as error:
        if error.code not in TOKEN_TROUBLES:
            raise
        log.warning("Slack API call refused: bot token problem code=%s", error.code)
        raise SlackUnavailableError(error.code) from error


@contextmanager
def unreachable_when(codes: frozenset[str]) -> Iterator[None]:
    """Raises `DestinationUnreachableError` in place of a refusal for one of these reasons."""
    try:
        yield
    except SlackApiRefusedError as error:
        if error.code in codes:
            raise DestinationUnreachableError from error
        raise


async def show(workspace: Workspace, method: str, post: JobBlocks, **where: Any) -> dict[str, Any]:
    """Send it; a picture that Slack has not looked over yet is tried again, and in the end left out.

    Raises `SlackUnavailableError` and `SlackApiRefusedError`.
    """
    file_id = file_of(post)
    for _ in range(3):
        try:
            return dict(await workspace.line.call(method, **where, **post.arguments(method)))
        except SlackApiRefusedError as error:
            if error.code != "invalid_blocks" or not file_id:
                raise
            await asyncio.sleep(_NOT_READY_SECONDS)
    log.warning("image left out of the message: Slack refused the block")
    await workspace.image_uploads.discard(file_id)
    bare = tuple(section(texts.NOT_SHOWN) if "slack_file" in block else block for block in post.blocks)
    return dict(await workspace.line.call(method, **where, **replace(post, blocks=bare).arguments(method)))


async def send(
    workspace: Workspace,
    post: JobBlocks,
    *,
    channel: str,
    thread: str | None = None,
    mark: MessageMarker | None = None,
) -> MessageRef:
    """Into the thread, or the channel itself where the thread is gone. Raises as `show`.

    A message with a `mark` of which Slack's answer was lost is looked for, so that it is not sent again.
    """
    try:
        return await _send(workspace, post, channel, thread, mark.metadata() if mark else None)
    except SlackUnavailableError as away:
        if not (away.perhaps_done and mark):
            raise
        try:
            since = now() - _RECENTLY
            found = await find_marked(workspace, mark, channel=channel, thread=thread, since=since)
        except SlackUnavailableError:
            raise away from None
        if found is None:
            raise
        log.info("message recovered: its response was lost")
        return found


async def _send(
    workspace: Workspace,
    post: JobBlocks,
    channel: str,
    thread: str | None,
    metadata: Mapping[str, Any] | None,
) -> MessageRef:
    where = {"channel": channel, "metadata": metadata}
    try:
        answer = await show(workspace, "chat.postMessage", post, thread_ts=thread, **where)
    except SlackApiRefusedError as error:
        if error.code not in NO_THREAD or thread is None:
            raise
        answer = await show(workspace, "chat.postMessage", post, **where)
    return MessageRef(channel=str(answer["channel"]), message=str(answer["ts"]))


async def edit(workspace: Workspace, post: JobBlocks, message_ref: MessageRef) -> MessageRef:
    """Raises `DestinationUnreachableError` for a message that is gone or that the app may not edit any more, and as
    `show`.
    """
    with unreachable_when(CLOSED | GONE):
        await show(workspace, "chat.update", post, channel=message_ref.channel, ts=message_ref.message)
    return message_ref


async def send_to_person(
    workspace: Workspace, user: str, post: JobBlocks, *, mark: MessageMarker | None = None
) -> MessageRef:
    """By direct message. Raises `DestinationUnreachableError` for somebody who takes none, and as `show`."""
    if not user.isalnum():  # they asked to be forgotten
        raise DestinationUnreachableError
    with unreachable_when(CLOSED | _NO_PERSON):
        return await send(workspace, post, channel=user, mark=mark)


def file_of(post: JobBlocks) -> str:
    """The picture that a post shows."""
    return next((str(block["slack_file"]["id"]) for block in post.blocks if "slack_file" in block), "")
