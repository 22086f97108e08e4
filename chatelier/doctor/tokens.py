"""The tokens' form. Nothing is sent to anybody, and no token is shown."""

import re
from collections.abc import Iterator
from importlib.util import find_spec

from pydantic import SecretStr

from chatelier.doctor.findings import Finding, bad, good, note
from chatelier.settings import Loaded

_DISCORD = re.compile(r"[\w-]{20,}\.[\w-]{5,}\.[\w-]{20,}")
_SLACK_BOT = re.compile(r"xoxb-[\w-]{10,}")
_SLACK_APP = re.compile(r"xapp-[\w-]{10,}")
_SLACK_SECRET = re.compile(r"[0-9a-f]{32}")


def discord(loaded: Loaded) -> Iterator[Finding]:
    token = loaded.settings.discord.token
    if token is None:
        return
    yield _form("CHATELIER_DISCORD__TOKEN", "discord", token, _DISCORD, "three parts with dots between them")


def slack(loaded: Loaded) -> Iterator[Finding]:
    section = loaded.settings.slack
    if section.bot_token is None:
        return
    yield _form("CHATELIER_SLACK__BOT_TOKEN", "slack", section.bot_token, _SLACK_BOT, "xoxb-…")
    if section.app_token:
        yield _form("CHATELIER_SLACK__APP_TOKEN", "slack", section.app_token, _SLACK_APP, "xapp-…")
    if section.signing_secret:
        yield _form(
            "CHATELIER_SLACK__SIGNING_SECRET",
            "slack",
            section.signing_secret,
            _SLACK_SECRET,
            "32 hexadecimal digits",
        )
    if find_spec("bots.slack") is None:
        yield note(
            "slack", "this version has no Slack face yet", "Install a later version, or unset the tokens."
        )


def _form(name: str, subject: str, secret: SecretStr, form: re.Pattern[str], looks_like: str) -> Finding:
    if form.fullmatch(secret.get_secret_value()):
        return good(subject, f"{name} has the right form")
    return bad(
        subject, f"{name} does not look like one ({looks_like})", "Copy it again, whole and without spaces."
    )
