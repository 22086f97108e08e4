"""A model's folder in the diffusers layout: is everything there and whole, and which weights exactly is it."""

import hashlib
import json
import logging
import re
import struct
from collections.abc import Collection, Sequence
from pathlib import Path
from threading import Lock
from typing import Any

from studio.errors import ModelLoadError

INDEX = "model_index.json"
# The file names that diffusers and transformers load, whole or in shards, with a variant such as fp16 or none.
_LOADED = re.compile(
    r"(?:diffusion_pytorch_model|model)(?:\.(?P<variant>[\w-]+?))?(?:-\d{5}-of-\d{5})?\.safetensors"
)
WEIGHT_SUFFIXES = (".safetensors", ".bin", ".pt", ".pth", ".ckpt", ".npz", ".zip")
PICKLES = (".ckpt", ".bin", ".pt", ".pth")
# Components that the moderation package replaces: they are neither needed nor loaded.
DENOISERS = frozenset({"unet", "transformer"})
UNUSED = frozenset({"safety_checker", "feature_extractor"})
_HEADER_LIMIT_BYTES = 100_000_000

log = logging.getLogger(__name__)
_hash_lock = Lock()
_hashes: dict[str, str] = {}


def read_json(path: Path) -> dict[str, Any]:
    """Raises `ModelLoadError` naming the file when it is missing or no JSON object."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ModelLoadError(f"The model folder {_model(path)} lacks the file {_inside(path)}.") from error
    except (OSError, ValueError) as error:
        raise ModelLoadError(
            f"The model folder {_model(path)} has a broken file: {_inside(path)}."
        ) from error
    if not isinstance(content, dict):
        raise ModelLoadError(f"The model folder {_model(path)} has a broken file: {_inside(path)}.")
    return content


def components(folder: Path) -> dict[str, tuple[str, str]]:
    """Name → (library, class) of the parts that a model's index names and that are needed."""
    if not folder.is_dir():
        raise ModelLoadError(f"The model folder {folder.name} is not there.")
    index = read_json(folder / INDEX)
    return {
        name: (value[0], value[1])
        for name, value in index.items()
        if isinstance(value, list) and len(value) == 2 and value[0] and value[1] and name not in UNUSED
    }


def pipeline_class(folder: Path) -> str:
    """The class of diffusers that the index of a model's folder names. Raises `ModelLoadError` without an index."""
    return str(read_json(folder / INDEX).get("_class_name", ""))


def check(folder: Path, *, without: Collection[str] = ()) -> None:
    """Raises `ModelLoadError` naming the first file that is missing, truncated or unreadable. Loads no weights.

    Parts that are named in `without` need a configuration only.
    """
    for name, (_library, kind) in components(folder).items():
        part = folder / name
        if not part.is_dir():
            raise ModelLoadError(f"The model folder {folder.name} lacks the folder {name}.")
        if "Scheduler" in kind:
            read_json(part / "scheduler_config.json")
        elif "Tokenizer" in kind:
            _check_tokenizer(folder, part)
        elif "Processor" in kind or "Extractor" in kind:
            _check_processor(part)
        else:
            read_json(part / "config.json")
            if name not in without:
                _check_weights(folder, part)


def weight_files(folder: Path) -> list[Path]:
    """Every file with weights, sorted by its path inside the folder."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix in WEIGHT_SUFFIXES
        and path.is_file()
        and not UNUSED & set(path.relative_to(folder).parts)
    )


def weights_hash(folder: Path, *, memory: Path | None = None, files: Sequence[Path] | None = None) -> str:
    """SHA-256 over the names and contents of the weight files, or of some `files` of the folder, in hex.

    `memory` is a JSON file that remembers hashes by the files' sizes and times, since reading weights takes long.
    """
    files = weight_files(folder) if files is None else files
    stamp = _stamp(folder, files)
    with _hash_lock:
        if stamp not in _hashes and memory is not None:
            _hashes.update(_read_cache(memory))
        if stamp not in _hashes:
            _hashes[stamp] = _digest(folder, files)
            if memory is not None:
                _remember(memory, stamp, _hashes[stamp])
        return _hashes[stamp]


def _stamp(folder: Path, files: Sequence[Path]) -> str:
    parts = [str(folder.resolve())]
    for path in files:
        status = path.stat()
        parts.append(f"{path.relative_to(folder)}|{status.st_size}|{status.st_mtime_ns}")
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _digest(folder: Path, files: Sequence[Path]) -> str:
    total = hashlib.sha256()
    for path in files:
        with path.open("rb") as file:
            content = hashlib.file_digest(file, "sha256").hexdigest()
        total.update(f"{path.relative_to(folder).as_posix()} {content}\n".encode())
    return total.hexdigest()


def _read_cache(memory: Path) -> dict[str, str]:
    try:
        content = json.loads(memory.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(key): str(value) for key, value in content.items()} if isinstance(content, dict) else {}


def _remember(memory: Path, stamp: str, digest: str) -> None:
    """A hash that cannot be written down is computed again next time."""
    unfinished = memory.with_suffix(".part")
    try:
        memory.parent.mkdir(parents=True, exist_ok=True)
        unfinished.write_text(json.dumps(_read_cache(memory) | {stamp: digest}), encoding="utf-8")
        unfinished.replace(memory)
    except OSError:
        log.info("model hash not cached: file not writable")


def _check_tokenizer(folder: Path, part: Path) -> None:
    choices = ("tokenizer.json", "vocab.json", "spiece.model", "tokenizer.model", "vocab.txt")
    found = [part / name for name in choices if (part / name).exists()]
    if not found:
        raise ModelLoadError(f"The model folder {folder.name} lacks the file {part.name}/{choices[0]}.")
    for path in found:
        if path.suffix == ".json":
            read_json(path)


def _check_processor(part: Path) -> None:
    """Its configuration stands in one of two files, by the version of transformers that wrote it."""
    names = ("preprocessor_config.json", "processor_config.json")
    for path in [part / name for name in names if (part / name).exists()] or [part / names[0]]:
        read_json(path)


def loaded_weights(part: Path) -> tuple[str | None, list[Path]]:
    """The variant of a part's weights that is loaded, None for the one without a name, and its files.

    Only safetensors: anything else would have to be unpickled. Half precision first, where there are several variants.
    """
    variants: dict[str | None, list[Path]] = {}
    for path in sorted(part.glob("*.safetensors")):
        if match := _LOADED.fullmatch(path.name):
            variants.setdefault(match["variant"], []).append(path)
    order = [None, "fp16", "bf16", *sorted(name for name in variants if name)]
    variant = next((name for name in order if name in variants), None)
    return variant, variants.get(variant, [])


def folder_variant(folder: Path) -> str | None:
    """The one variant by which whole pipelines are loaded; parts without it have their weights without a name."""
    found = [loaded_weights(folder / name)[0] for name in components(folder)]
    return next((variant for variant in found if variant), None)


def _check_weights(folder: Path, part: Path) -> None:
    variant, files = loaded_weights(part)
    index = f"*.index.{variant}.json" if variant else "*.index.json"
    for path in part.glob(index):
        for name in sorted(set(read_json(path).get("weight_map", {}).values())):
            if name.endswith(".safetensors") and not (part / name).exists():
                raise ModelLoadError(f"The model folder {folder.name} lacks the file {part.name}/{name}.")
    if not files:
        pickled = any(path.suffix in WEIGHT_SUFFIXES for path in part.iterdir())
        only = ", only pickles, which are not read" if pickled else ""
        raise ModelLoadError(
            f"The model folder {folder.name} has no .safetensors weights in {part.name}{only}."
        )
    for path in files:
        if not whole(path):
            raise ModelLoadError(
                f"The model folder {folder.name} has a broken file: {part.name}/{path.name}."
            )


def whole(path: Path) -> bool:
    """Whether a safetensors file is as long as its header says; format: https://github.com/huggingface/safetensors."""
    size_bytes = path.stat().st_size
    try:
        with path.open("rb") as file:
            (header_bytes,) = struct.unpack("<Q", file.read(8))
            if header_bytes > min(_HEADER_LIMIT_BYTES, size_bytes):
                return False
            header = json.loads(file.read(header_bytes))
        ends = [entry["data_offsets"][1] for name, entry in header.items() if name != "__metadata__"]
    except (OSError, struct.error, ValueError, KeyError, TypeError, IndexError, AttributeError):
        return False
    return bool(size_bytes == 8 + header_bytes + max(ends, default=0))


def _model(path: Path) -> str:
    return path.parent.name if path.name == INDEX else path.parent.parent.name


def _inside(path: Path) -> str:
    return path.name if path.name == INDEX else f"{path.parent.name}/{path.name}"
