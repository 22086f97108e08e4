"""What of a mural is drawn: which cells, from which files. Pillow is loaded once something is drawn."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from bots.presentation.compose.gatherings.presenter import Drawing
from bots.queries.gathering_view import GatheringView, PartView
from bots.texts.gatherings.all_kinds import REMOVED_TILE
from bots.texts.translation import translate
from studio.commands.button_ids import Button as ButtonId
from studio.domain.gatherings import PartState
from studio.gatherings.kinds.mural_grid import MuralGrid
from studio.gatherings.kinds.mural_painting import grid_of
from studio.ports import Ports

if TYPE_CHECKING:
    from bots.drawing.mural_map import MuralPlan, MuralTile

# Names of images; the last three are verbs of buttons as well.
MAP, DETAIL, CANDIDATES, LOOK, STORY, LINEAGE = "map", "detail", "candidate", "look", "story", "lineage"
MOST_SIDE = 2048  # pixels of a map
_DETAIL_SIDE = 1536
_USUAL_CELL = 256  # pixels, before the first cell is there


def painted_cells(view: GatheringView) -> list[PartView]:
    return [found for found in view.parts if found.part.state is PartState.SET and found.picture]


def story_cells(view: GatheringView) -> list[PartView]:
    """Those that are painted, in the order in which they were."""
    return sorted(
        painted_cells(view),
        key=lambda found: (
            (found.part.claimed_at or view.gathering.opened_at).timestamp(),
            found.part.ordinal,
        ),
    )


def open_cells(view: GatheringView) -> list[PartView]:
    """Free cells next to a painted one, nearest to the middle first."""
    set_cells = {found.part.ordinal for found in view.parts if found.part.state is PartState.SET}
    found = (view.part(number) for number in grid_of(view.gathering).opened_by(set_cells))
    return [cell for cell in found if cell is not None and cell.part.state is PartState.FREE]


def centre_of(view: GatheringView, press: ButtonId) -> int:
    """The cell in whose middle a person looks: the one they asked for, else the latest."""
    if view.part(press.part) is not None:
        return press.part
    return story_cells(view)[-1].part.ordinal


def cells_in_detail(view: GatheringView, centre: int) -> list[PartView]:
    """A cell and those around it, in order."""
    numbers = sorted([centre, *(number for _, number in grid_of(view.gathering).around(centre))])
    return [found for number in numbers if (found := view.part(number)) is not None]


def draw_mural(ports: Ports, view: GatheringView, limit_bytes: int) -> Mapping[str, Drawing]:
    from bots.drawing.mural_map import draw_map

    plan = _plan(view, view.parts, most_side=MOST_SIDE)
    return {MAP: _fit(ports, draw_map(plan, ports.store, most_side=MOST_SIDE), limit_bytes)}


def draw_mural_panel(
    ports: Ports, view: GatheringView, press: ButtonId, limit_bytes: int
) -> Mapping[str, Drawing]:
    from bots.drawing.mural_map import draw_map, draw_story

    if press.verb not in (LOOK, STORY, LINEAGE) or not painted_cells(view):
        return {}
    if press.verb == LINEAGE:
        return {LINEAGE: _fit(ports, _draw_lineage(ports, view), limit_bytes)}
    if press.verb == LOOK:
        cells = cells_in_detail(view, centre_of(view, press))
        plan = _plan(view, cells, most_side=_DETAIL_SIDE)
        return {DETAIL: _fit(ports, draw_map(plan, ports.store, most_side=_DETAIL_SIDE), limit_bytes)}
    plan = _plan(view, view.parts, most_side=MOST_SIDE)
    numbers = [found.part.ordinal for found in story_cells(view)]
    painted = [plan.tiles[number - 1] for number in numbers]
    story = draw_story(plan, painted, ports.store, limit_bytes=limit_bytes)
    return {STORY: Drawing(data=story, suffix=".gif")} if story else {}


def _draw_lineage(ports: Ports, view: GatheringView) -> bytes:
    from bots.drawing.mural_lineage import draw_mural_lineage

    grid = grid_of(view.gathering)
    plan = _plan(view, view.parts, most_side=MOST_SIDE)
    cells = [
        (plan.tiles[found.part.ordinal - 1], f"{grid.name(found.part.ordinal)} {name_of(found)}".strip())
        for found in painted_cells(view)
    ]
    return draw_mural_lineage(plan, cells, ports.store)


def name_of(found: PartView) -> str:
    """Of who painted a cell; empty where nobody is named any more."""
    return found.person.display_name if found.person else ""


def stream_mural(ports: Ports, view: GatheringView) -> tuple[Iterator[bytes], str]:
    from bots.drawing.mural_map import stream_whole

    return stream_whole(_plan(view, view.parts, most_side=None), ports.store), "image/png"


def _fit(ports: Ports, png: bytes, limit_bytes: int) -> Drawing:
    data, suffix = ports.image_tools.fit(png, limit_bytes=limit_bytes)
    return Drawing(data=data, suffix=suffix)


def _plan(view: GatheringView, cells: Sequence[PartView], *, most_side: int | None) -> "MuralPlan":
    """These cells as a rectangle of their own. `most_side` (pixels) chooses small files where they do."""
    from bots.drawing.mural_map import MuralPlan

    grid = grid_of(view.gathering)
    places = [grid.place(found.part.ordinal) for found in cells]
    left, top = min(column for column, _ in places), min(row for _, row in places)
    columns = max(column for column, _ in places) - left + 1
    rows = max(row for _, row in places) - top + 1
    cell = view.gathering.data.get("cell")
    size = (int(cell[0]), int(cell[1])) if isinstance(cell, list) else (_USUAL_CELL, _USUAL_CELL)
    whole = MuralPlan(columns=columns, rows=rows, cell=size, tiles=())
    least = max(whole.scaled_cell(most_side)) if most_side else None
    opened = {found.part.ordinal for found in open_cells(view)}
    tiles = tuple(
        _tile(view, grid, found, (column - left, row - top), least=least, opened=opened)
        for found, (column, row) in zip(cells, places, strict=True)
    )
    return MuralPlan(columns=columns, rows=rows, cell=size, tiles=tiles)


def _tile(
    view: GatheringView,
    grid: MuralGrid,
    found: PartView,
    place: tuple[int, int],
    *,
    least: int | None,
    opened: set[int],
) -> "MuralTile":
    from bots.drawing.mural_map import MuralTile

    shown = found.picture if found.part.state is PartState.SET else None
    is_open = found.part.ordinal in opened and not view.gathering.is_over
    in_work = found.part.state not in (PartState.FREE, PartState.SET, PartState.SKIPPED, PartState.REMOVED)
    label = grid.name(found.part.ordinal) if is_open or in_work else ""
    if found.part.state is PartState.SET and found.picture is None:
        label = translate(REMOVED_TILE)
    return MuralTile(
        column=place[0],
        row=place[1],
        key=_file_of(found, least) if shown else None,
        label=f"{label} …" if in_work else label,
        is_open=is_open,
        pixelated=found.pixelated,
    )


def _file_of(found: PartView, least: int | None) -> str | None:
    """The smallest file with at least so many pixels a side; None: the picture itself."""
    if found.picture is None:
        return None
    sides = [side for side in found.picture.thumbnail_keys if least is not None and side >= least]
    return found.picture.thumbnail_keys[min(sides)] if sides else found.picture.key
