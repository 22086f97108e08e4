"""The app's manifest, from the catalogue and from what the front end listens to.

``python -m bots.slack.manifest > slack-manifest.yaml`` writes it anew; a test sees that the file is up to date. With an
address behind it, such as ``https://paint.example.org``, it is that of an app for HTTP mode and many workspaces.
``--web`` names the address of the web front end, whose links the app then unfolds.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from bots.presentation.actions import ACTIONS, description
from bots.presentation.suggested_prompts import compose_suggested_prompts
from bots.queries.suggested_prompts import Suggestions
from bots.slack.context import AGENT_SCOPE
from bots.slack.listeners.shortcuts import ENTRIES, IMAGINE
from bots.slack.settings import EVENTS_PATH, REDIRECT_PATH
from bots.slack.texts import texts
from bots.slack.texts.command_parsing import as_typed
from bots.texts.translation import translate
from studio.commands.registry import CATALOG

_LONGEST_HINT = 1000

# Each scope and what it is for; nothing here reads what people say to each other.
SCOPES: Mapping[str, str] = {
    "app_mentions:read": "mentions of the app",
    "channels:read": "which channels are public: pictures from others stay there",
    "chat:write": "its messages",
    "commands": "slash commands and shortcuts",
    "files:read": "images that people share with it",
    "files:write": "the pictures",
    "im:history": "direct messages to it",
    "links:read": "links to the pages of this instance's web front end, and to no others",
    "links:write": "the pictures below these links",
    "reactions:read": "reactions on its messages",
    "usergroups:read": "which user groups moderate, or have another tier",
    "users:read": "names, and who administers the workspace",
}
# Administrators who install the app may decline these. Without those of histories a message that was sent in the very
# moment the front end was killed is not found again, and one like it comes in its place.
OPTIONAL_SCOPES: Mapping[str, str] = {
    "channels:history": "to find such a message of its own in channels",
    "groups:history": "to find such a message of its own in private channels",
    "im:write": "to find such a message of its own in direct messages",
    AGENT_SCOPE: "prompts that the agent view suggests, and a thread with a status for each request",
}
EVENTS = (
    "app_home_opened",
    "app_mention",
    "app_uninstalled",
    "link_shared",
    "message.im",
    "reaction_added",
    "reaction_removed",
    "tokens_revoked",
)


def manifest(
    public_url: str | None = None, web_url: str | None = None, *, agent_view: bool = True
) -> dict[str, Any]:
    """As Slack's app settings take it (App Manifest). With `public_url`, for HTTP mode and many workspaces.

    `web_url` is the address of the web front end: links to it are unfolded. Without `agent_view`, for workspaces
    whose plan does not have it.
    """
    domain = urlsplit(web_url).hostname if web_url else None
    unfolding = {"unfurl_domains": [domain]} if domain else {}
    events_url = {"request_url": f"{public_url}{EVENTS_PATH}"} if public_url else {}
    agent = {"agent_view": _agent_view()} if agent_view else {}
    optional = [scope for scope in OPTIONAL_SCOPES if agent_view or scope != AGENT_SCOPE]
    back = {"redirect_urls": [f"{public_url}{REDIRECT_PATH}"]} if public_url else {}
    commands = [
        _command("/imagine", translate(CATALOG["imagine"].summary), "a red apple --ar 3:2 --seed 7"),
        _command("/studio", translate(texts.STUDIO_SUMMARY), f"{', '.join(map(_typed_name, CATALOG))} …"),
    ]
    return {
        "display_information": {
            "name": "Chatelier",
            "description": "Paint together with a diffusion model that your own community hosts.",
            "background_color": "#2b2d31",
        }
        | (
            {"long_description": translate(texts.LONG_DESCRIPTION, privacy=f"{public_url}/privacy")}
            if public_url
            else {}
        ),
        "features": {
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": False,
            },
            "bot_user": {"display_name": "Chatelier", "always_online": True},
            "shortcuts": [
                {
                    "name": translate(texts.SHORTCUT_IMAGINE),
                    "type": "global",
                    "callback_id": IMAGINE,
                    "description": translate(CATALOG["imagine"].summary),
                },
                *(
                    _on_message(ACTIONS[action].menu, callback_id, description(action))
                    for callback_id, action in ENTRIES.items()
                ),
            ],
            "slash_commands": [
                command | ({"url": f"{public_url}{EVENTS_PATH}"} if public_url else {})
                for command in commands
            ],
        }
        | agent
        | unfolding,
        "oauth_config": back | {"scopes": {"bot": [*SCOPES, *optional], "bot_optional": optional}},
        "settings": {
            "event_subscriptions": events_url | {"bot_events": list(EVENTS)},
            "interactivity": {"is_enabled": True} | events_url,
            "org_deploy_enabled": bool(public_url),
            "socket_mode_enabled": not public_url,
            "token_rotation_enabled": bool(public_url),
        },
    }


def _agent_view() -> dict[str, Any]:
    """What is offered until the app suggests what fits the person."""
    prompts = compose_suggested_prompts(Suggestions())
    return {
        "agent_description": translate(texts.AGENT_DESCRIPTION),
        "suggested_prompts": [{"title": prompt.title, "message": prompt.message} for prompt in prompts],
    }


def _typed_name(name: str) -> str:
    return as_typed(name).removeprefix("/studio ").removeprefix("/")


def _on_message(name: str, callback_id: str, summary: str) -> dict[str, str]:
    return {"name": name, "type": "message", "callback_id": callback_id, "description": summary}


def _command(command: str, description: str, hint: str) -> dict[str, Any]:
    return {
        "command": command,
        "description": description,
        "usage_hint": hint[:_LONGEST_HINT],
        "should_escape": True,  # so that people and channels who are named come by their ids
    }


def to_yaml(value: object, *, depth: int = 0) -> Iterator[str]:
    """Lines of YAML. Texts are written as JSON, which is YAML too."""
    indent = "  " * depth
    if isinstance(value, Mapping):
        for name, inner in value.items():
            if isinstance(inner, Mapping | list):
                yield f"{indent}{name}:"
                yield from to_yaml(inner, depth=depth + 1)
            else:
                yield f"{indent}{name}: {json.dumps(inner, ensure_ascii=False)}"
    elif isinstance(value, list):
        for inner in value:
            if isinstance(inner, Mapping):
                first, *rest = to_yaml(inner, depth=depth + 1)
                yield f"{indent}- {first.strip()}"
                yield from rest
            else:
                yield f"{indent}- {json.dumps(inner, ensure_ascii=False)}"


def file_text(public_url: str | None = None, web_url: str | None = None, *, agent_view: bool = True) -> str:
    head = [
        "# Generated from the catalogue: python -m bots.slack.manifest > slack-manifest.yaml",
        "# Paste it at https://api.slack.com/apps (Create New App, From a manifest). For HTTP mode, and for every",
        "# workspace that installs the app, make another: python -m bots.slack.manifest https://paint.example.org",
        "# With --web https://paint.example.org the app unfolds links to the pages of the web front end there.",
        "# With --no-agent-view it does without Slack's agent view, for workspaces whose plan has none.",
    ]
    return "\n".join([*head, *to_yaml(manifest(public_url, web_url, agent_view=agent_view))]) + "\n"


def _file_text_of(arguments: list[str]) -> str:
    parser = argparse.ArgumentParser(
        prog="python -m bots.slack.manifest", description="Prints the manifest of the Slack app."
    )
    parser.add_argument("public_url", nargs="?", help="where Slack reaches it, for HTTP mode")
    parser.add_argument("--web", help="the address of the web front end, CHATELIER_WEB__PUBLIC_URL")
    parser.add_argument("--no-agent-view", action="store_true", help="for workspaces whose plan has none")
    given = parser.parse_args(arguments)
    return file_text(given.public_url, given.web, agent_view=not given.no_agent_view)


if __name__ == "__main__":
    sys.stdout.write(_file_text_of(sys.argv[1:]))
