"""Random journeys of three people through Discord: whatever they do is answered once, and well."""

import json
import logging
import random
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import discord
import pytest
from simcord.backend.errors import SetupError
from simcord.components import walk_components

from bots.presentation.interaction_router import MENU
from bots.queries.job_view import load_job_view
from studio.commands.parameter_values import Kind, Parameter
from studio.db.tables import JobRow
from studio.domain.jobs import JobState
from studio.ports import InstanceLimits, Ports
from tests.support.case_sim import with_gate
from tests.support.discord_sim import Room, open_room, words
from tests.support.fakes import fake_ports
from tests.support.journeys import EVIL_URL, SEEDS, STEPS, Values, log_records, outage, picture_bytes
from tests.support.loopback_discord.contract import Contract, load_contract

STORED: Mapping[str, Any] = json.loads(
    (Path(__file__).parents[2] / "fixtures" / "schema_0009" / "messages.json").read_text()
)["discord"]
REACTIONS = ("1️⃣", "2️⃣", "🔁", "⬆️", "⭐", "❌", "🚩", "✉️", "👋")
BROKEN = "Something broke"
_BUTTON, _MENU = discord.ComponentType.button.value, discord.ComponentType.select.value
_LOADING = 1 << 7


@pytest.fixture
def ports(tmp_path: Path) -> Iterator[Ports]:
    rules = InstanceLimits(max_outstanding_jobs=100, monthly_credits=100_000)
    made = fake_ports(f"sqlite:///{tmp_path}/studio.sqlite3", rules)
    yield with_gate(made)
    made.database.close()


@pytest.fixture
async def room(ports: Ports, tmp_path: Path) -> AsyncIterator[Room]:
    async with open_room(ports, tmp_path / "home") as opened:
        yield opened


class Journey:
    def __init__(self, room: Room, seed: int) -> None:
        self.room, self.env = room, room.env
        self.chance = random.Random(seed)
        self.values = Values(room.ports, self.chance)
        silent = discord.PermissionOverwrite(send_messages=False, attach_files=False)
        self.quiet = room.guild.create_text_channel("quiet", overwrites={room.guild.default_role: silent})
        self.seen: list[Any] = []  # every message that answered somebody, and who saw it
        self.modals: list[tuple[Any, Any]] = []  # who has one open
        self.told = ""

    async def step(self) -> Any:
        """What came of something that somebody did; None where it has no answer, or could not be done."""
        steps = {
            self.imagine: 3,
            self.imagine_in_private: 1,
            self.command: 6,
            self.press: 10,
            self.submit: 8,
            self.menu: 3,
            self.react: 2,
            self.take_away: 1,
            self.earlier: 2,
            self.moderate: 2,
        }
        (chosen,) = self.chance.choices(list(steps), list(steps.values()))
        with suppress(SetupError):  # what Discord's clients do not let anybody do
            return await chosen()
        return None

    async def imagine_in_private(self) -> Any:
        prompt, who = self.values.text(), self.person()
        self.told = f"/imagine {prompt!r} by {who.name} in direct messages"
        return await self.answered(who, await who.user.slash("imagine", prompt=prompt))

    async def imagine(self) -> Any:
        prompt, who, channel = self.values.text(), self.person(), self.channel()
        self.told = f"/imagine {prompt!r} by {who.name} in {channel.name}"
        return await self.answered(who, await who.slash(channel, "imagine", prompt=prompt))

    async def command(self) -> Any:
        spec, who, channel = self.values.command(), self.person(), self.channel()
        options = {
            parameter.name: self.option(parameter)
            for parameter in spec.parameters
            if self.chance.random() < (1.0 if parameter.required else 0.3)
        }
        self.told = f"/{spec.name} {options} by {who.name} in {channel.name}"
        return await self.answered(who, await who.slash(channel, spec.current_name, **options))

    async def press(self, *, twice: bool = False) -> Any:
        shown = [
            (message, self.person()) for message in self.room.channel.history() if not message.flags.ephemeral
        ]
        there = {known for messages in self.env.backend.messages.values() for known in messages}
        shown += [(message, who) for message, who in self.seen[-15:] if message.id in there]
        found = [(message, press, who) for message, who in shown for press in _presses(message)]
        if not found:
            return await self.imagine()
        message, component, who = self.chance.choice(found)
        custom_id = component["custom_id"]
        self.told = f"press {custom_id} by {who.name}"
        if component["type"] == _MENU:
            value = self.chance.choice(component["options"])["value"]
            return await self.answered(who, await who.select(message, [value], custom_id=custom_id))
        result = await self.answered(who, await who.click(message, custom_id=custom_id))
        if self.chance.random() < 0.2:
            self.told += ", twice"
            return await self.answered(who, await who.click(message, custom_id=custom_id))
        return result

    async def submit(self) -> Any:
        if not self.modals:
            return await self.press()
        who, shown = self.modals.pop()
        values = {
            control["custom_id"]: value
            for control in _controls(shown.modal)
            if (value := self.filled(control)) != ""
        }
        self.told = f"submit {shown.modal['custom_id']} {values} by {who.name}"
        return await self.answered(who, await who.submit_modal(shown, values))

    async def menu(self) -> Any:
        who, name = self.person(), self.chance.choice(list(MENU))
        messages = self.room.messages
        if self.chance.random() < 0.3 or not messages:
            await self.room.ana.send(self.room.channel, "look", attachments=[("one.png", picture_bytes())])
            messages = self.room.messages[-1:]
        self.told = f"menu {name} by {who.name}"
        return await self.answered(
            who, await who.context_menu(self.room.channel, name, self.chance.choice(messages))
        )

    async def take_away(self) -> None:
        """Somebody deletes a message of the bot's."""
        if messages := self.room.messages:
            self.told = "a message deleted"
            await self.room.mod.delete(self.chance.choice(messages))

    async def react(self) -> None:
        messages = self.room.messages
        if messages:
            emoji, who = self.chance.choice(REACTIONS), self.person()
            self.told = f"react {emoji} by {who.name}"
            await who.react(self.chance.choice(messages), emoji)

    async def earlier(self) -> Any:
        """A button of a message that an earlier version sent."""
        jobs = self.values.ids(JobRow)
        if not jobs:
            return await self.imagine()
        stored, job_id, view = (
            STORED[self.chance.choice(list(STORED))],
            self.chance.choice(jobs),
            discord.ui.View(),
        )
        rows = stored["components"]
        button = self.chance.choice(self.chance.choice(rows)["components"])
        _, action, _, index = button["custom_id"].split(":")
        view.add_item(discord.ui.Button(custom_id=f"c1:{action}:{job_id}:{index}", label=button["label"]))
        view.stop()
        with self.env._bot_scope():
            message = await self.room.bot.get_partial_messageable(self.room.channel.id).send(
                "earlier", view=view
            )
        await self.env.settle()
        who = self.person()
        self.told = f"press earlier {action} by {who.name}"
        return await self.answered(who, await who.click(message, custom_id=f"c1:{action}:{job_id}:{index}"))

    async def moderate(self) -> Any:
        mod, channel = self.room.mod, self.room.channel
        name, options = self.chance.choice(
            [
                ("community", {"setting": "desk", "value": f"<#{channel.id}>"}),
                ("community", {"setting": "stars", "value": f"<#{channel.id}>"}),
                ("community", {"setting": "star-threshold", "value": "1"}),
                (
                    "community",
                    {"setting": "results", "value": self.chance.choice(["thread", "reply", "channel"])},
                ),
                ("ban", {"person": self.room.bo, "duration": "1h", "reason": self.values.text()[:90]}),
                ("unban", {"person": self.room.bo}),
                ("cases", {}),
            ]
        )
        self.told = f"/{name} {options}"
        return await self.answered(mod, await mod.slash(channel, name, **options))

    # ---- what they choose from

    def person(self) -> Any:
        return self.chance.choice([self.room.ana, self.room.bo, self.room.mod])

    def channel(self) -> Any:
        return self.chance.choice([self.room.channel] * 4 + [self.quiet])

    def option(self, parameter: Parameter) -> Any:
        match parameter.kind:
            case Kind.IMAGE | Kind.MASK | Kind.FILE:
                return ("one.png", self.chance.choice([picture_bytes(), b"bad"]))
            case Kind.PERSON:
                return self.person()
            case Kind.INTEGER:
                return self.chance.choice([1, 2, 4, 7])
            case Kind.NUMBER:
                return self.chance.choice([0.5, 1.0, 7.0])
            case _:
                return self.values.of(parameter, ())

    def filled(self, control: Mapping[str, Any]) -> Any:
        chance, options = self.chance, [option["value"] for option in control.get("options") or ()]
        kind = discord.ComponentType(control["type"])
        if kind is discord.ComponentType.text_input:
            text = chance.choice([control.get("value") or "", self.values.text()])
            return text[: control.get("max_length") or 4000]
        if kind is discord.ComponentType.file_upload:
            return chance.choice(["", ("one.png", chance.choice([picture_bytes(), b"bad"]))])
        if kind in (discord.ComponentType.select, discord.ComponentType.checkbox_group):
            least, most = control.get("min_values") or 1, control.get("max_values") or 1
            return chance.sample(options, min(len(options), chance.randint(max(1, least), max(1, most))))
        if kind is discord.ComponentType.user_select:
            return [self.person()]
        return chance.choice(options) if options else ""

    # ---- what becomes of it

    async def answered(self, who: Any, result: Any) -> Any:
        await self.env.settle()
        if result.modal:
            self.modals.append((who, result))
        self.seen += [(message, who) for message in _answers(result)]
        assert result.acknowledged
        count = len(_answers(result)) + bool(result.modal) or self.in_thread()
        assert count == 1, f"{count} answers"
        for message in _answers(result):
            assert not message.flags.value & _LOADING, "it thinks for ever"
        return result

    def in_thread(self) -> bool:
        """Whether the newest job is shown in a thread, as a community may wish."""
        job_view = load_job_view(self.room.ports.database, self.room.newest_job())
        return bool(job_view.message_ref and job_view.message_ref.channel != job_view.job.address.channel)

    async def work(self) -> None:
        """What the workers and the events do meanwhile."""
        for job in self.room.jobs():
            if job.state == JobState.QUEUED and self.chance.random() < 0.5:
                state = self.chance.choice([JobState.DONE] * 6 + [JobState.FAILED, JobState.REFUSED])
                await (
                    self.room.painted(job.id) if state is JobState.DONE else self.room.ended(job.id, state)
                )
        await self.room.act()
        await self.env.advance_time(self.chance.choice([0, 10]))


def _answers(result: Any) -> list[Any]:
    return [*([result.response] if result.response else ()), *result.followups]


def _presses(message: Any) -> list[dict[str, Any]]:
    rows = [row if isinstance(row, dict) else row.to_dict() for row in message.components]
    return [
        component
        for component in walk_components(rows)
        if component.get("type") in (_BUTTON, _MENU)
        and component.get("custom_id")
        and not component.get("disabled")
    ]


def _controls(modal: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [label["component"] for label in modal["components"] if "component" in label]


def _with_text_ids(body: Any) -> Any:
    """The library sends ids as numbers in places, which Discord takes; its document has strings."""
    if isinstance(body, dict):
        return {key: _with_text_ids(value) for key, value in body.items()}
    if isinstance(body, list):
        return [_with_text_ids(item) for item in body]
    return str(body) if type(body) is int and body > 1 << 53 else body


def check_words(text: str) -> None:
    assert BROKEN not in text, text
    for evil in ("@everyone", "@here", "<@&99>", f"]({EVIL_URL}", f"<{EVIL_URL}", "\n# big"):
        assert evil not in text, text


@pytest.mark.thorough("1")
@pytest.mark.parametrize("seed", SEEDS)
async def test_whatever_people_do_is_answered_once_and_well(room: Room, seed: int) -> None:
    journey = Journey(room, seed)
    contract: Contract | None = load_contract()
    checked = len(room.env.http_requests)
    with log_records() as records:
        for number in range(STEPS):
            del records[:]
            journey.told = ""
            try:
                with outage(room.ports, journey.chance) as away:
                    result = await journey.step()
                journey.told += ", in an outage" if away else ""
                await journey.work()
                for message in [*(_answers(result) if result else ()), *room.messages[-3:]]:
                    check_words(words(message))
                unforeseen = [record for record in records if record.levelno >= logging.ERROR or not away]
                assert not unforeseen, [record.getMessage() for record in unforeseen]
                assert not room.env.errors, room.env.errors
                for request in room.env.http_requests[checked:]:
                    body = _with_text_ids(request.json)
                    if contract and request.method in ("POST", "PATCH"):
                        path = request.path.removeprefix("/api/v10")
                        contract.check(
                            request.method, path, body, multipart=bool((body or {}).get("attachments"))
                        )
                        assert not contract.problems, (request, contract.problems)
                checked = len(room.env.http_requests)
            except Exception as error:
                raise AssertionError(f"seed {seed}, step {number}: {journey.told}: {error}") from error
