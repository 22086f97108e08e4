"""The lettered grid: columns A–D from left to right, rows 1–4 from top to bottom."""

import re
import unicodedata
from collections.abc import Iterable

from PIL import Image

from studio.errors import BadParameter

COLUMNS = "ABCD"
ROWS = "1234"
ALL_CELLS = tuple(f"{column}{row}" for row in ROWS for column in COLUMNS)

Span = tuple[int, int]

WHOLE: Span = (0, 3)
# Words for a part of the height and of the width: "top" is the upper half, "top left" a quarter.
TALL_WORDS: dict[str, Span] = {"top": (0, 1), "upper": (0, 1), "bottom": (2, 3), "lower": (2, 3)}
WIDE_WORDS: dict[str, Span] = {"left": (0, 1), "right": (2, 3)}
MIDDLE_WORDS = frozenset({"middle", "center", "centre"})
ALL_WORDS = frozenset({"all", "everything", "everywhere", "whole", "full"})
BORDER_WORDS = frozenset({"border", "borders", "edge", "edges", "frame"})
FILLER_WORDS = frozenset(
    {
        "the",
        "of",
        "in",
        "at",
        "on",
        "half",
        "quarter",
        "corner",
        "side",
        "part",
        "area",
        "picture",
        "image",
        "and",
    }
)
HINT = "name cells such as A1, B2-C3 or A1,D4, or say top left, right, center, border or everything."

CELL = r"([A-D])([1-4])"
CELL_RANGE = re.compile(rf"{CELL}(?:\s*(?:-|–|—|:|\.\.|\bTO\b)\s*{CELL})?\b", re.ASCII)
COLUMN_RANGE = re.compile(r"(?:COLUMNS?|COLS?)\s*([A-D])(?:\s*(?:-|–|TO)\s*([A-D]))?\b")
ROW_RANGE = re.compile(r"ROWS?\s*([1-4])(?:\s*(?:-|–|TO)\s*([1-4]))?\b")
SEPARATORS = re.compile(r"[,;+&/]|\bAND\b")


def parse_cells(text: str) -> tuple[str, ...]:
    """Cells in reading order, each once: ``"b2-c3, d4"`` gives B2, C2, B3, C3, D4. Raises `BadParameter`."""
    plain = unicodedata.normalize("NFKC", text[:500]).upper()
    parts = [part.strip() for part in SEPARATORS.split(plain)]
    chosen = {cell for part in parts if part for cell in _parse_part(part)}
    if not chosen:
        raise BadParameter("region", HINT)
    return in_order(chosen)


def in_order(cells: Iterable[str]) -> tuple[str, ...]:
    """Known cells in reading order; raises `BadParameter` for a cell that the grid does not have."""
    named = {cell.upper() for cell in cells}
    if unknown := sorted(named - set(ALL_CELLS)):
        raise BadParameter("region", f"there is no cell {unknown[0][:8]}; {HINT}")
    return tuple(cell for cell in ALL_CELLS if cell in named)


def mask_of_cells(cells: Iterable[str], size: tuple[int, int]) -> Image.Image:
    """L-mode picture of `size` (width, height): 255 inside the cells, 0 outside."""
    width, height = size
    mask = Image.new("L", size, 0)
    for cell in in_order(cells):
        mask.paste(255, cell_box(cell, width, height))
    return mask


def cell_box(cell: str, width: int, height: int) -> tuple[int, int, int, int]:
    """Left, top, right, bottom in pixels; neighbours share their edges, so no pixel is left out."""
    column, row = COLUMNS.index(cell[0]), ROWS.index(cell[1])
    return (
        column * width // 4,
        row * height // 4,
        (column + 1) * width // 4,
        (row + 1) * height // 4,
    )


def _parse_part(part: str) -> set[str]:
    """One part between separators: ranges of cells, columns or rows, else words."""
    found: set[str] = set()
    rest = part
    for pattern, spans in ((COLUMN_RANGE, _columns), (ROW_RANGE, _rows), (CELL_RANGE, _corners)):
        for match in pattern.finditer(rest):
            found |= _cells_between(*spans(match))
        rest = pattern.sub(" ", rest)
    words = rest.lower().split()
    if found and all(word in FILLER_WORDS for word in words):
        return found
    return found | _parse_words(words)


def _columns(match: re.Match[str]) -> tuple[Span, Span]:
    first, last = match.group(1), match.group(2) or match.group(1)
    return (COLUMNS.index(first), COLUMNS.index(last)), WHOLE


def _rows(match: re.Match[str]) -> tuple[Span, Span]:
    first, last = match.group(1), match.group(2) or match.group(1)
    return WHOLE, (ROWS.index(first), ROWS.index(last))


def _corners(match: re.Match[str]) -> tuple[Span, Span]:
    column, row, last_column, last_row = match.groups()
    return (
        (COLUMNS.index(column), COLUMNS.index(last_column or column)),
        (ROWS.index(row), ROWS.index(last_row or row)),
    )


def _parse_words(words: list[str]) -> set[str]:
    wide, tall, middle = None, None, False
    for word in " ".join(words).replace("-", " ").split():
        if word in ALL_WORDS:
            return set(ALL_CELLS)
        if word in BORDER_WORDS:
            return set(ALL_CELLS) - _cells_between((1, 2), (1, 2))
        if word in WIDE_WORDS:
            wide = WIDE_WORDS[word]
        elif word in TALL_WORDS:
            tall = TALL_WORDS[word]
        elif word in MIDDLE_WORDS:
            middle = True
        elif word not in FILLER_WORDS:
            raise BadParameter("region", f"“{word[:32]}” is no part of the grid; {HINT}")
    if middle:
        return _cells_between(wide or (1, 2), tall or (1, 2))
    if wide is None and tall is None:
        raise BadParameter("region", HINT)
    return _cells_between(wide or WHOLE, tall or WHOLE)


def _cells_between(columns: Span, rows: Span) -> set[str]:
    (left, right), (top, bottom) = sorted(columns), sorted(rows)
    return {
        f"{COLUMNS[column]}{ROWS[row]}" for column in range(left, right + 1) for row in range(top, bottom + 1)
    }
