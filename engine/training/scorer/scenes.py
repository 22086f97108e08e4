"""What the scorer learns from: its own simple scenes and captions, of all sets of drawings.

They are put together here and not by the collage that the bundled model paints over, and a tenth of all pairs of
subjects is never shown, so that the exam can ask for pairs that the scorer has not seen either.
"""

import random
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from engine.painters.collage.backdrop import SCENE_NAMES, paint_plain, paint_scene
from engine.painters.collage.recolour import recolour
from engine.painters.collage.words import COLOURS
from engine.training.captions import plural
from engine.training.cutouts import Cutout, Stack
from engine.training.scorer.network import SIDE_PX

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
_BASIC = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "brown", "black", "white", "grey")
_NUMBERS = ("", "", "two", "three", "four", "five", "six")
_SIDES = {"left of": "right of", "right of": "left of", "above": "below", "below": "above"}
HELD_OUT_OF = 10


def held_out(one: str, other: str) -> bool:
    """Whether the scorer never sees these two subjects together."""
    return zlib.crc32("|".join(sorted((one, other))).encode()) % HELD_OUT_OF == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """`picture` is uint8 (128, 128, 3); `subjects` are rows of the names."""

    picture: np.ndarray
    caption: str
    subjects: tuple[int, ...]


class Scenes:
    """Draws scenes; the same seed draws the same ones."""

    def __init__(self, stacks: Sequence[Stack], words: Mapping[str, Sequence[str]], *, seed: int) -> None:
        self._dice = random.Random(seed)
        self._rng = np.random.default_rng(seed)
        self._drawings: dict[str, list[tuple[Stack, Cutout]]] = {}
        for stack in stacks:
            for cutout in stack.cutouts:
                self._drawings.setdefault(cutout.name, []).append((stack, cutout))
        self.names = tuple(self._drawings)
        self._rows = {name: row for row, name in enumerate(self.names)}
        self._called: dict[str, list[str]] = {name: [name] for name in self.names}
        for word, subjects in words.items():
            for subject in subjects[:2]:
                if subject in self._called:
                    self._called[subject].append(word)

    def draw(self) -> Scene:
        """One scene of one or two kinds of things."""
        dice = self._dice
        canvas, where = self._backdrop()
        one = dice.choice(self.names)
        kind = dice.random()
        if kind < 0.4:
            said = self._single(canvas, one)
            subjects = (one,)
        elif kind < 0.52:
            said = self._several(canvas, one)
            subjects = (one,)
        else:
            other = dice.choice(self.names)
            while other == one or held_out(one, other):
                other = dice.choice(self.names)
            said, subjects = self._two(canvas, one, other), (one, other)
        words = f"{said} {where}".strip()
        if dice.random() < 0.1:
            words = "a picture of " + words
        return Scene(
            picture=np.asarray(canvas),
            caption=words,
            subjects=tuple(self._rows[subject] for subject in subjects),
        )

    def _backdrop(self) -> tuple[Image.Image, str]:
        dice, size = self._dice, {"width": SIDE_PX, "height": SIDE_PX}
        kind = dice.random()
        if kind < 0.4:
            colour = dice.choice(_BASIC)
            red, green, blue = (part / 255 for part in COLOURS[colour])
            painted = paint_plain((red, green, blue), exact=True, rng=self._rng, **size)
            return painted.picture.convert("RGB"), (
                f"on a {colour} background" if dice.random() < 0.7 else ""
            )
        if kind < 0.55:
            tone = (dice.uniform(0.5, 1), dice.uniform(0.5, 1), dice.uniform(0.5, 1))
            return paint_plain(tone, exact=False, rng=self._rng, **size).picture.convert("RGB"), ""
        scene = dice.choice(SCENE_NAMES)
        hour = dice.choice(("day", "day", *_HOURS))
        painted = paint_scene(scene, time=hour, colour=None, rng=self._rng, **size)
        said = f"{dice.choice(_PLACES[scene])} {_HOURS.get(hour, '')}" if dice.random() < 0.75 else ""
        return painted.picture.convert("RGB"), said.strip()

    def _single(self, canvas: Image.Image, name: str) -> str:
        word, cutout = self._thing(name)
        side = SIDE_PX * self._dice.uniform(0.38, 0.95)
        self._put(
            canvas,
            cutout,
            side,
            (SIDE_PX - side) * self._dice.random(),
            (SIDE_PX - side) * self._dice.random(),
        )
        return _with_article(word)

    def _several(self, canvas: Image.Image, name: str) -> str:
        count = self._dice.randint(2, 6)
        word, cutout = self._thing(name)
        columns = 2 if count in (2, 4) else 3
        cell = SIDE_PX / columns
        first = (SIDE_PX - cell * -(-count // columns)) / 2
        for at in range(count):
            row, column = divmod(at, columns)
            side = cell * self._dice.uniform(0.75, 0.98)
            shift = (columns * (row + 1) - count) * cell / 2 if columns * (row + 1) > count else 0
            self._put(canvas, cutout, side, column * cell + shift + 1, first + row * cell + 1)
        return f"{_NUMBERS[count]} {plural(word)}"

    def _two(self, canvas: Image.Image, one: str, other: str) -> str:
        dice = self._dice
        (word, cutout), (next_word, next_cutout) = self._thing(one), self._thing(other)
        side, next_side = (SIDE_PX * dice.uniform(0.28, 0.52) for _ in range(2))
        upright = dice.random() < 0.45
        middle, next_middle = SIDE_PX * dice.uniform(0.2, 0.34), SIDE_PX * dice.uniform(0.66, 0.8)
        across, next_across = (SIDE_PX * dice.uniform(0.32, 0.68) for _ in range(2))
        places = [(middle, across), (next_middle, next_across)]
        for (along, beside), width, picture in zip(
            places, (side, next_side), (cutout, next_cutout), strict=True
        ):
            left, top = (beside, along) if upright else (along, beside)
            self._put(canvas, picture, width, left - width / 2, top - width / 2)
        relation = "above" if upright else "left of"
        if dice.random() < 0.5:
            word, next_word, relation = next_word, word, _SIDES[relation]
        if dice.random() < 0.35:
            relation = dice.choice(("and", "and", "next to", "with"))
        elif not upright and dice.random() < 0.6:
            relation = f"to the {relation}"
        return f"{_with_article(word)} {relation} {_with_article(next_word)}"

    def _thing(self, name: str) -> tuple[str, Image.Image]:
        """A word for a subject, with its colour where it was given another, and a drawing of it."""
        dice = self._dice
        stack, cutout = dice.choice(self._drawings[name])
        picture = stack.picture(cutout).resize((112, 112), Image.Resampling.BOX)
        word = dice.choice(self._called[name])
        if dice.random() < 0.3:
            colour = dice.choice(_BASIC)
            return f"{colour} {word}", recolour(picture, colour)
        return word, picture

    def _put(self, canvas: Image.Image, cutout: Image.Image, side: float, left: float, top: float) -> None:
        box = cutout.getchannel("A").getbbox()
        if box is None:
            return
        seen = cutout.crop(box)
        share = side / max(seen.size)
        seen = seen.resize(
            (max(2, round(seen.width * share)), max(2, round(seen.height * share))), Image.Resampling.BICUBIC
        )
        if self._dice.random() < 0.4:
            seen = seen.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        seen = seen.rotate(self._dice.uniform(-10, 10), Image.Resampling.BICUBIC)
        canvas.paste(
            seen, (round(left + (side - seen.width) / 2), round(top + (side - seen.height) / 2)), seen
        )


def _with_article(words: str) -> str:
    return ("an " if words[0] in "aeiou" else "a ") + words
