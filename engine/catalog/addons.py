"""What an entry of the catalogue may lay over a model: LoRA weights by name, and image encoders."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from studio.domain.requests import STRUCTURES
from studio.errors import ModelLoadError

T = TypeVar("T")
ADDONS = ("controlnets", "ip-adapter")  # large, and fetched when they are asked for


@dataclass(frozen=True, slots=True, kw_only=True)
class LoraEntry:
    """`source` is a file of this machine, or ``owner/repository/path/of/file`` on the hub.

    `weight` counts where a person gives none; `trigger` are words that are added to the prompt.
    """

    source: str
    weight: float = 1.0
    trigger: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddingEntry:
    """A textual inversion: a .safetensors file of this machine, whose vectors stand for a word of the prompt."""

    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IpAdapterEntry:
    """An IP-Adapter: its weights, the folder of its image encoder, and how much it counts beside the words."""

    source: str
    encoder: str
    scale: float = 0.6
    licence: str = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlNetEntry:
    """A ControlNet: a folder of this machine, ``owner/repository`` on the hub, or a folder in one.

    `scale` says how much it counts.
    """

    source: str
    scale: float = 1.0
    licence: str = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class UpscalerEntry:
    """Weights in any layout that spandrel knows: a file, ``owner/repository/path/of/file``, or ``bundled:NAME``."""

    source: str
    title: str = ""
    licence: str = "unknown"


class NamesAddons(Protocol):
    """An entry of a model."""

    @property
    def controlnets(self) -> Mapping[str, ControlNetEntry]: ...

    @property
    def ip_adapter(self) -> IpAdapterEntry | None: ...


def addon_sources(entry: NamesAddons, kinds: Collection[str]) -> dict[str, str]:
    """Source → licence of what an entry names and its model does without."""
    sources: dict[str, str] = {}
    if "controlnets" in kinds:
        sources |= {controlnet.source: controlnet.licence for controlnet in entry.controlnets.values()}
    if "ip-adapter" in kinds and entry.ip_adapter is not None:
        sources |= dict.fromkeys(
            (entry.ip_adapter.source, entry.ip_adapter.encoder), entry.ip_adapter.licence
        )
    return sources


def read_upscalers(table: object) -> tuple[dict[str, UpscalerEntry], list[str]]:
    """The upscalers of a catalogue by name, and what is wrong with them."""
    if not isinstance(table, dict):
        return {}, ["upscalers must be a table of tables."]
    problems: list[str] = []
    found = {
        name: _read(UpscalerEntry, {"source": data} if isinstance(data, str) else data, name, problems)
        for name, data in table.items()
    }
    return {name: entry for name, entry in found.items() if entry is not None}, problems


def read_loras(table: object) -> tuple[dict[str, LoraEntry], list[str]]:
    """The LoRAs of an entry by name, and what is wrong with them."""
    return _read_named(LoraEntry, table, "loras")


def read_embeddings(table: object) -> tuple[dict[str, EmbeddingEntry], list[str]]:
    """The textual inversions of an entry by their words, and what is wrong with them."""
    return _read_named(EmbeddingEntry, table, "embeddings")


def read_controlnets(table: object) -> tuple[dict[str, ControlNetEntry], list[str]]:
    """The ControlNets of an entry by kind, and what is wrong with them."""
    found, problems = _read_named(ControlNetEntry, table, "controlnets")
    unknown = sorted(set(found) - set(STRUCTURES))
    problems += [f"controlnets.{kind} must be one of {', '.join(STRUCTURES)}." for kind in unknown]
    return found, problems


def _read_named(kind: Callable[..., T], table: object, field: str) -> tuple[dict[str, T], list[str]]:
    if not isinstance(table, dict):
        return {}, [f"{field} must be a table of tables."]
    problems: list[str] = []
    entries: dict[str, T] = {}
    for name, value in table.items():
        # A source alone may be given without a table of its own.
        given = {"source": value} if isinstance(value, str) else value
        found = _read(kind, given, f"{field}.{name}", problems)
        if any(mark in name for mark in ",:. ") or name != name.lower():
            problems.append(
                f"{field}.{name} must be a name in small letters without commas, colons and spaces."
            )
        elif found is not None:
            entries[name] = found
    return entries, problems


def read_ip_adapter(table: object) -> tuple[IpAdapterEntry | None, list[str]]:
    problems: list[str] = []
    return _read(IpAdapterEntry, table, "ip_adapter", problems), problems


def _read(kind: Callable[..., T], table: object, place: str, problems: list[str]) -> T | None:
    wanted: Mapping[str, type] = kind.__annotations__
    if not isinstance(table, dict):
        problems.append(f"{place} must be a table.")
        return None
    found = [f"{place} has an unknown field {key}." for key in sorted(set(table) - set(wanted))]
    needed = ("source", "encoder") if "encoder" in wanted else ("source",)
    found += [f"{place} needs its {key}." for key in needed if key not in table]
    values: dict[str, Any] = {}
    for key in sorted(set(table) & set(wanted)):
        allowed = (int, float) if wanted[key] is float else (str,)
        if isinstance(table[key], bool) or not isinstance(table[key], allowed):
            found.append(f"{place}.{key} must be a {wanted[key].__name__}.")
        values[key] = float(table[key]) if allowed != (str,) and not found else table[key]
    problems += found
    return None if found else kind(**values)


# Some repositories have a second network beside the first, under a longer name.
_NETWORK_FILES = ("config.json", "diffusion_pytorch_model.*", "diffusion_pytorch_model-*")
_IGNORED_FILES = ("*.bin", "*.msgpack", "*.ckpt")


def is_on_hub(source: str, *, whole: bool = False) -> bool:
    """A file or folder in a repository; with `whole`, the repository itself too."""
    least = 1 if whole else 2
    return not source.startswith(("/", ".", "~")) and source.count("/") >= least


@dataclass(frozen=True, slots=True, kw_only=True)
class HubFiles:
    """A file, a folder or one network of a hub's repository, and the patterns of the files that are fetched for it."""

    repository: str
    inside: str
    allowed: tuple[str, ...]
    ignored: tuple[str, ...] = _IGNORED_FILES


def files_of(source: str) -> HubFiles:
    """For a source for which `is_on_hub` is true."""
    owner, repository, *rest = source.split("/", 2)
    inside = rest[0] if rest else ""
    return HubFiles(
        repository=f"{owner}/{repository}",
        inside=inside,
        allowed=(inside, f"{inside}/*") if inside else _NETWORK_FILES,
    )


def locate(source: str, *, hub: Path | None, offline: bool = True, whole: bool = False) -> Path:
    """Where a source of the hub or of this machine lies. Raises `ModelLoadError` when it is not there.

    `hub` is the folder of what was pulled; with `offline` False what is missing is fetched. With `whole`, a source may
    be a repository that holds one network.
    """
    if not is_on_hub(source, whole=whole):
        path = Path(source).expanduser()
        if not path.exists():
            raise ModelLoadError(
                f"The file {path.name} is not on this machine.", reason="missing_addon", file=path.name
            )
        return path
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    files = files_of(source)
    inside = files.inside
    try:
        folder = snapshot_download(
            files.repository,
            cache_dir=hub,
            allow_patterns=list(files.allowed),
            ignore_patterns=list(files.ignored),
            local_files_only=offline,
        )
    except (LocalEntryNotFoundError, HfHubHTTPError, HFValidationError, OSError) as error:
        raise ModelLoadError(
            f"The file {Path(inside).name} could not be fetched from the hub.",
            reason="missing_addon",
            file=Path(inside).name,
        ) from error
    path = Path(folder) / inside
    if not path.exists():
        raise ModelLoadError(
            f"The file {path.name} is not on this machine. Fetch it with: chatelier models pull",
            reason="missing_addon",
            file=path.name,
        )
    return path
