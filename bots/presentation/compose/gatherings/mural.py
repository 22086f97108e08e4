"""A mural as a message: its map, what is open, and what one person sees of it closer."""

from collections.abc import Iterator
from dataclasses import replace

from bots.presentation.compose.gatherings.mural_drawings import (
    CANDIDATES,
    DETAIL,
    LINEAGE,
    MAP,
    STORY,
    cells_in_detail,
    centre_of,
    draw_mural,
    draw_mural_panel,
    open_cells,
    painted_cells,
    story_cells,
    stream_mural,
)
from bots.presentation.compose.gatherings.mural_lineage import compose_mural_lineage, lineage_button
from bots.presentation.compose.gatherings.parts import (
    common_facts,
    gather_button,
    gather_form,
    hint,
    name_people,
    part_image,
    state_notes,
)
from bots.presentation.compose.gatherings.presenter import GatheringPresenter
from bots.presentation.compose.parts.buttons import rows_of
from bots.presentation.form_model import Choice, Field, FieldKind, Form
from bots.presentation.message import (
    Audience,
    Button,
    ButtonRow,
    Facts,
    FileKind,
    Image,
    Images,
    Message,
    Note,
    Paragraph,
    Part,
    PersonName,
    Spans,
    Time,
    Title,
    Tone,
)
from bots.presentation.spans import sentence
from bots.queries.gathering_view import GatheringView, PartView
from bots.texts.gatherings import all_kinds as common_texts
from bots.texts.gatherings import mural as texts
from bots.texts.translation import translate, translate_plural
from studio.commands.button_ids import Action
from studio.commands.button_ids import Button as ButtonId
from studio.domain.gatherings import PartState
from studio.errors.gatherings import GatheringRefusedError
from studio.gatherings.kinds.mural import FIRST, FULL, NAME, NEW, OPEN, SECOND, SOFTLY
from studio.gatherings.kinds.mural_painting import grid_of

_MOST_CELLS = 25  # choices of a select
_MOST_OPEN_NAMED = 12
_LATELY, _MOST_NAMED = 5, 20
_OWN_TURNS = (PartState.OFFERED, PartState.CLAIMED)
_DIRECTIONS = {"left": (-1, 0), "up": (0, -1), "down": (0, 1), "right": (1, 0)}


def compose_mural(view: GatheringView) -> Message:
    painted, grid = painted_cells(view), grid_of(view.gathering)
    is_open = view.gathering.state == OPEN
    parts: list[Part] = [Title(_title(view)), *state_notes(view)]
    parts += [_hint(view)] if is_open else []
    image = Image(name=MAP, alt_text=_alt_text(view), kind=FileKind.DRAWING)
    parts.append(Images(images=(image,), spoiler=any(found.spoiler for found in view.parts)))
    if view.gathering.is_over:
        ending = texts.FULL if view.gathering.state == FULL else texts.ENDED
        parts.append(Note(spans=sentence(ending), tone=Tone.SUCCESS))
    parts.append(Facts(tuple(_facts(view, painted, grid.count))))
    tone = Tone.SUCCESS if view.gathering.is_over else Tone.NEUTRAL
    return Message(parts=tuple(parts), rows=_rows(view, painted), tone=tone, summary=_title(view))


def _title(view: GatheringView) -> str:
    theme = str(view.gathering.rules.get("theme", ""))
    return translate(texts.TITLE, theme=theme) if theme else translate(texts.UNTITLED)


def _hint(view: GatheringView) -> Paragraph:
    if painted_cells(view):
        return hint(texts.HINT)
    if any(found.part.state is not PartState.FREE for found in view.parts):
        return hint(texts.FIRST_IS_PAINTED)
    return hint(texts.FIRST_IS_MISSING, host=(PersonName(view.host),))


def _alt_text(view: GatheringView) -> str:
    grid = grid_of(view.gathering)
    values = {"painted": len(painted_cells(view)), "cells": grid.count}
    names = [grid.name(found.part.ordinal) for found in open_cells(view)]
    if not names or view.gathering.state != OPEN:
        return translate(texts.ALT_TEXT, **values)
    shown = ", ".join(names[:_MOST_OPEN_NAMED]) + (" …" if len(names) > _MOST_OPEN_NAMED else "")
    return translate(texts.ALT_TEXT_OPEN, **values, open=shown)


def _facts(view: GatheringView, painted: list[PartView], cells: int) -> Iterator[tuple[str, Spans]]:
    yield (
        translate(texts.PROGRESS),
        (translate(texts.COUNT, painted=len(painted), cells=cells),),
    )
    people = list(
        {found.person.key: found.person for found in reversed(story_cells(view)) if found.person}.values()
    )
    if people and view.gathering.is_over:
        yield translate(texts.EVERYBODY), name_people(people, most=_MOST_NAMED)
    elif people:
        yield translate(texts.LATELY), name_people(people[:_LATELY], most=_LATELY)
    held = sum(found.part.state is PartState.HELD for found in view.parts)
    if held and not view.gathering.is_over:
        yield translate(common_texts.STATE), (translate_plural(*texts.WAITS, held),)
    yield from common_facts(view)


def _rows(view: GatheringView, painted: list[PartView]) -> tuple[ButtonRow, ...]:
    first: list[Button] = []
    if view.gathering.state == OPEN:
        label = translate(texts.PAINT)
        paint = gather_button(view, "paint", label, action=Action.GATHER_ASK, tone=Tone.SUCCESS)
        first.append(replace(paint, disabled=not open_cells(view)))
        if any(found.part.state is PartState.CHOOSING for found in view.parts):
            first.append(gather_button(view, "choose", translate(texts.CHOOSE), action=Action.GATHER_SHOW))
    second: list[Button] = []
    if painted:
        second.append(gather_button(view, "look", translate(texts.LOOK), action=Action.GATHER_SHOW))
        second.append(gather_button(view, "story", translate(texts.STORY), action=Action.GATHER_SHOW))
    if view.gathering.is_over and painted:
        second.append(lineage_button(view.gathering))
    if view.gathering.state == OPEN and painted:
        second.append(gather_button(view, "undo", translate(texts.UNDO)))
    return (*rows_of(first), *rows_of(second))


# ---- the form


def _form(view: GatheringView, press: ButtonId) -> Form:
    """Raises `GatheringRefusedError` while no cell is open."""
    cells = _cells_to_choose(view)
    if not cells:
        raise GatheringRefusedError("no_open", kind=NAME)
    own = next((found.part for found in view.parts if _is_own_turn(view, found)), None)
    how = ((SOFTLY, texts.SOFTLY), (NEW, texts.NEW))
    fields = (
        Field(
            name="part",
            kind=FieldKind.CHOICE,
            label=translate(texts.CELL_FIELD),
            required=True,
            initial=cells[0].value,
            choices=tuple(cells),
        ),
        Field(
            name="words",
            kind=FieldKind.TEXT,
            label=translate(texts.WORDS_FIELD),
            required=True,
            initial=own.text if own else "",
            max_length=300,
        ),
        Field(
            name="option",
            kind=FieldKind.CHOICE,
            label=translate(texts.HOW_FIELD),
            initial=SOFTLY,
            choices=tuple(Choice(value=value, label=translate(label)) for value, label in how),
        ),
    )
    return gather_form(press, translate(texts.FORM_TITLE), *fields, submit=translate(texts.FORM_SUBMIT))


def _is_own_turn(view: GatheringView, found: PartView) -> bool:
    human = view.reader.human if view.reader else None
    return found.part.state in _OWN_TURNS and found.part.human == human


def _cells_to_choose(view: GatheringView) -> list[Choice]:
    """The reader's own cell, then the open ones, nearest to what they painted before, else to what was painted last."""
    grid = grid_of(view.gathering)
    own = [found for found in view.parts if _is_own_turn(view, found)]
    human = view.reader.human if view.reader else None
    story = story_cells(view)
    before = [found for found in story if found.part.human == human] or story
    nearest = before[-1].part.ordinal if before else grid.middle
    others = sorted(open_cells(view), key=lambda found: grid.distance(found.part.ordinal, nearest))
    choices = [
        Choice(value=str(number), label=translate(msgid, cell=grid.name(number)))
        for msgid, cells in ((texts.YOUR_CELL, own), (texts.CELL, others))
        for number in (found.part.ordinal for found in cells)
    ]
    return choices[:_MOST_CELLS]


# ---- for one person


def _panel(view: GatheringView, press: ButtonId) -> Message:
    match press.verb:
        case "look" if painted_cells(view):
            return _look(view, press)
        case "story" if painted_cells(view):
            return _story(view)
        case verb if verb == LINEAGE and painted_cells(view):
            return compose_mural_lineage(view)
        case "choose":
            return _candidates(view)
        case _:
            return _plain(texts.NO_STORY)


def _private(title: str, *parts: Part, rows: tuple[ButtonRow, ...] = ()) -> Message:
    return Message(parts=(Title(title), *parts), rows=rows, audience=Audience.PERSON, summary=title)


def _plain(msgid: str) -> Message:
    note = Note(spans=sentence(msgid))
    return Message(parts=(note,), audience=Audience.PERSON, summary=translate(msgid))


def _look(view: GatheringView, press: ButtonId) -> Message:
    """Nine cells around one, with buttons to the sides."""
    grid = grid_of(view.gathering)
    centre = centre_of(view, press)
    cells = cells_in_detail(view, centre)
    first, last = (grid.name(cells[index].part.ordinal) for index in (0, -1))
    alt_text = translate(texts.DETAIL, first=first, last=last)
    image = Image(name=DETAIL, alt_text=alt_text, kind=FileKind.DRAWING)
    beside = {place: number for place, number in grid.around(centre) if 0 in place}
    buttons = [
        gather_button(view, "look", texts.DIRECTIONS[name], part=beside[side], action=Action.GATHER_SHOW)
        for name, side in _DIRECTIONS.items()
        if side in beside
    ]
    shown = Images(images=(image,), spoiler=any(found.spoiler for found in cells))
    title = translate(texts.LOOK_TITLE, cell=grid.name(centre))
    return _private(title, shown, rows=rows_of(buttons))


def _story(view: GatheringView) -> Message:
    image = Image(name=STORY, alt_text=translate(texts.STORY_ALT_TEXT), kind=FileKind.DRAWING, suffix=".gif")
    spoiler = any(found.spoiler for found in view.parts)
    return _private(translate(texts.STORY_TITLE), Images(images=(image,), spoiler=spoiler))


def _candidates(view: GatheringView) -> Message:
    human = view.reader.human if view.reader else None
    mine = next((found for found in view.parts if found.candidates and found.part.human == human), None)
    if mine is None:
        return _plain(texts.NOTHING_TO_CHOOSE)
    ordinal = mine.part.ordinal
    cell = grid_of(view.gathering).name(ordinal)
    images = tuple(
        part_image(
            mine,
            translate(texts.CANDIDATE, number=number, cell=cell),
            name=f"{CANDIDATES}{number}",
            picture=picture,
        )
        for number, picture in enumerate(mine.candidates[:2], 1)
    )
    buttons = [
        gather_button(view, verb, str(number), part=ordinal)
        for number, verb in enumerate((FIRST, SECOND)[: len(images)], 1)
    ]
    parts: list[Part] = [Images(images=images, spoiler=mine.spoiler)]
    if mine.part.deadline is not None:
        parts.append(hint(texts.CHOOSE_HINT, when=(Time(mine.part.deadline),)))
    return _private(translate(texts.CHOOSE_TITLE, cell=cell), *parts, rows=rows_of(buttons))


def _part_name(view: GatheringView, ordinal: int) -> str:
    return translate(texts.CELL, cell=grid_of(view.gathering).name(ordinal))


PRESENTER = GatheringPresenter(
    name=texts.NAME,
    message=compose_mural,
    form=_form,
    panel=_panel,
    draw=draw_mural,
    draw_panel=draw_mural_panel,
    whole=stream_mural,
    whole_label=texts.WHOLE,
    outcomes=texts.OUTCOMES,
    refusals=texts.REFUSALS,
    remarks=texts.REMARKS,
    part_name=_part_name,
)
