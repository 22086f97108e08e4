"""What every cut-out looks like, small: for finding the one that a part of a picture shows.

A cut-out with cover a and colours p before a background b should look like a p + (1 - a) b. The squared distance of
that from what is seen, and that of its outline, is a sum of products of numbers of the cut-out with numbers of the
part, so all cut-outs are compared with all guesses of where exactly the thing lies in one multiplication of matrices.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from engine.layout_prior.cutouts.water_removal import without_water
from engine.layout_prior.library.cutout_library import Library, Subject
from studio.errors import ModelLoadError

FILE = "appearances.npz"
# A rim of nothing around each cut-out: where a thing ends says as much as what is in it.
SIDE, RIM = 14, 2
# Brightness tells shapes; colour is told less, because things may be asked for in any colour.
_MIX = np.array([[0.30, 0.59, 0.11], [-0.07, -0.14, 0.21], [0.21, -0.18, -0.03]], np.float32)
_ASPECT_WEIGHT = 6.0
# What stands out so far from what lies beside it is taken for solid; how much its outline counts beside its colours.
_SOLID, _SHAPE_WEIGHT = 0.25, 0.12


@dataclass(frozen=True, slots=True)
class Drawing:
    """One cut-out of the library."""

    subject: Subject
    look: str
    style: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Find:
    """A drawing that something seen may be: mirrored or not, and how far it is from it, 0 being the same."""

    drawing: Drawing
    mirrored: bool
    distance: float


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """Guesses of where a thing lies: `parts` are what is there and a rim around it, float 0..1 (guesses, 14, 14, 3),
    `grounds` what lies beside each row (guesses, 14, 3), `aspects` width over height (guesses).
    """

    parts: np.ndarray
    grounds: np.ndarray
    aspects: np.ndarray


class Appearances:
    """All cut-outs of a library, compared at once."""

    def __init__(self, library: Library, pixels: np.ndarray, aspects: np.ndarray) -> None:
        """`pixels` is uint8 (drawings, 14, 14, 4), `aspects` width over height, both in the order of `drawings_of`."""
        self.drawings = drawings_of(library)
        if len(self.drawings) != len(pixels):
            raise ModelLoadError("The appearances in a model's prior do not fit its library.")
        colours = pixels[..., :3].astype(np.float32) / 255 @ _MIX.T
        cover = pixels[..., 3:].astype(np.float32) / 255
        both = [(colours * cover, cover), ((colours * cover)[:, :, ::-1], cover[:, :, ::-1])]
        self._features = np.concatenate([_features(painted, covered) for painted, covered in both])
        self._aspects = np.log(np.concatenate([aspects, aspects]).astype(np.float32))

    @classmethod
    def load(cls, folder: Path, library: Library) -> "Appearances":
        """Raises ModelBroken."""
        try:
            with np.load(folder / FILE) as separate:
                return cls(library, separate["pixels"], separate["aspects"])
        except (OSError, ValueError, KeyError) as problem:
            raise ModelLoadError(f"The appearances in {folder} cannot be read: {problem}") from problem

    def find(self, view: View, *, count: int) -> list[Find]:
        """The drawings that fit best, each at the best of all guesses; of a subject all its drawings may come."""
        seen, ground = view.parts @ _MIX.T, np.repeat((view.grounds @ _MIX.T)[:, :, None], SIDE, axis=2)
        apart = ground - seen
        solid = np.clip(np.abs(view.parts - view.grounds[:, :, None]).max(-1) / _SOLID, 0, 1)
        query = np.concatenate(
            [
                np.ones((len(seen), 1), np.float32),
                _rows((ground**2).sum(-1) + _SHAPE_WEIGHT),
                2 * _rows(apart),
                -2 * _rows(ground),
                -2 * _rows((ground * apart).sum(-1) + _SHAPE_WEIGHT * solid),
            ],
            axis=1,
        )
        distances = self._features @ query.T
        distances += (apart**2).sum((1, 2, 3)) + _SHAPE_WEIGHT * (solid**2).sum((1, 2))
        distances += _ASPECT_WEIGHT * (self._aspects[:, None] - np.log(view.aspects)[None]) ** 2
        best = distances.min(1)
        halves = best.reshape(2, -1)
        order = np.argsort(halves.min(0))[:count]
        return [
            Find(
                drawing=self.drawings[at],
                mirrored=bool(halves[1, at] < halves[0, at]),
                distance=float(halves[:, at].min()),
            )
            for at in order
        ]


def _rows(values: np.ndarray) -> np.ndarray:
    return values.reshape(len(values), -1)


def _features(painted: np.ndarray, cover: np.ndarray) -> np.ndarray:
    count = len(painted)
    return np.concatenate(
        [
            (painted**2).sum((1, 2, 3))[:, None],
            (cover**2).reshape(count, -1),
            painted.reshape(count, -1),
            (painted * cover).reshape(count, -1),
            cover.reshape(count, -1),
        ],
        axis=1,
    ).astype(np.float32)


def drawings_of(library: Library) -> list[Drawing]:
    """Every cut-out, in the order of the index."""
    return [
        Drawing(subject, look, style)
        for subject in library.subjects
        for look, files in {"": subject.files, **subject.looks}.items()
        for style in files
    ]


def save_appearances(library: Library, folder: Path) -> None:
    """Make the file that `Appearances.load` reads; boats as they lie in a scene, without water of their own."""
    pixels, aspects = [], []
    for drawing in drawings_of(library):
        picture = without_water(library.picture(drawing.subject, drawing.style, drawing.look))
        aspects.append(picture.width / picture.height)
        # colours under nothing must not bleed into the small ones
        small = picture.convert("RGBa").resize((SIDE - 2 * RIM, SIDE - 2 * RIM), Image.Resampling.BOX)
        pixels.append(np.pad(np.asarray(small.convert("RGBA")), ((RIM, RIM), (RIM, RIM), (0, 0))))
    np.savez_compressed(folder / FILE, pixels=np.stack(pixels), aspects=np.array(aspects, np.float32))
