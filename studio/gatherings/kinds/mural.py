"""Mural: one large picture, painted cell by cell from the middle outwards.

open → full, or ended by its clock. A cell: free → claimed → generating → choosing → held → set, or free again.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from math import ceil

from studio.db import queries
from studio.db.tables import PictureRow
from studio.domain.gatherings import Part, PartState
from studio.errors.gatherings import GatheringRefusedError, Refusal
from studio.gatherings.kind import GatheringKind, Turn, Verb
from studio.gatherings.kind_description import Act, Opening, Option, OptionKind, Outcome, Phase
from studio.gatherings.kinds.mural_grid import SIZES, MuralGrid, fit_cell
from studio.gatherings.kinds.mural_painting import CANDIDATES, grid_of, order_cell
from studio.gatherings.progress import lose_part

NAME = "mural"
OPEN, FULL = "open", "full"
SOFTLY, NEW = "softly", "new"
FIRST, SECOND = "first", "second"  # verbs: which candidate is taken
UNDO_WITHIN = timedelta(minutes=10)
_BUSY = (PartState.WANTED, PartState.GENERATING, PartState.CHOOSING)
_TURNS = (PartState.OFFERED, PartState.CLAIMED)
# Fewer do not wait for each other.
_CROWD, _CROWD_WITHIN = 3, timedelta(hours=1)


def _begin(turn: Turn, opening: Opening) -> None:
    """Raises `NotFoundError` for a picture out of reach."""
    grid = grid_of(turn.gathering)
    start = opening.rules.get("start")
    found = queries.find_picture(turn.session, str(start), viewer=opening.person) if start else None
    for number in range(1, grid.count + 1):
        if number != grid.middle:
            turn.add_part(state=PartState.FREE)
        elif found is None:
            whose = {"person_key": opening.person.key, "human": opening.human}
            turn.add_part(state=PartState.WANTED, claimed_at=turn.at, **whose)
        else:
            owner = queries.find_job(turn.session, found.job_id).person.key
            whose = {"person_key": owner, "human": turn.human_of(owner)}
            turn.add_part(state=PartState.SET, picture=found.id, **whose)
            turn.write_data(cell=list(fit_cell(found.width, found.height)))
    turn.set_clock(timedelta(seconds=int(opening.rules.get("ends", 7 * 86400))))


# ---- painting a cell


def _paint(turn: Turn, act: Act) -> Outcome:
    """Claim a cell and paint it. Who comes second is offered the next one."""
    grid = grid_of(turn.gathering)
    parts = turn.parts()
    chosen = _open_cell(turn, grid, parts, act)
    mine = [part for part in parts if part.human == act.human]
    own_turn = next((part for part in mine if part.state in _TURNS), None)
    retries = own_turn is not None and own_turn.ordinal == act.part and own_turn.state is PartState.CLAIMED
    if not retries:
        _require_turn(turn, grid, parts, mine)
    if own_turn is not None and own_turn.ordinal != act.part:
        lose_part(turn, own_turn)
    if chosen is None:
        return _offer_next(turn, act, grid, parts)
    claimed = turn.claim(chosen, human=act.human, person_key=act.person.key)
    turn.write_part_data(claimed, softly=act.option != NEW)
    values = {"cell": grid.name(act.part)}
    return Outcome(code="painting", values=values, paint=act.part, words=act.words)


def _open_cell(turn: Turn, grid: MuralGrid, parts: Sequence[Part], act: Act) -> Part | None:
    """The cell of an act; None where somebody was quicker. Raises `GatheringRefusedError` for one that is not open."""
    part = turn.part(act.part)
    if part is None:
        raise GatheringRefusedError("no_cell", kind=NAME)
    if part.state in _TURNS and part.human == act.human:
        return part
    if part.state is not PartState.FREE:
        return None
    if part.ordinal not in {cell.ordinal for cell in _open_cells(grid, parts)}:
        raise GatheringRefusedError("not_open", kind=NAME)
    first_is_missing = not any(found.state is PartState.SET for found in parts)
    if first_is_missing and not act.hosts:
        raise GatheringRefusedError("first_is_hosts", kind=NAME)
    return part


def _open_cells(grid: MuralGrid, parts: Sequence[Part]) -> Iterator[Part]:
    """Free cells next to a painted one."""
    painted = {part.ordinal for part in parts if part.state is PartState.SET}
    by_number = {part.ordinal: part for part in parts}
    for number in grid.opened_by(painted):
        if by_number[number].state is PartState.FREE:
            yield by_number[number]


def _require_turn(turn: Turn, grid: MuralGrid, parts: Sequence[Part], mine: Sequence[Part]) -> None:
    """Raises `GatheringRefusedError` for who has a cell in work, has painted a quarter, or painted a moment ago."""
    if any(part.state in _BUSY for part in mine):
        raise GatheringRefusedError("busy", kind=NAME)
    if sum(part.state not in _TURNS for part in mine) >= grid.most_each:
        raise GatheringRefusedError("quarter", kind=NAME, most=grid.most_each)
    claims = [part.claimed_at for part in mine if part.claimed_at and part.state not in _TURNS]
    if claims and _is_crowded(turn, parts):
        _require_pause(turn, max(claims))


def _require_pause(turn: Turn, last: datetime) -> None:
    """Raises `GatheringRefusedError`."""
    left = last + timedelta(seconds=_seconds(turn, "cooldown", 600)) - turn.at
    if left > timedelta():
        raise GatheringRefusedError("cooldown", kind=NAME, minutes=ceil(left / timedelta(minutes=1)))


def _is_crowded(turn: Turn, parts: Sequence[Part]) -> bool:
    lately = turn.at - _CROWD_WITHIN
    return len({part.human for part in parts if part.claimed_at and part.claimed_at > lately}) >= _CROWD


def _seconds(turn: Turn, rule: str, usual: int) -> int:
    return int(str(turn.row.rules.get(rule, usual)))


def _offer_next(turn: Turn, act: Act, grid: MuralGrid, parts: Sequence[Part]) -> Outcome:
    """The open cell nearest to the one that was wanted, for as long as a claim lasts. The words wait there."""
    cells = list(_open_cells(grid, parts))
    if not cells:
        raise GatheringRefusedError(Refusal.TAKEN)
    nearest = min(cells, key=lambda cell: (grid.distance(cell.ordinal, act.part), cell.ordinal))
    whose = {"human": act.human, "person_key": act.person.key}
    turn.change_part(nearest, PartState.OFFERED, lasts=KIND.claiming, text=act.words, **whose)
    values = {"taken": grid.name(act.part), "cell": grid.name(nearest.ordinal)}
    return Outcome(code="offered", values=values)


def _choose(turn: Turn, act: Act, number: int) -> Outcome:
    """Of the candidates, the one of that number."""
    part = turn.part(act.part)
    if part is None or part.human != act.human or part.state is not PartState.CHOOSING:
        raise GatheringRefusedError(Refusal.LATE)
    pictures = queries.pictures_of_job(turn.session, part.job or "")
    if len(pictures) < number:
        raise GatheringRefusedError(Refusal.GONE)
    after = turn.change_part(part, PartState.SET, picture=pictures[number - 1].id)
    _part_changed(turn, part, after)
    return Outcome(code="chosen", values={"cell": grid_of(turn.gathering).name(act.part)})


# ---- taking it back


def _undo(turn: Turn, act: Act) -> Outcome:
    """One's own latest cell."""
    grid, parts = grid_of(turn.gathering), turn.parts(PartState.SET)
    mine = [part for part in parts if part.human == act.human and part.changed_at and part.claimed_at]
    if not mine:
        raise GatheringRefusedError("nothing_to_undo", kind=NAME)
    latest = max(mine, key=lambda part: part.changed_at or turn.at)
    set_at = latest.changed_at or turn.at
    if set_at + UNDO_WITHIN < turn.at:
        raise GatheringRefusedError("undo_late", kind=NAME)
    beside = set(grid.beside(latest.ordinal))
    if any(part.ordinal in beside and part.changed_at and part.changed_at > set_at for part in parts):
        raise GatheringRefusedError("undo_built_on", kind=NAME)
    turn.change_part(latest, PartState.FREE)
    return Outcome(code="undone", values={"cell": grid.name(latest.ordinal)})


# ---- what happens by itself


def _part_changed(turn: Turn, _before: Part, after: Part) -> None:
    """A cell whose picture is gone is free again; the last one makes it full."""
    match after.state:
        case PartState.REMOVED:
            turn.change_part(after, PartState.FREE)
        case PartState.CHOOSING:
            cell = grid_of(turn.gathering).name(after.ordinal)
            turn.remark("choose", person=after.person_key, cell=cell)
        case PartState.SET:
            _write_size(turn, after)
            if len(turn.parts(PartState.SET)) == grid_of(turn.gathering).count and turn.row.state == OPEN:
                turn.move(FULL)


def _write_size(turn: Turn, part: Part) -> None:
    """The first cell says how large all are."""
    row = turn.session.get(PictureRow, part.picture) if part.picture else None
    if row is not None and "cell" not in turn.row.data:
        turn.write_data(cell=list(fit_cell(row.width, row.height)))


def _phase_ended(turn: Turn) -> None:
    turn.end()


KIND = GatheringKind(
    name=NAME,
    command="mural",
    summary="Paint one large picture together, cell by cell.",
    example="/mural an island in the clouds --size 6x4 --ends 7d",
    phases={OPEN: Phase(follows=frozenset({FULL})), FULL: Phase(is_over=True)},
    first=OPEN,
    options=(
        Option(name="theme", kind=OptionKind.WORDS, summary="What it shows.", required=True, max_length=200),
        Option(
            name="size",
            kind=OptionKind.CHOICE,
            summary="How many cells across and down.",
            default="6x4",
            choices=SIZES,
        ),
        Option(name="style", kind=OptionKind.STYLE, summary="The style of all cells."),
        Option(name="model", kind=OptionKind.MODEL, summary="The model that paints all cells."),
        Option(
            name="cooldown",
            kind=OptionKind.DURATION,
            summary="How long a person waits after a cell while at least three take part.",
            default=600,
            minimum=60,
            maximum=24 * 3600,
        ),
        Option(
            name="ends",
            kind=OptionKind.DURATION,
            summary="When it ends, full or not.",
            default=7 * 24 * 3600,
            minimum=3600,
            maximum=30 * 24 * 3600,
        ),
        Option(name="start", kind=OptionKind.PICTURE, summary="A picture for the first cell."),
    ),
    verbs={
        "paint": Verb(handle=_paint, states=frozenset({OPEN})),
        "undo": Verb(handle=_undo, states=frozenset({OPEN})),
        FIRST: Verb(handle=lambda turn, act: _choose(turn, act, 1), states=frozenset({OPEN})),
        SECOND: Verb(handle=lambda turn, act: _choose(turn, act, CANDIDATES), states=frozenset({OPEN})),
    },
    begin=_begin,
    phase_ended=_phase_ended,
    part_changed=_part_changed,
    order=order_cell,
    choosing=timedelta(minutes=10),
)
