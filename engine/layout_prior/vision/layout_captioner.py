"""What the bundled model's own image encoder sees in the bundled model's own pictures, in a sentence.

It knows the drawings of its library and its fifteen scenes and nothing else: pictures of other models are refused.
"""

import io
import logging
import threading
from collections.abc import Collection, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from studio.errors import HelperUnavailableError

if TYPE_CHECKING:
    from engine.layout_prior.vision.appearance_index import Appearances, View
    from engine.layout_prior.vision.layout_encoder import LayoutEncoder
    from engine.layout_prior.vision.scene_summary import SceneSummary

# A drawing is named where it is near enough, and those of all other things are further away by this share. Chosen with
# 14 painted pictures of 18 things: 9 are named, all rightly; without the second condition, one more, and three wrongly.
_FARTHEST, _AHEAD = 4.6, 1.15
_CANDIDATES = 24
_SURE_SCENE, _SURE_HOUR = 0.8, 0.9
_SCENES: Mapping[str, str] = {
    "sky": "in the sky",
    "sea": "on the sea",
    "beach": "on a beach",
    "grass": "on grass",
    "snow": "in snow",
    "desert": "in a desert",
    "mountains": "before mountains",
    "forest": "in a forest",
    "city": "before a city",
    "street": "in a street",
    "room": "in a room",
    "table": "on a table",
    "space": "in space",
    "moonscape": "on a moon",
    "underwater": "under water",
}
_WITHOUT_HOURS = frozenset({"room", "table", "space", "moonscape", "underwater"})
_HOURS: Mapping[str, str] = {"night": " at night", "sunset": " at sunset", "rain": " in the rain"}
_LEFT, _RIGHT = 0.4, 0.6

log = logging.getLogger(__name__)


class LayoutCaptioner:
    """Implements `studio.ports.Captioner`. Read at the first picture. Safe for many threads, which take turns."""

    def __init__(self, folder: Path, *, models: Collection[str]) -> None:
        """`folder` is the prior of the bundled model, `models` are the names by which recipes know that model."""
        self._folder = folder
        self._models = frozenset(models)
        self._lock = threading.Lock()

    def describe(self, picture: bytes, *, model: str = "") -> str:
        """Raises `HelperUnavailableError` for a picture of another model, and where nothing is recognised."""
        if model not in self._models:
            raise HelperUnavailableError(reason="captioner")
        try:
            with Image.open(io.BytesIO(picture)) as opened:
                image = opened.convert("RGB")
            with self._lock:
                encoder, appearances = self._loaded
                text = _sentence(encoder.look(image), appearances)
        except (
            Exception
        ) as error:  # a broken file, of the picture or of the model; no picture depends on this
            log.warning("captioner failed: %s", type(error).__name__)
            raise HelperUnavailableError(reason="captioner") from error
        if not text:
            raise HelperUnavailableError(reason="captioner")
        return text

    @cached_property
    def _loaded(self) -> "tuple[LayoutEncoder, Appearances]":
        from engine.layout_prior.library.cutout_library import Library
        from engine.layout_prior.vision.appearance_index import Appearances
        from engine.layout_prior.vision.layout_encoder import LayoutEncoder

        return LayoutEncoder.load(self._folder), Appearances.load(self._folder, Library(self._folder))


def _sentence(summary: "SceneSummary", appearances: "Appearances") -> str:
    """Empty where no thing is recognised: then the prompt says more."""
    found = [
        (_name(thing.view, appearances), thing.box.left + thing.box.width / 2) for thing in summary.things
    ]
    named = sorted(((name, middle) for name, middle in found if name), key=lambda thing: thing[1])
    if not named:
        return ""
    several = len(found) > 1
    things = [f"{_with_article(name)}{_place(middle) if several else ''}" for name, middle in named]
    if len(named) < len(found):
        things.append("something else")
    return f"A drawing of {_join_words(things)}{_scene(summary)}."


def _name(view: "View", appearances: "Appearances") -> str:
    """Of the drawing that stands out from all of other things; empty where none does."""
    best, *others = appearances.find(view, count=_CANDIDATES)
    name = best.drawing.subject.name
    second = next((other.distance for other in others if other.drawing.subject.name != name), None)
    ahead = second is None or second >= _AHEAD * best.distance
    return name if best.distance <= _FARTHEST and ahead else ""


def _scene(summary: "SceneSummary") -> str:
    from engine.layout_prior.vision.layout_encoder import SCENES
    from engine.layout_prior.vision.scene_summary import HOURS

    scene = SCENES[int(summary.scenes.argmax())]
    if float(summary.scenes.max()) < _SURE_SCENE:
        return ""
    if not scene:
        return " before a plain background"
    hour = HOURS[int(summary.hours.argmax())]
    sure = float(summary.hours.max()) >= _SURE_HOUR and scene not in _WITHOUT_HOURS
    return f" {_SCENES[scene]}{_HOURS.get(hour, '') if sure else ''}"


def _place(middle: float) -> str:
    if middle < _LEFT:
        return " on the left"
    return " on the right" if middle > _RIGHT else " in the middle"


def _with_article(name: str) -> str:
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def _join_words(things: list[str]) -> str:
    *first, last = things
    return f"{', '.join(first)} and {last}" if first else last
