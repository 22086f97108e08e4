"""The family tree of pictures: who made what from what."""

from collections.abc import Sequence
from dataclasses import dataclass

from studio.domain.requests import Operation


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """`child` was made from `parent`, by the person with key `person`."""

    child: str
    parent: str
    operation: Operation
    person: str


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
