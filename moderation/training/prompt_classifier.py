r"""Train the prompt classifier and write its weights and their figures.

    nice -n 19 python -m moderation.training.prompt_classifier ROWS.jsonl USERS.jsonl \
        --wordnet /usr/share/wordnet --out moderation/weights

The rows are those of `dataset.py`. The figures are percent of the rows of each kind whose harm, the worst of the whole
and its windows, reaches each threshold: for the half of the unseen rows that thresholds are chosen on, and for the
half that is only measured.
"""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray

from moderation.text.prompt_classifier import CLASSES, ClassifierNetwork, word_places
from moderation.text.text_windows import windows_of
from moderation.training.classifier_fit import fit
from moderation.training.data.dataset import USERS, Part, Row, read_rows, with_made
from moderation.training.embedding_cache import embeddings
from moderation.training.language_transfer import move_to_languages, without_words

Floats = NDArray[np.float32]

# How much a row counts, by source and label. Few rows of a kind that teaches much count more.
_WEIGHTS = {
    ("OVERT", "unsafe"): 12.0,
    ("OVERT", "benign_hard"): 10.0,
    ("COCO captions", "benign"): 1.5,
    ("T2I-CompBench", "benign"): 6.0,
    ("phrases", "unsafe"): 4.0,
    ("key words", "unsafe"): 0.12,
    ("look-alikes", "made"): 3.0,
    ("scenes", "made"): 2.5,
    ("secrets", "unsafe"): 2.0,
    ("public sides", "made"): 2.0,
    (USERS, "benign"): 6.0,
    ("hidden", "unsafe"): 1.75,
    ("languages", "made"): 2.0,
    ("languages", "unsafe"): 4.0,
}
# Harmless rows that are moved to other languages.
_MOVED = frozenset(
    {
        ("COCO captions", "benign"),
        ("OVERT", "benign_hard"),
        ("scenes", "made"),
        ("sentences", "made"),
        (USERS, "benign"),
    }
)
_MOVED_WEIGHT = 0.75
_BATCH_TEXTS = 50_000
_COMMON_ROWS = 1500  # a category with more rows counts less per row, by the root
_THRESHOLDS = (0.4, 0.5, 0.55, 0.6, 0.7, 0.8, 0.85, 0.9)


def train(
    rows_paths: list[Path],
    out: Annotated[Path, typer.Option()],
    wordnet: Annotated[Path, typer.Option(help="The folder with data.noun.")],
    cache: Annotated[Path | None, typer.Option(help="Keep the embeddings in this folder.")] = None,
    seed: int = 1,
) -> None:
    published = [row for path in rows_paths for row in read_rows(path)]
    rows = list(with_made(published, wordnet, seed=seed))
    network = fit_rows([row for row in rows if row.trained], cache, seed=seed)
    out.mkdir(parents=True, exist_ok=True)
    network.save(out / "prompt_classifier.npz")
    unseen = [row for row in rows if not row.trained]
    harm = worst_harm(network, [row.text for row in unseen], cache)
    figures = {part.value: measure(unseen, harm, part) for part in (Part.CHOOSE, Part.MEASURE)}
    (out / "prompt_classifier.json").write_text(json.dumps(figures, indent=2) + "\n", "utf-8")
    typer.echo(json.dumps(figures[Part.MEASURE], indent=2))


def fit_rows(rows: list[Row], cache: Path | None, *, seed: int) -> ClassifierNetwork:
    texts = [row.text for row in rows]
    vectors, words = embeddings(texts, cache), [word_places(text) for text in texts]
    targets = np.array([CLASSES.index(row.target) for row in rows])
    weights = np.array(list(row_weights(rows)), np.float32)
    english = np.array([(row.source, row.label) in _MOVED for row in rows])
    moved = move_to_languages(vectors[english], cache, seed=seed)
    return fit(
        np.concatenate([vectors, moved]),
        [*words, *without_words(len(moved))],
        np.concatenate([targets, np.zeros(len(moved), targets.dtype)]),
        np.concatenate([weights, np.full(len(moved), _MOVED_WEIGHT, np.float32)]),
        seed=seed,
    )


def worst_harm(network: ClassifierNetwork, texts: list[str], cache: Path | None) -> NDArray[np.float64]:
    """The harm of each text: the worst of the whole and its windows."""
    windows = [windows_of(text).texts for text in texts]
    parts = [window for of_text in windows for window in of_text]
    harm = np.zeros(len(parts))
    for start in range(0, len(parts), _BATCH_TEXTS):
        batch = parts[start : start + _BATCH_TEXTS]
        chances = network.chances(embeddings(batch, cache), [word_places(text) for text in batch])
        harm[start : start + len(batch)] = 1 - chances[:, 0]
    starts = np.cumsum([0, *map(len, windows[:-1])])
    worst: NDArray[np.float64] = np.maximum.reduceat(harm, starts)
    return worst


def row_weights(rows: list[Row]) -> Iterator[float]:
    named = Counter(row.target for row in rows if (row.source, row.label) not in _WEIGHTS and row.trained)
    for row in rows:
        common = (_COMMON_ROWS / max(1, named[row.target])) ** 0.5 if row.label == "unsafe" else 1.0
        yield _WEIGHTS.get((row.source, row.label), common)


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
