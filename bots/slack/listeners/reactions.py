"""Reactions on the app's own messages, old ones too: which message shows which job stands in the database."""

import logging
import time
from collections.abc import Mapping
from functools import partial
from typing import Any

from bots.presentation.interaction_router import Send, meaning_of, reacted
from bots.presentation.subject_lookup import changes_star
from bots.process.thread_pools import Pool
from bots.queries.job_view import JobView, load_job_view
from bots.queries.message_lookup import ShownPictures, find_soon
from bots.slack.api.client import NotInstalledError, SlackUnavailableError
from bots.slack.api.request import SlackRequest, of_reaction
from bots.slack.context import SlackComponent, SlackContext
from bots.slack.listeners.action_runner import ActionRunner
from bots.slack.listeners.dispatcher import Dispatcher, Reply
from bots.slack.messages.message_lookup import MessageLookup
from bots.slack.workspaces.members import Members
from studio.commands.button_ids import Action, Button
from studio.commands.spec import Call
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
        self, context: SlackContext, people: Members, dispatcher: Dispatcher, actions: ActionRunner
    ) -> None:
        super().__init__(context)
        self._finder = MessageLookup(context)
        self._people = people
        self._dispatcher = dispatcher
        self._actions = actions

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
        if meaning[0] is Action.SEND:
            if job_view.pictures:
                await self._actions.take(of_reaction(body), Send(job_id=shown.job_id), quietly=True)
            return
        button = shown.meant_by(*meaning)
        if button is None or (button.index and button.index not in _indices(job_view)):
            return  # a picture that is not there
        request = of_reaction(body, thread=job_view.job.address.thread if shown.first else None)
        work = partial(self._carry_out, request, button, added)
        await self._dispatcher.serve(request, work, quietly=True)

    async def _carry_out(self, request: SlackRequest, button: Button, added: bool, call: Call) -> Reply:
        if button.action is Action.STAR and not await self._pools.run(
            Pool.COMMANDS,
            changes_star,
            self._ports.database,
            button.picture_id or "",
            call.person.key,
            added=added,
        ):
            return None
        step = reacted(button, added=added)
        return await self._actions.carry_out(request, step, call) if step else None

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


def _indices(job_view: JobView) -> set[int]:
    return {picture.index for picture in job_view.pictures}
