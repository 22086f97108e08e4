"""Sentence embeddings of training texts, kept in a folder so that an interrupted run continues where it stopped."""

from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from moderation.text.sentence_encoder import default_encoder

Floats = NDArray[np.float32]

_BATCH_TEXTS = 256
_BATCHES_PER_FILE = 16


def embeddings(texts: Sequence[str], folder: Path | None = None) -> Floats:
    """N×512. With a folder, known texts are read from it and new ones are added, 4,096 to a file."""
    known = _load(folder) if folder is not None else {}
    missing = list({key: text for text in texts if (key := _key(text)) not in known}.items())
    # Texts of similar length together: a batch costs what its longest text costs.
    missing.sort(key=lambda item: len(item[1]))
    size = _BATCH_TEXTS * _BATCHES_PER_FILE
    for start in range(0, len(missing), size):
        keys, new = zip(*missing[start : start + size], strict=True)
        batches = (new[at : at + _BATCH_TEXTS] for at in range(0, len(new), _BATCH_TEXTS))
        vectors = np.concatenate([default_encoder().encode_texts(batch) for batch in batches])
        known.update(zip(keys, vectors.astype(np.float16), strict=True))
        if folder is not None:
            _save(folder, keys, vectors)
    return np.stack([known[_key(text)] for text in texts]).astype(np.float32)


def _key(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")


def _load(folder: Path) -> dict[int, NDArray[np.float16]]:
    folder.mkdir(parents=True, exist_ok=True)
    known: dict[int, NDArray[np.float16]] = {}
    for path in sorted(folder.glob("*.npz")):
        with np.load(path) as stored:
            known.update(zip(stored["keys"].tolist(), stored["vectors"], strict=True))
    return known


def _save(folder: Path, keys: Sequence[int], vectors: Floats) -> None:
    """Written under another name first: a run that is stopped leaves no broken file."""
    name = f"{len(list(folder.glob('*.npz'))):05d}-{keys[0]:016x}"
    unfinished = folder / f"{name}.part"
    with unfinished.open("wb") as file:
        np.savez(file, keys=np.array(keys, np.uint64), vectors=vectors.astype(np.float16))
    unfinished.rename(folder / f"{name}.npz")
