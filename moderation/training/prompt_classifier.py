r"""Train the prompt classifier and write its weights and their figures.

    nice -n 19 python -m moderation.training.prompt_classifier ROWS.jsonl \
        --wordnet /usr/share/wordnet --out moderation/weights

Each row is ``{"text", "label", "category", "source"}`` with the label ``unsafe``, ``benign`` or ``benign_hard``.
The rows are harmful text: they stay out of the repository, and nothing here prints them. One row in six, chosen by
a hash of its text, is never trained on and gives the figures.
"""

import hashlib
import json
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray

from moderation.classifier import CLASSES, Network, embed
from moderation.training.harm import key_words, phrases, weigh_words
from moderation.training.harmless import dressed, harmless, look_alikes
from moderation.training.prose import scenes
from moderation.training.wordnet import examples, glosses, stacked, things

Floats = NDArray[np.float32]

CATEGORIES = {
    "harrasment": "harassment",  # spelled so in the source
    "hate": "hate",
    "illegal activity": "illegal activity",
    "self-harm": "self-harm",
    "sexual": "sexual",
    "shocking": "shocking",
    "violence": "violence",
    "copyright_violations": "trademark",
    "discrimination": "hate",
    "illegal_activities": "illegal activity",
    "privacy_individual": "deception",
    "privacy_public": "named person",
    "self_harm": "self-harm",
    "sexual_content": "sexual",
    "unethical": "deception",
}
_HIDDEN_UNITS = 160
_EPOCHS = 12
_BATCH_ROWS = 1024
_STEP = 3e-3
_DECAY = 0.02
_DROPPED = 0.3
_SMOOTHING = 0.05
# How much a row counts, by source and label. Few rows of a kind that teaches much count more.
_WEIGHTS = {
    ("OVERT", "unsafe"): 6.0,
    ("OVERT", "benign_hard"): 4.0,
    ("COCO captions", "benign"): 1.5,
    ("T2I-CompBench", "benign"): 6.0,
    ("phrases", "unsafe"): 4.0,
    ("key words", "unsafe"): 0.12,
    ("look-alikes", "made"): 3.0,
    ("scenes", "made"): 2.5,
}
_COMMON_ROWS = 1500  # a category with more rows counts less per row, by the root
_TAUGHT_WHOLE = frozenset({"painters", "look-alikes", "key words", "phrases"})
_PHRASE_ROUNDS = 16
_THRESHOLDS = (0.4, 0.5, 0.55, 0.6, 0.7, 0.8, 0.85, 0.9)
_STACKED, _EXAMPLES, _GLOSSES, _SCENES = 9_000, 15_000, 8_000, 24_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    text: str
    label: str
    target: str  # one of CLASSES
    source: str
    held_out: bool


def train(
    rows_path: Path,
    out: Annotated[Path, typer.Option()],
    wordnet: Annotated[Path, typer.Option(help="The folder with data.noun.")],
    cache: Annotated[Path | None, typer.Option(help="Keep the embeddings in this file.")] = None,
    seed: int = 1,
) -> None:
    rows = list(with_made(list(read_rows(rows_path)), wordnet, seed=seed))
    vectors = embeddings([row.text for row in rows], cache)
    kept = np.array([not row.held_out for row in rows])
    targets = np.array([CLASSES.index(row.target) for row in rows])
    weights = np.array(list(row_weights(rows)), np.float32)
    network = fit(vectors[kept], targets[kept], weights[kept], seed=seed)
    out.mkdir(parents=True, exist_ok=True)
    network.save(out / "prompt_classifier.npz")
    figures = measure(network, [row for row in rows if row.held_out], vectors[~kept])
    (out / "prompt_classifier.json").write_text(json.dumps(figures, indent=2) + "\n", "utf-8")
    typer.echo(json.dumps(figures, indent=2))


def read_rows(path: Path) -> Iterator[Row]:
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            data = json.loads(line)
            unsafe = data["label"] == "unsafe"
            yield Row(
                text=data["text"],
                label=data["label"],
                target=CATEGORIES[data["category"]] if unsafe else CLASSES[0],
                source=data["source"],
                held_out=_held_out(data["text"]),
            )


def _held_out(text: str) -> bool:
    return hashlib.blake2b(text.lower().encode(), digest_size=2).digest()[0] % 6 == 0


def with_made(rows: list[Row], wordnet: Path, *, seed: int) -> Iterator[Row]:
    """The rows, made-up harmless ones, and some harmful ones in painters' dress, so that the dress tells nothing."""
    yield from rows
    dice = random.Random(seed)
    captions = [row.text for row in rows if row.label == "benign" and not row.held_out]
    for source, texts in harmless_texts(captions, wordnet, seed=seed).items():
        for place, text in enumerate(texts):
            held_out = source not in _TAUGHT_WHOLE and place % 6 == 0
            yield Row(text=text, label="made", target=CLASSES[0], source=source, held_out=held_out)
    harmful = [row for row in rows if row.label == "unsafe" and not row.held_out]
    for row in harmful:
        if dice.random() < 0.2:
            yield replace(row, text=dressed(row.text.rstrip("."), dice))
    for text, category in phrases(rounds=_PHRASE_ROUNDS, seed=seed):
        yield Row(text=text, label="unsafe", target=category, source="phrases", held_out=False)
    harmless_rows = (row.text for row in rows if row.label != "unsafe" and not row.held_out)
    ordinary = harmless_texts(captions, wordnet, seed=seed)["sentences"]
    words = weigh_words((row.text for row in harmful), (*harmless_rows, *ordinary))
    for row in harmful:
        if text := key_words(row.text, words, dice):
            dress = dressed(text, dice) if dice.random() < 0.4 else text
            yield replace(row, text=dress, source="key words")


def harmless_texts(captions: list[str], wordnet: Path, *, seed: int) -> dict[str, list[str]]:
    dice = random.Random(seed)
    sentences, definitions = list(examples(wordnet)), list(glosses(wordnet))
    return {
        "painters": list(harmless(captions, seed=seed)),
        "look-alikes": list(look_alikes(seed=seed)),
        "stacked": list(stacked(things(wordnet), count=_STACKED, seed=seed)),
        "sentences": dice.sample(sentences, _EXAMPLES),
        "definitions": dice.sample(definitions, _GLOSSES),
        "scenes": list(scenes(count=_SCENES, seed=seed)),
    }


def row_weights(rows: list[Row]) -> Iterator[float]:
    named = Counter(
        row.target for row in rows if (row.source, row.label) not in _WEIGHTS and not row.held_out
    )
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


# ---- the fit: one hidden layer, softmax, Adam


def fit(vectors: Floats, targets: NDArray[np.int64], weights: Floats, *, seed: int) -> Network:
    dice = np.random.default_rng(seed)
    sizes = (vectors.shape[1], _HIDDEN_UNITS, len(CLASSES))
    parameters: list[Floats] = []
    for wide, narrow in pairwise(sizes):
        parameters.append((dice.standard_normal((wide, narrow)) * np.sqrt(2 / wide)).astype(np.float32))
        parameters.append(np.zeros(narrow, np.float32))
    moments = [(np.zeros_like(each), np.zeros_like(each)) for each in parameters]
    wanted = np.full((len(targets), len(CLASSES)), _SMOOTHING / len(CLASSES), np.float32)
    wanted[np.arange(len(targets)), targets] += 1 - _SMOOTHING
    step = 0
    for epoch in range(_EPOCHS):
        rate = _STEP * 0.5 * (1 + np.cos(np.pi * epoch / _EPOCHS))
        order = dice.permutation(len(targets))
        for start in range(0, len(order), _BATCH_ROWS):
            batch = order[start : start + _BATCH_ROWS]
            step += 1
            gradients = _gradients(parameters, vectors[batch], wanted[batch], weights[batch], dice)
            _adam(parameters, gradients, moments, rate=rate, step=step)
    return Network(*parameters)


def _gradients(
    parameters: list[Floats], x: Floats, wanted: Floats, weights: Floats, dice: np.random.Generator
) -> list[Floats]:
    w1, b1, w2, b2 = parameters
    before = x @ w1 + b1
    kept = (dice.random(before.shape, np.float32) >= _DROPPED) / np.float32(1 - _DROPPED)
    hidden = np.maximum(before, 0) * kept
    logits = hidden @ w2 + b2
    logits -= logits.max(1, keepdims=True)
    chances = np.exp(logits)
    chances /= chances.sum(1, keepdims=True)
    error = (chances - wanted) * (weights / weights.sum())[:, None]
    back = (error @ w2.T) * kept * (before > 0)
    return [x.T @ back, back.sum(0), hidden.T @ error, error.sum(0)]


def _adam(
    parameters: list[Floats],
    gradients: list[Floats],
    moments: list[tuple[Floats, Floats]],
    *,
    rate: float,
    step: int,
) -> None:
    """Kingma and Ba, 2015, with decay of the weights kept apart (Loshchilov and Hutter, 2019)."""
    for parameter, gradient, (mean, square) in zip(parameters, gradients, moments, strict=True):
        mean[:] += np.float32(0.1) * (gradient - mean)
        square[:] += np.float32(0.001) * (gradient * gradient - square)
        length = np.sqrt(square / (1 - 0.999**step)) + 1e-8
        parameter[:] -= np.float32(rate) * (mean / np.float32(1 - 0.9**step) / length)
        if parameter.ndim == 2:
            parameter[:] *= np.float32(1 - rate * _DECAY)


# ---- the figures


def measure(network: Network, rows: list[Row], vectors: Floats) -> dict[str, dict[str, float]]:
    """Percent of the held-out rows of each kind whose `harm` reaches each threshold."""
    harm = 1 - network.chances(vectors)[:, 0]
    groups: dict[str, list[int]] = {}
    for place, row in enumerate(rows):
        kind = f"unsafe: {row.target}" if row.label == "unsafe" else row.label
        groups.setdefault(f"{kind} ({row.source})", []).append(place)
    return {
        group: {"rows": len(places)}
        | {str(each): round(100 * float((harm[places] >= each).mean()), 1) for each in _THRESHOLDS}
        for group, places in sorted(groups.items())
    }


if __name__ == "__main__":
    typer.run(train)
