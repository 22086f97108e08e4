"""The family tree of pictures: what was made from what."""

from collections.abc import Sequence
from typing import NamedTuple


class Edge(NamedTuple):
    """`child` was made from `parent`."""

    child: str
    parent: str


def parents_first(edges: Sequence[Edge]) -> list[str]:
    """All pictures of the tree, each after its parents.

    Raises ValueError for a cycle, which the database cannot hold: a picture is newer than its parents.
    """
    parents: dict[str, set[str]] = {}
    for edge in edges:
        parents.setdefault(edge.child, set()).add(edge.parent)
        parents.setdefault(edge.parent, set())
    ordered: list[str] = []
    while parents:
        free = sorted(picture for picture, wanted in parents.items() if wanted <= set(ordered))
        if not free:
            raise ValueError("a picture cannot be its own ancestor")
        ordered += free
        parents = {picture: wanted for picture, wanted in parents.items() if picture not in free}
    return ordered
