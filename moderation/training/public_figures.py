"""Train the model of scenes with public figures: `python -m moderation.training.public_figures ROWS.jsonl USERS.jsonl`.

ROWS.jsonl are the rows that the prompt classifier is trained with, USERS.jsonl prompts of users, which are taken for
harmless. Both only support the sentences in `data/public_figures.toml`, which weigh most.
"""

import json
import random
import re
import tomllib
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray

from moderation.people.public_figures import PublicFigures
from moderation.people.scene_model import SOMEONE
from moderation.text.normalization import read
from moderation.text.sentence_encoder import default_encoder

Doubles = NDArray[np.float64]

_ROWS = 4_000  # of each label
_LONGEST = 20  # words of a harmful row
_SHARES = {"ours": 1.0, "rows": 0.2, "users": 0.4}  # of the weight of all harmful, and of all harmless texts
_PENALTY = 1e-4  # on the squares of the weights
_STEPS = 15  # of Newton's method
_PERSON = re.compile(
    r"\b(?:an? |the )?(?:young |old |elderly )?(?:man|woman|person|boy|girl)\b", re.IGNORECASE
)


def fit(texts: Doubles, harmful: Doubles, importance: Doubles) -> Doubles:
    """N×513 with a last column of ones, N labels from 0 to 1, N weights that sum to 1: 513 weights out."""
    weights = np.zeros(texts.shape[1])
    penalty = 2 * _PENALTY * np.eye(texts.shape[1])
    penalty[-1, -1] = 1e-9
    for _ in range(_STEPS):
        chances = 1 / (1 + np.exp(-(texts @ weights)))
        gradient = texts.T @ (importance * (chances - harmful)) + penalty @ weights
        curvature = texts.T @ (texts * (importance * chances * (1 - chances))[:, None]) + penalty
        weights = weights - np.linalg.solve(curvature, gradient)
    return weights


def main(
    rows: Annotated[Path, typer.Argument(exists=True)],
    users: Annotated[Path, typer.Argument(exists=True)],
    out: Annotated[Path, typer.Option()] = Path("moderation/weights/public_figures.npz"),
) -> None:
    ours = tomllib.loads(
        resources.files("moderation.training.data").joinpath("public_figures.toml").read_text("utf-8")
    )
    published = [json.loads(line) for line in rows.read_text("utf-8").splitlines()]
    named = list(_with_figures(json.loads(line)["text"] for line in users.read_text("utf-8").splitlines()))
    groups = [
        (ours["compromising"], 1.0, "ours"),
        (_about_people(published, harmful=True), 1.0, "rows"),
        (ours["harmless"], 0.0, "ours"),
        (_about_people(published, harmful=False), 0.0, "rows"),
        (named, 0.0, "users"),
    ]
    texts = np.concatenate([_embed(group) for group, _, _ in groups])
    harmful = np.concatenate([np.full(len(group), label) for group, label, _ in groups])
    importance = np.concatenate(
        [np.full(len(group), _SHARES[kind] / len(group)) for group, _, kind in groups]
    )
    importance /= importance.sum()
    np.savez_compressed(out, weights=fit(texts, harmful, importance).astype(np.float32))
    typer.echo(f"{out}: {len(texts)} texts, {len(named)} of them users' with a public figure")


def anonymous(text: str) -> str:
    reading = read(text)
    named = f" {reading.text} "
    for name in sorted(PublicFigures.load_bundled().find(reading, text), key=len, reverse=True):
        named = named.replace(f" {name} ", f" {SOMEONE} ")
    return named.strip()


def _with_figures(texts: Iterator[str]) -> Iterator[str]:
    yield from (anonymous(text) for text in texts if PublicFigures.load_bundled().find(read(text), text))


def _about_people(rows: list[dict[str, str]], *, harmful: bool) -> list[str]:
    """Rows that show one person, who becomes "someone"."""
    texts = [
        _PERSON.sub(SOMEONE, row["text"], count=1)
        for row in rows
        if (row["label"] == "unsafe") is harmful
        and _PERSON.search(row["text"])
        and not (harmful and len(row["text"].split()) > _LONGEST)
    ]
    return random.Random(1).sample(texts, min(_ROWS, len(texts)))


def _embed(texts: list[str]) -> Doubles:
    embeddings = default_encoder().encode_texts(texts).astype(np.float64)
    return np.hstack([embeddings, np.ones((len(texts), 1))])


if __name__ == "__main__":
    typer.run(main)
