"""Where secrets stand in the settings, and how URLs and texts are shown without them.

`mask_url` is for one URL that is shown on purpose; `redact` is for texts of libraries, in which anything may stand.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, quote_plus, unquote, unquote_plus

from pydantic import BaseModel, SecretStr

HIDDEN = "***"
_SHORTEST_SECRET = 6  # shorter ones would also blot out ordinary words
_SECRET_NAME = re.compile(r"pass|pwd|secret|token|key|credential|auth|sig", re.IGNORECASE)
_URL_IN_TEXT = re.compile(r"\b[a-z][a-z0-9+.\-]*://[^\s\"'<>]+", re.IGNORECASE)
_WHERE_DRIVERS_SPLIT = re.compile(r"[/@:?#&]")
Span = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedUrl:
    """`shown` is the URL with its secrets masked; `secrets` are what is masked, as they are written there."""

    shown: str
    secrets: frozenset[str]


def parse_url(url: str) -> ParsedUrl:
    """Read a URL as widely as any driver does. A text without ``://`` is a folder, which has no secret.

    Drivers disagree on where a password with ``/``, ``?``, ``#`` or ``@`` in it ends. So everything from the first
    colon to the last ``@`` counts as one, and so does every parameter with a telling name, such as ``?password=``.
    """
    scheme, separator, rest = url.partition("://")
    if not separator:
        return ParsedUrl(shown=url, secrets=frozenset())
    spans = [*_login(scheme, rest), *_parameters(rest)]
    return ParsedUrl(
        shown=f"{scheme}://{_mask(rest, spans)}",
        secrets=frozenset(rest[start:end] for start, end in spans if start < end),
    )


def mask_url(url: str) -> str:
    """``redis://:secret@host`` becomes ``redis://:***@host``."""
    return parse_url(url).shown


class MaskedUrl(str):
    """A URL of a setting, shown without its secrets where a whole object is shown."""

    __slots__ = ()

    def __repr__(self) -> str:
        return repr(mask_url(str(self)))


def is_url(setting: str) -> bool:
    return setting.endswith("_url")


def secrets_of(settings: BaseModel) -> Iterator[str]:
    """Every secret in the settings, with the parts in which a driver may take a password from a URL."""
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        if isinstance(value, BaseModel):
            yield from secrets_of(value)
            continue
        text = value.get_secret_value() if isinstance(value, SecretStr) else value
        if is_url(name) and text:
            for secret in parse_url(text).secrets:
                yield secret
                yield from _WHERE_DRIVERS_SPLIT.split(secret)
        elif isinstance(value, SecretStr):
            yield text


class Redactor:
    """Blots out secrets, in every way that libraries write them, and the passwords of all URLs."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        forms = {
            form for secret in secrets for form in _encodings_of(secret) if len(form) >= _SHORTEST_SECRET
        }
        self._forms = sorted(forms, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        for form in self._forms:
            text = text.replace(form, HIDDEN)
        return _URL_IN_TEXT.sub(lambda found: mask_url(found[0]), text)

    def deeply(self, value: Any) -> Any:
        """The same for what a log event holds. Other objects become text where they would show a secret."""
        match value:
            case str():
                return self(value)
            case None | bool() | int() | float():
                return value
            case dict():
                return {name: self.deeply(item) for name, item in value.items()}
            case list() | tuple() | set() | frozenset():
                return [self.deeply(item) for item in value]
        text = str(value)
        return value if self(text) == text else self(text)


_of_this_process = Redactor()


def hide_from_now_on(settings: BaseModel) -> None:
    """What `redact` blots out: the secrets of the settings that this process read last."""
    global _of_this_process  # noqa: PLW0603 - errors are printed where no settings are at hand
    _of_this_process = Redactor(secrets_of(settings))


def redact(text: str) -> str:
    return _of_this_process(text)


def _login(scheme: str, rest: str) -> Iterator[Span]:
    login, at, _place = rest.rpartition("@")
    if not at or rest.startswith("/"):
        return
    _user, colon, _password = login.partition(":")
    if colon:
        yield login.index(":") + 1, len(login)
    elif scheme.lower() in ("http", "https", "ws", "wss"):
        yield 0, len(login)  # a token by itself


def _parameters(rest: str) -> Iterator[Span]:
    """Values whose name tells; what stands between them and the next name belongs to them."""
    start, is_secret = rest.find("?") + 1, False
    if not start:
        return
    for piece in rest[start:].split("&"):
        name, equals, _value = piece.partition("=")
        is_secret = bool(_SECRET_NAME.search(unquote(name))) if equals else is_secret
        if is_secret:
            yield start + len(name + equals) if equals else start, start + len(piece)
        start += len(piece) + 1


def _mask(text: str, spans: list[Span]) -> str:
    shown, position = "", 0
    for start, end in _merge(spans):
        shown += text[position:start] + HIDDEN
        position = end
    return shown + text[position:]


def _merge(spans: list[Span]) -> list[Span]:
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _encodings_of(secret: str) -> set[str]:
    plain = {secret, unquote(secret), unquote_plus(secret)}
    quoted = {way(text) for text in plain for way in (quote, quote_plus, lambda text: quote(text, safe=""))}
    return {form for text in plain | quoted for form in (text, repr(text)[1:-1], json.dumps(text)[1:-1])}
