"""What went wrong, as a message for the person who asked."""

from dataclasses import replace

from bots.presentation.actions import label
from bots.presentation.compose.gatherings.answers import explain_refusal
from bots.presentation.compose.gatherings.presenter import OPEN
from bots.presentation.compose.parts.buttons import button
from bots.presentation.message import (
    Audience,
    Button,
    ButtonRow,
    ChannelName,
    Command,
    Message,
    Note,
    Part,
    Preformatted,
    Span,
    Spans,
    Tone,
)
from bots.presentation.spans import plain_text, sentence, with_commands
from bots.texts import errors
from bots.texts.coded.sentences import say
from bots.texts.translation import translate
from studio.commands.button_ids import NO_TARGET, Action
from studio.errors import (
    BadParameterError,
    ChatelierError,
    PolicyRefusalError,
    ServiceError,
    UnknownCommandError,
    WrongChannelError,
)
from studio.errors.gatherings import GatheringMovedError, GatheringRefusedError
from studio.parsing.text_cleaning import point_at

_MOST_CHANNELS = 10


def compose_error(error: ChatelierError) -> Message:
    """With carets under the part of what was typed that is wrong, and a button where the person may appeal, or may
    look at what happened in a gathering meanwhile.
    """
    spans = explain(error)
    parts: list[Part] = [Note(spans=spans, tone=_tone_of(error))]
    if pointed := pointer(error):
        parts.append(Preformatted(pointed))
    job_id = error.job_id if isinstance(error, PolicyRefusalError) else None
    buttons = [button(Action.APPEAL, job_id)] if job_id else []
    if isinstance(error, BadParameterError) and error.parameter == "title":  # only contests have one
        buttons.append(button(Action.CONTEST, NO_TARGET))
    if isinstance(error, GatheringRefusedError) and error.gathering_id:
        show = Button(action=Action.GATHER_SHOW, target=error.gathering_id, verb=OPEN)
        buttons.append(replace(show, label=label(Action.GATHER_SHOW)))
    return Message(
        parts=tuple(parts),
        rows=(ButtonRow(buttons=tuple(buttons)),) if buttons else (),
        tone=_tone_of(error),
        audience=Audience.PERSON,
        summary=plain_text(spans),
    )


def compose_fault(fault: str) -> Message:
    """For what nobody foresaw; `fault` is the id under which the log has it."""
    text = translate(errors.FAULT, fault=fault)
    return Message(
        parts=(Note(spans=(text,), tone=Tone.DANGER),),
        tone=Tone.DANGER,
        audience=Audience.PERSON,
        summary=text,
    )


def _tone_of(error: ChatelierError) -> Tone:
    return Tone.DANGER if isinstance(error, ServiceError | PolicyRefusalError) else Tone.WARNING


def explain(error: ChatelierError) -> Spans:
    """One sentence or a few."""
    match error:
        case WrongChannelError(channels=channels) if channels:
            return sentence(errors.ELSEWHERE, channels=_channels(channels[:_MOST_CHANNELS]))
        case UnknownCommandError():
            return _unknown_command(error)
        case GatheringRefusedError() | GatheringMovedError():
            return explain_refusal(error)
        case _:
            return with_commands(say(*error.texts))


def error_text(error: Exception) -> str:
    """What a terminal shows: of a failure on our side, what its operator can do about it."""
    if isinstance(error, ServiceError) and error.detail:
        return error.detail
    return plain_text(explain(error)) if isinstance(error, ChatelierError) else str(error)


def _channels(channels: tuple[str, ...]) -> Spans:
    spans: list[Span] = [ChannelName(channels[0])]
    for channel in channels[1:]:
        spans += [", ", ChannelName(channel)]
    return tuple(spans)


def _unknown_command(error: UnknownCommandError) -> Spans:
    named = Command(f"/{error.name[:32]}")
    if error.nearest:
        return sentence(errors.UNKNOWN_COMMAND_NEAREST, command=named, nearest=Command(f"/{error.nearest}"))
    return sentence(errors.UNKNOWN_COMMAND, command=named, help=Command("/help"))


def pointer(error: ChatelierError) -> str:
    """What was typed, and carets under what is wrong with it; empty for most errors."""
    if not isinstance(error, BadParameterError) or not error.text:
        return ""
    # One letter for one letter, or the carets would stand elsewhere.
    shown = "".join(character if character.isprintable() else " " for character in error.text)
    return point_at(shown, error.span)
