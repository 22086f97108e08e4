"""Messages that a killed process sent and did not write down, found again by the mark that they bear."""

import logging
from collections.abc import Iterable, Mapping
from typing import Any

from bots.slack.line import SlackRefuses
from bots.slack.workspaces import Workspace
from bots.standings import Slip
from studio.jobs import Job

EVENT_TYPE = "chatelier_job"
_MOST_MESSAGES = 100

log = logging.getLogger(__name__)


def mark_of(job_id: str) -> dict[str, Any]:
    """Slack keeps it with the message, where only apps can see it."""
    return {"event_type": EVENT_TYPE, "event_payload": {"job_id": job_id}}


async def find_orphan(workspace: Workspace, job: Job) -> Slip | None:
    """The job's message among the latest hundred since it was asked for; None where the app may not look.

    Raises `SlackAway`: then the message waits, as it may be there.
    """
    return await _find(workspace, job, channel=job.address.channel, thread=job.address.thread)


async def find_orphan_at_home(workspace: Workspace, job: Job) -> Slip | None:
    """As `find_orphan`, in the direct messages of the job's person."""
    try:
        answer = await workspace.line.call(
            "conversations.open", users=job.person.user_id, prevent_creation=True
        )
    except SlackRefuses as error:
        log.warning("direct messages cannot be looked through: %s", error.code)
        return None
    home = answer.get("channel", {}).get("id")
    return await _find(workspace, job, channel=str(home)) if home else None


async def _find(workspace: Workspace, job: Job, *, channel: str, thread: str | None = None) -> Slip | None:
    where: dict[str, Any] = {
        "channel": channel,
        "include_all_metadata": "true",
        "oldest": f"{job.created_at.timestamp() - 1:.6f}",
        "limit": _MOST_MESSAGES,
    }
    try:
        if thread:
            answer = await workspace.line.call("conversations.replies", ts=thread, **where)
        else:
            answer = await workspace.line.call("conversations.history", **where)
    except SlackRefuses as error:
        log.warning("a message that was perhaps sent before cannot be looked for: %s", error.code)
        return None
    found = _marked(answer.get("messages", ()), job.id, bot=workspace.identity.bot_user)
    return Slip(channel=channel, message=found) if found else None


def _marked(messages: Iterable[Mapping[str, Any]], job_id: str, *, bot: str) -> str | None:
    for message in messages:
        metadata: Mapping[str, Any] = message.get("metadata") or {}
        payload: Mapping[str, Any] = metadata.get("event_payload") or {}
        ours = metadata.get("event_type") == EVENT_TYPE and message.get("user") in (None, bot)
        if ours and payload.get("job_id") == job_id:
            return str(message["ts"])
    return None
