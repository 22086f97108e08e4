"""Entries of the catalogue of models, and the files that they stand in."""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, get_args, get_type_hints

from engine.catalog.addons import (
    ControlNetEntry,
    EmbeddingEntry,
    IpAdapterEntry,
    LoraEntry,
    UpscalerEntry,
    read_controlnets,
    read_embeddings,
    read_ip_adapter,
    read_loras,
    read_upscalers,
)
from engine.catalog.remote_entry import FAMILY as REMOTE
from engine.catalog.remote_entry import RemoteEntry, read_remote, url_problem
from studio.errors import ConfigurationError

BUNDLED = "bundled:"
UPSCALERS = "upscalers"  # the one table of a catalogue that is no model
DTYPES = ("auto", "float32", "bfloat16", "float16")
MOST_PRICE = 1000  # times the usual credits
QUANTISED = ("auto", "off", "int8", "fp8")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelEntry:
    """One model. Sizes in pixels; `guidance_scale` 0 or 1 means none; `scheduler` None means the model's own.

    `prior` is the second folder of models that come in two, such as Kandinsky 2.2. `denoiser` is a .safetensors or
    .gguf file whose weights replace those of the folder's denoiser. `quantise`: auto as the worker's setting says.
    `purpose` is a line for people. `edits_by_words` and `takes_references` count until the model's folder is there,
    which then says it by itself. A model that is `remote` has a server's address for its source, and no folder. Its
    pictures cost `price` times the usual credits.
    """

    name: str
    source: str
    family: str
    title: str = ""
    purpose: str = ""
    width: int = 512
    height: int = 512
    steps: int = 25
    guidance_scale: float = 7.5
    scheduler: str | None = None
    dtype: str = "auto"
    licence: str = "unknown"
    memory_gib: float = 4.0
    price: float = 1.0
    revision: str | None = None
    edits_by_words: bool = False
    takes_references: int = 0
    prior: str | None = None
    denoiser: str | None = None
    quantise: str = "auto"
    representation: bool = (
        True  # whether words are added about people of whom a prompt does not say who they are
    )
    loras: Mapping[str, LoraEntry] = field(default_factory=dict, hash=False)
    ip_adapter: IpAdapterEntry | None = None
    embeddings: Mapping[str, EmbeddingEntry] = field(default_factory=dict, hash=False)
    controlnets: Mapping[str, ControlNetEntry] = field(default_factory=dict, hash=False)
    remote: RemoteEntry | None = None

    @property
    def is_remote(self) -> bool:
        """Whether a server of another machine or company paints with it."""
        return self.family == REMOTE

    @property
    def bundled(self) -> bool:
        return self.source.startswith(BUNDLED)

    @property
    def on_hub(self) -> bool:
        """Whether the source is a repository of a model hub, not a folder of this machine."""
        return not self.bundled and not self.is_remote and is_hub_name(self.source)


def is_hub_name(source: str) -> bool:
    """Whether a source is written as a repository of a hub is, ``owner/name``."""
    return not source.startswith(("/", ".", "~")) and source.count("/") == 1


def read_entries(path: Path, *, base: Mapping[str, ModelEntry] | None = None) -> dict[str, ModelEntry]:
    """The entries of a catalogue file; one that names a model of `base` changes only what it says."""
    tables = _read_tables(path)
    tables.pop(UPSCALERS, None)
    problems: list[str] = []
    entries: dict[str, ModelEntry] = {}
    for name, table in tables.items():
        known = (base or {}).get(name)
        extras, found = _read_extras(name, table)
        found += _problems(name, table, known)
        problems += found
        if not found:
            fitted: dict[str, Any] = {
                key: float(value) if key in _FLOATS else value for key, value in table.items()
            } | extras
            family = fitted.get("family", known.family if known else "")
            if "source" in fitted and family != REMOTE:
                fitted["source"] = resolve_source(fitted["source"], beside=path.parent)
            entries[name] = replace(known, **fitted) if known else ModelEntry(name=name, **fitted)
    if problems:
        raise ConfigurationError(f"The catalogue of models {path.name}: {' '.join(problems)}")
    return entries


def resolve_source(source: str, *, beside: Path) -> str:
    """A folder of this machine as an absolute path; it wins over a repository of a hub with the same name.

    A relative path counts from the folder `beside`, else from the working directory.
    """
    if source.startswith(BUNDLED):
        return source
    given = Path(source).expanduser()
    found = [path.resolve() for path in (beside / given, given) if path.is_dir()]
    if found:
        return str(found[0])
    return str((beside / given).resolve()) if source.startswith((".", "~")) else source


def read_upscaler_entries(path: Path) -> dict[str, UpscalerEntry]:
    """The upscalers of a catalogue file. Raises `ConfigurationError` with everything that is wrong with them."""
    found, problems = read_upscalers(_read_tables(path).get(UPSCALERS, {}))
    if problems:
        message = " ".join(f"[{UPSCALERS}] {problem}" for problem in problems)
        raise ConfigurationError(f"The catalogue of models {path.name}: {message}")
    return found


def write_entry(path: Path, entry: ModelEntry) -> None:
    """Add an entry to an administrator's catalogue, or replace the one of its name. Other entries are kept.

    Comments are not. Raises `ConfigurationError` when the file there is cannot be read.
    """
    tables = _read_tables(path) if path.exists() else {}
    tables[entry.name] = {name: value for name, value in asdict(entry).items() if name != "name"}
    blocks = [_toml(name, table) for name, table in tables.items() if isinstance(table, dict)]
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    unfinished.write_text("\n".join(blocks), encoding="utf-8")
    unfinished.replace(path)


def _read_tables(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(f"The catalogue of models {path.name} cannot be read: {error}") from error


def _read_extras(name: str, table: object) -> tuple[dict[str, Any], list[str]]:
    """What has tables of its own inside of an entry's table."""
    extras: dict[str, Any] = {}
    problems: list[str] = []
    if isinstance(table, dict) and "loras" in table:
        extras["loras"], found = read_loras(table["loras"])
        problems += found
    if isinstance(table, dict) and "embeddings" in table:
        extras["embeddings"], found = read_embeddings(table["embeddings"])
        problems += found
    if isinstance(table, dict) and "controlnets" in table:
        extras["controlnets"], found = read_controlnets(table["controlnets"])
        problems += found
    if isinstance(table, dict) and "ip_adapter" in table:
        extras["ip_adapter"], found = read_ip_adapter(table["ip_adapter"])
        problems += found
    if isinstance(table, dict) and "remote" in table:
        extras["remote"], found = read_remote(table["remote"])
        problems += found
    return extras, [f"[{name}] {problem}" for problem in problems]


_HINTS: Mapping[str, Any] = get_type_hints(ModelEntry)
_KNOWN = {field.name for field in fields(ModelEntry)} - {"name"}
_TABLES = {"loras", "embeddings", "ip_adapter", "remote", "controlnets"}
_FLOATS = {name for name, hint in _HINTS.items() if hint is float}


def _problems(name: str, table: object, known: ModelEntry | None) -> list[str]:
    if not isinstance(table, dict):
        return [f"{name} must be a table, [{name}]."]
    problems = [f"[{name}] has an unknown field {key}." for key in sorted(set(table) - _KNOWN)]
    problems += [f"[{name}] {problem}" for problem in _remote_problems(table, known)]
    if known is None:
        problems += [f"[{name}] needs a {key}." for key in ("source", "family") if key not in table]
    for key in sorted(set(table) & _KNOWN - _TABLES):
        wanted = get_args(_HINTS[key]) or (_HINTS[key],)
        allowed = (*wanted, int) if float in wanted else wanted
        # To Python, a truth value is a number too.
        if not isinstance(table[key], allowed) or isinstance(table[key], bool) != (bool in wanted):
            problems.append(f"[{name}] {key} must be a {wanted[0].__name__}.")
        elif bool not in wanted and _too_small(key, table[key]):
            problems.append(f"[{name}] {key} must be greater than zero.")
    price = table.get("price", 1.0)
    if isinstance(price, (int, float)) and not price <= MOST_PRICE:
        problems.append(f"[{name}] price must be at most {MOST_PRICE}.")
    if table.get("dtype", "auto") not in DTYPES:
        problems.append(f"[{name}] dtype must be one of {', '.join(DTYPES)}.")
    if table.get("quantise", "auto") not in QUANTISED:
        problems.append(f"[{name}] quantise must be one of {', '.join(QUANTISED)}.")
    return problems


def _remote_problems(table: Mapping[str, Any], known: ModelEntry | None) -> list[str]:
    if table.get("family", known.family if known else "") != REMOTE:
        return [f'remote is for family = "{REMOTE}".'] if "remote" in table else []
    problem = url_problem(table.get("source", known.source if known else ""))
    return [problem] if problem else []


def _too_small(key: str, value: object) -> bool:
    least = 0 if key in {"guidance_scale", "takes_references"} else 0.01
    return isinstance(value, (int, float)) and value < least


def _toml(name: str, table: Mapping[str, Any]) -> str:
    # A JSON string, number or boolean is a TOML one too.
    values = {key: value for key, value in table.items() if value not in (None, "", {})}
    lines = [f"{key} = {_toml_value(value)}" for key, value in values.items()]
    return "\n".join([f"[{json.dumps(name, ensure_ascii=False)}]", *lines, ""])


def _toml_value(value: object) -> str:
    if isinstance(value, dict):
        inside = ", ".join(f"{json.dumps(key)} = {_toml_value(item)}" for key, item in value.items())
        return f"{{ {inside} }}"
    return json.dumps(value, ensure_ascii=False)
