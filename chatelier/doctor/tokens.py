"""The tokens' form. Nothing is sent to anybody, and no token is shown."""

import re
from collections.abc import Iterator

from pydantic import SecretStr

from chatelier.doctor.findings import Finding, bad, good
from chatelier.settings import Loaded

_DISCORD = re.compile(r"[\w-]{20,}\.[\w-]{5,}\.[\w-]{20,}")


def discord(loaded: Loaded) -> Iterator[Finding]:
    token = loaded.settings.discord.token
    if token is None:
        return
    yield token_form(
        "CHATELIER_DISCORD__TOKEN", "discord", token, _DISCORD, "three parts with dots between them"
    )


def token_form(name: str, subject: str, secret: SecretStr, form: re.Pattern[str], looks_like: str) -> Finding:
    if form.fullmatch(secret.get_secret_value()):
        return good(subject, f"{name} has the right form")
    return bad(
        subject, f"{name} does not look like one ({looks_like})", "Copy it again, whole and without spaces."
    )
