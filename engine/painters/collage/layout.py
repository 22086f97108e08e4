"""Where things go: a small tree of rows, columns and overlaps, cut into boxes."""

import math
from dataclasses import dataclass

import numpy as np

from engine.painters.collage.parse import Thing, Wish
from engine.painters.collage.words import Relation


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


@dataclass(frozen=True, slots=True)
class _Leaf:
    thing: int
    weight: float


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two parts; `kind` is row (first at the left), column (first on top), front or on (first before second)."""

    kind: str
    first: "_Node"
    second: "_Node"

    @property
    def weight(self) -> float:
        if self.kind == "row":
            return self.first.weight + self.second.weight
        return max(self.first.weight, self.second.weight)


_Node = _Leaf | _Pair

_KINDS = {
    Relation.LEFT: ("row", False),
    Relation.RIGHT: ("row", True),
    Relation.ABOVE: ("column", False),
    Relation.BELOW: ("column", True),
    Relation.FRONT: ("front", False),
    Relation.BEHIND: ("front", True),
    Relation.ON: ("on", False),
    Relation.BESIDE: ("row", False),
}


def arrange(wish: Wish, sizes: list[float], in_sky: list[bool], room: Box, *, ground: float | None) -> list[Spot]:
    """Spots for every copy of every thing, inside `room`.

    `sizes` and `in_sky` belong to the things; `ground` is the height in pixels things stand on, None when they float.
    """
    if not wish.things:
        return []
    roots: list[_Node] = [
        _Leaf(at, max(0.55, size * math.sqrt(thing.count)))
        for at, (thing, size) in enumerate(zip(wish.things, sizes, strict=True))
    ]
    owner: dict[int, _Node] = dict(enumerate(roots))
    related = {thing for one, _, other in wish.relations for thing in (one, other)}
    for one, relation, other in wish.relations:
        if owner[one] is owner[other] or (relation is Relation.BESIDE and in_sky[one] != in_sky[other] and ground):
            continue
        kind, swapped = _KINDS[relation]
        first, second = (owner[other], owner[one]) if swapped else (owner[one], owner[other])
        joined = _Pair(kind, first, second)
        owner = {at: joined if node in (first, second) else node for at, node in owner.items()}
    tops = list(dict.fromkeys(owner[at] for at in range(len(wish.things))))
    flying = [node for node in tops if ground is not None and isinstance(node, _Leaf) and in_sky[node.thing]]
    rest = [node for node in tops if node not in flying]
    spots: list[Spot] = []
    if ground is None:
        _place(_row(rest), room, spots, wish.things, 0, False)
        return spots
    floor = Box(room.left, room.top, room.width, ground - room.top)
    if flying and rest:
        sky = Box(room.left, room.top, room.width, floor.height * 0.42)
        _place(_row(flying), sky, spots, wish.things, 0, False)
        floor = Box(room.left, room.top + floor.height * 0.34, room.width, floor.height * 0.66)
    elif flying:
        _place(_row(flying), Box(room.left, room.top, room.width, floor.height * 0.8), spots, wish.things, 0, False)
    if rest:
        _place(_row(rest), floor, spots, wish.things, 0, True)
    return spots


def _row(nodes: list[_Node]) -> _Node:
    joined = nodes[0]
    for node in nodes[1:]:
        joined = _Pair("row", joined, node)
    return joined


def _place(node: _Node, box: Box, spots: list[Spot], things: tuple[Thing, ...], depth: int, standing: bool) -> None:
    if isinstance(node, _Leaf):
        spots.extend(_copies(node.thing, things[node.thing].count, box, depth, standing))
    elif node.kind == "row":
        share = min(0.72, max(0.28, node.first.weight / (node.first.weight + node.second.weight)))
        wide = 1.14  # neighbours may reach a little over the line between them
        left = Box(box.left, box.top, min(1, share * wide) * box.width, box.height)
        right_width = min(1, (1 - share) * wide) * box.width
        right = Box(box.right - right_width, box.top, right_width, box.height)
        _place(node.first, left, spots, things, depth, standing)
        _place(node.second, right, spots, things, depth, standing)
    elif node.kind == "column":
        share = min(0.6, max(0.4, node.first.weight / (node.first.weight + node.second.weight)))
        upper = Box(box.left, box.top, box.width, box.height * share)
        lower = Box(box.left, upper.bottom, box.width, box.height - upper.height)
        _place(node.second, lower, spots, things, depth, standing)
        _place(node.first, upper, spots, things, depth, False)
    elif node.kind == "front":
        back = Box(box.left + box.width * 0.04, box.top, box.width * 0.92, box.height * 0.9)
        front = Box(box.left + box.width * 0.22, box.top + box.height * 0.46, box.width * 0.56, box.height * 0.54)
        _place(node.second, back, spots, things, depth, standing)
        _place(node.first, front, spots, things, depth + 1, standing)
    else:
        base = Box(box.left, box.top + box.height * 0.4, box.width, box.height * 0.6)
        upper = Box(box.left + box.width * 0.12, box.top, box.width * 0.76, box.height * 0.53)
        _place(node.second, base, spots, things, depth, standing)
        _place(node.first, upper, spots, things, depth + 1, True)


def _copies(thing: int, count: int, box: Box, depth: int, standing: bool) -> list[Spot]:
    """Cells of the grid that leaves each copy the most room; the last row is centred."""
    columns = max(
        range(1, count + 1),
        key=lambda across: (min(box.width / across, box.height / math.ceil(count / across)), -across),
    )
    rows = math.ceil(count / columns)
    side = min(box.width / columns, box.height / rows)
    top = box.bottom - rows * side if standing else box.top + (box.height - rows * side) / 2
    spots = []
    for at in range(count):
        row, column = divmod(at, columns)
        in_row = columns if row < rows - 1 else count - columns * (rows - 1)
        left = box.left + (box.width - in_row * side) / 2 + column * side
        cell = Box(left, top + row * side, side, side)
        spots.append(Spot(thing=thing, box=cell, depth=depth, standing=standing))
    return spots


def largest_free_box(mask: np.ndarray, *, cells: int = 48) -> Box:
    """The largest rectangle of a mask (height, width; True is free) that is free all over, to a grid of `cells`.

    Falls back on the bounding box where the free part is too thin for the grid, and on the whole without any.
    """
    height, width = mask.shape
    rows, columns = min(cells, height), min(cells, width)
    ys, xs = np.linspace(0, height, rows + 1).astype(int), np.linspace(0, width, columns + 1).astype(int)
    sums = np.pad(mask.astype(np.int64).cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    inside = sums[ys[1:], :][:, xs[1:]] - sums[ys[:-1], :][:, xs[1:]] - sums[ys[1:], :][:, xs[:-1]] + sums[ys[:-1], :][:, xs[:-1]]
    free = inside >= 0.98 * np.outer(np.diff(ys), np.diff(xs))
    best, found = 0.0, None
    tall = np.zeros(columns, int)
    for row in range(rows):
        tall = np.where(free[row], tall + 1, 0)
        for left in range(columns):
            low = tall[left]
            for right in range(left, columns):
                low = min(low, tall[right])
                if low == 0:
                    break
                area = _goodness(low * height / rows, (right - left + 1) * width / columns)
                if area > best:
                    best, found = area, (row - low + 1, row + 1, left, right + 1)
    if found is not None:
        top, bottom, left, right = ys[found[0]], ys[found[1]], xs[found[2]], xs[found[3]]
        return Box(float(left), float(top), float(right - left), float(bottom - top))
    if not mask.any():
        return Box(0, 0, width, height)
    marked_rows, marked_columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    top, left = marked_rows[0], marked_columns[0]
    return Box(float(left), float(top), float(marked_columns[-1] - left + 1), float(marked_rows[-1] - top + 1))


def _goodness(height: float, width: float) -> float:
    """Area, but a long strip counts little more than the square in it."""
    short, long = min(height, width), max(height, width)
    return short * min(long, 2.5 * short)
