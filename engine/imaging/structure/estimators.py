"""Small ONNX networks of the administrator's that see depth and pose in a picture. On the CPU, beside the steps.

Depth: one input (1, 3, height, width), as MiDaS and Depth Anything have it, and one output of inverse depth, larger
where things are nearer. Pose: YOLO's, one input (1, 3, side, side) and one output (1, 56, candidates): a box, its score
and COCO's 17 points, each with its score.
"""

import threading
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engine.imaging.structure.skeleton import Points, draw_skeletons
from studio.errors import ModelLoadError

Floats = NDArray[np.float32]

_MEAN = np.array([0.485, 0.456, 0.406], dtype=np.float32)
_DEVIATION = np.array([0.229, 0.224, 0.225], dtype=np.float32)
_FREE_SIDE, _GRID = 518, 14  # of a depth network that takes any size: Depth Anything's patches
_POSE_SIDE = 640
_LEAST_SCORE, _MOST_OVERLAP, _MOST_PEOPLE = 0.35, 0.5, 20
_POSE_ROWS = 5 + 17 * 3
_GREY = 114  # beside a picture that is not square


class OnnxEstimator:
    """Safe for many threads. Raises `ModelLoadError` for a file that cannot be run or answers in another form."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._loading = threading.Lock()

    def _run(self, pixels: Floats) -> Floats:
        try:
            with self._loading:
                session = self._session
            (answer, *_) = session.run(None, {session.get_inputs()[0].name: pixels})
        except Exception as error:  # whatever onnxruntime throws at a file or a shape
            raise self._problem() from error
        return np.asarray(answer, dtype=np.float32)

    def _side(self, usual: int) -> tuple[int, int]:
        """Height and width of its input; `usual` where any will do."""
        try:
            with self._loading:
                shape = self._session.get_inputs()[0].shape
            height, width = shape[2:]
        except Exception as error:
            raise self._problem() from error
        return tuple(side if isinstance(side, int) and side > 0 else usual for side in (height, width))  # type: ignore[return-value]

    def _problem(self) -> ModelLoadError:
        return ModelLoadError(f"The network {self._path.name} cannot be run, or is of another kind.")

    @cached_property
    def _session(self) -> Any:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        return onnxruntime.InferenceSession(str(self._path), options, providers=["CPUExecutionProvider"])


class DepthEstimator(OnnxEstimator):
    def estimate(self, picture: Image.Image) -> Image.Image:
        """RGB of the picture's size, the nearest white."""
        height, width = self._side(_FREE_SIDE // _GRID * _GRID)
        resized = picture.convert("RGB").resize((width, height), Image.Resampling.BICUBIC)
        pixels = (np.asarray(resized, dtype=np.float32) / 255 - _MEAN) / _DEVIATION
        near = self._run(np.ascontiguousarray(pixels.transpose(2, 0, 1)[None]))
        near = (
            near.reshape(near.shape[-2:])
            if near.ndim >= 2 and near.size == np.prod(near.shape[-2:])
            else near
        )
        if near.ndim != 2 or not np.isfinite(near).all():
            raise self._problem()
        span = float(near.max() - near.min())
        levels = (near - near.min()) / span * 255 if span > 0 else np.zeros_like(near)
        grey = Image.fromarray(levels.round().astype(np.uint8))
        return grey.resize(picture.size, Image.Resampling.BICUBIC).convert("RGB")


class PoseEstimator(OnnxEstimator):
    def estimate(self, picture: Image.Image) -> Image.Image:
        """RGB of the picture's size: coloured skeletons on black, as OpenPose draws them; black where nobody is."""
        height, width = self._side(_POSE_SIDE)
        scale = min(width / picture.width, height / picture.height)
        size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
        square = Image.new("RGB", (width, height), (_GREY,) * 3)
        square.paste(picture.convert("RGB").resize(size, Image.Resampling.BILINEAR))
        pixels = np.asarray(square, dtype=np.float32).transpose(2, 0, 1)[None] / 255
        answer = self._run(np.ascontiguousarray(pixels))
        if answer.ndim != 3 or answer.shape[0] != 1 or answer.shape[1] != _POSE_ROWS:
            raise self._problem()
        return draw_skeletons(find_people(answer[0].T, scale=scale), picture.size)


def find_people(candidates: Floats, *, scale: float) -> list[Points]:
    """From (candidates, 56) to (17, 3) each: x, y in the picture's pixels and a score, of the best ones apart.

    `candidates` are in pixels of an input that is `scale` times the picture.
    """
    likely = candidates[candidates[:, 4] >= _LEAST_SCORE]
    people: list[Points] = []
    boxes: list[Floats] = []
    for candidate in likely[np.argsort(-likely[:, 4], kind="stable")]:
        x, y, width, height = candidate[:4]
        box = np.array([x - width / 2, y - height / 2, x + width / 2, y + height / 2], dtype=np.float32)
        if any(_overlap(box, other) > _MOST_OVERLAP for other in boxes):
            continue
        points = candidate[5:].reshape(17, 3).copy()
        points[:, :2] /= scale
        people.append(points)
        boxes.append(box)
        if len(people) == _MOST_PEOPLE:
            break
    return people


def _overlap(one: Floats, other: Floats) -> float:
    """Intersection over union."""
    left, top = np.maximum(one[:2], other[:2])
    right, bottom = np.minimum(one[2:], other[2:])
    common = max(0.0, float(right - left)) * max(0.0, float(bottom - top))
    areas = [float((box[2] - box[0]) * (box[3] - box[1])) for box in (one, other)]
    return common / max(sum(areas) - common, 1e-6)
