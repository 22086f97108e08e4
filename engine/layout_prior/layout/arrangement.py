"""The arrangement of a scene: a small tree of rows, columns and overlaps, cut into boxes."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from engine.layout_prior.language.relations import Relation
from engine.layout_prior.language.vocabulary import HEADWEAR
from engine.layout_prior.layout.boxes import Box, Shape, Spot
from engine.layout_prior.prompt.scene_spec import SceneObject, SceneSpec


@dataclass(frozen=True, slots=True)
class _Leaf:
    thing: int
    weight: float


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two parts; `kind` is row (first at the left), column (first on top), front, on or inside (first named first)."""

    kind: str
    first: "_Node"
    second: "_Node"

    @property
    def weight(self) -> float:
        if self.kind == "row":
            return self.first.weight + self.second.weight
        return max(self.first.weight, self.second.weight)


_Node = _Leaf | _Pair

# Kind of pair, and whether the thing named after comes first in it.
_KINDS = {
    Relation.LEFT: ("row", False),
    Relation.RIGHT: ("row", True),
    Relation.ABOVE: ("column", False),
    Relation.BELOW: ("column", True),
    Relation.FRONT: ("front", False),
    Relation.BEHIND: ("front", True),
    Relation.ON: ("on", False),
    Relation.WEARING: ("on", True),
    Relation.BESIDE: ("row", False),
    Relation.INSIDE: ("inside", False),
    # What is attached comes as one thing (see engine.layout_prior.attachment); these are for what cannot be.
    Relation.CONTAINING: ("inside", True),
    Relation.WITH: ("row", False),
    Relation.HOLDING: ("row", False),
    Relation.PLAYING: ("row", False),
    Relation.RIDING: ("on", False),
    Relation.LEANING: ("row", False),
}
# Neighbours may reach a little over the line between their boxes.
_REACH = 1.14
# Further rows of a group on the ground stand so much of a height behind.
_ROW_SHARE = 0.62


def arrange(spec: SceneSpec, shapes: list[Shape], room: Box, ground: float | None) -> list[Spot]:
    """Spots for every copy of every thing, inside `room`.

    `ground` is the height in pixels things stand on, None when they float.
    """
    if not spec.things:
        return []
    tops = _build_trees(spec, shapes)
    flying = [
        node for node in tops if ground is not None and isinstance(node, _Leaf) and shapes[node.thing].in_sky
    ]
    rest = [node for node in tops if node not in flying]
    layout = _Layout(spec.things, shapes)
    if ground is None:
        layout.place(_row(rest), room, 0, False)
        return layout.spots
    floor = Box(room.left, room.top, room.width, ground - room.top)
    if flying and rest:
        layout.place(_row(flying), Box(room.left, room.top, room.width, floor.height * 0.42), 0, False)
        floor = Box(room.left, room.top + floor.height * 0.34, room.width, floor.height * 0.66)
    elif flying:
        layout.place(_row(flying), Box(room.left, room.top, room.width, floor.height * 0.74), 0, False)
    if rest:
        layout.place(_row(rest), floor, 0, True)
    return layout.spots


def _build_trees(spec: SceneSpec, shapes: list[Shape]) -> list[_Node]:
    """The trees that the relations make of the things, in the order of their first thing."""
    owner: dict[int, _Node] = {
        at: _Leaf(at, max(0.55, shape.size * math.sqrt(thing.count)))
        for at, (thing, shape) in enumerate(zip(spec.things, shapes, strict=True))
    }
    for one, relation, other in spec.relations:
        if owner[one] is owner[other] or (
            relation in (Relation.BESIDE, Relation.WITH) and shapes[one].in_sky != shapes[other].in_sky
        ):
            continue
        kind, swapped = _kind(relation, spec.things[other], shapes[one], shapes[other])
        first, second = (owner[other], owner[one]) if swapped else (owner[one], owner[other])
        joined = _Pair(kind, first, second)
        owner = {at: joined if node in (first, second) else node for at, node in owner.items()}
    return list(dict.fromkeys(owner.values()))


def _kind(relation: Relation, other: SceneObject, shape: Shape, beside: Shape) -> tuple[str, bool]:
    """The pair for a relation: what is in a hat wears it, what is in or under a house stands before it."""
    if relation is Relation.INSIDE and any(subject.name in HEADWEAR for subject in other.subjects[:1]):
        return _KINDS[Relation.WEARING]
    far_larger = beside.size > 1.2 * shape.size and not beside.in_sky
    if far_larger and (relation is Relation.BELOW or (relation is Relation.INSIDE and beside.size > 1.4)):
        return _KINDS[Relation.FRONT]
    return _KINDS[relation]


def _row(nodes: Sequence[_Node]) -> _Node:
    joined = nodes[0]
    for node in nodes[1:]:
        joined = _Pair("row", joined, node)
    return joined


class _Layout:
    """Cuts a tree into spots."""

    def __init__(self, things: tuple[SceneObject, ...], shapes: list[Shape]) -> None:
        self.things = things
        self.shapes = shapes
        self.spots: list[Spot] = []

    def place(self, node: _Node, box: Box, depth: int, standing: bool) -> None:
        if isinstance(node, _Leaf):
            self.spots.extend(_copies(node.thing, self.things[node.thing].count, box, depth, standing))
            return
        cut = {
            "row": self._beside,
            "column": self._stack,
            "front": self._overlapping,
            "on": self._upon,
            "inside": self._within,
        }[node.kind]
        cut(node, box, depth, standing)

    def _beside(self, pair: _Pair, box: Box, depth: int, standing: bool) -> None:
        share = min(0.66, max(0.34, pair.first.weight / (pair.first.weight + pair.second.weight)))
        left = min(1, share * _REACH) * box.width
        right = min(1, (1 - share) * _REACH) * box.width
        self.place(pair.first, Box(box.left, box.top, left, box.height), depth, standing)
        self.place(pair.second, Box(box.right - right, box.top, right, box.height), depth, standing)

    def _stack(self, pair: _Pair, box: Box, depth: int, standing: bool) -> None:
        share = min(0.6, max(0.4, pair.first.weight / (pair.first.weight + pair.second.weight)))
        upper = share * box.height
        lower = min(1, (1 - share) * _REACH) * box.height
        self.place(pair.second, Box(box.left, box.bottom - lower, box.width, lower), depth, standing)
        self.place(pair.first, Box(box.left, box.top, box.width, upper), depth, False)

    def _overlapping(self, pair: _Pair, box: Box, depth: int, standing: bool) -> None:
        back = Box(box.left + box.width * 0.04, box.top, box.width * 0.92, box.height * 0.9)
        front = Box(
            box.left + box.width * 0.22, box.top + box.height * 0.46, box.width * 0.56, box.height * 0.54
        )
        self.place(pair.second, back, depth, standing)
        self.place(pair.first, front, depth + 1, standing)

    def _within(self, pair: _Pair, box: Box, depth: int, standing: bool) -> None:
        """The second part stands in front, and the first looks out of its upper half."""
        holder = Box(box.left, box.top + box.height * 0.3, box.width, box.height * 0.7)
        wide, tall = box.width * 0.56, box.height * 0.54
        held = Box(box.left + (box.width - wide) / 2, box.top + box.height * 0.04, wide, tall)
        if isinstance(pair.second, _Leaf) and _is_open(self.things[pair.second.thing]):
            holder = box
            wide, tall = box.width * 0.46, box.height * 0.46
            held = Box(box.left + (box.width - wide) / 2, box.top + box.height * 0.36, wide, tall)
        self.place(pair.first, held, depth, True)
        self.place(pair.second, holder, depth + 1, standing)

    def _upon(self, pair: _Pair, box: Box, depth: int, standing: bool) -> None:
        """The second part stands at the bottom, and the first on its upper edge."""
        base = Box(box.left, box.top + box.height * 0.38, box.width, box.height * 0.62)
        tall = base.height
        if isinstance(pair.second, _Leaf) and self.things[pair.second.thing].count == 1:
            tall = min(
                base.height, min(base.width, base.height) / max(1.0, self.shapes[pair.second.thing].aspect)
            )
        edge = base.bottom - 0.88 * tall
        upper = min(edge - box.top, box.height * 0.56)
        self.place(pair.second, base, depth, True)
        self.place(
            pair.first,
            Box(box.left + box.width * 0.15, edge - upper, box.width * 0.7, upper),
            depth + 1,
            True,
        )


def _is_open(thing: SceneObject) -> bool:
    """Whether one sees through it what is inside."""
    return any(subject.name in ("cage", "window", "fireplace") for subject in thing.subjects[:1])


def _copies(thing: int, count: int, box: Box, depth: int, standing: bool) -> list[Spot]:
    """Cells of the grid that leaves each copy the most room; the last row is centred.

    Rows on the ground overlap, the front one lowest; rows that float do not.
    """
    step = _ROW_SHARE if standing else 1.0

    def side_of(columns: int) -> float:
        rows = math.ceil(count / columns)
        return min(box.width / columns, box.height / (1 + step * (rows - 1)))

    fewest = min(count, max(3, math.ceil(count / 3))) if standing else 1
    columns = max(range(fewest, count + 1), key=lambda columns: (side_of(columns), columns))
    rows, side = math.ceil(count / columns), side_of(columns)
    height = side * (1 + step * (rows - 1))
    top = box.bottom - height if standing else box.top + (box.height - height) / 2
    spots = []
    for at in range(count):
        row, column = divmod(count - 1 - at, columns)
        in_row = columns if row < rows - 1 else count - columns * (rows - 1)
        left = box.left + (box.width - in_row * side) / 2 + column * side
        cell = Box(left, top + (rows - 1 - row) * step * side, side, side)
        spots.append(Spot(thing=thing, box=cell, depth=depth, standing=standing))
    return spots
