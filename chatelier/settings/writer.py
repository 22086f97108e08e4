"""Writes settings into chatelier.toml, and leaves its comments and everything else as they are."""

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import Table

from studio.errors import ConfigurationError


def write_settings(path: Path, section: str, values: Mapping[str, str]) -> None:
    """Set the values of a section. The file appears whole or not at all, and only its owner may read it.

    Raises `ConfigurationError` for a file that is no TOML or cannot be written.
    """
    try:
        document = tomlkit.parse(path.read_text("utf-8")) if path.exists() else tomlkit.document()
        table = document.setdefault(section, tomlkit.table())
        if not isinstance(table, Table):
            raise ConfigurationError(
                f"{path}: {section} is not a section. Write it as [{section}] and try again."
            )
        table.update(values)
        _replace(path, tomlkit.dumps(document))
    except (TOMLKitError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"{path} cannot be read as TOML ({error}). Correct it and try again."
        ) from error
    except OSError as error:
        raise ConfigurationError(f"{path} could not be written ({error.strerror}).") from error


def _replace(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(
            os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
        ) as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
