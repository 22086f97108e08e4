"""The manifest is what the code says, and every command of the catalogue can be reached on every front end."""

import inspect
import re
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import discord
import pytest
import typer
import yaml
from discord import app_commands

from bots.discord.interactions.dispatcher import Dispatcher
from bots.discord.interactions.slash_commands import SlashCommands
from bots.presentation.compose.help import compose_help
from bots.slack import app
from bots.slack.context import AGENT_SCOPE
from bots.slack.manifest import EVENTS, OPTIONAL_SCOPES, SCOPES, file_text, manifest
from bots.slack.render import render
from bots.slack.texts.command_parsing import as_typed, read_studio
from chatelier.cli import main
from studio.commands.command_line import parse_phrase
from studio.commands.registry import CATALOG
from studio.commands.spec import Audience
from studio.ports import Ports
from tests.support.loopback_slack.records import said
from tests.support.slack_sim import open_slack_room

# Which scope each method of the Web API asks for.
NEEDED = {
    "auth.test": None,
    "chat.delete": "chat:write",
    "chat.postEphemeral": "chat:write",
    "chat.postMessage": "chat:write",
    "chat.unfurl": "links:write",
    "chat.update": "chat:write",
    "conversations.history": "channels:history",
    "conversations.info": "channels:read",
    "conversations.open": "im:write",
    "conversations.replies": "channels:history",
    "files.completeUploadExternal": "files:write",
    "files.delete": "files:write",
    "files.getUploadURLExternal": "files:write",
    "files.info": "files:read",
    "usergroups.list": "usergroups:read",
    "users.info": "users:read",
    "views.open": None,
    "views.publish": None,
    "views.update": None,
}


def test_the_manifest_in_the_repository_is_up_to_date(repository: Path) -> None:
    assert (repository / "slack-manifest.yaml").read_text() == file_text()


def test_the_manifest_is_yaml_for_what_the_code_says() -> None:
    assert yaml.safe_load(file_text()) == manifest()


def test_the_manifest_for_many_workspaces_names_every_address_under_which_the_frontend_is_reached() -> None:
    made = yaml.safe_load(file_text("https://paint.example.org"))
    events = "https://paint.example.org/slack/events"
    assert {command["url"] for command in made["features"]["slash_commands"]} == {events}
    assert made["settings"]["event_subscriptions"]["request_url"] == events
    assert made["settings"]["interactivity"]["request_url"] == events
    assert made["oauth_config"]["redirect_urls"] == ["https://paint.example.org/slack/oauth_redirect"]
    assert made["settings"]["socket_mode_enabled"] is False
    assert made["settings"]["token_rotation_enabled"] is True


def test_the_manifest_names_the_web_front_end_whose_links_are_unfolded() -> None:
    made = yaml.safe_load(file_text(None, "https://paint.example.org:8443/room"))
    assert made["features"]["unfurl_domains"] == ["paint.example.org"]
    assert "unfurl_domains" not in manifest()["features"], "without an address there is nothing to unfold"


def test_the_manifest_keeps_within_slacks_limits() -> None:
    made = manifest()
    information, features = made["display_information"], made["features"]
    assert len(information["name"]) <= 35
    assert len(information["description"]) <= 140
    assert len(features["slash_commands"]) <= 50
    assert len(features["shortcuts"]) <= 10
    assert len(features["agent_view"]["agent_description"]) <= 300
    assert 1 <= len(features["agent_view"]["suggested_prompts"]) <= 4
    for shortcut in features["shortcuts"]:
        assert len(shortcut["name"]) <= 24
        assert len(shortcut["description"]) <= 150
    for command in features["slash_commands"]:
        assert len(command["description"]) <= 2000
        assert len(command["usage_hint"]) <= 1000


def test_the_scopes_are_those_that_the_methods_and_events_need() -> None:
    folder = Path(inspect.getfile(app)).parent
    sources = "".join(path.read_text() for path in folder.rglob("*.py"))
    methods = set(re.findall(r'"((?:auth|chat|conversations|files|usergroups|users|views)\.\w+)"', sources))
    assert methods == set(NEEDED)
    of_events = {"app_mentions:read", "im:history", "reactions:read", "commands", "links:read"}
    also_in_private = {"groups:history"}
    wanted = {scope for scope in NEEDED.values() if scope} | of_events | also_in_private | {AGENT_SCOPE}
    assert set(SCOPES) | set(OPTIONAL_SCOPES) == wanted
    assert set(OPTIONAL_SCOPES) == {"channels:history", "groups:history", "im:write", AGENT_SCOPE}
    made = manifest(agent_view=False)
    assert AGENT_SCOPE not in made["oauth_config"]["scopes"]["bot"]
    assert "agent_view" not in made["features"]


async def test_every_event_that_is_subscribed_to_is_listened_to(ports: Ports) -> None:
    async with open_slack_room(ports) as room:
        of_installations = {"app_uninstalled", "tokens_revoked"}  # listened to where many may install the app
        assert {event.partition(".")[0] for event in EVENTS} == set(room.app.events) | of_installations


def test_every_slash_command_of_the_manifest_is_listened_to() -> None:
    heard = set(re.findall(r'\.command\("(/\w+)"\)', inspect.getsource(app)))
    assert {command["command"] for command in manifest()["features"]["slash_commands"]} == heard


# ---- parity


def help_text(*, moderates: bool) -> str:
    return said(render(compose_help(moderates=moderates))["blocks"])


def discord_commands() -> set[str]:
    client = discord.Client(intents=discord.Intents.none())
    tree = app_commands.CommandTree(client)
    settings = SimpleNamespace(user_install=False)
    dispatcher = SimpleNamespace(context=SimpleNamespace(settings=settings), answers=None, runner=None)
    SlashCommands(cast("Dispatcher", dispatcher)).build(tree)
    return {command.name for command in tree.get_commands()}


@pytest.mark.parametrize("name", list(CATALOG))
def test_every_command_is_reached_in_every_community_and_imagine_in_a_terminal_too(name: str) -> None:
    spec = CATALOG[name]
    typed = as_typed(spec.example)
    on_slack, values = read_studio(typed.removeprefix("/studio ").removeprefix("/"))
    assert on_slack is spec
    assert parse_phrase(spec.example) == (on_slack, values)  # the room takes what is typed
    assert f"`{as_typed(name)}`" in help_text(moderates=True)
    assert name in discord_commands()
    in_a_terminal = name in typer.main.get_command(main.app).commands  # type: ignore[attr-defined]
    assert in_a_terminal == (name == "imagine")  # all others are about somebody, or a community


def test_only_moderators_are_told_of_their_commands() -> None:
    theirs = {spec.name for spec in CATALOG.values() if spec.audience is Audience.MODERATORS}
    assert theirs
    for name in theirs:
        assert f"`{as_typed(name)}`" not in help_text(moderates=False)
        assert f"`{as_typed(name)}`" in help_text(moderates=True)
