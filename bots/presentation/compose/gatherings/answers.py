"""What came of opening a gathering, of an act in one, and of asking for a list; and why something was refused."""

from bots.presentation.compose.gatherings.registry import PRESENTERS
from bots.presentation.message import (
    Audience,
    Button,
    ButtonRow,
    ChannelName,
    Code,
    Command,
    Message,
    Paragraph,
    Part,
    Spans,
    Time,
    Title,
)
from bots.presentation.spans import plain_text, sentence
from bots.texts.gatherings import all_kinds as texts
from bots.texts.translation import translate
from studio.commands.button_ids import Action
from studio.commands.gathering_results import GatheringActed, GatheringOpened, GatheringsListed
from studio.domain.gatherings import Gathering
from studio.errors.gatherings import GatheringMovedError, GatheringRefusedError

_MOST_LISTED = 5


def compose_gathering_answer(answer: GatheringOpened | GatheringActed | GatheringsListed) -> Message:
    match answer:
        case GatheringOpened(channel=channel) if channel:
            where, code = ChannelName(channel), Code(answer.gathering_id)
            return _one(sentence(texts.OPENED_ELSEWHERE, channel=where, id=code))
        case GatheringOpened():
            return _one(sentence(texts.OPENED_HERE, id=Code(answer.gathering_id)))
        case GatheringActed():
            return _one(explain_outcome(answer))
        case GatheringsListed():
            return _list(answer)


def explain_outcome(answer: GatheringActed) -> Spans:
    presenter = PRESENTERS.get(answer.gathering.kind)
    sentences = {**texts.OUTCOMES, **(presenter.outcomes if presenter else {})}
    return sentence(sentences.get(answer.code, texts.ENDED), **answer.values)


def explain_refusal(error: GatheringRefusedError | GatheringMovedError) -> Spans:
    if isinstance(error, GatheringMovedError):
        return sentence(texts.MOVED)
    presenter = PRESENTERS.get(error.kind)
    refusals = {**texts.REFUSALS, **(presenter.refusals if presenter else {})}
    values = {name: value if isinstance(value, int) else str(value) for name, value in error.values.items()}
    return sentence(refusals.get(error.reason, texts.REFUSALS["unknown"]), **values)


def _one(spans: Spans) -> Message:
    return Message(parts=(Paragraph(spans),), audience=Audience.PERSON, summary=plain_text(spans))


def _list(answer: GatheringsListed) -> Message:
    """Each with a button that shows it to the reader, who can take part there."""
    shown = [found for found in answer.gatherings if found.kind in PRESENTERS][:_MOST_LISTED]
    if not shown:
        return _one(sentence(texts.NOTHING_OPEN, command=Command("/help")))
    parts: list[Part] = [Title(translate(texts.LISTED))]
    parts += [
        Paragraph((f"{number}. ", *_entry(found, elsewhere=found.id in answer.elsewhere)))
        for number, found in enumerate(shown, 1)
    ]
    buttons = tuple(
        Button(action=Action.GATHER_SHOW, target=found.id, verb="open", round=found.round, label=str(number))
        for number, found in enumerate(shown, 1)
    )
    return Message(
        parts=tuple(parts),
        rows=(ButtonRow(buttons=buttons),),
        audience=Audience.PERSON,
        summary=translate(texts.LISTED),
    )


def _entry(found: Gathering, *, elsewhere: bool) -> Spans:
    """Channels of another platform have no names here."""
    name, since = translate(PRESENTERS[found.kind].name), Time(found.opened_at)
    if elsewhere:
        platform = translate(texts.PLATFORMS[found.address.platform])
        return sentence(
            texts.LIST_ENTRY_ELSEWHERE, name=name, id=Code(found.id), platform=platform, since=since
        )
    channel = ChannelName(found.address.channel)
    return sentence(texts.LIST_ENTRY, name=name, id=Code(found.id), channel=channel, since=since)
