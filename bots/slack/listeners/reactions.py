"""Reactions on the app's own messages, old ones too: which message shows which job stands in the records."""

import logging
import time
from collections.abc import Mapping
from functools import partial
from typing import Any

from bots.delivery.job_view import JobView, has_star, load_job_view
from bots.delivery.message_lookup import ShownPictures, find_soon
from bots.runtime.thread_pools import Pool
from bots.slack.api.client import NotInstalledError, SlackUnavailableError
from bots.slack.api.request import SlackRequest, of_reaction
from bots.slack.context import SlackComponent, SlackContext
from bots.slack.listeners.dispatcher import Dispatcher
from bots.slack.messages.job_delivery import SlackJobDelivery
from bots.slack.messages.message_lookup import Finder
from bots.slack.workspaces.members import People
from studio.commands.button_ids import Action, Button
from studio.commands.registry import REACTIONS, execute_button
from studio.commands.results import Answer
from studio.commands.spec import Call
from studio.errors import DatabaseUnavailableError, NotFoundError

# What Slack calls the reactions of the catalogue.
NAMES: Mapping[str, str] = {
    "1️⃣": "one",
    "2️⃣": "two",
    "3️⃣": "three",
    "4️⃣": "four",
    "🔁": "repeat",
    "⬆️": "arrow_up",
    "⭐": "star",
    "❌": "x",
    "🚩": "triangular_flag_on_post",
}
MEANINGS: Mapping[str, tuple[Action, int]] = {NAMES[emoji]: meaning for emoji, meaning in REACTIONS.items()}
ENVELOPES = frozenset(
    {"envelope", "email"}
)  # two names of the same sign; which one is told depends on who reacts

log = logging.getLogger(__name__)


class Reactions(SlackComponent):
    def __init__(
        self, context: SlackContext, people: People, counter: Dispatcher, delivery: SlackJobDelivery
    ) -> None:
        super().__init__(context)
        self._finder = Finder(context)
        self._people = people
        self._counter = counter
        self._delivery = delivery

    async def added(self, body: Mapping[str, Any]) -> None:
        event: Mapping[str, Any] = body["event"]
        name = str(event.get("reaction"))
        if name in ENVELOPES:
            await self._send_copy(body)
        elif meaning := MEANINGS.get(name):
            await self._carry_out(body, meaning, given=True)

    async def removed(self, body: Mapping[str, Any]) -> None:
        """Only a star can be taken back; what is painted is painted."""
        event: Mapping[str, Any] = body["event"]
        meaning = MEANINGS.get(str(event.get("reaction")))
        if meaning is not None and meaning[0] is Action.STAR:
            await self._carry_out(body, meaning, given=False)

    async def _carry_out(self, body: Mapping[str, Any], meaning: tuple[Action, int], *, given: bool) -> None:
        found = await self._job_view_of(body)
        button = found[0].meant_by(*meaning) if found else None
        if found is None or button is None:
            return
        shown, job_view = found
        request = of_reaction(body, thread=job_view.job.address.thread if shown.first else None)
        if button.index and button.index not in {picture.index for picture in job_view.pictures}:
            return  # a tile that is not there
        await self._counter.serve(request, self._pressing(request, button, given=given), quietly=True)

    async def _send_copy(self, body: Mapping[str, Any]) -> None:
        """The pictures with their recipe, into the direct messages of whoever wants them."""
        found = await self._job_view_of(body)
        request = of_reaction(body)
        if found and found[1].pictures and self._counter.is_new(request):
            await self._delivery.copy_to(found[1], request.user)

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

    def _pressing(self, request: SlackRequest, button: Button, *, given: bool) -> Any:
        async def work(call: Call) -> Answer | str:
            if button.action is Action.STAR:
                starred = await self._pools.run(
                    Pool.COMMANDS,
                    has_star,
                    self._ports.database,
                    button.picture_id or "",
                    call.person.key,
                )
                if starred == given:
                    return ""
            return await self._pools.run(Pool.COMMANDS, execute_button, self._ports, call, button)

        return work
