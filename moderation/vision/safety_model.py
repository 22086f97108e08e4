"""A larger safety model beside the small networks: the port, and an adapter that speaks HTTP.

ShieldGemma, Llama Guard or any other classifier of pictures runs behind a small server of the operator's own, which
takes ``{"image": base64 of a PNG, "prompt": text, "kind": "upload" or "output"}`` and answers
``{"scores": {"sexual": 0.02, "violence": 0.7}}``: category names of a policy file, scores in [0, 1].
"""

import base64
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Protocol

from PIL import Image

from moderation.policy.categories import Category
from moderation.policy.policy import FIXED

MAX_SIDE_PIXELS = 768  # more than such models look at
_MAX_ANSWER_BYTES = 64 * 1024
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
    """Asks one address, which the operator set, and follows nobody elsewhere. Safe for many threads."""

    def __init__(self, url: str, *, token: str | None = None, timeout_seconds: float = 10.0) -> None:
        import httpx  # most instances have no such server

        self._url = url
        self._client = httpx.Client(
            headers={"Authorization": f"Bearer {token}"} if token else {},
            timeout=timeout_seconds,
            follow_redirects=False,
            trust_env=False,  # no proxy from the environment sees the pictures
        )

    def judge(self, scene: Scene) -> Mapping[Category, float]:
        """Raises `httpx.HTTPError`, or ValueError for an answer that is none."""
        data = {"image": _as_base64(scene.image), "prompt": scene.prompt, "kind": scene.kind}
        with self._client.stream("POST", self._url, json=data) as response:
            if response.status_code != HTTPStatus.OK:
                raise ValueError(f"the safety model answered {response.status_code}")
            body = bytearray()
            for part in response.iter_bytes():
                body += part
                if len(body) > _MAX_ANSWER_BYTES:
                    raise ValueError("the safety model's answer is too long")
        return _scores(json.loads(body))


def _as_base64(image: Image.Image) -> str:
    small = image.copy()
    small.thumbnail((MAX_SIDE_PIXELS, MAX_SIDE_PIXELS))
    out = io.BytesIO()
    small.save(out, "PNG", compress_level=2)
    return base64.b64encode(out.getvalue()).decode()


def _scores(data: Any) -> Mapping[Category, float]:
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
