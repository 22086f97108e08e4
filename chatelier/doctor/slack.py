"""Slack's tokens: their form first, then what Slack says of them, and whether the app may do its work."""

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from chatelier.doctor.findings import Finding, Health, bad, good, note
from chatelier.doctor.tokens import token_form
from chatelier.settings import Loaded

if TYPE_CHECKING:
    from slack_sdk import WebClient

    from chatelier.settings.sections import SlackSection

_BOT = re.compile(r"xoxb-[\w-]{10,}")
_APP = re.compile(r"xapp-[\w-]{10,}")
_SECRET = re.compile(r"[0-9a-f]{32}")
_TIMEOUT_SECONDS = 5
_NEW_TOKEN = "Copy it anew from your app's page at Slack."
_REINSTALL = "Update the app from slack-manifest.yaml and install it to the workspace again."


def slack(loaded: Loaded) -> Iterator[Finding]:
    section = loaded.settings.slack
    if section.bot_token is None:
        return
    findings = list(_forms(section))
    yield from findings
    if all(finding.health is Health.GOOD for finding in findings):
        yield from _asked(section)


def _forms(section: "SlackSection") -> Iterator[Finding]:
    if section.bot_token:
        yield token_form("CHATELIER_SLACK__BOT_TOKEN", "slack", section.bot_token, _BOT, "xoxb-…")
    if section.app_token:
        yield token_form("CHATELIER_SLACK__APP_TOKEN", "slack", section.app_token, _APP, "xapp-…")
    if section.signing_secret:
        name = "CHATELIER_SLACK__SIGNING_SECRET"
        yield token_form(name, "slack", section.signing_secret, _SECRET, "32 hexadecimal digits")


def _asked(section: "SlackSection") -> Iterator[Finding]:
    """Two harmless questions. Without a network they are only a note."""
    from slack_sdk import WebClient
    from slack_sdk.errors import SlackApiError, SlackClientError

    client = WebClient(base_url=f"{section.api_url}/", timeout=_TIMEOUT_SECONDS)
    name = "CHATELIER_SLACK__BOT_TOKEN"
    try:
        yield from _bot(client, section)
        if section.app_token:
            name = "CHATELIER_SLACK__APP_TOKEN"
            client.apps_connections_open(app_token=section.app_token.get_secret_value())
            yield good("slack", "Socket Mode can be used")
    except SlackApiError as error:
        data = error.response.data if error.response is not None else None
        code = data.get("error") if isinstance(data, dict) else "an answer that is not Slack's"
        yield bad("slack", f"{name} is not accepted ({code})", _NEW_TOKEN)
    except (SlackClientError, OSError) as error:
        yield note(
            "slack",
            f"Slack could not be asked ({type(error).__name__})",
            "Try again when this machine reaches Slack.",
        )


def _bot(client: "WebClient", section: "SlackSection") -> Iterator[Finding]:
    from bots.slack.manifest import SCOPES

    token = section.bot_token.get_secret_value() if section.bot_token else ""
    answer = client.auth_test(token=token)
    yield good("slack", f"the app is {answer.get('user')} in the workspace {answer.get('team')}")
    granted = _scopes(answer.headers)
    if granted is None:
        return
    if missing := [f"{scope} ({purpose})" for scope, purpose in SCOPES.items() if scope not in granted]:
        yield bad("slack", f"the app lacks scopes: {', '.join(missing)}", _REINSTALL)
    elif surplus := sorted(granted - SCOPES.keys()):
        yield note("slack", f"the app has scopes that it does not use: {', '.join(surplus)}", _REINSTALL)
    else:
        yield good("slack", "the app has exactly the scopes that it needs")


def _scopes(headers: Mapping[str, str]) -> set[str] | None:
    """What Slack granted; None where it does not say."""
    told = next((value for name, value in headers.items() if name.lower() == "x-oauth-scopes"), None)
    return {scope.strip() for scope in told.split(",")} if told is not None else None
