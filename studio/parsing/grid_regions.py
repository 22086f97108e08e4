"""Regions of a picture in the lettered grid: columns A–D from the left, rows 1–4 from the top."""

import re
import unicodedata
from collections.abc import Iterable

from studio.errors import BadParameterError

COLUMNS = "ABCD"
ROWS = "1234"
ALL_CELLS = tuple(f"{column}{row}" for column in COLUMNS for row in ROWS)

Span = tuple[int, int]

_WHOLE: Span = (0, 3)
# Words for a part of the height and of the width: "top" is the upper half, "top left" a quarter.
_TALL: dict[str, Span] = {"top": (0, 1), "upper": (0, 1), "bottom": (2, 3), "lower": (2, 3)}
_WIDE: dict[str, Span] = {"left": (0, 1), "right": (2, 3)}
_MIDDLE = frozenset({"middle", "center", "centre"})
_ALL = frozenset({"all", "everything", "everywhere", "whole", "full"})
_BORDER = frozenset({"border", "borders", "edge", "edges", "frame"})
_FILLERS = frozenset(
    [
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
    ]
)

_DASH = r"(?:-|–|—|:|\.\.|\bTO\b)"
_CELL = r"([A-D])([1-4])"
_CELL_RANGE = re.compile(rf"{_CELL}(?:\s*{_DASH}\s*{_CELL})?\b", re.ASCII)
_COLUMN_RANGE = re.compile(rf"COL(?:UMN)?S?\s*([A-D])(?:\s*{_DASH}\s*([A-D]))?\b")
_ROW_RANGE = re.compile(rf"ROWS?\s*([1-4])(?:\s*{_DASH}\s*([1-4]))?\b")
_SEPARATOR = re.compile(r"[,;+&/]|\bAND\b")


def parse_region(text: str) -> tuple[str, ...]:
    """``"B2-C3"``, ``"A1, D4"``, ``"row 1"``, ``"top left"`` become sorted cells. Raises `BadParameterError`."""
    plain = unicodedata.normalize("NFKC", text[:500]).upper()
    parts = (part.strip() for part in _SEPARATOR.split(plain))
    cells = {cell for part in parts if part for cell in _parse_part(part)}
    if not cells:
        raise BadParameterError("region", "empty_region")
    return tuple(sorted(cells))


def is_cell(text: str) -> bool:
    return text in ALL_CELLS


def cell_box(cell: str, width: int, height: int) -> tuple[int, int, int, int]:
    """Left, top, right, bottom in pixels; neighbours share their edges, so no pixel is left out."""
    if not is_cell(cell):
        raise BadParameterError("region", "unknown_cell", cell=cell[:8])
    column, row = COLUMNS.index(cell[0]), ROWS.index(cell[1])
    return (
        column * width // 4,
        row * height // 4,
        (column + 1) * width // 4,
        (row + 1) * height // 4,
    )


def box_of_cells(cells: Iterable[str], size: tuple[int, int]) -> tuple[int, int, int, int]:
    """The smallest box around cells, at least one, of a picture of `size`. Raises `BadParameterError`."""
    lefts, tops, rights, bottoms = zip(*(cell_box(cell, *size) for cell in cells), strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)


def _parse_part(part: str) -> set[str]:
    """One part between separators: ranges of cells, columns or rows, else words."""
    found: set[str] = set()
    rest = part
    for pattern, spans in ((_COLUMN_RANGE, _columns), (_ROW_RANGE, _rows), (_CELL_RANGE, _corners)):
        for match in pattern.finditer(rest):
            found |= _cells_between(*spans(match))
        rest = pattern.sub(" ", rest)
    words = rest.lower().split()
    if found and all(word in _FILLERS for word in words):
        return found
    return found | _parse_words(words)


def _columns(match: re.Match[str]) -> tuple[Span, Span]:
    first, last = match[1], match[2] or match[1]
    return (COLUMNS.index(first), COLUMNS.index(last)), _WHOLE


def _rows(match: re.Match[str]) -> tuple[Span, Span]:
    first, last = match[1], match[2] or match[1]
    return _WHOLE, (ROWS.index(first), ROWS.index(last))


def _corners(match: re.Match[str]) -> tuple[Span, Span]:
    column, row, last_column, last_row = match.groups()
    return (
        (COLUMNS.index(column), COLUMNS.index(last_column or column)),
        (ROWS.index(row), ROWS.index(last_row or row)),
    )


def _parse_words(words: list[str]) -> set[str]:
    wide, tall, middle = None, None, False
    for word in " ".join(words).replace("-", " ").split():
        if word in _ALL:
            return set(ALL_CELLS)
        if word in _BORDER:
            return set(ALL_CELLS) - _cells_between((1, 2), (1, 2))
        if word in _WIDE:
            wide = _WIDE[word]
        elif word in _TALL:
            tall = _TALL[word]
        elif word in _MIDDLE:
            middle = True
        elif word not in _FILLERS:
            raise BadParameterError("region", "word_not_in_grid", word=word[:20])
    if middle:
        return _cells_between(wide or (1, 2), tall or (1, 2))
    if wide is None and tall is None:
        raise BadParameterError("region", "not_in_grid")
    return _cells_between(wide or _WHOLE, tall or _WHOLE)


def _cells_between(columns: Span, rows: Span) -> set[str]:
    (left, right), (top, bottom) = sorted(columns), sorted(rows)
    return {column + row for column in COLUMNS[left : right + 1] for row in ROWS[top : bottom + 1]}
