"""A mural painted from beginning to end, and how well its cells join."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from PIL import Image

from engine.generation_task import GeneratedImage, GenerationTask
from engine.imaging.canvas.mural_canvas import measure_seams
from studio.domain.requests import MuralCell, Operation, PaintRequest

MOST_RATIO = 1.5  # of the step across a border to that beside it

_SEED = 11
_THEME = "a sailing boat on the sea at sunset"
# By row: above the horizon, on it, and two rows below.
_WORDS = (
    ("a hot air balloon", "the moon", "a star", "a cloud", "a bird", "an airplane"),
    ("a lighthouse", "an island with a palm tree", "a boat", "a sailing boat", "a castle", "a ship"),
    ("a dolphin", "a whale", "a mermaid", "a turtle", "a fish", "a shark"),
    ("an octopus", "a crab", "a fish", "a shell", "a jellyfish", "a lobster"),
)

Cell = tuple[int, int]  # column and row, counted from 0


class Generates(Protocol):
    def generate(self, task: GenerationTask) -> list[GeneratedImage]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class MuralFigures:
    """Steps are the mean absolute difference of neighbouring pixels, from 0 to 255."""

    across_borders: float
    beside_borders: float
    picture: Image.Image = field(repr=False)

    @property
    def ratio(self) -> float:
        return self.across_borders / max(self.beside_borders, 1e-6)

    def rows(self) -> list[tuple[str, str]]:
        return [
            ("mean step across a border", f"{self.across_borders:.2f}"),
            ("mean step one pixel beside it", f"{self.beside_borders:.2f}"),
            (f"ratio, at most {MOST_RATIO}", f"{self.ratio:.2f}"),
        ]


def measure_mural(
    generator: Generates,
    *,
    columns: int,
    rows: int,
    side: int = 256,
    on_cell: Callable[[int], None] = lambda _number: None,
) -> MuralFigures:
    """Paint all cells from the middle outwards, the first from the theme; `side` is that of a cell in pixels."""
    mural = Image.new("RGB", (columns * side, rows * side))
    painted: dict[Cell, Image.Image] = {}
    for number, cell in enumerate(_outwards(columns, rows)):
        row = _WORDS[cell[1] % len(_WORDS)]
        spot = row[cell[0] % len(row)]
        painted[cell] = _paint(generator, spot, cell, painted, side=side, seed=_SEED + number)
        mural.paste(painted[cell], (cell[0] * side, cell[1] * side))
        on_cell(number + 1)
    across, beside = measure_seams(mural, (side, side))
    return MuralFigures(across_borders=across, beside_borders=beside, picture=mural)


def _outwards(columns: int, rows: int) -> Iterator[Cell]:
    """Each cell after one beside it."""
    middle = (columns - 1) // 2, (rows - 1) // 2
    cells = [(column, row) for row in range(rows) for column in range(columns)]
    yield from sorted(cells, key=lambda cell: abs(cell[0] - middle[0]) + abs(cell[1] - middle[1]))


def _paint(
    generator: Generates,
    words: str,
    cell: Cell,
    painted: dict[Cell, Image.Image],
    *,
    side: int,
    seed: int,
) -> Image.Image:
    around = {
        (column - cell[0], row - cell[1]): image
        for (column, row), image in painted.items()
        if max(abs(column - cell[0]), abs(row - cell[1])) == 1
    }
    tone = next(iter(painted.values()), None)
    places = (*around, *(((0, 0),) if tone else ()))
    sources = (*around.values(), *((tone,) if tone else ()))
    request = PaintRequest(
        operation=Operation.EXPAND if tone else Operation.IMAGINE,
        seed=seed,
        prompt=f"{_THEME}, {words}" if tone else _THEME,
        count=1,
        width=side,
        height=side,
        mural_cell=MuralCell(places=places, words=words) if tone else None,
    )
    task = GenerationTask(job_id="mural", person="", request=request, sources=sources)
    return generator.generate(task)[0].image
