"""Boxes in pixels: what the layout gives and what is drawn into."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels, which may have fractions."""

    left: float
    top: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.left + self.width

    @property
    def bottom(self) -> float:
        return self.top + self.height


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """Room for one copy of thing `thing`. Things of a higher `depth` are painted later, in front."""

    thing: int
    box: Box
    depth: int
    standing: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What the layout must know of a thing: its height beside others, width over height, whether it flies."""

    size: float
    aspect: float
    in_sky: bool
