"""The manifest is what the code says, and every command of the catalogue can be reached on every face."""

import inspect
import re
from pathlib import Path

import discord
import pytest
import yaml
from discord import app_commands

from bots.discord.slash import build_commands
from bots.slack import app, forms, home, line, people, showcase, uploads
from bots.slack.clicks import asks
from bots.slack.manifest import EVENTS, SCOPES, file_text, manifest
from bots.slack.phrases import read_studio
from bots.slack.words import help_text
from studio.buttons import Action, Button
from studio.catalog import CATALOG
from studio.phrase import parse_phrase
from studio.ports import Ports
from tests.slack_room import open_slack_room

# Which scope each method of the Web API asks for.
NEEDED = {
    "auth.test": None,
    "chat.postEphemeral": "chat:write",
    "chat.postMessage": "chat:write",
    "chat.update": "chat:write",
    "files.completeUploadExternal": "files:write",
    "files.getUploadURLExternal": "files:write",
    "files.info": "files:read",
    "users.info": "users:read",
    "views.open": None,
    "views.publish": None,
    "views.update": None,
}


def test_the_manifest_in_the_repository_is_up_to_date(repository: Path) -> None:
    assert (repository / "slack-manifest.yaml").read_text() == file_text()


def test_the_manifest_is_yaml_for_what_the_code_says() -> None:
    assert yaml.safe_load(file_text()) == manifest()


def test_the_manifest_keeps_within_slacks_limits() -> None:
    made = manifest()
    information, features = made["display_information"], made["features"]
    assert len(information["name"]) <= 35
    assert len(information["description"]) <= 140
    assert len(features["slash_commands"]) <= 50
    assert len(features["shortcuts"]) <= 10
    for shortcut in features["shortcuts"]:
        assert len(shortcut["name"]) <= 24
        assert len(shortcut["description"]) <= 150
    for command in features["slash_commands"]:
        assert len(command["description"]) <= 2000
        assert len(command["usage_hint"]) <= 1000


def test_the_scopes_are_those_that_the_methods_and_events_need() -> None:
    sources = "".join(inspect.getsource(module) for module in (forms, home, line, people, showcase, uploads))
    sources += Path(inspect.getfile(app)).with_name("bearer.py").read_text()
    sources += Path(inspect.getfile(app)).with_name("counter.py").read_text()
    sources += Path(inspect.getfile(app)).with_name("identity.py").read_text()
    methods = set(re.findall(r'"((?:auth|chat|files|users|views)\.\w+)"', sources))
    assert methods == set(NEEDED)
    of_events = {"app_mentions:read", "im:history", "reactions:read", "commands"}
    assert set(SCOPES) == {scope for scope in NEEDED.values() if scope} | of_events


async def test_every_event_that_is_subscribed_to_is_listened_to(ports: Ports) -> None:
    async with open_slack_room(ports) as room:
        assert {event.partition(".")[0] for event in EVENTS} == set(room.face.events)


def test_every_slash_command_of_the_manifest_is_listened_to() -> None:
    heard = set(re.findall(r'\.command\("(/\w+)"\)', inspect.getsource(app)))
    assert {command["command"] for command in manifest()["features"]["slash_commands"]} == heard


# ---- parity


def discord_commands() -> set[str]:
    tree = app_commands.CommandTree(discord.Client(intents=discord.Intents.none()))
    build_commands(tree)  # type: ignore[arg-type]
    return {command.name for command in tree.get_commands()}


@pytest.mark.parametrize("name", list(CATALOG))
async def test_every_command_is_reached_on_slack_discord_and_the_web(name: str) -> None:
    example = CATALOG[name].example
    on_slack, values = read_studio(example.removeprefix("/"))
    assert on_slack is CATALOG[name]
    assert parse_phrase(example) == (on_slack, values)  # the room takes what is typed
    assert name in discord_commands()
    assert re.search(rf"/{name}\b|/studio {name}\b", help_text())


@pytest.mark.parametrize("action", list(Action))
def test_every_action_has_a_button_or_a_modal(action: Action) -> None:
    button = Button(action=action, job_id="k3v9m2p4qx7a", index=1)
    assert asks(button) is (action in {Action.REMIX, Action.EDIT, Action.EXPAND})
