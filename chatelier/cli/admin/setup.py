"""`chatelier setup`: connects Discord or Slack, from the tokens to the link that invites the bot."""

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from chatelier.doctor.findings import Finding
    from chatelier.settings import Loaded

app = typer.Typer(
    no_args_is_help=True, help="Connect Discord or Slack: asks for the tokens, checks and saves them."
)

_TRIES = 3
_DISCORD_STEPS = """1. Open https://discord.com/developers/applications, press New Application and choose a name.
2. Open Bot, press Reset Token and copy the token. No privileged intent is needed."""
_SLACK_STEPS = """1. Open https://api.slack.com/apps, press Create New App, choose From a manifest, and paste the file
   {manifest}
2. Press Install to Workspace."""
_SLACK_TOKENS = """3. OAuth & Permissions: copy the Bot User OAuth Token (xoxb-…).
4. Basic Information, App-Level Tokens: generate one with connections:write and copy it (xapp-…)."""
_SLACK_SECRETS = """3. Basic Information: copy Client ID, Client Secret and Signing Secret.
4. Manage Distribution: activate public distribution."""


def register(parent: typer.Typer) -> None:
    parent.add_typer(app, name="setup")


@app.command("discord")
def set_up_discord() -> None:
    """Connect Discord.

    Asks for the bot's token, or reads it from standard input, checks it with Discord, saves it in chatelier.toml and
    prints the link that invites the bot.

    Examples:

      chatelier setup discord

      chatelier setup discord < token.txt
    """
    from chatelier.doctor.discord import discord

    _print(_DISCORD_STEPS)
    _connect("discord", {"token": "Token"}, discord)
    _print(
        "Open the link above to invite the bot. `chatelier up` or `chatelier run discord` starts it; then type"
    )
    _print(
        "/imagine a red fox in a channel, and /community desk in the one where moderators shall see the cases."
    )
    _print_privacy()


@app.command("slack")
def set_up_slack(
    public_url: str = typer.Option(
        "",
        help="The address at which Slack reaches this instance: for HTTP mode, and many workspaces. "
        "Without it, Socket Mode in one workspace.",
    ),
) -> None:
    """Connect Slack.

    Writes the manifest of the app into the home folder, asks for its tokens, or reads them from standard input, one a
    line, checks them with Slack and saves them in chatelier.toml.

    Examples:

      chatelier setup slack

      chatelier setup slack --public-url https://paint.example.org
    """
    from chatelier.doctor.slack import slack

    public_url = public_url.rstrip("/")
    _print(_SLACK_STEPS.format(manifest=_write_manifest(public_url)))
    _print(_SLACK_SECRETS if public_url else _SLACK_TOKENS)
    if public_url:
        asked = {
            "client_id": "Client ID",
            "client_secret": "Client Secret",
            "signing_secret": "Signing Secret",
        }
        _connect("slack", asked, slack, fixed={"public_url": public_url})
        _print(
            f"`chatelier up` or `chatelier run slack` starts it; people install it at {public_url}/slack/install."
        )
    else:
        _connect("slack", {"bot_token": "Bot token", "app_token": "App-level token"}, slack)
        _print(
            "`chatelier up` or `chatelier run slack` starts it; then type /invite @Chatelier in a channel, and"
        )
        _print("/imagine a red fox.")


def _print_privacy() -> None:
    """Where the developer portal asks for it."""
    from chatelier.settings import read_settings

    url = read_settings().settings.web.public_url
    if url:
        page = f"{str(url).rstrip('/')}/privacy"
        _print(f"In General Information, enter {page} as Terms of Service URL and as Privacy Policy URL.")
    else:
        _print("`chatelier privacy` prints a privacy notice and terms, which General Information asks for.")


def _write_manifest(public_url: str) -> Path:
    from bots.slack.manifest import file_text
    from chatelier.settings import read_settings

    settings = read_settings().settings
    path = settings.home / "slack-manifest.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(file_text(public_url or None, settings.web.public_url), "utf-8")
    return path


def _connect(
    section: str,
    asked: Mapping[str, str],
    check: "Callable[[Loaded], Iterator[Finding]]",
    *,
    fixed: Mapping[str, str] | None = None,
) -> None:
    """Ask until the platform accepts what was typed, and save it. Ends with exit status 1 after three tries."""
    from chatelier.settings.loader import FILE_NAME, read_settings, variable_of
    from chatelier.settings.writer import write_settings

    loaded = read_settings()
    path = loaded.file or loaded.settings.home / FILE_NAME
    for variable in map(variable_of, (f"{section}.{name}" for name in asked)):
        if variable in os.environ:
            _stop(f"{variable} is set in the environment, which wins over {path}: unset it there first.")
    for _ in range(_TRIES if sys.stdin.isatty() else 1):
        values = {name: _ask(label) for name, label in asked.items()} | dict(fixed or {})
        if _accepts(loaded, section, values, check):
            write_settings(path, section, values)
            _print(f"Saved in {path}.")
            return
    _stop("Nothing was saved.")


def _ask(label: str) -> str:
    """Without an echo from a terminal, else a line of standard input."""
    if sys.stdin.isatty():
        return str(typer.prompt(label, hide_input=True)).strip()
    return sys.stdin.readline().strip()


def _accepts(
    loaded: "Loaded", section: str, values: Mapping[str, str], check: "Callable[[Loaded], Iterator[Finding]]"
) -> bool:
    """Whether they may be saved. Where the platform cannot be asked, a person at a terminal decides."""
    from dataclasses import replace

    from pydantic import ValidationError

    from chatelier.cli.admin.doctor import print_finding
    from chatelier.doctor.findings import Health
    from chatelier.runtime.console import print_error
    from chatelier.settings.redaction import hide_from_now_on

    present = getattr(loaded.settings, section)
    try:
        filled = type(present).model_validate(present.model_dump(exclude_unset=True) | dict(values))
    except ValidationError as error:
        for fault in error.errors(include_input=False, include_url=False):
            print_error(f"{'.'.join(map(str, fault['loc'])) or section}: {fault['msg']}")
        return False
    settings = loaded.settings.model_copy(update={section: filled})
    hide_from_now_on(settings)
    findings = list(check(replace(loaded, settings=settings)))
    for finding in findings:
        print_finding(finding)
    if any(finding.health is Health.BAD for finding in findings):
        return False
    unasked = any(finding.unasked for finding in findings)
    return not unasked or (sys.stdin.isatty() and typer.confirm("Save it unchecked?", default=False))


def _print(text: str) -> None:
    typer.echo(text)


def _stop(sentence: str) -> None:
    from chatelier.runtime.console import print_error

    print_error(sentence)
    raise typer.Exit(1)
