"""Harmless text from WordNet 3.0 (Princeton, its own permissive licence; Debian's `wordnet-base`).

Names of animals, things, food and plants become the short, stacked prompts that people type; its example
sentences stand for everyday language.
"""

import random
import re
from collections.abc import Iterator
from pathlib import Path

# Files of lexicographers: animal, artifact, food, object, plant.
_PAINTABLE = frozenset({"05", "06", "13", "17", "20"})
# Act, event, phenomenon, location, communication's signs, person, object, process.
_EXPLAINED = frozenset({"04", "06", "11", "14", "15", "17", "18", "19", "22"})
_COLOURS = "red blue green yellow purple orange brown white black grey pink golden silver".split()
_LOOKS = "wooden metal glass plastic furry leather fluffy small large round square oval tall old shiny rusty".split()
_PLACES = (
    "next to", "on top of", "under", "on the left of", "on the right of", "behind", "in front of", "inside", "near",
    "above", "below", "and", "with",
)  # fmt: skip
_SCENES = (
    "on a table", "in a forest", "at the beach", "on a white background", "in the snow", "in a kitchen", "at night",
    "in a garden", "in outer space", "on a hill", "by the sea", "in a city street", "under a blue sky",
)  # fmt: skip
# Synsets and sentences about such things are left out: they are not surely harmless.
_SUSPECT = re.compile(
    r"abus|addict|assault|assassin|attack|blood|bomb|brutal|cannibal|cocaine|copulat|corpse|crime|criminal|cruel|dead|"
    r"death|decapit|die[ds]?\b|drug|drunk|enslav|erotic|execut|explos|fascis|fight|fuck|genit|gore|gun\b|guns\b|hang|"
    r"harass|hate|heroin|injur|insult|intercourse|jew|kill|lesbian|massacr|murder|mutilat|naked|nazi|negro|nigg|nude|"
    r"obscen|opium|poison|pornog|prostitut|racis|rape|rapist|sadis|sex|shit|shoot|slaught|slave|slur|stab|steal|stole|"
    r"suicid|terror|theft|thief|tortur|victim|violen|vomit|vulgar|weapon|whore|wound"
)
_EXAMPLE = re.compile(r'"([^"]{12,160})"')


def things(folder: Path) -> list[str]:
    """Names of what can be painted, one or two words each."""
    names = []
    for line in (folder / "data.noun").read_text("utf-8").splitlines():
        head, _, gloss = line.partition(" | ")
        fields = head.split()
        if line.startswith(" ") or fields[1] not in _PAINTABLE or _SUSPECT.search(gloss):
            continue
        name = fields[4].replace("_", " ")
        if name.islower() and len(name.split()) < 3 and not _SUSPECT.search(name):
            names.append(name)
    return names


def examples(folder: Path) -> Iterator[str]:
    for part in ("noun", "verb", "adj", "adv"):
        for line in (folder / f"data.{part}").read_text("utf-8").splitlines():
            if line.startswith(" ") or _SUSPECT.search(line.lower()):
                continue
            for match in _EXAMPLE.finditer(line.partition(" | ")[2]):
                if len(match[1].split()) > 3:
                    yield match[1]


def glosses(folder: Path) -> Iterator[str]:
    """Definitions of acts, people, places and happenings."""
    for line in (folder / "data.noun").read_text("utf-8").splitlines():
        fields = line.split()
        if line.startswith(" ") or fields[1] not in _EXPLAINED or _SUSPECT.search(line.lower()):
            continue
        gloss = line.partition(" | ")[2].partition(";")[0].strip()
        if 4 < len(gloss.split()) < 25:
            yield gloss


def combine_objects(names: list[str], *, count: int, seed: int) -> Iterator[str]:
    """Prompts such as "a red vase next to a wooden chair"."""
    rng = random.Random(seed)
    for _ in range(count):
        first, second, third = (_describe(rng.choice(names), rng) for _ in range(3))
        place, scene = rng.choice(_PLACES), rng.choice(_SCENES)
        yield rng.choice(
            [
                first,
                f"{first} {scene}",
                f"{first} and {second}",
                f"{first} {place} {second}",
                f"{first} {place} {second}.",
                f"{first}, {second} and {third}",
                f"a photo of {first} {scene}",
                f"{first} {place} {second} {scene}",
                f"{rng.choice(['two', 'three', 'four', 'five'])} {rng.choice(names)}s {scene}",
            ]
        )


def _describe(name: str, rng: random.Random) -> str:
    words = [rng.choice(_COLOURS)] if rng.random() < 0.5 else []
    words += [rng.choice(_LOOKS)] if rng.random() < 0.3 else []
    text = " ".join([*words, name])
    if rng.random() < 0.15:
        return text
    return f"{'an' if text[0] in 'aeiou' else 'a'} {text}"
