"""What a picture shows, as the layout encoder finds it: things with their places, a scene, an hour, a tone."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from engine.layout_prior.layout.boxes import Box
from engine.layout_prior.vision.appearance_index import View

HOURS = ("day", "night", "sunset", "rain")


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One thing. `sure` is 0..1, `box` is in shares of the picture's width and height, `share` that of its picture.

    `view` is for finding out what it is, `pixels` what is in the box, uint8 (24, 24, 3).
    """

    view: View
    box: Box
    sure: float
    pixels: np.ndarray
    share: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneSummary:
    """`scenes` and `hours` are chances that add up to 1, the first scene being a plain wall; `tone` is 0..1 RGB."""

    things: tuple[Seen, ...]
    scenes: np.ndarray
    hours: np.ndarray
    tone: np.ndarray


def blend(parts: Sequence[tuple[SceneSummary, float]]) -> SceneSummary:
    """Something of each impression, by its share; the shares add up to 1.

    Chances and tones are mixed as numbers. Things stay things, each with its picture's share: half a cat and half a
    car is a picture with both, and a seed may let one go or put one in the place of the other.
    """
    things = [replace(thing, share=share) for impression, share in parts for thing in impression.things]
    return SceneSummary(
        things=tuple(things),
        scenes=sum_of([(summary.scenes, share) for summary, share in parts]),
        hours=sum_of([(summary.hours, share) for summary, share in parts]),
        tone=sum_of([(summary.tone, share) for summary, share in parts]),
    )


def sum_of(parts: Sequence[tuple[np.ndarray, float]]) -> np.ndarray:
    """The weighted sum of arrays of one shape."""
    return np.asarray(np.sum([share * array for array, share in parts], axis=0))
