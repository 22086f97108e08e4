r"""Train the prompt classifier and write its weights and their figures.

    nice -n 19 python -m moderation.training.prompt_classifier ROWS.jsonl \
        --wordnet /usr/share/wordnet --out moderation/weights

The rows are those of `rows.py`. The figures are percent of the rows of each kind whose harm reaches each threshold,
for the half of the unseen rows that thresholds are chosen on, and for the half that is only measured.
"""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray

from moderation.text.prompt_classifier import CLASSES, embed, word_places
from moderation.training.classifier_fit import fit
from moderation.training.data.dataset import Part, Row, read_rows, with_made

Floats = NDArray[np.float32]

# How much a row counts, by source and label. Few rows of a kind that teaches much count more.
_WEIGHTS = {
    ("OVERT", "unsafe"): 12.0,
    ("OVERT", "benign_hard"): 8.0,
    ("COCO captions", "benign"): 1.5,
    ("T2I-CompBench", "benign"): 6.0,
    ("phrases", "unsafe"): 4.0,
    ("key words", "unsafe"): 0.12,
    ("look-alikes", "made"): 3.0,
    ("scenes", "made"): 2.5,
    ("secrets", "unsafe"): 2.0,
    ("public sides", "made"): 2.0,
}
_COMMON_ROWS = 1500  # a category with more rows counts less per row, by the root
_THRESHOLDS = (0.4, 0.5, 0.55, 0.6, 0.7, 0.8, 0.85, 0.9)


def train(
    rows_path: Path,
    out: Annotated[Path, typer.Option()],
    wordnet: Annotated[Path, typer.Option(help="The folder with data.noun.")],
    cache: Annotated[Path | None, typer.Option(help="Keep the embeddings in this file.")] = None,
    seed: int = 1,
) -> None:
    rows = list(with_made(list(read_rows(rows_path)), wordnet, seed=seed))
    texts = [row.text for row in rows]
    vectors, words = embeddings(texts, cache), [word_places(text) for text in texts]
    trained = np.array([row.trained for row in rows])
    targets = np.array([CLASSES.index(row.target) for row in rows])
    weights = np.array(list(row_weights(rows)), np.float32)
    taught = [places for places, row in zip(words, rows, strict=True) if row.trained]
    network = fit(vectors[trained], taught, targets[trained], weights[trained], seed=seed)
    out.mkdir(parents=True, exist_ok=True)
    network.save(out / "prompt_classifier.npz")
    harm = np.zeros(len(rows))
    unseen = np.flatnonzero(~trained)
    for start in range(0, len(unseen), 1024):
        part = unseen[start : start + 1024]
        harm[part] = 1 - network.chances(vectors[part], [words[row] for row in part])[:, 0]
    figures = {part.value: measure(rows, harm, part) for part in (Part.CHOOSE, Part.MEASURE)}
    (out / "prompt_classifier.json").write_text(json.dumps(figures, indent=2) + "\n", "utf-8")
    typer.echo(json.dumps(figures[Part.MEASURE], indent=2))


def row_weights(rows: list[Row]) -> Iterator[float]:
    named = Counter(row.target for row in rows if (row.source, row.label) not in _WEIGHTS and row.trained)
    for row in rows:
        common = (_COMMON_ROWS / max(1, named[row.target])) ** 0.5 if row.label == "unsafe" else 1.0
        yield _WEIGHTS.get((row.source, row.label), common)


def embeddings(texts: list[str], cache: Path | None) -> Floats:
    """One row of 512 numbers for each text."""
    if cache is not None and cache.exists():
        known: dict[str, Floats] = np.load(cache, allow_pickle=True)["vectors"].item()
    else:
        known = {}
    missing = [text for text in dict.fromkeys(texts) if text not in known]
    for start in range(0, len(missing), 512):
        part = missing[start : start + 512]
        known.update(zip(part, embed(part), strict=True))
    if cache is not None and missing:
        np.savez(cache, vectors=np.array(known, dtype=object))
    return np.stack([known[text] for text in texts])


def measure(rows: list[Row], harm: NDArray[np.float64], part: Part) -> dict[str, dict[str, float]]:
    """Percent of the part's rows of each kind whose `harm` reaches each threshold."""
    groups: dict[str, list[int]] = {}
    for place, row in enumerate(rows):
        if row.part is part:
            kind = f"unsafe: {row.target}" if row.label == "unsafe" else row.label
            groups.setdefault(f"{kind} ({row.source})", []).append(place)
    return {
        group: {"rows": len(places)}
        | {
            str(threshold): round(100 * float((harm[places] >= threshold).mean()), 1)
            for threshold in _THRESHOLDS
        }
        for group, places in sorted(groups.items())
    }


if __name__ == "__main__":
    typer.run(train)
