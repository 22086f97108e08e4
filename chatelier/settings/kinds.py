"""Kinds of values that settings have."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, SecretStr
from pydantic_settings import NoDecode


def _url(*schemes: str) -> Callable[[SecretStr], SecretStr]:
    def check(value: SecretStr) -> SecretStr:
        scheme, separator, rest = value.get_secret_value().partition("://")
        if not separator or scheme not in schemes or not rest:
            raise ValueError(
                f"must be a URL that begins with {' or '.join(f'{each}://' for each in schemes)}"
            )
        return value

    return check


def _web_url(value: str) -> str:
    if not value.startswith(("http://", "https://", "ws://", "wss://")):
        raise ValueError("must be a URL that begins with https:// (or http:// on this machine)")
    return value.rstrip("/")


def _local_path(value: Path) -> Path:
    return value.expanduser().absolute()


def _split(value: Any) -> Any:
    """``"a, b"`` from the environment becomes ("a", "b"); a list from the file stays, and a number is a list of one."""
    if isinstance(value, int) and not isinstance(value, bool):
        return (value,)
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


_DATABASES = ("sqlite", "postgresql", "postgresql+psycopg", "postgres")
DatabaseUrl = Annotated[SecretStr, AfterValidator(_url(*_DATABASES))]
RedisUrl = Annotated[SecretStr, AfterValidator(_url("redis", "rediss"))]
WebUrl = Annotated[str, AfterValidator(_web_url)]
LocalPath = Annotated[Path, AfterValidator(_local_path)]
Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]
ShardIds = Annotated[tuple[int, ...], NoDecode, BeforeValidator(_split)]
