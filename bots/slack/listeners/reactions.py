"""Reactions on the app's own messages, old ones too: which message shows which job stands in the database."""

import logging
import time
from collections.abc import Mapping
from functools import partial
from typing import Any

from bots.interactions.reactions import find_button_meant
from bots.process.thread_pools import Pool
from bots.queries.job_view import load_job_view
from bots.slack.api.client import NotInstalledError, SlackUnavailableError
from bots.slack.api.request import SlackRequest, of_reaction
from bots.slack.listeners.listener import Listener
from studio.commands.button_ids import Button
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


class Reactions(Listener):
    async def handle(self, body: Mapping[str, Any]) -> None:
        """One that was added or removed; only a star can be taken back."""
        added = body["event"]["type"] == "reaction_added"
        try:
            found = await self._found(body, added=added)
        except (NotFoundError, NotInstalledError):
            return
        except (DatabaseUnavailableError, SlackUnavailableError):
            log.warning("reaction not handled: database or Slack unavailable")
            return
        if found:
            request, button = found
            work = partial(self._runner.react, button, added=added)
            await self._dispatcher.serve(request, work, quietly=True)

    async def _found(self, body: Mapping[str, Any], *, added: bool) -> tuple[SlackRequest, Button] | None:
        """What a member means by a reaction to a message of ours. None for other messages, and for apps."""
        event, item = body["event"], body["event"]["item"]
        if item.get("type") != "message":
            return None
        request = of_reaction(body)
        bot_user = (await self._workspaces.of(request.community)).identity.bot_user
        if request.user == bot_user or event.get("item_user") not in (None, bot_user):
            return None
        find = partial(self._lookup.by_name, request, str(item["channel"]), str(item["ts"]))
        emoji, age_seconds = EMOJI.get(str(event.get("reaction")), ""), time.time() - float(item["ts"])
        found = await find_button_meant(emoji, find, added=added, age_seconds=age_seconds)
        if found is None or (await self._people.member(request)).is_bot:
            return None
        shown, button = found
        view = await self._pools.run(Pool.COMMANDS, load_job_view, self._ports.database, shown.job_id)
        return of_reaction(body, thread=view.job.address.thread if shown.first else None), button
