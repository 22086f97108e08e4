"""Journeys on the real slack_bolt, with a Slack on the loopback."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from studio.ports import Ports
from tests.support.gathering_journeys.stage import Stage, command_line
from tests.support.gatherings import Clock
from tests.support.loopback_slack.records import ANA, BO, GENERAL, MOD, Message
from tests.support.slack_sim import SlackRoom

_PEOPLE = {"ana": ANA, "bo": BO, "mo": MOD}
Blocks = Sequence[Mapping[str, Any]]


class SlackStage(Stage):
    def __init__(self, ports: Ports, clock: Clock, room: SlackRoom) -> None:
        super().__init__(ports, clock)
        self.room = room
        self._shown: dict[str, list[Blocks]] = defaultdict(list)  # to one person alone

    async def type(self, who: str, command: str, **options: object) -> str:
        line = command_line(command, options)
        return await self._send(who, self.room.slack.command("/studio", line, user=_PEOPLE[who]))

    async def press(self, who: str, label: str) -> str:
        return await self._send(who, self._press(who, label))

    async def fill(self, who: str, label: str, **fields: str) -> str:
        await self._send(who, self._press(who, label))
        view = self.room.view
        elements = {block["block_id"]: block["element"] for block in view["blocks"] if "element" in block}
        values = {name: _value(elements[name], text) for name, text in fields.items()}
        return await self._send(who, self.room.slack.submission(view, values, user=_PEOPLE[who]))

    async def read(self) -> str:
        return self._message.words

    async def alt_texts(self) -> list[str]:
        return [found["alt_text"] for found in _walk(self._message.blocks) if "alt_text" in found]

    async def catch_up(self) -> None:
        events = self.ports.events.published  # type: ignore[attr-defined]
        while events:
            for event in [events.pop(0) for _ in range(len(events))]:
                await self.room.tell(event)
            await self.room.app.delivery.flush()

    def forget_panels(self) -> None:
        self._shown.clear()

    @property
    def _message(self) -> Message:
        found = self.room.slack.find(GENERAL, self.message_id)
        assert found
        return found

    def _press(self, who: str, label: str) -> Mapping[str, Any]:
        for blocks in (*reversed(self._shown[who]), self._message.blocks):
            for element in _walk(blocks):
                if element.get("type") == "button" and element["text"]["text"].removeprefix("✓ ") == label:
                    user = _PEOPLE[who]
                    return self.room.slack.press(self._message, element["action_id"], user=user)
        raise AssertionError(f"no button {label} for {who}")

    async def _send(self, who: str, payload: Mapping[str, Any]) -> str:
        """The answers that only the person sees, also those in a form."""
        before = len(self.room.slack.whispers)
        response = await self.room.send(payload) or {}
        whispers = self.room.slack.whispers[before:]
        self._shown[who] += [whisper["blocks"] for whisper in whispers if whisper.get("blocks")]
        problems = response.get("errors", {}).values()
        answer = "\n".join([*problems, *self.room.slack.whispered()[before:]])
        await self.catch_up()
        return answer


def _walk(blocks: object) -> Iterator[Mapping[str, Any]]:
    """Every object in blocks."""
    if isinstance(blocks, Mapping):
        yield blocks
        for value in blocks.values():
            yield from _walk(value)
    elif isinstance(blocks, list | tuple):
        for value in blocks:
            yield from _walk(value)


def _value(element: Mapping[str, Any], text: str) -> str:
    """What stands for a choice; else the text."""
    options = element.get("options", ())
    return next((option["value"] for option in options if option["text"]["text"] == text), text)
