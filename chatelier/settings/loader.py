"""Settings from the environment and from chatelier.toml, with every problem named at once."""

import difflib
import os
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from chatelier.settings.redaction import hide_from_now_on, is_url
from chatelier.settings.settings import DELIMITER, PREFIX, SECTIONS, Settings
from chatelier.settings.sources import environment_values, file_values
from studio.errors import ConfigurationError

FILE_NAME = "chatelier.toml"
FILE_VARIABLE = f"{PREFIX}CONFIG"
_ALMOST = 0.75


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """`setting` is spelled as the administrator wrote it; `fix` says what to do."""

    setting: str
    fault: str
    fix: str

    def __str__(self) -> str:
        return f"{self.setting}: {self.fault}. {self.fix}"


class InvalidSettingsError(ConfigurationError):
    """All that is wrong with the settings, at once."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        count = "One setting needs" if len(problems) == 1 else f"{len(problems)} settings need"
        lines = "".join(f"\n  - {problem}" for problem in problems)
        super().__init__(f"{count} to be put right:{lines}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """`origins` maps a dotted name to the variable or file that set it; what is absent is a default."""

    settings: Settings
    origins: Mapping[str, str]
    file: Path | None
    warnings: tuple[str, ...] = ()

    def origin(self, name: str) -> str:
        return self.origins.get(name, "default")


def load_settings() -> Settings:
    """Raises `InvalidSettingsError`."""
    return read_settings().settings


def read_settings() -> Loaded:
    """The settings and where each came from. The environment wins over the file. Raises `InvalidSettingsError`."""
    problems: list[Problem] = []
    path = _find_file(problems)
    from_file = _read_file(path, problems) if path else {}
    from_environment = environment_values()
    warnings = _unknown_variables(problems)
    origins = {name: str(path) for name, _ in _flat(from_file)}
    origins |= {name: variable_of(name) for name, _ in _flat(from_environment)}
    try:
        settings = Settings(**_merge(from_file, from_environment))
    except ValidationError as error:
        problems += [_explain(fault, origins) for fault in error.errors()]
    if problems:
        raise InvalidSettingsError(problems)
    hide_from_now_on(settings)
    return Loaded(settings=settings, origins=MappingProxyType(origins), file=path, warnings=tuple(warnings))


def variable_of(name: str) -> str:
    """``"web.port"`` becomes ``"CHATELIER_WEB__PORT"``."""
    return PREFIX + name.upper().replace(".", DELIMITER)


def setting_names() -> list[str]:
    """Every dotted name there is."""
    names: list[str] = []
    for name, field in Settings.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            names += [f"{name}.{part}" for part in field.annotation.model_fields]
        else:
            names.append(name)
    return names


def _find_file(problems: list[Problem]) -> Path | None:
    """The named file, else the one in the working directory, else the one in the home folder."""
    if named := os.environ.get(FILE_VARIABLE):
        path = Path(named).expanduser().absolute()
        if not path.is_file():
            problems.append(
                Problem(
                    setting=FILE_VARIABLE,
                    fault=f"there is no file {path}",
                    fix=f"Make it with `chatelier config --example > {FILE_NAME}`, or unset the variable.",
                )
            )
            return None
        return path
    home = Path(os.environ.get(f"{PREFIX}HOME") or Path.home() / ".chatelier").expanduser().absolute()
    return next((path for path in (Path.cwd() / FILE_NAME, home / FILE_NAME) if path.is_file()), None)


def _read_file(path: Path, problems: list[Problem]) -> dict[str, Any]:
    try:
        return file_values(path)
    except tomllib.TOMLDecodeError as error:
        fault, fix = f"is not valid TOML: {error}", "`chatelier config --example` prints a valid one."
    except UnicodeDecodeError:
        fault, fix = "is not UTF-8 text", "Save it as UTF-8."
    except OSError as error:
        fault, fix = f"cannot be read ({error.strerror})", "Let the user who runs Chatelier read it."
    problems.append(Problem(setting=str(path), fault=fault, fix=fix))
    return {}


def _unknown_variables(problems: list[Problem]) -> list[str]:
    """A misspelt name is a problem. Others only earn a warning: orchestrators set some that are not ours."""
    known = [variable_of(name).removeprefix(PREFIX) for name in setting_names()]
    known.append("CONFIG")
    sections = tuple(f"{name.upper()}{DELIMITER}" for name in SECTIONS)
    warnings: list[str] = []
    for variable in sorted(os.environ):
        name = variable.upper().removeprefix(PREFIX)
        if not variable.upper().startswith(PREFIX) or name in known or name.startswith(sections):
            continue  # a wrong name in a known section is found by the section itself
        if name.lower() in SECTIONS:
            fix = (
                f"Set each value by itself, such as {variable}{DELIMITER}{_first_of(name.lower()).upper()}=…"
            )
            problems.append(Problem(setting=variable, fault="is a section, not a value", fix=fix))
        elif nearest := difflib.get_close_matches(name, known, n=1, cutoff=_ALMOST):
            fix = f"Did you mean {PREFIX}{nearest[0]}?"
            problems.append(Problem(setting=variable, fault="there is no such setting", fix=fix))
        else:
            warnings.append(f"{variable} is not a setting of Chatelier and is ignored.")
    return warnings


def _first_of(section: str) -> str:
    return next(name for name in setting_names() if name.startswith(f"{section}.")).partition(".")[2]


def _explain(error: ErrorDetails, origins: Mapping[str, str]) -> Problem:
    path = [str(part) for part in error["loc"] if str(part) in _WORDS]
    name = ".".join(path) or ".".join(map(str, error["loc"]))
    if error["type"] == "extra_forbidden":
        return _unknown_setting(error, origins)
    fault, fix = _fault(error, name), "Correct it, or remove it to have the default."
    if name in SECTIONS and error["type"] == "value_error":
        fix = "`chatelier config --example` explains the section."
        return Problem(setting=_section_name(name, origins), fault=fault, fix=fix)
    return Problem(setting=_name_as_written(name, origins), fault=fault, fix=fix)


def _fault(error: ErrorDetails, name: str) -> str:
    match error["type"]:
        case "int_parsing" | "int_from_float" | "int_type":
            fault = "must be a whole number"
        case "float_parsing" | "float_type":
            fault = "must be a number"
        case "bool_parsing" | "bool_type":
            fault = "must be true or false"
        case "tuple_type":
            fault = "must be a list, with commas between"
        case "string_type":
            fault = "must be text, in quotation marks"
        case "string_pattern_mismatch":
            return f"is not understood; it takes {_description(name).rstrip('.')}"
        case "model_type" | "dict_type" | "model_attributes_type":
            fault = "is a section, not a value"
        case "value_error":
            return str(error["ctx"]["error"]) if "ctx" in error else error["msg"]
        case _:
            fault = error["msg"].replace("Input should", "must", 1)
            fault = fault[0].lower() + fault[1:]
    return fault if _is_secret(name) or is_url(name) else fault + _value_hint(error["input"])


def _value_hint(value: Any) -> str:
    return f", not “{value}”" if isinstance(value, str | int | float) and len(str(value)) <= 20 else ""


def _description(name: str) -> str:
    section, _, part = name.rpartition(".")
    kind: Any = Settings.model_fields[section].annotation if section else Settings
    return str(kind.model_fields[part].description or "")


def _is_secret(name: str) -> bool:
    section, _, part = name.rpartition(".")
    kind: Any = Settings.model_fields[section].annotation if section else Settings
    return "SecretStr" in str(kind.model_fields[part].annotation)


def _unknown_setting(error: ErrorDetails, origins: Mapping[str, str]) -> Problem:
    name = ".".join(map(str, error["loc"]))
    names = setting_names() + list(Settings.model_fields)
    nearest = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    in_variable = name in origins and origins[name].startswith(PREFIX)
    hint = variable_of(nearest[0]) if nearest and in_variable else (nearest[0] if nearest else "")
    fix = f"Did you mean {hint}?" if hint else "`chatelier config --example` lists them all."
    return Problem(setting=_name_as_written(name, origins), fault="there is no such setting", fix=fix)


def _name_as_written(name: str, origins: Mapping[str, str]) -> str:
    origin = origins.get(name) or next(
        (origins[origin] for origin in origins if origin.startswith(f"{name}.")), ""
    )
    if origin and not origin.startswith(PREFIX):
        return f"{name} in {origin}"
    return variable_of(name)


def _section_name(name: str, origins: Mapping[str, str]) -> str:
    """A section as a whole, for a problem between two of its values."""
    written = _name_as_written(name, origins)
    return written + (DELIMITER + "…" if written.startswith(PREFIX) else "")


_WORDS = {part for name in setting_names() for part in name.split(".")}


def _flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _merge(lower: Mapping[str, Any], upper: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(lower)
    for name, value in upper.items():
        below = merged.get(name)
        both = isinstance(below, Mapping) and isinstance(value, Mapping)
        merged[name] = _merge(below, value) if both else value  # type: ignore[arg-type]
    return merged
