"""Slack's tokens: their form first, then what Slack says of them, and whether the app may do its work."""

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from bots.texts.translation import translate_plural
from chatelier.doctor.findings import Finding, Health, bad, good, note, token_form, unreachable
from chatelier.settings import Loaded, Settings

if TYPE_CHECKING:
    from slack_sdk import WebClient

    from chatelier.settings.frontends import SlackSection

_BOT = re.compile(r"(xoxb|xoxe\.xoxb)-[\w.-]{10,}")
_APP = re.compile(r"xapp-[\w-]{10,}")
_SECRET = re.compile(r"[0-9a-f]{32}")
_TIMEOUT_SECONDS = 5
_MOST_CHANNELS = 200
_MOST_WORKSPACES = 5
_NEW_TOKEN = "Copy it anew from your app's page at Slack."
_REINSTALL = "Update the app from slack-manifest.yaml and install it to the workspace again."


def slack(loaded: Loaded) -> Iterator[Finding]:
    section = loaded.settings.slack
    if not section.is_set:
        return
    findings = list(_forms(section))
    yield from findings
    if all(finding.health is Health.GOOD for finding in findings):
        yield from _check_api(loaded.settings)


def _forms(section: "SlackSection") -> Iterator[Finding]:
    if section.bot_token:
        yield token_form("CHATELIER_SLACK__BOT_TOKEN", "slack", section.bot_token, _BOT, "xoxb-…")
    if section.app_token:
        yield token_form("CHATELIER_SLACK__APP_TOKEN", "slack", section.app_token, _APP, "xapp-…")
    secrets = {
        "CHATELIER_SLACK__SIGNING_SECRET": section.signing_secret,
        "CHATELIER_SLACK__CLIENT_SECRET": section.client_secret,
    }
    for name, secret in secrets.items():
        if secret:
            yield token_form(name, "slack", secret, _SECRET, "32 hexadecimal digits")


def _check_api(settings: Settings) -> Iterator[Finding]:
    """A few harmless questions. Without a network they are only a note."""
    from slack_sdk import WebClient
    from slack_sdk.errors import SlackApiError, SlackClientError

    section = settings.slack
    client = WebClient(base_url=f"{section.api_url}/", timeout=_TIMEOUT_SECONDS)
    name = "CHATELIER_SLACK__BOT_TOKEN"
    try:
        if section.bot_token:
            yield from _bot(client, section.bot_token.get_secret_value())
        if section.app_token:
            name = "CHATELIER_SLACK__APP_TOKEN"
            client.apps_connections_open(app_token=section.app_token.get_secret_value())
            yield good("slack", "Socket Mode can be used")
        if section.client_id:
            name = "The token of a workspace that installed the app"
            yield from _check_installations(client, settings)
    except SlackApiError as error:
        yield bad("slack", "{name} is not accepted ({code})", _NEW_TOKEN, name=name, code=_code(error))
    except (SlackClientError, OSError) as error:
        yield unreachable(
            "slack",
            "Slack could not be asked ({kind})",
            "Try again when this machine reaches Slack.",
            kind=type(error).__name__,
        )


def _check_installations(client: "WebClient", settings: Settings) -> Iterator[Finding]:
    """How many workspaces have the app, and whether the latest of them still take it."""
    from sqlalchemy import select

    from bots.slack.db_tables import BOTS
    from chatelier.wiring.database import connect_database
    from studio.errors import DatabaseUnavailableError

    database = connect_database(settings)
    query = select(BOTS.c.bot_token).where(BOTS.c.client_id == settings.slack.client_id)
    try:
        with database.read() as session:
            tokens = list(session.scalars(query.order_by(BOTS.c.installed_at.desc())))
    except DatabaseUnavailableError:
        return  # which the examination of the database says
    finally:
        database.close()
    if not tokens:
        yield note(
            "slack", "no workspace has installed the app", "Open /slack/install of the Slack front end."
        )
        return
    text = translate_plural("{count} workspace has the app", "{count} workspaces have the app", len(tokens))
    yield good("slack", "{text}", text=text)
    for token in tokens[:_MOST_WORKSPACES]:
        yield from _bot(client, token)


def _bot(client: "WebClient", token: str) -> Iterator[Finding]:
    answer = client.auth_test(token=token)
    yield good(
        "slack",
        "the app is {user} in the workspace {team}",
        user=answer.get("user"),
        team=answer.get("team"),
    )
    if (granted := _scopes(answer.headers)) is not None:
        yield from _compare_scopes(granted)
    yield from _membership(client, token)


def _compare_scopes(granted: set[str]) -> Iterator[Finding]:
    from bots.slack.manifest import OPTIONAL_SCOPES, SCOPES

    known = SCOPES.keys() | OPTIONAL_SCOPES.keys()
    if missing := [f"{scope} ({purpose})" for scope, purpose in SCOPES.items() if scope not in granted]:
        yield bad("slack", "the app lacks scopes: {scopes}", _REINSTALL, scopes=", ".join(missing))
    elif surplus := sorted(granted - known):
        yield note(
            "slack",
            "the app has scopes that it does not use: {scopes}",
            _REINSTALL,
            scopes=", ".join(surplus),
        )
    else:
        yield good("slack", "the app has exactly the scopes that it needs")
    if declined := sorted(OPTIONAL_SCOPES.keys() - granted):
        yield note(
            "slack",
            "scopes that the app may do without were not granted: {scopes}",
            "Grant them if what they are for matters, with slack-manifest.yaml and a new installation.",
            scopes=", ".join(f"{scope} ({OPTIONAL_SCOPES[scope]})" for scope in declined),
        )


def _membership(client: "WebClient", token: str) -> Iterator[Finding]:
    """Public channels only: of private ones the app is not told."""
    from slack_sdk.errors import SlackApiError

    try:
        answer = client.users_conversations(token=token, types="public_channel", limit=_MOST_CHANNELS)
    except SlackApiError as error:
        yield note("slack", "the app's channels cannot be listed ({code})", _REINSTALL, code=_code(error))
        return
    channels: list[dict[str, object]] = answer.get("channels") or []
    names = [str(channel.get("name")) for channel in channels]
    if names:
        shown = ", ".join(f"#{name}" for name in names[:5]) + (" …" if len(names) > 5 else "")
        yield good("slack", "the app is in {channels}", channels=shown)
    else:
        yield note(
            "slack",
            "the app is in no public channel, so answers go to direct messages",
            "In each channel where people shall paint: /invite @Chatelier",
        )


def _code(error: Exception) -> str:
    data = getattr(getattr(error, "response", None), "data", None)
    return str(data.get("error")) if isinstance(data, dict) else "an answer that is not Slack's"


def _scopes(headers: Mapping[str, str]) -> set[str] | None:
    """What Slack granted; None where it does not say."""
    header = next((value for name, value in headers.items() if name.lower() == "x-oauth-scopes"), None)
    return {scope.strip() for scope in header.split(",")} if header is not None else None
