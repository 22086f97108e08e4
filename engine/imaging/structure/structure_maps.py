"""From a picture to the map that a ControlNet follows."""

from pathlib import Path

from PIL import Image, ImageOps

from engine.imaging.structure.edges import find_edges
from engine.imaging.structure.estimators import DepthEstimator, PoseEstimator
from studio.domain.requests import ReferenceKind

_RESIZE = Image.Resampling.LANCZOS


class StructureMaps:
    """Where no network is configured for depth or pose, the picture itself is taken for the map.

    Safe for many threads.
    """

    def __init__(self, *, depth: Path | None = None, pose: Path | None = None) -> None:
        self._depth = DepthEstimator(depth) if depth else None
        self._pose = PoseEstimator(pose) if pose else None

    def make(self, kind: ReferenceKind, picture: Image.Image, size: tuple[int, int]) -> Image.Image:
        """RGB of `size`, width and height in pixels, cut to its ratio. Raises `ModelLoadError`."""
        if kind is ReferenceKind.EDGES:
            return find_edges(ImageOps.fit(picture.convert("RGB"), size, method=_RESIZE))
        estimator = self._depth if kind is ReferenceKind.DEPTH else self._pose
        found = picture.convert("RGB") if estimator is None else estimator.estimate(picture)
        return ImageOps.fit(found, size, method=_RESIZE)
