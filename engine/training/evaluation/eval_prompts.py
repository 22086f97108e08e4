"""What is asked: prompts with known answers. The same every time, so that versions can be compared."""

import itertools
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from engine.training.data.synonyms import synonyms
from engine.training.evaluation.scorer.dataset import is_held_out

_OBJECTS = Path(__file__).with_name("objects.txt")
# Things of one main colour, told from one another and from their background by colour alone.
_PAINTED = (
    "ball",
    "car",
    "balloon",
    "cat",
    "heart",
    "hat",
    "umbrella",
    "bird",
    "chair",
    "fish",
    "dress",
    "book",
)
_COUNTED = ("heart", "ball", "star", "apple", "balloon", "car", "fish", "hat")
COLOURS = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "brown", "black", "white", "grey")
NUMBERS = ("one", "two", "three", "four", "five", "six")
POSITIONS = ("to the left of", "to the right of", "above", "below")
_APART = ("ball", "cube", "car", "book", "chair", "heart", "hat", "star", "umbrella", "fish")
DIVERSE = (
    "a cat", "a house", "a flower", "a boat on the sea", "a dog in the park", "two birds", "a car at night",
    "a person", "a tree in the mountains", "a cake on a table", "a robot in the city", "a fish underwater",
)  # fmt: skip
# Picture to start from, what to put into it, and where (shares of width and height: left, top, right, bottom).
EDITS = (
    ("a house on grass", "a tree", (0.02, 0.35, 0.34, 0.98)),
    ("a cat in a room", "a ball", (0.62, 0.55, 0.98, 0.98)),
    ("a sailboat on the sea", "a whale", (0.55, 0.5, 1.0, 1.0)),
    ("a car on the street", "a balloon", (0.6, 0.02, 0.98, 0.4)),
    ("a dog on the beach", "a crab", (0.0, 0.6, 0.36, 1.0)),
    ("an apple on a table", "a cup", (0.62, 0.4, 1.0, 0.95)),
    ("a castle in the mountains at sunset", "a dragon", (0.0, 0.0, 0.42, 0.42)),
    ("a snowman in the snow", "", (0.0, 0.3, 0.28, 0.7)),
)
EXPANSIONS = (
    ("a lighthouse by the sea", ("left", "right")),
    ("a cow in a meadow", ("right",)),
    ("a red apple on a blue background", ("left", "right", "top", "bottom")),
    ("a rocket in space", ("top",)),
    ("a camel in the desert at sunset", ("left", "right")),
    ("a teapot on a table", ("left",)),
    ("a fox in the forest", ("left", "right")),
    ("a taxi in the city at night", ("right",)),
)
# What people type first. Looked at by eye (docs/benchmarks.md); of the first 24, `collages.py` asks whether collages
# show the relation (16), the pattern (4) and the season (4).
PLAIN = (
    "a dog wearing a red hat",
    "a cat wearing sunglasses",
    "a frog wearing a crown",
    "a penguin wearing a scarf",
    "a man playing a violin",
    "a boy playing the guitar",
    "a woman holding an umbrella",
    "a monkey holding a banana",
    "a girl riding a horse",
    "a bear riding a bicycle",
    "a cowboy riding a dinosaur",
    "a bicycle leaning against a wall",
    "a ladder leaning on a tree",
    "a fish inside a glass bowl",
    "a kitten in a basket",
    "a cat sitting on a chair",
    "a striped cat",
    "a spotted dog",
    "a checkered umbrella",
    "a polka dot dress",
    "a house in autumn",
    "a tree in winter",
    "a park in spring",
    "a boat on a lake in summer",
    "a watercolour of a fox",
    "a pixel art robot",
    "a pencil sketch of a castle",
    "an oil painting of a ship at sea",
    "a horse in a meadow",
    "a foggy forest",
    "a vase of flowers",
    "an old man walking in the rain",
    "a woman running on the beach",
    "a girl sitting on a bench",
    "people dancing at night",
    "freedom",
    "the sound of silence",
    "chaos and order",
    "nostalgia",
    "a zorblax in the forest",
)
PEOPLE = ("a doctor", "a nurse", "a person", "a teacher", "a firefighter", "a scientist", "a cook", "a child")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A prompt, the caption that the scorer should choose for it, and its own seed. `answer` is for the detectors."""

    prompt: str
    caption: str
    seed: int
    answer: tuple[str, ...] = ()


def objects() -> tuple[str, ...]:
    """The 200 everyday things, of which no two are the same."""
    return tuple(_OBJECTS.read_text(encoding="utf-8").split())


def singles() -> list[Question]:
    """One thing each, as people would ask for it."""
    return [
        Question(prompt=_a(name), caption=_a(name), seed=100 + at, answer=(name,))
        for at, name in enumerate(objects())
    ]


@cache
def pairs(count: int = 200) -> list[Question]:
    """Two things in a relation, from pairs that the scorer has never seen together; no two captions are alike."""
    dice = random.Random(5)
    meant = {name: names[:2] for name, names in synonyms().items()}
    apart = [pair for pair in itertools.permutations(objects(), 2) if _never_seen(*pair, meant)]
    asked = []
    for at, (one, other) in enumerate(dice.sample(apart, count)):
        caption = f"{_a(one)} {dice.choice(POSITIONS)} {_a(other)}"
        asked.append(Question(prompt=caption, caption=caption, seed=1000 + at, answer=(one, other)))
    return asked


def colours() -> list[Question]:
    """Every colour on five things, before a wall that it stands out from."""
    asked = []
    for at, (number, colour) in enumerate(itertools.product(range(5), COLOURS)):
        name = _PAINTED[(at * 5 + number) % len(_PAINTED)]
        wall = "blue" if colour in ("white", "grey", "black", "brown") else "white"
        prompt = f"{_a(f'{colour} {name}')} on a {wall} background"
        asked.append(Question(prompt=prompt, caption=prompt, seed=2000 + at, answer=(colour,)))
    return asked


def counts() -> list[Question]:
    """One to six of eight things, red before a white wall."""
    asked = []
    for at, (name, number) in enumerate(itertools.product(_COUNTED, range(1, 7))):
        thing = f"a red {name}" if number == 1 else f"{NUMBERS[number - 1]} red {_many(name)}"
        prompt = f"{thing} on a white background"
        asked.append(Question(prompt=prompt, caption=prompt, seed=3000 + at, answer=(str(number),)))
    return asked


def positions() -> list[Question]:
    """A red thing and a blue thing in each of four relations."""
    dice = random.Random(9)
    asked = []
    for at, (_, position) in enumerate(itertools.product(range(10), POSITIONS)):
        one, other = dice.sample(_APART, 2)
        prompt = f"a red {one} {position} a blue {other} on a white background"
        asked.append(Question(prompt=prompt, caption=prompt, seed=4000 + at, answer=(position,)))
    return asked


def _never_seen(one: str, other: str, meant: Mapping[str, Sequence[str]]) -> bool:
    """Whether the scorer has seen no two subjects together that these words may mean."""
    return all(
        is_held_out(*names) for names in itertools.product(meant.get(one, [one]), meant.get(other, [other]))
    )


def _a(words: str) -> str:
    if words.split()[-1] in (
        "grapes",
        "pancakes",
        "headphones",
        "scissors",
        "glasses",
        "jeans",
        "gloves",
        "broccoli",
        "bacon",
    ):
        return words
    return ("an " if words[0] in "aeiou" else "a ") + words


def _many(name: str) -> str:
    return "fish" if name == "fish" else name + "s"
