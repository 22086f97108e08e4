"""The generations of a family of pictures, as trees show them."""

from collections.abc import Mapping, Sequence

from studio.commands.results import Relative


def find_generations(relatives: Sequence[Relative]) -> list[list[Relative]]:
    """Parents above their children, whom they stand as near as may be. `relatives`: everybody after their parents."""
    depths: dict[str, int] = {}
    for relative in relatives:
        above = [depths[parent] for parent in relative.parents if parent in depths]
        depths[relative.picture.id] = max(above) + 1 if above else 0
    generations: list[list[Relative]] = [[] for _ in range(max(depths.values(), default=-1) + 1)]
    for relative in relatives:
        generations[depths[relative.picture.id]].append(relative)
    places: dict[str, float] = {}
    for generation in generations:
        generation.sort(key=lambda relative: _place_of_parents(relative, places))
        for number, relative in enumerate(generation):
            places[relative.picture.id] = (number + 0.5) / len(generation)
    return generations


def _place_of_parents(relative: Relative, places: Mapping[str, float]) -> float:
    """Their middle, from 0 at the start of a line to 1 at its end."""
    above = [places[parent] for parent in relative.parents if parent in places]
    return sum(above) / len(above) if above else 0.5
