"""Kinds of values that settings have."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, ClassVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, SecretStr
from pydantic_settings import NoDecode

from chatelier.settings.redaction import MaskedUrl
from studio.listen_addresses import plain_network
from studio.redis_address import SCHEMES as REDIS_SCHEMES
from studio.redis_address import RedisAddress


def _url(*schemes: str) -> Callable[[SecretStr], SecretStr]:
    def check(value: SecretStr) -> SecretStr:
        scheme, separator, rest = value.get_secret_value().partition("://")
        if not separator or scheme not in schemes or not rest:
            raise ValueError(
                f"must be a URL that begins with {' or '.join(f'{scheme}://' for scheme in schemes)}"
            )
        return value

    return check


def _database_url(value: SecretStr) -> SecretStr:
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    from studio.db.database import has_pooler

    try:
        url = make_url(value.get_secret_value())
    except (ArgumentError, ValueError):
        raise ValueError(_UNREADABLE) from None
    has_pooler(url)
    if url.get_backend_name() == "sqlite" and url.host:
        raise ValueError(
            "must be sqlite:///file, or with a fourth slash sqlite:////folder/file from the root"
        )
    return value


def _redis_url(value: SecretStr) -> SecretStr:
    try:
        RedisAddress.parse(value.get_secret_value())
    except ValueError:
        raise ValueError(_UNREADABLE) from None
    return value


def _web_url(value: str) -> str:
    if not value.startswith(("http://", "https://", "ws://", "wss://")):
        raise ValueError("must be a URL that begins with https:// (or http:// on this machine)")
    _require_place(value)
    return MaskedUrl(value.rstrip("/"))


def _require_place(url: str) -> None:
    """Raises `ValueError`, which does not repeat the URL: a password may stand in it."""
    try:
        place = urlsplit(url)
        known = bool(place.hostname) and (place.port is None or place.port > 0)
    except ValueError:
        known = False
    if not known:
        raise ValueError(_UNREADABLE)


def _local_path(value: Path) -> Path:
    return value.expanduser().absolute()


def _split(value: Any) -> Any:
    """``"a, b"`` from the environment becomes ("a", "b"); a list from the file stays, and a number is a list of one."""
    if isinstance(value, int) and not isinstance(value, bool):
        return (value,)
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


_UNREADABLE = (
    "cannot be read as a URL: look at its host, and at its port, which is a number;"
    " in a password write %2F for /, %3F for ?, %23 for # and %40 for @"
)
_DATABASES = ("sqlite", "postgresql", "postgresql+psycopg", "postgres")
DatabaseUrl = Annotated[SecretStr, AfterValidator(_url(*_DATABASES)), AfterValidator(_database_url)]
RedisUrl = Annotated[SecretStr, AfterValidator(_url(*REDIS_SCHEMES)), AfterValidator(_redis_url)]
WebUrl = Annotated[str, AfterValidator(_web_url)]
LocalPath = Annotated[Path, AfterValidator(_local_path)]
Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]
Networks = Annotated[
    tuple[Annotated[str, AfterValidator(plain_network)], ...], NoDecode, BeforeValidator(_split)
]
ShardIds = Annotated[tuple[int, ...], NoDecode, BeforeValidator(_split)]


class Section(BaseModel):
    model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)
