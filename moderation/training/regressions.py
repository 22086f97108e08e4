"""Train the two regressions over embeddings: `python -m moderation.training.regressions ROWS.jsonl USERS.jsonl`.

`public_figures.npz` knows scenes that could harm a well-known person, `languages.npz` harm in other languages than
English. ROWS.jsonl are the rows that the prompt classifier is trained with, USERS.jsonl prompts of users, which are
taken for harmless. Both files only support the sentences in `data/`, which weigh most.
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
from moderation.training.data.harmful_prompts import phrases
from moderation.training.data.harmless_prompts import look_alikes
from moderation.training.data.languages import foreign_prompts

Doubles = NDArray[np.float64]

_ROWS = 4_000  # of each label
_LONGEST = 20  # words of a harmful row
_FOREIGN_SCENES, _CAPTIONS, _LOOK_ALIKES = 40, 3_000, 1_500
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


Group = tuple[list[str], float, float]  # texts, 1.0 for harmful ones, and what all of them weigh together


def main(
    rows: Annotated[Path, typer.Argument(exists=True)],
    users: Annotated[Path, typer.Argument(exists=True)],
    out: Annotated[Path, typer.Option()] = Path("moderation/weights"),
) -> None:
    published = [json.loads(line) for line in rows.read_text("utf-8").splitlines()]
    named = list(_with_figures(json.loads(line)["text"] for line in users.read_text("utf-8").splitlines()))
    for name, groups in (
        ("public_figures", public_figure_groups(published, named)),
        ("languages", language_groups(published)),
    ):
        np.savez_compressed(out / f"{name}.npz", weights=fit_groups(groups).astype(np.float32))
        typer.echo(f"{name}: {sum(len(texts) for texts, _, _ in groups)} texts")


def public_figure_groups(published: list[dict[str, str]], named: list[str]) -> list[Group]:
    ours = _scenes()
    return [
        (ours["compromising"], 1.0, 1.0),
        (_about_people(published, harmful=True), 1.0, 0.2),
        (ours["harmless"], 0.0, 1.0),
        (_about_people(published, harmful=False), 0.0, 0.2),
        (named, 0.0, 0.4),
    ]


def language_groups(published: list[dict[str, str]]) -> list[Group]:
    """Short and plain texts, mostly ours: embeddings of many languages are alike, but the style of rows is not."""
    prompts = [prompt for prompt in foreign_prompts(scenes=_FOREIGN_SCENES, seed=5) if prompt.place is None]
    captions = [row["text"] for row in published if row["label"] == "benign"]
    return [
        (list(dict.fromkeys(text for text, _ in phrases(rounds=3, seed=5))), 1.0, 1.0),
        ([prompt.text for prompt in prompts if prompt.category], 1.0, 1.0),
        (_scenes()["compromising"], 1.0, 0.7),
        (captions[:_CAPTIONS], 0.0, 0.7),
        (list(dict.fromkeys(look_alikes(seed=5)))[:_LOOK_ALIKES], 0.0, 0.4),
        ([prompt.text for prompt in prompts if not prompt.category], 0.0, 1.0),
        (_scenes()["harmless"], 0.0, 0.4),
        (_scenes()["everyday"], 0.0, 0.5),
    ]


def fit_groups(groups: list[Group]) -> Doubles:
    texts = np.concatenate([_embed(group) for group, _, _ in groups])
    harmful = np.concatenate([np.full(len(group), label) for group, label, _ in groups])
    importance = np.concatenate([np.full(len(group), weight / len(group)) for group, _, weight in groups])
    return fit(texts, harmful, importance / importance.sum())


def _scenes() -> dict[str, list[str]]:
    text = resources.files("moderation.training.data").joinpath("public_figures.toml").read_text("utf-8")
    scenes: dict[str, list[str]] = tomllib.loads(text)
    return scenes


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
