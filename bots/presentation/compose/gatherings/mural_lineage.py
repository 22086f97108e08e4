"""The lineage of a finished mural: its cells are the parents of the whole, and everybody who painted one is named."""

from bots.presentation.compose.gatherings.mural_drawings import LINEAGE, painted_cells
from bots.presentation.message import (
    Audience,
    Button,
    FileKind,
    Image,
    Images,
    Message,
    Paragraph,
    Part,
    PersonName,
    Small,
    Spans,
    Title,
)
from bots.presentation.spans import join_list, plain_text, sentence
from bots.queries.gathering_view import GatheringView, PartView
from bots.texts.gatherings import all_kinds as common_texts
from bots.texts.gatherings import mural as texts
from bots.texts.translation import translate, translate_plural
from studio.commands.button_ids import Action
from studio.commands.results import Whole
from studio.domain.gatherings import Gathering
from studio.gatherings.kinds.mural_painting import grid_of


def lineage_button(gathering: Gathering, label: str = texts.LINEAGE) -> Button:
    return Button(
        action=Action.GATHER_SHOW,
        target=gathering.id,
        verb=LINEAGE,
        round=gathering.round,
        label=translate(label),
    )


def compose_mural_lineage(view: GatheringView) -> Message:
    """For one person. It may be asked for while the mural is painted, too."""
    cells = painted_cells(view)
    painters = _by_painter(cells)
    title = translate(texts.LINEAGE_TITLE, theme=str(view.gathering.rules.get("theme", "")))
    count = translate_plural(*texts.CELLS, len(cells))
    summary = sentence(texts.MADE_OF, cells=count, people=join_list([name for name, _ in painters]))
    alt_text = translate(texts.LINEAGE_ALT_TEXT, summary=plain_text(summary))
    image = Image(name=LINEAGE, alt_text=alt_text, kind=FileKind.DRAWING)
    grid = grid_of(view.gathering)
    parts: list[Part] = [
        Title(title),
        Images(images=(image,), spoiler=any(found.spoiler for found in cells)),
        Paragraph(summary),
    ]
    for name, theirs in painters:
        names = ", ".join(grid.name(found.part.ordinal) for found in theirs)
        parts.append(Small(sentence(texts.CREDIT, person=name, cells=names)))
    return Message(parts=tuple(parts), audience=Audience.PERSON, summary=title)


def describe_whole(whole: Whole) -> Spans:
    """Which cell of which mural a picture is."""
    gathering = whole.gathering
    people = join_list([(PersonName(person),) for person in whole.people])
    theme, cell = str(gathering.rules.get("theme", "")), grid_of(gathering).name(whole.ordinal)
    return sentence(texts.PART_OF, cell=cell, theme=theme, people=people)


def _by_painter(cells: list[PartView]) -> list[tuple[Spans, list[PartView]]]:
    """In the order of their first cells. Who was forgotten has no name."""
    found: dict[str, list[PartView]] = {}
    for cell in cells:
        found.setdefault(cell.person.key if cell.person else "", []).append(cell)
    return [(_name(theirs[0]), theirs) for theirs in found.values()]


def _name(cell: PartView) -> Spans:
    return (PersonName(cell.person),) if cell.person else (translate(common_texts.SOMEBODY),)
