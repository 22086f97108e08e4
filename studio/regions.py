"""Regions of a picture in the lettered grid: columns A–D from the left, rows 1–4 from the top."""

import re

from studio.errors import BadParameter

COLUMNS = "ABCD"
ROWS = "1234"
_CELL = re.compile(r"[A-D][1-4]")
_SPAN = re.compile(r"([A-D])([1-4])(?:[-–:]([A-D])([1-4]))?")
_NAMED = {
    "ALL": "A1-D4",
    "TOP": "A1-D2",
    "BOTTOM": "A3-D4",
    "LEFT": "A1-B4",
    "RIGHT": "C1-D4",
    "CENTER": "B2-C3",
    "CENTRE": "B2-C3",
    "MIDDLE": "B2-C3",
    "TOP LEFT": "A1-B2",
    "TOP RIGHT": "C1-D2",
    "BOTTOM LEFT": "A3-B4",
    "BOTTOM RIGHT": "C3-D4",
}


def parse_region(text: str) -> tuple[str, ...]:
    """``"B2-C3"``, ``"A1, A2"``, ``"top left"`` become sorted cells. Raises `BadParameter`."""
    spelled = " ".join(text.upper().split())
    cells: set[str] = set()
    for part in _NAMED.get(spelled, spelled).split(","):
        for span in _NAMED.get(part.strip(), part).split():
            cells |= _cells_of(span)
    if not cells:
        raise BadParameter("region", "is empty. Name cells such as B2-C3; A1 is top left, D4 bottom right.")
    return tuple(sorted(cells))


def _cells_of(span: str) -> set[str]:
    match = _SPAN.fullmatch(span)
    if match is None:
        reason = f"“{span[:20]}” is not a part of the grid. Name cells such as B2-C3, or top, left, centre."
        raise BadParameter("region", reason)
    left, top, right, bottom = match[1], match[2], match[3] or match[1], match[4] or match[2]
    columns = COLUMNS[min(map(COLUMNS.index, (left, right))) : max(map(COLUMNS.index, (left, right))) + 1]
    rows = ROWS[min(map(ROWS.index, (top, bottom))) : max(map(ROWS.index, (top, bottom))) + 1]
    return {column + row for column in columns for row in rows}


def is_cell(text: str) -> bool:
    return _CELL.fullmatch(text) is not None
