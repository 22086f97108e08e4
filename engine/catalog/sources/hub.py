"""Repositories of a model hub: what fetching one costs, and fetching it."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from engine.catalog.entries import ModelEntry
from engine.catalog.model_files import PICKLES
from engine.catalog.sources import resumable
from studio.errors import ModelLoadError

if TYPE_CHECKING:
    from huggingface_hub import DryRunFileInfo

# What a pull leaves out: other frameworks' copies of the same weights, pickles, and single-file checkpoints at the top.
IGNORED_FILES = (
    *("*.msgpack", "*.h5", "*.onnx*", "*.pb", "*openvino*", "flax_*", "*.tflite"),
    *(f"*{suffix}" for suffix in PICKLES),
)
ALLOWED_FILES = ("model_index.json", "*/*", "README.md", "LICENSE*")
CONFIGURATION_FILES = ("model_index.json", "*/config.json", "*/scheduler_config.json")
# Beside the files themselves, a hub's cache needs next to nothing; a full disk harms everything else on it.
_SPARE_BYTES = 512 * 1024**2


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchPlan:
    """Sizes in bytes: of all files, of those that are missing here, and what is free where they go.

    `licence` is what the hub says; empty where it says nothing. `name` is that of something beside a model.
    """

    size_bytes: int
    missing_bytes: int
    free_bytes: int
    licence: str
    name: str = ""

    @property
    def fits(self) -> bool:
        return not self.missing_bytes or self.missing_bytes + _SPARE_BYTES <= self.free_bytes


def plan_fetch(
    entry: ModelEntry,
    *,
    cache: Path | None,
    allowed: tuple[str, ...] = ALLOWED_FILES,
    ignored: tuple[str, ...] = IGNORED_FILES,
) -> FetchPlan:
    """What fetching a repository, or its `allowed` files, would cost. Raises `ModelLoadError` with one sentence."""
    from huggingface_hub import HfApi
    from huggingface_hub.constants import HF_HUB_CACHE

    with _one_sentence(entry, offline=False):
        files = _list_files(entry, cache=cache, allowed=allowed, ignored=ignored)
    try:
        info: object = HfApi().model_info(entry.source, revision=entry.revision)
    except Exception:  # noqa: BLE001 - everything is here already, and the hub is away
        info = None
    sizes = [(file.file_size or 0, file.will_download) for file in files]
    return FetchPlan(
        size_bytes=sum(size for size, _ in sizes),
        missing_bytes=sum(size for size, missing in sizes if missing),
        free_bytes=_free_bytes(cache or Path(HF_HUB_CACHE)),
        licence=_licence_in(info),
    )


def fetch(
    entry: ModelEntry, *, cache: Path | None, offline: bool, allowed: tuple[str, ...] = ALLOWED_FILES
) -> Path:
    """The folder of a repository's files, fetched unless `offline`; what was fetched in part goes on.

    Raises `ModelLoadError` with one sentence when the hub cannot be reached or does not have the model.
    """
    from huggingface_hub import snapshot_download

    with _one_sentence(entry, offline=offline):
        if not offline:
            _fetch_large(entry, cache=cache, allowed=allowed)
        folder = snapshot_download(
            entry.source,
            revision=entry.revision,
            cache_dir=cache,
            allow_patterns=list(allowed),
            ignore_patterns=list(IGNORED_FILES),
            local_files_only=offline,
        )
    return Path(folder)


def _fetch_large(entry: ModelEntry, *, cache: Path | None, allowed: tuple[str, ...]) -> None:
    """First, and so that it goes on in a later process."""
    from huggingface_hub.constants import HF_HUB_CACHE

    files = _list_files(entry, cache=cache, allowed=allowed)
    large = [file for file in files if file.will_download and (file.file_size or 0) >= resumable.LARGE_BYTES]
    if large:
        names = [file.filename for file in large]
        place = cache or Path(HF_HUB_CACHE)
        resumable.fetch_large(entry.source, names, commit=large[0].commit_hash, cache=place)


def _list_files(
    entry: ModelEntry,
    *,
    cache: Path | None,
    allowed: tuple[str, ...],
    ignored: tuple[str, ...] = IGNORED_FILES,
) -> "Sequence[DryRunFileInfo]":
    """The files that a fetch wants, and which of them are missing here."""
    from huggingface_hub import snapshot_download

    return snapshot_download(
        entry.source,
        revision=entry.revision,
        cache_dir=cache,
        allow_patterns=list(allowed),
        ignore_patterns=list(ignored),
        dry_run=True,
    )


@contextmanager
def _one_sentence(entry: ModelEntry, *, offline: bool) -> Iterator[None]:
    from huggingface_hub.errors import (
        DryRunError,
        HfHubHTTPError,
        HFValidationError,
        LocalEntryNotFoundError,
    )

    try:
        yield
    except (LocalEntryNotFoundError, DryRunError) as error:
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
        raise ModelLoadError(sentence) from error
    except (HfHubHTTPError, HFValidationError, OSError) as error:
        raise ModelLoadError(
            f"The model {entry.name} cannot be fetched from {entry.source}: the hub refuses or does not have it. "
            "Check the name, and whether its licence must be accepted first."
        ) from error


def _free_bytes(folder: Path) -> int:
    """Where the folder is, or will be."""
    place = folder.expanduser().absolute()
    while not place.exists():
        place = place.parent
    return shutil.disk_usage(place).free


def _licence_in(info: object) -> str:
    """A model card may say anything."""
    card = getattr(info, "card_data", None)
    named = getattr(card, "license_name", None) or getattr(card, "license", None)
    if isinstance(named, list):
        named = ", ".join(map(str, named))
    return str(named)[:80] if named else ""
