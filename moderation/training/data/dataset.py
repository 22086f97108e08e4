r"""The rows that the prompt classifier learns from, and those that it never sees.

    python -m moderation.training.data.dataset ROWS.jsonl USERS.jsonl --part measure --hidden --out held_out.jsonl

Each row is ``{"text", "label", "category", "source"}`` with the label ``unsafe``, ``benign`` or ``benign_hard``.
One row in six, by a hash of its text, is never trained on: half of these are for choosing thresholds, the other half
only for measuring. `--hidden` adds prompts of these rows with harm in the middle. The rows are harmful text: they stay
out of the repository, and nothing here prints them. `--languages` adds unseen prompts in fourteen other languages.
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
from moderation.text.text_windows import windows_of
from moderation.training.data.harmful_prompts import key_words, phrases, weigh_words
from moderation.training.data.harmless_prompts import add_styles, harmless, look_alikes
from moderation.training.data.harmless_sentences import scenes
from moderation.training.data.languages import foreign_prompts
from moderation.training.data.long_prompts import carriers, hide, mix_prompts
from moderation.training.data.privacy_prompts import public_sides, secrets
from moderation.training.data.wordnet import combine_objects, examples, glosses, things

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
USERS = "ImageReward (DiffusionDB prompts, filtered by its authors)"
_FOREIGN_SCENES = 200  # for each language
_MIXED, _HIDDEN, _HIDDEN_PHRASE_ROUNDS = 6_000, 6_000, 10
_MEASURED, _UNSEEN_ROUNDS = 500, 6
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
    subject: str = ""  # what the source calls it, also of harmless look-alikes

    @property
    def trained(self) -> bool:
        return self.part is Part.TRAIN

    def as_data(self) -> dict[str, str]:
        """As a row of a file."""
        category = next((name for name, target in CATEGORIES.items() if target == self.target), "")
        label = self.label if self.label == "unsafe" else "benign"
        return {"text": self.text, "label": label, "category": category, "source": self.source}


def write(
    rows_paths: list[Path],
    out: Annotated[Path, typer.Option()],
    part: Annotated[Part, typer.Option()] = Part.MEASURE,
    hidden: Annotated[bool, typer.Option(help="Add harm in the middle of harmless prompts.")] = False,
    languages: Annotated[bool, typer.Option(help="Add prompts in other languages.")] = False,
    seed: int = 1,
) -> None:
    """Write the rows of one part as they are, for `chatelier policy eval`."""
    lines = [line for path in rows_paths for line in path.read_text("utf-8").splitlines()]
    chosen = [line for line in lines if part_of(json.loads(line)["text"]) is part]
    if hidden:
        rows = [row for path in rows_paths for row in read_rows(path) if row.part is part]
        chosen += [json.dumps(row.as_data()) for row in hidden_rows(rows, part, seed=seed)]
    if languages:
        chosen += [json.dumps(row.as_data()) for row in foreign_rows(seed=seed) if row.part is part]
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
                subject=data.get("category") or "",
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
    yield from long_rows(rows, seed=seed)
    yield from foreign_rows(seed=seed)
    for part in (Part.CHOOSE, Part.MEASURE):
        yield from hidden_rows(rows, part, seed=seed)
    for row in harmful:
        if text := key_words(row.text, words, rng):
            dress = add_styles(text, rng) if rng.random() < 0.4 else text
            yield replace(row, text=dress, source="key words")


def long_rows(rows: list[Row], *, seed: int) -> Iterator[Row]:
    """Windows of long harmless rows, mixed prompts, and harm hidden in long prompts; all as they are judged."""
    rng = random.Random(seed)
    trained = [row for row in rows if row.trained and row.label != "unsafe"]
    for row in trained:
        if len(windows := windows_of(row.text).texts) > 1:
            yield from (replace(row, text=text) for text in windows[1:])
    users = [row.text for row in trained if row.source == USERS]
    for prompt in mix_prompts(users, count=_MIXED, seed=seed) if users else ():
        for text in windows_of(prompt).texts:
            yield Row(text=text, label="made", target=CLASSES[0], source="mixed", part=Part.TRAIN)
    harmful = [row for row in rows if row.trained and row.label == "unsafe"]
    hidden = [(row.text, row.target) for row in rng.sample(harmful, min(len(harmful), _HIDDEN))]
    hidden += phrases(rounds=_HIDDEN_PHRASE_ROUNDS, seed=seed + 1)
    harmless_rows = [*users, *rng.sample([row.text for row in trained], min(len(trained), len(users) // 4))]
    for (harm, target), carrier in zip(
        hidden, carriers(harmless_rows, count=len(hidden), seed=seed), strict=False
    ):
        for text in hide(harm if rng.random() < 0.5 else harm.lower(), carrier, rng).texts:
            yield Row(text=text, label="unsafe", target=target, source="hidden", part=Part.TRAIN)


def foreign_rows(*, seed: int) -> Iterator[Row]:
    """In the other languages of the encoder. Unseen ones are of a source for each language."""
    for prompt in foreign_prompts(scenes=_FOREIGN_SCENES, seed=seed):
        unseen = (Part.CHOOSE, Part.MEASURE)[(prompt.place or 0) % 2]
        yield Row(
            text=prompt.text,
            label="unsafe" if prompt.category else "made",
            target=prompt.category or CLASSES[0],
            source="languages" if prompt.place is None else f"language {prompt.language}",
            part=Part.TRAIN if prompt.place is None else unseen,
        )


def hidden_rows(rows: list[Row], part: Part, *, seed: int) -> Iterator[Row]:
    """Harm hidden in users' prompts, all of it unseen: of rows, and of phrases that no training phrase is made from."""
    rng = random.Random(f"{seed} {part}")
    users = [row.text for row in rows if row.part is part and row.source == USERS]
    harmful = [row for row in rows if row.part is part and row.label == "unsafe"]
    if not users:
        return
    few = [(row.text, row.target) for row in rng.sample(harmful, min(len(harmful), _MEASURED))]
    unseen = [*phrases(rounds=_UNSEEN_ROUNDS, seed=seed + ord(part[0]), unseen=True)]
    for source, harms in (("hidden rows", few), ("hidden phrases", unseen)):
        prompts = carriers(users, count=len(harms), seed=seed)
        for (harm, target), carrier in zip(harms, prompts, strict=True):
            text = hide(harm, carrier, rng).prompt
            yield Row(text=text, label="unsafe", target=target, source=source, part=part)


def harmless_texts(captions: list[str], wordnet: Path, *, seed: int) -> dict[str, list[str]]:
    rng = random.Random(seed)
    sentences, definitions = list(examples(wordnet)), list(glosses(wordnet))
    return {
        "painters": list(harmless(captions, seed=seed)),
        "look-alikes": list(look_alikes(seed=seed)),
        "stacked": list(combine_objects(things(wordnet), count=_STACKED, seed=seed)),
        "sentences": rng.sample(sentences, _EXAMPLES),
        "definitions": rng.sample(definitions, _GLOSSES),
        "public sides": list(public_sides(count=_PRIVATE, seed=seed)),
        "scenes": list(scenes(count=_SCENES, seed=seed)),
    }


if __name__ == "__main__":
    typer.run(write)
