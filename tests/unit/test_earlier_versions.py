"""A database and messages written by an earlier version still work with this one.

`tests/fixtures/schema_0009` holds both: a SQLite dump of a home with jobs on three platforms, and the Discord and Slack
messages of these jobs. They are never regenerated.
"""

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chatelier.runtime import db_schema
from studio.commands.button_ids import Action, Button, parse_button
from studio.commands.registry import execute
from studio.commands.results import History
from studio.commands.spec import Call
from studio.db.database import Database
from studio.domain.people import Address, Person, Platform, Role
from studio.ports import InstanceLimits, Ports
from tests.support import fakes
from tests.support.buttons import execute_button

FIXTURES = Path(__file__).parents[1] / "fixtures" / "schema_0009"
MESSAGES = json.loads((FIXTURES / "messages.json").read_text())
PEOPLE = {
    Platform.DISCORD: ("900000000000000001", "101", "102"),
    Platform.SLACK: ("T0001", "U101", "U102"),
    Platform.WEB: ("room", "U101", "U102"),
}
# Their buttons open a form, and the form's answer is a command of its own.
WITH_FORM = {Action.REMIX, Action.EDIT, Action.REPORT, Action.APPEAL}
# Under a grid they ask first which picture is meant.
OF_ONE_PICTURE = {Action.EXPAND, Action.STAR, Action.UPSCALE}


@pytest.fixture
def ports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ports]:
    file = tmp_path / "home.sqlite3"
    connection = sqlite3.connect(file)
    connection.executescript((FIXTURES / "home.sql").read_text())
    connection.close()
    database = Database(f"sqlite:///{file}")
    assert db_schema.upgrade(database)[0] == "0009"
    database.close()
    monkeypatch.setattr(fakes, "open_empty", Database)
    made = fakes.fake_ports(f"sqlite:///{file}", InstanceLimits(max_outstanding_jobs=100))
    yield made
    made.database.close()


def call_of(platform: Platform, *, second: bool = False, key: str = "again") -> Call:
    community, first_id, second_id = PEOPLE[platform]
    user_id = second_id if second else first_id
    person = Person(
        platform=platform,
        community=community,
        user_id=user_id,
        display_name=user_id,
        roles=frozenset({Role.MEMBER}),
    )
    address = Address(platform=platform, community=community, channel="42")
    return Call(person=person, address=address, request_key=f"test:{platform}:{key}")


def ids_in(value: Any) -> Iterator[str]:
    """Every component id of a stored message: custom ids on Discord, action ids and values on Slack."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in {"custom_id", "action_id", "value"} and isinstance(inner, str):
                yield inner
            else:
                yield from ids_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from ids_in(inner)


def buttons_of(platform: str) -> list[Button]:
    found = {identifier: parse_button(identifier) for identifier in ids_in(MESSAGES[platform])}
    return [button for identifier, button in found.items() if button is not None]


@pytest.mark.parametrize("platform", PEOPLE)
def test_jobs_of_an_earlier_version_are_in_the_history(ports: Ports, platform: Platform) -> None:
    answer = execute(ports, call_of(platform), "history", {})
    assert isinstance(answer, History)
    prompts = {job.request.prompt for job in answer.jobs}
    assert {"a red fox in the snow", "a lighthouse at night"} <= prompts


@pytest.mark.parametrize("platform", ["discord", "slack"])
def test_every_button_of_an_earlier_message_is_read(platform: str) -> None:
    identifiers = [i for i in ids_in(MESSAGES[platform]) if i.startswith("c1:")]
    assert len(identifiers) > 20
    assert [i for i in identifiers if parse_button(i) is None] == []


@pytest.mark.parametrize("platform", [Platform.DISCORD, Platform.SLACK])
def test_every_button_of_an_earlier_message_works(ports: Ports, platform: Platform) -> None:
    carried_out = 0
    for number, button in enumerate(
        button for button in buttons_of(platform) if button.action not in WITH_FORM
    ):
        asks = button.action in OF_ONE_PICTURE and not button.index
        meant = replace(button, index=1) if asks else button
        execute_button(
            ports, call_of(platform, key=str(number)), meant
        )  # raises where it cannot be carried out
        carried_out += 1
    assert carried_out >= 20
