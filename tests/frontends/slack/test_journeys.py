"""Random journeys of three people through Slack: whatever they do is answered once, and well."""

import asyncio
import json
import logging
import random
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from bots.slack.listeners.reactions import EMOJI
from bots.slack.listeners.shortcuts import ENTRIES, IMAGINE
from studio.db.tables import JobRow
from studio.domain.events import JobEnded
from studio.domain.jobs import JobState
from studio.domain.people import Platform
from studio.ports import InstanceLimits, Ports
from tests.support.case_sim import with_gate
from tests.support.fakes import fake_ports
from tests.support.finished_jobs import paint_job
from tests.support.journeys import (
    EVIL_PERSON,
    EVIL_URL,
    SEEDS,
    STEPS,
    Values,
    log_records,
    outage,
    picture_bytes,
    texts_in,
)
from tests.support.loopback_slack.records import ANA, BO, GENERAL, MOD, MODERATORS, PRIVATE, STRANGE, Message
from tests.support.slack_sim import SlackRoom, open_slack_room

STORED: Mapping[str, Any] = json.loads(
    (Path(__file__).parents[2] / "fixtures" / "schema_0009" / "messages.json").read_text()
)["slack"]
PEOPLE = (ANA, BO, MOD)
CHANNELS = (GENERAL, GENERAL, GENERAL, PRIVATE, STRANGE, f"D{ANA[1:]}")
BROKEN = "Something broke"


@pytest.fixture
def ports(tmp_path: Path) -> Iterator[Ports]:
    rules = InstanceLimits(max_outstanding_jobs=100, monthly_credits=100_000)
    made = fake_ports(f"sqlite:///{tmp_path}/studio.sqlite3", rules)
    yield with_gate(made)
    made.database.close()


@pytest.fixture
async def room(ports: Ports) -> AsyncIterator[SlackRoom]:
    async with open_slack_room(ports) as opened:
        yield opened


class Journey:
    def __init__(self, room: SlackRoom, seed: int) -> None:
        self.room, self.slack = room, room.slack
        self.chance = random.Random(seed)
        self.values = Values(room.ports, self.chance)
        self.seen = (0, 0)
        self.told = ""

    # ---- steps: each tells what was done, and how many answers there may be

    async def step(self) -> tuple[str, range]:
        steps = {
            self.imagine: 3,
            self.command: 6,
            self.talk: 1,
            self.press: 10,
            self.submit: 6,
            self.shortcut: 2,
            self.react: 2,
            self.press_twice: 2,
            self.earlier: 2,
            self.home: 1,
            self.take_away: 1,
            self.show_out: 1,
            self.moderate: 2,
        }
        (chosen,) = self.chance.choices(list(steps), list(steps.values()))
        return await chosen()

    async def imagine(self) -> tuple[str, range]:
        text, user, channel = self.values.text(), self.person(), self.channel()
        await self.send(self.slack.command("/imagine", text, user=user, channel=channel))
        return f"/imagine {text!r} by {user} in {channel}", range(1, 3)

    async def command(self) -> tuple[str, range]:
        text, user, channel = self.typed(), self.person(), self.channel()
        await self.send(self.slack.command("/studio", text, user=user, channel=channel))
        return f"/studio {text!r} by {user} in {channel}", range(1, 4)

    async def talk(self) -> tuple[str, range]:
        text, user = self.chance.choice([self.values.text(), self.typed()]), self.person()
        files = [self.slack.share("shared.png", self.chance.choice([picture_bytes(), b"bad"]))]
        more = self.chance.choice([{}, {"files": files, "subtype": "file_share"}])
        payload = self.chance.choice([self.slack.mention, self.slack.direct])(text, user=user, **more)
        await self.send(payload)
        return f"talk {text!r} {sorted(more)} by {user}", range(1, 4)

    async def press(self) -> tuple[str, range]:
        found = self.button()
        if found is None:
            return await self.imagine()
        message, action, value = found
        user = self.person()
        await self.send(self.slack.press(message, action, user=user, value=value))
        return f"press {value or action} by {user} in {message.channel}", range(1, 3)

    async def press_twice(self) -> tuple[str, range]:
        found = self.button()
        if found is None:
            return await self.imagine()
        message, action, value = found
        payload = self.slack.press(message, action, user=BO, value=value)
        await asyncio.gather(self.send(payload), self.send(payload))
        return f"press twice {value or action} by {BO}", range(1, 3)

    async def earlier(self) -> tuple[str, range]:
        """A button of a message that an earlier version sent."""
        jobs = self.values.ids(JobRow)
        if not jobs:
            return await self.imagine()
        stored = json.dumps(STORED[self.chance.choice(list(STORED))])
        known = next(part for part in stored.split(":") if len(part) == 12 and part.isalnum())
        message = self.shown(json.loads(stored.replace(known, self.chance.choice(jobs))))
        action, value = self.chance.choice(list(_presses(message.blocks)))
        await self.send(self.slack.press(message, action, user=BO, value=value))
        return f"press earlier {value or action}", range(1, 3)

    async def submit(self) -> tuple[str, range]:
        views = [view for view in self.slack.views.values() if _inputs(view)]
        if not views:
            return await self.press()
        view = self.chance.choice(views[-3:])
        user = self.person()
        state = {
            block["block_id"]: {block["element"]["action_id"]: self.filled(block)} for block in _inputs(view)
        }
        payload = self.slack.submission(view, {}, user=user)
        payload["view"]["state"] = {"values": state}
        answer = await self.send(payload)
        if not answer:  # Slack closes it
            del self.slack.views[view["id"]]
        if answer:
            assert set(answer["errors"]) <= set(state), answer
            self.check_texts(answer)
            assert all(0 < len(error) <= 2000 for error in answer["errors"].values())
        return f"submit {view['callback_id']} {state} by {user} → {answer}", range(0 if answer else 1, 3)

    async def shortcut(self) -> tuple[str, range]:
        if self.chance.random() < 0.2 or not self.slack.messages:
            await self.send(self.slack.global_shortcut(IMAGINE))
            return "shortcut imagine", range(1, 2)
        message, entry = self.chance.choice(self.slack.messages), self.chance.choice(list(ENTRIES))
        shown = {
            "ts": message.ts,
            "text": message.text,
            "blocks": message.blocks,
            "metadata": message.metadata,
        }
        if self.chance.random() < 0.2:
            shown = {
                "ts": "1700000009.000001",
                "text": "hello",
                "files": [self.slack.share("one.png", picture_bytes())],
            }
        await self.send(self.slack.shortcut(entry, shown, channel=message.channel))
        return f"shortcut {entry} on {message.channel}", range(1, 3)

    async def react(self) -> tuple[str, range]:
        if not self.slack.messages:
            return await self.imagine()
        message, name = self.chance.choice(self.slack.messages), self.chance.choice([*EMOJI, "wave"])
        kind = self.chance.choice(["reaction_added", "reaction_added", "reaction_removed"])
        await self.send(self.slack.reaction(message, name, user=self.person(), kind=kind))
        return f"{kind} {name}", range(3)

    async def take_away(self) -> tuple[str, range]:
        """Somebody deletes a message of the bot's."""
        if self.slack.messages:
            self.slack.messages.remove(self.chance.choice(self.slack.messages))
        return "a message deleted", range(-1, 1)

    async def show_out(self) -> tuple[str, range]:
        """The app leaves a channel, or is invited again."""
        self.slack.members ^= {GENERAL}
        return f"a member of {sorted(self.slack.members)}", range(1)

    async def home(self) -> tuple[str, range]:
        user = self.person()
        await self.send(
            self.slack.event({"type": "app_home_opened", "user": user, "tab": "home", "channel": "D0"})
        )
        views = self.slack.homes[user]
        presses = list(_presses(views[-1]["blocks"])) if views else []
        if not presses:
            return "home", range(2)
        action, value = self.chance.choice(presses)
        await self.send(self.slack.press_at_home(action, user=user, value=value))
        return f"home, press {value or action}", range(1, 8)  # it is shown anew

    async def moderate(self) -> tuple[str, range]:
        text = self.chance.choice(
            [
                f"community desk <#{MODERATORS}>",
                f"community stars <#{GENERAL}>",
                "community star-threshold 1",
                f"ban <@{BO}> --reason {self.values.text()[:90]}",
                f"unban <@{BO}>",
                "cases",
                "community results thread",
                "community results reply",
            ]
        )
        await self.send(self.slack.command("/studio", text, user=MOD, channel=GENERAL))
        return f"/studio {text!r} by the moderator", range(1, 30)

    @property
    def answers(self) -> int:
        """How many there were until now."""
        homes = sum(map(len, self.slack.homes.values()))
        opened = len(self.slack.called("views.open"))
        return len(self.slack.messages) + len(self.slack.whispers) + opened + homes

    # ---- what they choose from

    def person(self) -> str:
        return self.chance.choice(PEOPLE)

    def channel(self) -> str:
        return self.chance.choice(CHANNELS)

    def typed(self) -> str:
        spec = self.values.command()
        words = [spec.name]
        for parameter in spec.parameters:
            if self.chance.random() < (0.9 if parameter.required else 0.3):
                value = self.values.of(parameter, [f"<@{person}>" for person in PEOPLE])
                words += [value] if parameter.positional else [f"--{parameter.name}", value]
        return " ".join(words)

    def button(self) -> tuple[Message, str, str | None] | None:
        shown = [*self.slack.messages, *map(self.shown, self.slack.whispers[-20:])]
        found = [(message, *press) for message in shown for press in _presses(message.blocks)]
        return self.chance.choice(found) if found else None

    def shown(self, payload: Mapping[str, Any]) -> Message:
        return Message(
            channel=payload.get("channel", GENERAL),
            ts="1700000000.000009",
            text=payload.get("text", ""),
            blocks=payload.get("blocks", []),
            thread_ts=payload.get("thread_ts"),
        )

    def filled(self, block: Mapping[str, Any]) -> dict[str, Any]:
        element = block["element"]
        kind, chance = element["type"], self.chance
        if kind in ("checkboxes", "multi_static_select"):
            most = chance.randrange(3)
            return {
                "type": kind,
                "selected_options": chance.sample(element["options"], min(most, len(element["options"]))),
            }
        if kind in ("static_select", "radio_buttons"):
            left_out = None if block["optional"] else element["options"][0]
            return {
                "type": kind,
                "selected_option": chance.choice(
                    [*element["options"], element.get("initial_option") or left_out]
                ),
            }
        if kind == "file_input":
            data = chance.choice([picture_bytes(), b"bad"])
            return {"type": kind, "files": chance.choice([[], [self.slack.share("form.png", data)]])}
        if kind == "users_select":
            return {"type": kind, "selected_user": chance.choice([None, *PEOPLE])}
        if kind == "conversations_select":
            return {"type": kind, "selected_conversation": chance.choice([GENERAL, STRANGE, PRIVATE])}
        if kind == "number_input":
            return {"type": kind, "value": chance.choice([None, "1", "7", "99999"])}
        text = chance.choice(
            [element.get("initial_value"), self.values.text()[: element["max_length"]] or None]
        )
        return {"type": kind, "value": text}

    # ---- what is asked after each

    async def send(self, payload: Mapping[str, Any]) -> Any:
        return await self.room.send(payload)

    async def work(self) -> None:
        """What the workers and the events do meanwhile."""
        for job in self.room.jobs():
            if job.state == JobState.QUEUED and self.chance.random() < 0.5:
                state = self.chance.choice([JobState.DONE] * 6 + [JobState.FAILED, JobState.REFUSED])
                if state is JobState.DONE:
                    paint_job(self.room.ports, job.id)
                    await self.room.tell(JobEnded(job_id=job.id, platform=Platform.SLACK, state=state))
                else:
                    await self.room.ended(job.id, state)
        events, self.room.ports.events.published[:] = list(self.room.ports.events.published), []  # type: ignore[attr-defined]
        for event in events:
            await self.room.tell(event)

    def check_texts(self, payload: object) -> None:
        def check(name: str, text: str) -> None:
            assert BROKEN not in text, text
            if name in ("text", ""):
                for evil in ("<!channel", "<!here", "<!everyone", f"<@{EVIL_PERSON}", f"<{EVIL_URL}"):
                    assert evil not in text, text

        texts_in(payload, check)


def _inputs(view: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [block for block in view["blocks"] if block["type"] == "input"]


def _presses(blocks: list[dict[str, Any]]) -> Iterator[tuple[str, str | None]]:
    for block in blocks:
        elements = [*block.get("elements", ()), *([block["accessory"]] if "accessory" in block else ())]
        for element in elements:
            for item in element.get("actions", [element]) if element.get("type") == "card" else [element]:
                for option in item.get("options", ()):
                    yield item["action_id"], option["value"]
                if item.get("type") == "button" and "url" not in item:
                    yield item["action_id"], None


@pytest.mark.thorough("2")
@pytest.mark.parametrize("seed", SEEDS)
async def test_whatever_people_do_is_answered_once_and_well(room: SlackRoom, seed: int) -> None:
    journey = Journey(room, seed)
    slack = room.slack
    with log_records() as records:
        for number in range(STEPS):
            before, messages, whispers = journey.answers, len(slack.messages), len(slack.whispers)
            del records[:]
            with outage(room.ports, journey.chance) as away:
                answered, expected = await journey.step()
            where = f"seed {seed}, step {number}: {answered}{', in an outage' if away else ''}"
            answers = journey.answers - before
            await journey.work()
            unforeseen = [record for record in records if record.levelno >= logging.ERROR or not away]
            assert answers in expected, f"{answers} answers; {where}; {slack.whispered()[whispers:]}"
            assert not unforeseen, f"{[record.getMessage() for record in unforeseen]}; {where}"
            assert not slack.faults, f"{slack.faults}; {where}"
            for payload in (
                [{"text": message.text, "blocks": message.blocks} for message in slack.messages[messages:]],
                slack.whispers[whispers:],
                list(slack.views.values())[-1:],
            ):
                journey.check_texts(payload)
