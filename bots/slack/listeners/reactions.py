"""Reactions on the app's own messages, old ones too: which message shows which job stands in the database."""

import logging
import time
from collections.abc import Mapping
from functools import partial
from typing import Any

from bots.interactions.step_runner import StepRunner
from bots.presentation.interaction_router import meaning_of
from bots.process.thread_pools import Pool
from bots.queries.job_view import JobView, load_job_view
from bots.queries.message_lookup import ShownPictures, find_soon
from bots.slack.api.client import NotInstalledError, SlackUnavailableError
from bots.slack.api.request import of_reaction
from bots.slack.context import SlackComponent, SlackContext
from bots.slack.listeners.dispatcher import Dispatcher
from bots.slack.messages.message_lookup import MessageLookup
from bots.slack.workspaces.members import Members
from studio.commands.button_ids import Action, Button
from studio.errors import DatabaseUnavailableError, NotFoundError

# Slack's names of the reactions that mean something. An envelope has two; which one is told depends on who reacts.
EMOJI: Mapping[str, str] = {
    "one": "1️⃣",
    "two": "2️⃣",
    "three": "3️⃣",
    "four": "4️⃣",
    "repeat": "🔁",
    "arrow_up": "⬆️",
    "star": "⭐",
    "x": "❌",
    "triangular_flag_on_post": "🚩",
    "envelope": "✉️",
    "email": "✉️",
}

log = logging.getLogger(__name__)


class Reactions(SlackComponent):
    def __init__(
        self, context: SlackContext, people: Members, dispatcher: Dispatcher, runner: StepRunner
    ) -> None:
        super().__init__(context)
        self._finder = MessageLookup(context)
        self._people = people
        self._dispatcher = dispatcher
        self._runner = runner

    async def added(self, body: Mapping[str, Any]) -> None:
        await self._follow(body, added=True)

    async def removed(self, body: Mapping[str, Any]) -> None:
        """Only a star can be taken back."""
        await self._follow(body, added=False)

    async def _follow(self, body: Mapping[str, Any], *, added: bool) -> None:
        meaning = meaning_of(EMOJI.get(str(body["event"].get("reaction")), ""))
        if meaning is None or not (added or meaning[0] is Action.STAR):
            return
        found = await self._job_view_of(body)
        if found is None:
            return
        shown, job_view = found
        button = shown.meant_by(*meaning)
        if button is None or not _is_there(button, job_view):
            return
        request = of_reaction(body, thread=job_view.job.address.thread if shown.first else None)
        work = partial(self._runner.react, button, added=added)
        await self._dispatcher.serve(request, work, quietly=True)

    async def _job_view_of(self, body: Mapping[str, Any]) -> tuple[ShownPictures, JobView] | None:
        """What the message shows that a member reacted to; None for other messages, and for apps."""
        item: Mapping[str, Any] = body["event"]["item"]
        if item.get("type") != "message":
            return None
        request = of_reaction(body)
        try:
            bot_user = (await self._workspaces.of(request.community)).identity.bot_user
            if request.user == bot_user or body["event"].get("item_user") not in (None, bot_user):
                return None
            find = partial(self._finder.by_name, request, str(item["channel"]), str(item["ts"]))
            shown = await find_soon(find, age_seconds=time.time() - float(item["ts"]))
            if shown is None or (await self._people.member(request)).is_bot:
                return None
            return shown, await self._pools.run(
                Pool.COMMANDS, load_job_view, self._ports.database, shown.job_id
            )
        except (NotFoundError, NotInstalledError):
            return None
        except (DatabaseUnavailableError, SlackUnavailableError):
            log.warning("reaction not handled: database or Slack unavailable")
            return None


def _is_there(button: Button, job_view: JobView) -> bool:
    """Whether the job has the picture that is meant, or for a copy any."""
    numbers = {picture.index for picture in job_view.pictures}
    if button.action is Action.SEND:
        return bool(numbers)
    return not button.index or button.index in numbers
