"""Reactions on the app's own messages, old ones too: which message shows which job stands in the records."""

import logging
from collections.abc import Mapping
from typing import Any

from bots.slack.bearer import SlackBearer
from bots.slack.counter import Counter
from bots.slack.line import NotInstalled, SlackAway
from bots.slack.people import People
from bots.slack.premises import Part, Premises
from bots.slack.visits import Visit, of_reaction
from bots.standings import Standing, has_star, job_of_message, load_standing
from studio.buttons import Action, Button
from studio.catalog import REACTIONS, press
from studio.commands.answers import Answer
from studio.commands.spec import Call
from studio.errors import DatabaseUnavailable, NotFound
from studio.identifiers import picture_id
from studio.people import Platform

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
ENVELOPE = "envelope"

log = logging.getLogger(__name__)


class Reactions(Part):
    def __init__(self, premises: Premises, people: People, counter: Counter, bearer: SlackBearer) -> None:
        super().__init__(premises)
        self._people = people
        self._counter = counter
        self._bearer = bearer

    async def added(self, body: Mapping[str, Any]) -> None:
        event: Mapping[str, Any] = body["event"]
        name = str(event.get("reaction"))
        if name == ENVELOPE:
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
        standing = await self._standing_of(body)
        if standing is None:
            return
        visit = of_reaction(body, thread=standing.job.address.thread)
        button = Button(action=meaning[0], job_id=standing.job.id, index=meaning[1])
        if button.index and button.index not in {picture.index for picture in standing.pictures}:
            return  # a tile that is not there
        await self._counter.serve(visit, self._pressing(visit, button, given=given), quietly=True)

    async def _send_copy(self, body: Mapping[str, Any]) -> None:
        """The pictures with their recipe, into the direct messages of whoever wants them."""
        standing = await self._standing_of(body)
        visit = of_reaction(body)
        if standing and standing.pictures and self._counter.is_new(visit):
            await self._bearer.copy_to(standing, visit.user)

    async def _standing_of(self, body: Mapping[str, Any]) -> Standing | None:
        """The job of the message that a member reacted to; None for other messages, and for apps."""
        item: Mapping[str, Any] = body["event"]["item"]
        if item.get("type") != "message":
            return None
        visit = of_reaction(body)
        try:
            if visit.user == (await self._workspaces.of(visit.community)).identity.bot_user:
                return None
            job_id = await self._backroom.run(
                "desk",
                job_of_message,
                self._ports.database,
                Platform.SLACK,
                str(item["ts"]),
                channel=str(item["channel"]),
            )
            if job_id is None or (await self._people.member(visit)).is_bot:
                return None
            return await self._backroom.run("desk", load_standing, self._ports.database, job_id)
        except (NotFound, NotInstalled):
            return None
        except (DatabaseUnavailable, SlackAway):
            log.warning("a reaction was not followed: the records are away")
            return None

    def _pressing(self, visit: Visit, button: Button, *, given: bool) -> Any:
        async def work(call: Call) -> Answer | str:
            if button.action is Action.STAR:
                starred = await self._backroom.run(
                    "desk",
                    has_star,
                    self._ports.database,
                    picture_id(button.job_id, button.index),
                    call.person.key,
                )
                if starred == given:
                    return ""
            return await self._backroom.run("desk", press, self._ports, call, button)

        return work
