"""What is said of a gathering once, in its thread or to one person."""

from bots.presentation.compose.gatherings.registry import find_presenter
from bots.presentation.message import Message, Paragraph, PersonName, Spans
from bots.presentation.spans import plain_text, sentence
from bots.queries.gathering_view import GatheringView
from bots.texts.gatherings import all_kinds as texts
from bots.texts.translation import translate
from studio.domain.events import GatheringRemark
from studio.domain.people import Person


def compose_remark(view: GatheringView, remark: GatheringRemark, person: Person | None) -> Message:
    """A sentence of the gathering's kind. ``{person}`` in it is who is named, "somebody" where they are gone."""
    presenter = find_presenter(view.gathering.kind)
    if presenter.remark is not None:
        return presenter.remark(view, remark)
    who: Spans = (PersonName(person),) if person else (translate(texts.SOMEBODY),)
    values = dict(remark.values)
    if remark.code == "removed":
        values["part"] = presenter.part_name(view, int(values["part"]))
    spans = sentence({**texts.REMARKS, **presenter.remarks}[remark.code], person=who, **values)
    rows = presenter.remark_rows(view, remark)
    return Message(parts=(Paragraph(spans),), rows=rows, summary=plain_text(spans))
