"""Finds messages that were sent but not recorded, by the marker in their metadata.

A process may be killed between Slack's yes and its own record, and an answer of Slack's may be lost on its way.
"""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bots.slack.api.client import SlackApiRefusedError
from bots.slack.context import Workspace
from studio.domain.deliveries import DeliveryKind, MessageRef, Subject

_PEOPLE = ("U", "W")  # how the ids of people begin

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageMarker:
    """The subject of a message, such as a job by its id, in metadata that only apps can see."""

    kind: str
    id: str

    def metadata(self) -> dict[str, Any]:
        return {"event_type": f"chatelier_{self.kind}", "event_payload": {f"{self.kind}_id": self.id}}


# Under these names messages of every version bear their marks.
_NAMES = {DeliveryKind.QUESTION: "case", DeliveryKind.STARBOARD: "star"}


def marker_of(subject: Subject) -> MessageMarker:
    return MessageMarker(kind=_NAMES.get(subject.kind, str(subject.kind)), id=subject.id)


async def find_marked(
    workspace: Workspace,
    mark: MessageMarker,
    *,
    channel: str | None,
    thread: str | None = None,
    since: datetime,
) -> MessageRef | None:
    """Among the latest messages of a channel or a thread, or of a person's direct messages.

    A hundred, or fifteen where many workspaces may install the app.

    None where the app may not look. Raises `SlackUnavailableError`: then what is to be sent waits, as it may be there.
    """
    if channel and channel.startswith(_PEOPLE):
        channel = await _home_of(workspace, channel)
    if not channel:
        return None
    where: dict[str, Any] = {
        "channel": channel,
        "include_all_metadata": "true",
        "oldest": f"{since.timestamp() - 1:.6f}",
        "limit": workspace.client.most_messages,
    }
    try:
        if thread:
            answer = await workspace.client.call("conversations.replies", ts=thread, **where)
        else:
            answer = await workspace.client.call("conversations.history", **where)
    except SlackApiRefusedError as error:
        log.warning("message recovery failed: history not readable code=%s", error.code)
        return None
    found = _find_mark(answer.get("messages", ()), mark, bot=workspace.identity.bot_user)
    return MessageRef(channel=channel, message=found, thread=thread) if found else None


async def _home_of(workspace: Workspace, user: str) -> str | None:
    try:
        answer = await workspace.client.call("conversations.open", users=user, prevent_creation=True)
    except SlackApiRefusedError as error:
        if error.code != "channel_not_found":  # nobody has written there yet
            log.warning("message recovery failed: direct messages not readable code=%s", error.code)
        return None
    home = answer.get("channel", {}).get("id")
    return str(home) if home else None


def _find_mark(messages: Iterable[Mapping[str, Any]], mark: MessageMarker, *, bot: str) -> str | None:
    wanted = mark.metadata()
    for message in messages:
        metadata: Mapping[str, Any] = message.get("metadata") or {}
        same = {name: metadata.get(name) for name in wanted} == wanted
        if same and message.get("user") in (None, bot):
            return str(message["ts"])
    return None
