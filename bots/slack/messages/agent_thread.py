"""The thread of a request in Slack's agent view, with a status below it."""

import logging
from typing import Any

from bots.presentation.message import Message, Progress
from bots.slack.api.client import SlackApiRefusedError, SlackUnavailableError
from bots.slack.context import Workspace
from bots.slack.texts import texts
from bots.texts.translation import translate

# These are about one conversation; every other refusal means that the workspace has no agent view.
_OF_ONE_THREAD = frozenset(
    {"channel_not_found", "invalid_thread_ts", "message_not_found", "thread_not_found"}
)

log = logging.getLogger(__name__)


async def call_agent(workspace: Workspace, method: str, **arguments: Any) -> None:
    """One of the agent view's methods. Never raises: nothing depends on it. A workspace without is not asked again."""
    if not workspace.has_agent_view:
        return
    try:
        await workspace.client.call(method, patient=False, **arguments)
    except SlackUnavailableError as error:
        log.debug("agent view not updated: %s", error)
    except SlackApiRefusedError as error:
        if error.code not in _OF_ONE_THREAD:
            log.info("agent view not available in the workspace: %s", error)
            workspace.features.agent_view = False


async def show_status(workspace: Workspace, channel: str, thread: str | None, message: Message) -> None:
    """The step that a job's message shows, below the thread that its person reads; nothing when it shows none."""
    if thread is None or not channel.startswith("D"):
        return
    progress = next((part for part in message.parts if isinstance(part, Progress)), None)
    status = translate(texts.STATUS, step=progress.step, steps=progress.steps) if progress else ""
    await call_agent(
        workspace, "assistant.threads.setStatus", channel_id=channel, thread_ts=thread, status=status
    )
