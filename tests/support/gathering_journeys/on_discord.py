"""Journeys on the real discord.py, in a simulated Discord."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from discord import ComponentType
from simcord.components import walk_components

from studio.ports import Ports
from tests.support.discord_sim import Room, gallery, words
from tests.support.gathering_journeys.stage import Stage
from tests.support.gatherings import Clock


class DiscordStage(Stage):
    def __init__(self, ports: Ports, clock: Clock, room: Room) -> None:
        super().__init__(ports, clock)
        self.room = room
        self._people = {"ana": room.ana, "bo": room.bo, "mo": room.mod}
        self._shown: dict[str, list[Any]] = defaultdict(list)  # to one person alone

    async def type(self, who: str, command: str, **options: object) -> str:
        result = await self._people[who].slash(self.room.channel, command, **options)
        await self.catch_up()
        return self._answer(who, result)

    async def press(self, who: str, label: str) -> str:
        result = await self._click(who, label)
        assert result.modal is None, f"{label} opened a form"
        answer = self._answer(who, result)
        await self.catch_up()
        return answer

    async def fill(self, who: str, label: str, **fields: str) -> str:
        form = await self._click(who, label)
        if form.modal is None:  # a form with a picture stands behind a button
            form = await self._people[who].click(form.response.message, custom_id=_last_button(form.response))
        controls = {
            part["component"]["custom_id"]: part["component"]
            for part in form.modal["components"]
            if "component" in part
        }
        values = {name: _value(controls[name], text) for name, text in fields.items()}
        result = await self._people[who].submit_modal(form, values)
        answer = self._answer(who, result)
        await self.catch_up()
        return answer

    async def read(self) -> str:
        return words(self._message)

    async def alt_texts(self) -> list[str]:
        return [item["description"] for item in gallery(self._message)]

    async def catch_up(self) -> None:
        """The events, and the small changes of messages that wait for their time."""
        events = self.ports.events.published  # type: ignore[attr-defined]
        while events:
            await self.room.act()
            with self.room.env._bot_scope():
                await self.room.bot.delivery.flush()
            await self.room.env.settle()

    def forget_panels(self) -> None:
        self._shown.clear()

    @property
    def _message(self) -> Any:
        return next(shown for shown in self.room.messages if shown.id == int(self.message_id))

    async def _click(self, who: str, label: str) -> Any:
        shown = reversed(self._shown[who])
        message = next((found for found in shown if label in _labels(found)), self._message)
        return await self._people[who].click(message, label=label)

    def _answer(self, who: str, result: Any) -> str:
        answers = [*([result.response] if result.response else []), *result.followups]
        private = [answer for answer in answers if answer.flags.ephemeral]
        self._shown[who] += [getattr(answer, "message", answer) for answer in private]
        return "\n".join(map(words, answers))


def _labels(message: Any) -> list[str]:
    return [component["label"] for component in _components(message) if component.get("label")]


def _last_button(message: Any) -> str:
    ids: list[str] = [found["custom_id"] for found in _components(message) if found.get("custom_id")]
    return ids[-1]


def _components(message: Any) -> list[Mapping[str, Any]]:
    data = [
        component if isinstance(component, dict) else component.to_dict() for component in message.components
    ]
    return list(walk_components(data))


def _value(control: Mapping[str, Any], text: str) -> str | list[str]:
    """What stands for a choice; else the text."""
    value = next((found["value"] for found in control.get("options", ()) if found["label"] == text), text)
    return [value] if control["type"] == ComponentType.select.value else value
