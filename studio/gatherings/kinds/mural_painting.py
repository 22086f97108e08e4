"""What the job of a mural's cell is asked to paint: the cell between its neighbours."""

import secrets
from collections.abc import Mapping, Sequence

from studio.db import queries
from studio.db.gatherings import part_rows
from studio.db.identities.people import find_person
from studio.db.tables import PictureRow
from studio.domain.gatherings import Gathering, Part, PartState
from studio.domain.pictures import Picture
from studio.domain.requests import MAX_SEED, MuralCell, Operation, PaintRequest, Source
from studio.gatherings.kind_description import Order
from studio.gatherings.kinds.mural_grid import MuralGrid
from studio.ports import Ports

CANDIDATES = 2
# So many words of each neighbour's are in the prompt, the nearest first: that is their weight.
_WORDS_SOFTLY, _WORDS_NEW = (8, 5, 3, 2), (4, 2)
_FORGOTTEN = "…"  # the theme, once its host was forgotten


def grid_of(gathering: Gathering) -> MuralGrid:
    return MuralGrid.of(gathering.rules["size"])


def order_cell(ports: Ports, gathering: Gathering, part: Part) -> Order:
    """Raises `NotFoundError` for somebody who was forgotten."""
    with ports.database.read() as session:
        parts = part_rows.parts_of(session, gathering.id)
        painted = {
            found.ordinal: found
            for found in parts
            if found.state is PartState.SET and found.ordinal != part.ordinal
        }
        rows = {number: session.get(PictureRow, found.picture) for number, found in painted.items()}
        pictures = {
            number: queries.picture_of(row)
            for number, row in rows.items()
            if row is not None and row.deleted_at is None
        }
        people = {
            number: queries.began_with_person(session, found.job_id) for number, found in pictures.items()
        }
        person = find_person(session, part.person_key or "")
    sources = {number: _source(found, shows_person=people[number]) for number, found in pictures.items()}
    count = min(CANDIDATES, ports.gate.allowance(person).max_pictures)
    request = _request(gathering, part, painted, sources, count=count)
    return Order(command=str(request.operation), request=request)


def _request(
    gathering: Gathering,
    part: Part,
    painted: Mapping[int, Part],
    sources: Mapping[int, Source],
    *,
    count: int,
) -> PaintRequest:
    grid, rules = grid_of(gathering), gathering.rules
    cell = gathering.data.get("cell")
    width, height = (int(cell[0]), int(cell[1])) if isinstance(cell, list) else (None, None)
    around = [(place, number) for place, number in grid.around(part.ordinal) if number in sources]
    softly = part.data.get("softly") is not False
    mural_cell = None
    shown: tuple[Source, ...] = ()
    pixels = None
    if sources and width and height:
        first = min(sources, key=lambda number: (grid.distance(number, grid.middle), number))
        shown = (*(sources[number] for _, number in around), sources[first])
        words = part.text if softly else _join(_theme(rules), part.text)
        places = (*(place for place, _ in around), (0, 0))
        pixels = _canvas_pixels(width, height, places)
        mural_cell = MuralCell(places=places, words=words, softly=softly)
    return PaintRequest(
        operation=Operation.EXPAND if mural_cell else Operation.IMAGINE,
        seed=secrets.randbelow(MAX_SEED + 1),
        prompt=_prompt(rules, part, [painted[number] for number in _nearest(around)], softly=softly),
        count=count,
        model=_optional(rules, "model"),
        style=_optional(rules, "style"),
        width=width,
        height=height,
        aspect=None if width else "1:1",
        sources=shown,
        pixels=pixels,
        mural_cell=mural_cell,
    )


def _source(picture: Picture, *, shows_person: bool) -> Source:
    return Source(
        key=picture.source_key,
        picture_id=picture.id,
        width=picture.width,
        height=picture.height,
        shows_person=shows_person,
    )


def _nearest(around: Sequence[tuple[tuple[int, int], int]]) -> list[int]:
    """Those that share a side before those that share a corner."""
    return [number for place, number in sorted(around, key=lambda found: abs(found[0][0]) + abs(found[0][1]))]


def _prompt(rules: Mapping[str, object], part: Part, neighbours: Sequence[Part], *, softly: bool) -> str:
    """Theme, words and the neighbours' words; of each further neighbour less."""
    lengths = _WORDS_SOFTLY if softly else _WORDS_NEW
    others = (" ".join(near.text.split()[:most]) for near, most in zip(neighbours, lengths, strict=False))
    return _join(_theme(rules), part.text, *others)


def _join(*texts: str) -> str:
    return ", ".join(dict.fromkeys(text.strip() for text in texts if text.strip()))


def _theme(rules: Mapping[str, object]) -> str:
    theme = str(rules.get("theme", ""))
    return "" if theme == _FORGOTTEN else theme


def _optional(rules: Mapping[str, object], name: str) -> str | None:
    return str(rules[name]) if rules.get(name) else None


def _canvas_pixels(width: int, height: int, places: Sequence[tuple[int, int]]) -> int:
    """Half a cell more on each side with a neighbour."""
    wide = 2 + sum((across, 0) in places for across in (-1, 1))
    tall = 2 + sum((0, down) in places for down in (-1, 1))
    return width * wide // 2 * (height * tall // 2)
