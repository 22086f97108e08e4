"""A larger safety model beside the small networks: the port, and an adapter that speaks HTTP.

ShieldGemma, Llama Guard or any other classifier of pictures runs behind a small server of the operator's own, which
takes ``{"image": base64 of a PNG, "prompt": text, "kind": "upload" or "output"}`` and answers
``{"scores": {"sexual": 0.02, "violence": 0.7}}``: category names of a policy file, scores in [0, 1].
"""

import base64
import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from PIL import Image

from moderation.policy.categories import Category
from moderation.policy.policy import FIXED
from studio.chat_models.json_client import JsonClient

MAX_SIDE_PIXELS = 768  # more than such models look at
_NAMES = frozenset(category.name for category in Category if category not in FIXED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A picture with the words it was painted from, which the model may judge together."""

    image: Image.Image
    prompt: str
    kind: str


class SafetyModel(Protocol):
    def judge(self, scene: Scene) -> Mapping[Category, float]:
        """How likely the picture belongs to each category, in [0, 1]. Raises when it cannot tell."""


class HttpSafetyModel:
    """Asks one address, which the operator set. Safe for many threads."""

    def __init__(self, url: str, *, token: str | None = None, timeout_seconds: float = 10.0) -> None:
        self._client = JsonClient(url, token=token, timeout_seconds=timeout_seconds)

    def judge(self, scene: Scene) -> Mapping[Category, float]:
        """Raises `httpx.HTTPError`, or ValueError for an answer that is none."""
        data = {"image": encode_scene(scene.image), "prompt": scene.prompt, "kind": scene.kind}
        return read_scores(self._client.post(data))


def encode_scene(image: Image.Image) -> str:
    """PNG of at most 768 pixels a side, in base 64."""
    small = image.copy()
    small.thumbnail((MAX_SIDE_PIXELS, MAX_SIDE_PIXELS))
    out = io.BytesIO()
    small.save(out, "PNG", compress_level=2)
    return base64.b64encode(out.getvalue()).decode()


def read_scores(data: Any) -> Mapping[Category, float]:
    """Raises ValueError for what is no mapping of known categories to numbers from 0 to 1."""
    scores = data.get("scores") if isinstance(data, dict) else None
    if not isinstance(scores, dict):
        raise ValueError("the safety model answered without scores")
    found = {}
    for name, score in scores.items():
        number = isinstance(score, int | float) and not isinstance(score, bool)
        if name.upper() not in _NAMES or not number or not 0 <= score <= 1:
            raise ValueError("the safety model answered with an invalid score")
        found[Category[name.upper()]] = float(score)
    return found
