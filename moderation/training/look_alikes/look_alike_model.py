r"""Train the model that tells harmful prompts from their look-alikes, and write `look_alikes.npz`.

    nice -n 19 python -m moderation.training.look_alikes.look_alike_model ROWS.jsonl USERS.jsonl \
        --out moderation/weights

The rows are those of `moderation/training/data/dataset.py`, of the part for training. Each subject of OVERT has two
classes, its harm and its look-alikes; all harm of CoProV2 is one class, and so is each harmless source.
"""

import random
from collections import Counter
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from moderation.look_alikes.look_alike_model import Kind, LookAlikeModel
from moderation.training.data.dataset import USERS, Row, read_rows
from moderation.training.embedding_cache import embeddings
from moderation.training.look_alikes.word_regression import fit_words

CONTRASTED = "OVERT"  # the source that has look-alikes for its harmful rows
_MOST_ROWS = {USERS: 1_800, "COCO captions": 1_800, "CoProV2": 1_800}
_IMPORTANCE = {  # of a class, however many rows it has
    CONTRASTED: 1.0,
    USERS: 2.5,
    "COCO captions": 2.5,
    "T2I-CompBench": 2.5,
    "CoProV2": 4.0,
}
_SEED = 5


def train(
    rows_paths: list[Path],
    out: Annotated[Path, typer.Option()],
    cache: Annotated[Path | None, typer.Option(help="Keep the embeddings in this folder.")] = None,
) -> None:
    rows = training_rows([row for path in rows_paths for row in read_rows(path)])
    model = fit_rows(rows, cache)
    out.mkdir(parents=True, exist_ok=True)
    model.save(out / "look_alikes.npz")
    typer.echo(f"{len(rows)} rows, {sum(row.label == 'unsafe' for row in rows)} of them harmful")


def training_rows(rows: list[Row]) -> list[Row]:
    chosen = []
    for source in _IMPORTANCE:
        of_source = [row for row in rows if row.trained and row.source == source]
        if (most := _MOST_ROWS.get(source)) is not None:
            random.Random(_SEED).shuffle(of_source)
            of_source = of_source[:most]
        chosen += of_source
    return chosen


def fit_rows(rows: list[Row], cache: Path | None) -> LookAlikeModel:
    texts, names = [row.text for row in rows], [class_of(row) for row in rows]
    sizes = Counter(names)
    classes = sorted(sizes)
    importance = np.array([_IMPORTANCE[name[0]] / sizes[name] for name in names], np.float32)
    return fit_words(
        texts,
        embeddings(texts, cache),
        np.array([classes.index(name) for name in names]),
        importance,
        [kind for _, kind, _ in classes],
    )


def class_of(row: Row) -> tuple[str, Kind, str]:
    contrasted = row.source == CONTRASTED
    if row.label == "unsafe":
        kind = Kind.HARMFUL
    else:
        kind = Kind.LOOK_ALIKE if contrasted else Kind.ORDINARY
    return row.source, kind, row.subject if contrasted else ""


if __name__ == "__main__":
    typer.run(train)
