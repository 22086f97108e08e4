"""The catalogue of models: which there are, where their weights come from and what they were made for."""

import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, get_args, get_type_hints

from engine.model_extras import (
    IpAdapterEntry,
    LoraEntry,
    UpscalerEntry,
    locate,
    read_ip_adapter,
    read_loras,
    read_upscalers,
)
from engine.model_folders import check, weights_hash
from studio.errors import BadParameter, Misconfigured, ModelBroken

MODELS = Path(__file__).parent / "models"
BUNDLED = "bundled:"
UPSCALERS = "upscalers"  # the one table of a catalogue that is no model
DTYPES = ("auto", "float32", "bfloat16", "float16")
# What a pull leaves out: other frameworks' copies of the same weights, and single-file checkpoints at the top.
IGNORED_FILES = ("*.msgpack", "*.h5", "*.onnx*", "*.pb", "*openvino*", "flax_*", "*.ckpt", "*.tflite")
ALLOWED_FILES = ("model_index.json", "*/*", "README.md", "LICENSE*")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelEntry:
    """One model. Sizes in pixels; `guidance_scale` 0 or 1 means none; `scheduler` None means the model's own.

    `prior` is the second folder of models that come in two, such as Kandinsky 2.2.
    """

    name: str
    source: str
    family: str
    title: str = ""
    width: int = 512
    height: int = 512
    steps: int = 25
    guidance_scale: float = 7.5
    scheduler: str | None = None
    dtype: str = "auto"
    licence: str = "unknown"
    memory_gib: float = 4.0
    revision: str | None = None
    prior: str | None = None
    representation: bool = True  # whether words are added about people of whom a prompt does not say who they are
    loras: Mapping[str, LoraEntry] = field(default_factory=dict, hash=False)
    ip_adapter: IpAdapterEntry | None = None

    @property
    def bundled(self) -> bool:
        return self.source.startswith(BUNDLED)

    @property
    def on_hub(self) -> bool:
        """Whether the source is a repository of a model hub, not a folder of this machine."""
        return (
            not self.bundled and not self.source.startswith(("/", ".", "~")) and self.source.count("/") == 1
        )


class ModelCatalogue:
    """The models of this studio by name, the first one being the default. Safe to share between threads."""

    def __init__(
        self,
        entries: Iterable[ModelEntry],
        *,
        upscalers: Mapping[str, UpscalerEntry] | None = None,
        state: Path | None = None,
    ) -> None:
        self._entries = {entry.name: entry for entry in entries}
        self.upscalers: Mapping[str, UpscalerEntry] = upscalers or {}
        self._state = state
        if not self._entries:
            raise Misconfigured("The catalogue of models is empty. Add one with: chatelier models add")

    @classmethod
    def load(cls, extra: Path | None = None, *, state: Path | None = None) -> "ModelCatalogue":
        """The models that come along and those of an administrator's file, which may also replace some of ours.

        `state` is a folder of this studio for pulled weights and remembered hashes. Raises `Misconfigured`
        with every problem of the file.
        """
        entries = read_entries(MODELS / "models.toml")
        upscalers = read_upscaler_entries(MODELS / "models.toml")
        if extra is not None and extra.exists():
            entries |= read_entries(extra, base=entries)
            upscalers |= read_upscaler_entries(extra)
        return cls(entries.values(), upscalers=upscalers, state=state)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._entries)

    @property
    def entries(self) -> tuple[ModelEntry, ...]:
        return tuple(self._entries.values())

    def find(self, name: str) -> ModelEntry:
        """Raises `BadParameter` for a model that this studio does not have."""
        entry = self._entries.get(name)
        if entry is None:
            raise BadParameter(
                "model", f"there is no model {name[:40]} here; there are {', '.join(self.names)}."
            )
        return entry

    def folder(self, entry: ModelEntry) -> Path:
        """Where the weights lie. Raises `ModelBroken` when they are not on this machine; pulls nothing."""
        if entry.bundled:
            return MODELS / entry.source.removeprefix(BUNDLED)
        if not entry.on_hub:
            return Path(entry.source).expanduser()
        return self._snapshot(entry, offline=True)

    def pull(self, entry: ModelEntry) -> Path:
        """Fetch a hub model's weights, or what is missing of them; answers their folder.

        Raises `ModelBroken` with one sentence when the hub cannot be reached or does not have the model.
        """
        folder = self._snapshot(entry, offline=False) if entry.on_hub else self.folder(entry)
        if entry.prior is not None:
            self.pull(second_folder(entry))
        for source in _extras(entry):
            locate(source, hub=self._hub, offline=False)
        return folder

    def check(self, entry: ModelEntry) -> Path:
        """The folder of a model that is complete and readable; raises `ModelBroken` naming the file that is not."""
        folder = self.folder(entry)
        check(folder)
        return folder

    def settle(self, entry: ModelEntry) -> ModelEntry:
        """The entry with its extras as paths of this machine; what is not here keeps its name, and fails when used."""
        loras = {name: replace(lora, source=self._settled(lora.source)) for name, lora in entry.loras.items()}
        seen = entry.ip_adapter
        if seen is not None:
            seen = replace(seen, source=self._settled(seen.source), encoder=self._settled(seen.encoder))
        prior = str(self.folder(second_folder(entry))) if entry.prior is not None else None
        return replace(entry, loras=loras, ip_adapter=seen, prior=prior)

    def upscaler(self, name: str, *, offline: bool = True) -> str:
        """Where the weights of an upscaler lie: a path, or the name of bundled ones; fetched unless `offline`.

        Raises `BadParameter` for one that this studio does not have, `ModelBroken` when it is not on this machine.
        """
        entry = self.upscalers.get(name)
        if entry is None:
            there = f"there are {', '.join(self.upscalers)}" if self.upscalers else "there is only the usual one"
            raise BadParameter("upscaler", f"there is no {name[:40]} here; {there}.")
        if entry.source.startswith(BUNDLED):
            return entry.source.removeprefix(BUNDLED)
        return str(locate(entry.source, hub=self._hub, offline=offline))

    def missing(self, entry: ModelEntry) -> list[str]:
        """The LoRAs and the IP-Adapter of a model that are not on this machine, by the names of their files."""
        settled = _extras(self.settle(entry))
        return [Path(source).name for source in settled if not Path(source).exists()]

    def _settled(self, source: str) -> str:
        try:
            return str(locate(source, hub=self._hub))
        except ModelBroken:
            return source

    @property
    def _hub(self) -> Path | None:
        return self._state / "hub" if self._state else None

    def hash(self, entry: ModelEntry) -> str:
        """SHA-256 over the model's weight files, in hex; remembered while their sizes and times stay the same."""
        return weights_hash(
            self.folder(entry), memory=self._state / "model-hashes.json" if self._state else None
        )

    def _snapshot(self, entry: ModelEntry, *, offline: bool) -> Path:
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

        try:
            folder = snapshot_download(
                entry.source,
                revision=entry.revision,
                cache_dir=self._hub,
                allow_patterns=list(ALLOWED_FILES),
                ignore_patterns=list(IGNORED_FILES),
                local_files_only=offline,
            )
        except LocalEntryNotFoundError as error:
            if offline:
                sentence = (
                    f"The model {entry.name} is not on this machine. "
                    f"Fetch it with: chatelier models pull {entry.name}"
                )
            else:
                sentence = (
                    f"The model {entry.name} cannot be fetched: the hub does not answer. "
                    "Check the connection and try again."
                )
            raise ModelBroken(sentence) from error
        except (HfHubHTTPError, HFValidationError, OSError) as error:
            raise ModelBroken(
                f"The model {entry.name} cannot be fetched from {entry.source}: the hub refuses or does not have it. "
                "Check the name, and whether its licence must be accepted first."
            ) from error
        return Path(folder)


def second_folder(entry: ModelEntry) -> ModelEntry:
    """The entry of a model's other half."""
    return replace(entry, source=entry.prior or "", prior=None, revision=None, loras={}, ip_adapter=None)


def _extras(entry: ModelEntry) -> list[str]:
    sources = [lora.source for lora in entry.loras.values()]
    if entry.ip_adapter is not None:
        sources += [entry.ip_adapter.source, entry.ip_adapter.encoder]
    return sources


def read_entries(path: Path, *, base: Mapping[str, ModelEntry] | None = None) -> dict[str, ModelEntry]:
    """The entries of a catalogue file; one that names a model of `base` changes only what it says."""
    tables = _read_tables(path)
    tables.pop(UPSCALERS, None)
    problems: list[str] = []
    entries: dict[str, ModelEntry] = {}
    for name, table in tables.items():
        known = (base or {}).get(name)
        extras, found = _read_extras(name, table)
        found += _problems(name, table, complete=known is not None)
        problems += found
        if not found:
            fitted: dict[str, Any] = {
                key: float(value) if key in _FLOATS else value for key, value in table.items()
            } | extras
            entries[name] = replace(known, **fitted) if known else ModelEntry(name=name, **fitted)
    if problems:
        raise Misconfigured(f"The catalogue of models {path.name}: {' '.join(problems)}")
    return entries


def read_upscaler_entries(path: Path) -> dict[str, UpscalerEntry]:
    """The upscalers of a catalogue file. Raises `Misconfigured` with everything that is wrong with them."""
    found, problems = read_upscalers(_read_tables(path).get(UPSCALERS, {}))
    if problems:
        told = " ".join(f"[{UPSCALERS}] {problem}" for problem in problems)
        raise Misconfigured(f"The catalogue of models {path.name}: {told}")
    return found


def write_entry(path: Path, entry: ModelEntry) -> None:
    """Add an entry to an administrator's catalogue, or replace the one of its name. Other entries are kept.

    Comments are not. Raises `Misconfigured` when the file there is cannot be read.
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
        raise Misconfigured(f"The catalogue of models {path.name} cannot be read: {error}") from error


def _read_extras(name: str, table: object) -> tuple[dict[str, Any], list[str]]:
    """What has tables of its own inside of an entry's table."""
    extras: dict[str, Any] = {}
    problems: list[str] = []
    if isinstance(table, dict) and "loras" in table:
        extras["loras"], found = read_loras(table["loras"])
        problems += found
    if isinstance(table, dict) and "ip_adapter" in table:
        extras["ip_adapter"], found = read_ip_adapter(table["ip_adapter"])
        problems += found
    return extras, [f"[{name}] {problem}" for problem in problems]


_HINTS: Mapping[str, Any] = get_type_hints(ModelEntry)
_KNOWN = {field.name for field in fields(ModelEntry)} - {"name"}
_TABLES = {"loras", "ip_adapter"}
_FLOATS = {name for name, hint in _HINTS.items() if hint is float}


def _problems(name: str, table: object, *, complete: bool) -> list[str]:
    if not isinstance(table, dict):
        return [f"{name} must be a table, [{name}]."]
    problems = [f"[{name}] has an unknown field {key}." for key in sorted(set(table) - _KNOWN)]
    if not complete:
        problems += [f"[{name}] needs a {key}." for key in ("source", "family") if key not in table]
    for key in sorted(set(table) & _KNOWN - _TABLES):
        wanted = get_args(_HINTS[key]) or (_HINTS[key],)
        allowed = (*wanted, int) if float in wanted else wanted
        if not isinstance(table[key], allowed) or isinstance(table[key], bool):
            problems.append(f"[{name}] {key} must be a {wanted[0].__name__}.")
        elif isinstance(table[key], (int, float)) and table[key] < (0 if key == "guidance_scale" else 0.01):
            problems.append(f"[{name}] {key} must be greater than zero.")
    if table.get("dtype", "auto") not in DTYPES:
        problems.append(f"[{name}] dtype must be one of {', '.join(DTYPES)}.")
    return problems


def _toml(name: str, table: Mapping[str, Any]) -> str:
    # A JSON string, number or boolean is a TOML one too.
    said = {key: value for key, value in table.items() if value not in (None, "", {})}
    lines = [f"{key} = {_toml_value(value)}" for key, value in said.items()]
    return "\n".join([f"[{json.dumps(name, ensure_ascii=False)}]", *lines, ""])


def _toml_value(value: object) -> str:
    if isinstance(value, dict):
        inside = ", ".join(f"{json.dumps(key)} = {_toml_value(each)}" for key, each in value.items())
        return f"{{ {inside} }}"
    return json.dumps(value, ensure_ascii=False)
