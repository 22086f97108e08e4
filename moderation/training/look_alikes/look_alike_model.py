r"""Train the model that tells harmful prompts from their look-alikes, and write `look_alikes.npz`.

    nice -n 19 python -m moderation.training.look_alikes.look_alike_model ROWS.jsonl USERS.jsonl \
        --out moderation/weights

The rows are those of `moderation/training/data/dataset.py`, of the part for training.
"""

import random
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from moderation.look_alikes.look_alike_model import LookAlikeModel
from moderation.training.data.dataset import USERS, Row, read_rows
from moderation.training.embedding_cache import embeddings
from moderation.training.look_alikes.word_regression import fit_words

CONTRASTED = "OVERT"  # the source that has look-alikes for its harmful rows
_WEIGHTS = {CONTRASTED: 1.0, USERS: 0.2, "COCO captions": 0.2, "T2I-CompBench": 0.2, "CoProV2": 0.1}
_MOST_ROWS = {"CoProV2": 5_000}
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
    for source in _WEIGHTS:
        of_source = [row for row in rows if row.trained and row.source == source]
        if (most := _MOST_ROWS.get(source)) is not None:
            random.Random(_SEED).shuffle(of_source)
            of_source = of_source[:most]
        chosen += of_source
    return chosen


def fit_rows(rows: list[Row], cache: Path | None) -> LookAlikeModel:
    texts = [row.text for row in rows]
    harmful = np.array([float(row.label == "unsafe") for row in rows])
    importance = np.array([_WEIGHTS[row.source] for row in rows])
    return fit_words(texts, embeddings(texts, cache), harmful, importance)


if __name__ == "__main__":
    typer.run(train)
