"""The cells of a mural: names, neighbours, and which of them are open."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

SIZES = ("2x2", "3x2", "3x3", "4x3", "4x4", "5x4", "6x4", "8x4", "8x6")
# Each at most; the model's cell of 1,024 pixels is the largest that the workers are asked for.
LARGEST_CELL, _MULTIPLE = 1024, 8  # pixels
_SIDES = ((-1, 0), (0, -1), (1, 0), (0, 1))

Place = tuple[int, int]  # column and row, counted from 0


@dataclass(frozen=True, slots=True)
class MuralGrid:
    """Cells are numbered from 1, row by row. Columns are called A…, rows 1…."""

    columns: int
    rows: int

    @classmethod
    def of(cls, size: object) -> "MuralGrid":
        columns, _, rows = str(size).partition("x")
        return cls(int(columns), int(rows))

    @property
    def count(self) -> int:
        return self.columns * self.rows

    @property
    def middle(self) -> int:
        """Where a mural begins."""
        return self.number_at((self.columns - 1) // 2, (self.rows - 1) // 2)

    @property
    def most_each(self) -> int:
        """Cells of one human: at most a quarter of all."""
        return max(1, self.count // 4)

    def place(self, number: int) -> Place:
        row, column = divmod(number - 1, self.columns)
        return column, row

    def number_at(self, column: int, row: int) -> int:
        return row * self.columns + column + 1

    def name(self, number: int) -> str:
        column, row = self.place(number)
        return f"{chr(ord('A') + column)}{row + 1}"

    def beside(self, number: int) -> Iterator[int]:
        """The cells that share a side with this one."""
        for across, down in _SIDES:
            yield from self._at_offset(number, across, down)

    def around(self, number: int) -> Iterator[tuple[Place, int]]:
        """The cells that share a side or a corner: where each lies, in cells to the right and down."""
        for down in (-1, 0, 1):
            for across in (-1, 0, 1):
                if (across, down) != (0, 0):
                    yield from (((across, down), found) for found in self._at_offset(number, across, down))

    def _at_offset(self, number: int, across: int, down: int) -> Iterator[int]:
        column, row = self.place(number)
        column, row = column + across, row + down
        if 0 <= column < self.columns and 0 <= row < self.rows:
            yield self.number_at(column, row)

    def distance(self, one: int, other: int) -> int:
        """In steps from cell to cell."""
        return sum(abs(here - there) for here, there in zip(self.place(one), self.place(other), strict=True))

    def opened_by(self, painted: Collection[int]) -> list[int]:
        """The cells next to a painted one; before there is any, the one in the middle. Nearest to the middle first."""
        if not painted:
            return [self.middle]
        found = {cell for number in painted for cell in self.beside(number)} - {*painted}
        return sorted(found, key=lambda cell: (self.distance(cell, self.middle), cell))


def fit_cell(width: int, height: int) -> tuple[int, int]:
    """The size of all cells, in pixels, from that of the first picture."""
    scale = min(1.0, LARGEST_CELL / max(width, height))
    return tuple(max(_MULTIPLE, round(side * scale / _MULTIPLE) * _MULTIPLE) for side in (width, height))  # type: ignore[return-value]
