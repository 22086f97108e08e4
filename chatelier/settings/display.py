"""The settings as an administrator reads them: in effect, or as an example file. Secrets are masked."""

import inspect
import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr
from pydantic_core import PydanticUndefined

from chatelier.settings.loader import Loaded, setting_names, variable_of
from chatelier.settings.redaction import is_url, mask_url
from chatelier.settings.settings import Settings


def effective(loaded: Loaded) -> list[tuple[str, str, str]]:
    """Name, value as text, and origin of every setting, in order."""
    return [
        (
            name,
            format_value(name, _value(loaded.settings, name)) or _default_text(loaded.settings, name),
            loaded.origin(name),
        )
        for name in setting_names()
    ]


def format_value(name: str, value: Any) -> str:
    """A value as text; of a secret only that it is set, of a URL everything but its secrets."""
    if value is None:
        return ""
    if is_url(name):
        return mask_url(value.get_secret_value() if isinstance(value, SecretStr) else value)
    if isinstance(value, SecretStr):
        return "(set, hidden)"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return str(value)


def example_file() -> str:
    """A chatelier.toml in which everything is commented out and explained."""
    lines = [
        "# Settings of Chatelier. Everything is optional; what is commented out shows the default.",
        "# Each may also be an environment variable, which wins: web.port is CHATELIER_WEB__PORT.",
        "# Keep this file to yourself when it holds tokens: chmod 600 chatelier.toml",
        "",
    ]
    sections = []
    for name, field in Settings.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            sections += [f"[{name}]", *_comment(kind.__doc__), *_lines(kind), ""]
        else:
            lines += _line(name, field.description or "", field.get_default(call_default_factory=True))
    return "\n".join([*lines, "", *sections]).rstrip() + "\n"


def _comment(text: str | None) -> list[str]:
    return [f"# {line}" for line in inspect.cleandoc(text or "").splitlines() if line]


def _lines(kind: type[BaseModel]) -> list[str]:
    return [
        line
        for name, field in kind.model_fields.items()
        for line in _line(name, field.description or "", field.get_default(call_default_factory=True))
    ]


def _line(name: str, description: str, default: Any) -> list[str]:
    return [f"# {description}", f"#{name} = {_toml(default)}"]


def _toml(value: Any) -> str:
    if value is None or value is PydanticUndefined:
        return '""'
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, tuple):
        return json.dumps(list(value))
    if isinstance(value, Path):
        return json.dumps(str(value).replace(str(Path.home()), "~"))
    return json.dumps(str(value))


def _value(settings: Settings, name: str) -> Any:
    value: Any = settings
    for part in name.split("."):
        value = getattr(value, part)
    return value


def _default_text(settings: Settings, name: str) -> str:
    """What an unset value means, where that can be said in a word."""
    return {
        "database_url": mask_url(settings.database),
        "redis_url": "(its own, run by `chatelier up`)",
        "storage_url": mask_url(settings.storage),
        "model": "(the bundled one)",
        "limits.monthly_credits": "(no end)",
        "worker.device": "(the best there is)",
        "worker.threads": "(by the rows that the devices hold)",
        "worker.cpu_threads": "(all)",
        "worker.memory_gib": "(what the device has)",
        "worker.models": "(all)",
        **dict.fromkeys(("speed.fuse", "speed.compile", "speed.overlap"), "(on for a CUDA card)"),
        "discord.shard_ids": "(all)",
        "discord.shard_count": "(as Discord advises)",
        "provenance.organization": f"(the web page's name: {settings.web.name})",
        "moderation.evidence_key": "(made once, kept in the home folder)",
        "web.secret": "(made once, kept in the home folder)",
    }.get(name, "(not set)")


__all__ = ["effective", "example_file", "format_value", "variable_of"]
