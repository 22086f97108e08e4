"""The tokens' form. Nothing is sent to anybody, and no token is shown."""

import re

from pydantic import SecretStr

from chatelier.doctor.findings import Finding, bad, good


def token_form(name: str, subject: str, secret: SecretStr, form: re.Pattern[str], looks_like: str) -> Finding:
    if form.fullmatch(secret.get_secret_value()):
        return good(subject, f"{name} has the right form")
    return bad(
        subject, f"{name} does not look like one ({looks_like})", "Copy it again, whole and without spaces."
    )
