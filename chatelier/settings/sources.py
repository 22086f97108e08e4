"""What the environment and a file say, before anything is checked."""

from pathlib import Path
from typing import Any

from pydantic_settings import EnvSettingsSource, TomlConfigSettingsSource

from chatelier.settings.settings import PREFIX, SECTIONS, Settings


def environment_values() -> dict[str, Any]:
    """What the environment sets, nested by section. A variable for a whole section is not read."""
    source = EnvSettingsSource(Settings)
    whole_sections = {PREFIX.lower() + name for name in SECTIONS}
    source.env_vars = {name: value for name, value in source.env_vars.items() if name not in whole_sections}
    return source()


def file_values(path: Path) -> dict[str, Any]:
    """What a file sets; an empty text means unset. Raises `tomllib.TOMLDecodeError` and `OSError`."""
    values = TomlConfigSettingsSource(Settings, toml_file=path)()
    return {name: _without_empty(value) for name, value in values.items() if value != ""}


def _without_empty(value: Any) -> Any:
    return {name: item for name, item in value.items() if item != ""} if isinstance(value, dict) else value
