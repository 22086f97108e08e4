"""A theme as a message: what its contests are about, and when the next one opens."""

from collections.abc import Iterator

from bots.presentation.compose.gatherings.parts import hint, state_notes
from bots.presentation.compose.gatherings.presenter import GatheringPresenter
from bots.presentation.message import Code, Command, Facts, Message, Part, PersonName, Spans, Time, Title
from bots.queries.gathering_view import GatheringView
from bots.texts.gatherings import all_kinds as common_texts
from bots.texts.gatherings import theme as texts
from bots.texts.translation import translate
from studio.gatherings.kinds.theme import next_subject, subjects_of


def compose_theme(view: GatheringView) -> Message:
    gathering = view.gathering
    subjects = subjects_of(gathering)
    title = translate(texts.SEVERAL) if len(subjects) > 1 else f"{translate(texts.NAME)}: {subjects[0]}"
    command = (Command("/hall"),)
    text = texts.HINT_OVER if gathering.is_over else texts.HINT
    parts: tuple[Part, ...] = (
        Title(title),
        *state_notes(view),
        hint(text, command=command),
        Facts(tuple(_facts(view))),
    )
    return Message(parts=parts, summary=title)


def _facts(view: GatheringView) -> Iterator[tuple[str, Spans]]:
    gathering = view.gathering
    subjects = subjects_of(gathering)
    if len(subjects) > 1:
        yield translate(texts.TURNS), (", ".join(subjects),)
    yield translate(texts.OPENS), (_times(view),)
    if gathering.round > 1:
        yield translate(texts.OPENED), (str(gathering.round - 1),)
    if gathering.phase_ends_at is not None and not gathering.is_stopped and not gathering.is_over:
        at = Time(gathering.phase_ends_at)
        named = (f"{next_subject(gathering)}, ", at)
        yield translate(texts.NEXT), named if len(subjects) > 1 else (at,)
    yield translate(common_texts.HOST), (PersonName(view.host),)
    yield translate(common_texts.ID), (Code(gathering.id),)


def _times(view: GatheringView) -> str:
    rules = view.gathering.rules
    every = str(rules.get("every", "week"))
    if at := rules.get("at"):
        return translate(texts.EVERY_AT[every], time=str(at))
    return translate(texts.EVERY[every])


PRESENTER = GatheringPresenter(name=texts.NAME, message=compose_theme, remarks=texts.REMARKS)
