"""What the scorer learns from: mosaics of all sets of drawings, with captions.

They are not the collages that the bundled model paints over, and a tenth of all pairs of subjects is never shown, so
that the exam can ask for pairs that the scorer has not seen either.
"""

import random
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch

from engine.layout_prior.language.vocabulary import COLOURS
from engine.training.data.captions import plural
from engine.training.data.synthetic_scenes import WALLS, Backdrops, Bank, Mosaic, render_mosaic

_PLACES: Mapping[str, tuple[str, ...]] = {
    "sky": ("in the sky",),
    "sea": ("on the sea", "in the ocean", "on a lake"),
    "beach": ("on the beach",),
    "grass": ("on grass", "in a meadow", "in the park"),
    "snow": ("in the snow", "in winter"),
    "desert": ("in the desert",),
    "mountains": ("in the mountains",),
    "forest": ("in the forest", "in the jungle"),
    "city": ("in the city",),
    "street": ("on the street",),
    "room": ("in a room",),
    "table": ("on a table", "on a wooden table"),
    "space": ("in space",),
    "moonscape": ("on the moon",),
    "underwater": ("underwater",),
}
_HOURS = {"night": "at night", "sunset": "at sunset", "rain": "in the rain"}
_NUMBERS = ("", "", "two", "three", "four", "five", "six")
_SIDES = {"left of": "right of", "right of": "left of", "above": "below", "below": "above"}
# How often a scene is about one of the subjects that the exam asks for.
ASKED_SHARE = 0.85


@dataclass(frozen=True, slots=True)
class Lot:
    """`pictures` is float 0..1 (n, 3, side, side); `subjects` are rows of the names of each."""

    pictures: torch.Tensor
    captions: list[str]
    subjects: list[tuple[int, ...]]


@dataclass(slots=True)
class _Paste:
    name: str
    row: int
    across: float
    down: float
    side: float
    tint: str = ""


class Scenes:
    """Draws scenes; the same seed draws the same ones."""

    def __init__(
        self,
        bank: Bank,
        backdrops: Backdrops,
        words: Mapping[str, Sequence[str]],
        *,
        asked: Sequence[str],
        seed: int,
    ) -> None:
        self._dice = random.Random(seed)
        self._bank, self._backdrops = bank, backdrops
        self._drawings = bank.rows_of()
        self.names = tuple(self._drawings)
        self._asked = [name for name in asked if name in self._drawings]
        self._rows = {name: row for row, name in enumerate(self.names)}
        self._called: dict[str, list[str]] = {name: [name] for name in self.names}
        for word, subjects in words.items():
            for subject in subjects[:2]:
                if subject in self._called:
                    self._called[subject].append(word)

    def draw(self, count: int) -> Lot:
        """Scenes of one or two kinds of things, half of them with words for the backdrop."""
        dice, scenes = self._dice, [self._scene() for _ in range(count)]
        mosaic = Mosaic(
            backdrops=torch.tensor([dice.randrange(len(self._backdrops.scenes)) for _ in scenes]),
            drawings=torch.full((count, 6), -1),
            middles=torch.zeros(count, 6, 2),
            sides=torch.ones(count, 6),
            tilts=0.3 * (torch.rand(count, 6) - 0.5),
            flips=1 - 2 * (torch.rand(count, 6) < 0.4).float(),
            tints=torch.zeros(count, 6, 4),
        )
        captions = []
        for at, (words, pasted) in enumerate(scenes):
            for slot, paste in enumerate(pasted):
                mosaic.drawings[at, slot] = paste.row
                mosaic.middles[at, slot] = torch.tensor([paste.across, paste.down])
                mosaic.sides[at, slot] = paste.side
                if paste.tint:
                    mosaic.tints[at, slot] = torch.tensor(
                        [*(part / 255 for part in COLOURS[paste.tint]), 0.85]
                    )
            captions.append(f"{words} {self._where(int(mosaic.backdrops[at]))}".strip())
        subjects = [tuple({self._rows[paste.name] for paste in pasted}) for _, pasted in scenes]
        return Lot(render_mosaic(mosaic, self._bank, self._backdrops), captions, subjects)

    def _scene(self) -> tuple[str, list[_Paste]]:
        dice = self._dice
        one, kind = self._subject(), dice.random()
        if kind < 0.5:
            return self._single(one)
        if kind < 0.58:
            return self._several(one)
        other = self._subject()
        while other == one or is_held_out(one, other):
            other = self._subject()
        return self._two(one, other)

    def _subject(self) -> str:
        return self._dice.choice(self._asked if self._dice.random() < ASKED_SHARE else self.names)

    def _where(self, backdrop: int) -> str:
        scene, wall = self._backdrops.scenes[backdrop], self._backdrops.walls[backdrop]
        if self._dice.random() < 0.6:
            return ""
        if scene:
            hour = _HOURS.get(self._backdrops.hours[backdrop], "")
            return f"{self._dice.choice(_PLACES[scene])} {hour}".strip()
        return f"on a {wall} background" if wall else ""

    def _single(self, name: str) -> tuple[str, list[_Paste]]:
        dice, side = self._dice, self._dice.uniform(0.4, 0.95)
        word, row, tint = self._thing(name)
        across, down = (side / 2 + (1 - side) * dice.random() for _ in range(2))
        return _with_article(word), [_Paste(name, row, across, down, side, tint)]

    def _several(self, name: str) -> tuple[str, list[_Paste]]:
        count = self._dice.randint(2, 6)
        word, row, tint = self._thing(name)
        columns = 2 if count in (2, 4) else 3
        cell, lines = 1 / columns, -(-count // columns)
        pasted = []
        for at in range(count):
            line, column = divmod(at, columns)
            missing = max(0, columns * (line + 1) - count)
            across, down = (column + 0.5 + missing / 2) * cell, 0.5 + (line + 0.5 - lines / 2) * cell
            pasted.append(_Paste(name, row, across, down, cell * self._dice.uniform(0.75, 0.98), tint))
        return f"{_NUMBERS[count]} {plural(word)}", pasted

    def _two(self, one: str, other: str) -> tuple[str, list[_Paste]]:
        dice = self._dice
        upright = dice.random() < 0.5
        near, far = dice.uniform(0.2, 0.33), dice.uniform(0.67, 0.8)
        words, pasted = [], []
        for name, along in ((one, near), (other, far)):
            word, row, tint = self._thing(name)
            beside = dice.uniform(0.34, 0.66)
            across, down = (beside, along) if upright else (along, beside)
            pasted.append(_Paste(name, row, across, down, dice.uniform(0.3, 0.55), tint))
            words.append(_with_article(word))
        relation = "above" if upright else "left of"
        if dice.random() < 0.5:
            words, relation = words[::-1], _SIDES[relation]
        if dice.random() < 0.3:
            relation = dice.choice(("and", "and", "next to", "with"))
        elif not upright and dice.random() < 0.7:
            relation = f"to the {relation}"
        return f"{words[0]} {relation} {words[1]}", pasted

    def _thing(self, name: str) -> tuple[str, int, str]:
        """A word for a subject, with its colour where it is given another; a drawing of it; the colour."""
        dice = self._dice
        word, row = dice.choice(self._called[name]), dice.choice(self._drawings[name])
        if dice.random() < 0.15:
            colour = dice.choice(WALLS)
            return f"{colour} {word}", row, colour
        return word, row, ""


def vocabulary(names: Sequence[str], words: Mapping[str, Sequence[str]]) -> list[str]:
    """Every text that captions are put together from."""
    things = [*names, *words]
    places = [place for phrases in _PLACES.values() for place in phrases]
    joints = ["a an to the", *_SIDES, "and next to with", "on a background", *_NUMBERS, *_HOURS.values()]
    return [*things, *(plural(thing) for thing in things), *places, *joints, *WALLS]


def _with_article(words: str) -> str:
    return ("an " if words[0] in "aeiou" else "a ") + words


HELD_OUT_OF = 10


def is_held_out(one: str, other: str) -> bool:
    """Whether the scorer never sees these two subjects together."""
    return zlib.crc32("|".join(sorted((one, other))).encode()) % HELD_OUT_OF == 0
