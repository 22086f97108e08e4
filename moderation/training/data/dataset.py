r"""The rows that the prompt classifier learns from, and those that it never sees.

    python -m moderation.training.data.dataset ROWS.jsonl --part measure --out held_out.jsonl

Each row is ``{"text", "label", "category", "source"}`` with the label ``unsafe``, ``benign`` or ``benign_hard``.
One row in six, by a hash of its text, is never trained on: half of these are for choosing thresholds, the other half
only for measuring. The rows are harmful text: they stay out of the repository, and nothing here prints them.
"""

import hashlib
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from moderation.policy.categories import Category
from moderation.text.prompt_classifier import CLASSES
from moderation.training.data.harmful_prompts import key_words, phrases, weigh_words
from moderation.training.data.harmless_prompts import add_styles, harmless, look_alikes
from moderation.training.data.harmless_sentences import scenes
from moderation.training.data.privacy_prompts import public_sides, secrets
from moderation.training.data.wordnet import examples, glosses, stacked, things

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
_TAUGHT_WHOLE = frozenset({"painters", "look-alikes", "key words", "phrases", "secrets", "public sides"})
_PHRASE_ROUNDS = 16
_STACKED, _EXAMPLES, _GLOSSES, _SCENES, _PRIVATE = 9_000, 15_000, 8_000, 24_000, 2_500


class Part(StrEnum):
    TRAIN = "train"
    CHOOSE = "choose"  # for choosing thresholds
    MEASURE = "measure"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    text: str
    label: str
    target: str  # one of CLASSES
    source: str
    part: Part

    @property
    def trained(self) -> bool:
        return self.part is Part.TRAIN


def write(
    rows_path: Path,
    out: Annotated[Path, typer.Option()],
    part: Annotated[Part, typer.Option()] = Part.MEASURE,
) -> None:
    """Write the rows of one part as they are, for `chatelier policy eval`."""
    lines = rows_path.read_text("utf-8").splitlines()
    chosen = [line for line in lines if part_of(json.loads(line)["text"]) is part]
    out.write_text("".join(line + "\n" for line in chosen), "utf-8")
    typer.echo(f"{len(chosen)} of {len(lines)} rows")


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
                part=part_of(data["text"]),
            )


def part_of(text: str) -> Part:
    share, half = hashlib.blake2b(text.lower().encode(), digest_size=2).digest()
    if share % 6:
        return Part.TRAIN
    return Part.CHOOSE if half % 2 else Part.MEASURE


def with_made(rows: list[Row], wordnet: Path, *, seed: int) -> Iterator[Row]:
    """The rows, made-up harmless ones, and some harmful ones in painters' dress, so that the dress tells nothing."""
    yield from rows
    rng = random.Random(seed)
    captions = [row.text for row in rows if row.label == "benign" and row.trained]
    for source, texts in harmless_texts(captions, wordnet, seed=seed).items():
        for place, text in enumerate(texts):
            part = (
                Part.TRAIN
                if source in _TAUGHT_WHOLE or place % 6
                else (Part.CHOOSE, Part.MEASURE)[place // 6 % 2]
            )
            yield Row(text=text, label="made", target=CLASSES[0], source=source, part=part)
    harmful = [row for row in rows if row.label == "unsafe" and row.trained]
    for row in harmful:
        if rng.random() < 0.2:
            yield replace(row, text=add_styles(row.text.rstrip("."), rng))
    for text, category in phrases(rounds=_PHRASE_ROUNDS, seed=seed):
        yield Row(text=text, label="unsafe", target=category, source="phrases", part=Part.TRAIN)
    for text in secrets(count=_PRIVATE, seed=seed):
        yield Row(text=text, label="unsafe", target=Category.PERSON, source="secrets", part=Part.TRAIN)
    harmless_rows = (row.text for row in rows if row.label != "unsafe" and row.trained)
    ordinary = harmless_texts(captions, wordnet, seed=seed)["sentences"]
    words = weigh_words((row.text for row in harmful), (*harmless_rows, *ordinary))
    for row in harmful:
        if text := key_words(row.text, words, rng):
            dress = add_styles(text, rng) if rng.random() < 0.4 else text
            yield replace(row, text=dress, source="key words")


def harmless_texts(captions: list[str], wordnet: Path, *, seed: int) -> dict[str, list[str]]:
    rng = random.Random(seed)
    sentences, definitions = list(examples(wordnet)), list(glosses(wordnet))
    return {
        "painters": list(harmless(captions, seed=seed)),
        "look-alikes": list(look_alikes(seed=seed)),
        "stacked": list(stacked(things(wordnet), count=_STACKED, seed=seed)),
        "sentences": rng.sample(sentences, _EXAMPLES),
        "definitions": rng.sample(definitions, _GLOSSES),
        "public sides": list(public_sides(count=_PRIVATE, seed=seed)),
        "scenes": list(scenes(count=_SCENES, seed=seed)),
    }


if __name__ == "__main__":
    typer.run(write)
