"""Suggestions as the reader sees them: with labels, narrowed down by what was typed."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from bots.presentation.form_model import Choice
from bots.texts import choices as texts
from bots.texts.coded.notices import DEEDS
from bots.texts.translation import translate, translate_plural
from studio.clock import now
from studio.commands.completion.suggest import find_suggestions
from studio.commands.completion.suggestion import LONGEST, SuggestedJob, Suggestion
from studio.commands.parameter_values import Kind, Parameter
from studio.commands.spec import Call, CommandSpec
from studio.domain.cases import Case
from studio.domain.requests import Operation
from studio.parsing.text_cleaning import truncate
from studio.ports import Ports

MOST = 25  # Discord's limit for choices
_LONGEST_NAME = 24


def suggest(
    ports: Ports,
    call: Call,
    spec: CommandSpec,
    parameter: Parameter,
    typed: str,
    values: Mapping[str, object],
) -> list[Choice]:
    """At most `MOST` choices whose label or value contains what was typed. Otherwise as `find_suggestions`."""
    choices = label_suggestions(find_suggestions(ports, call, spec, parameter, typed, values))
    if parameter.kind is Kind.LORA:  # found by what was typed
        return choices[:MOST]
    before, wanted = _last_of_several(parameter, typed)
    fitting = [
        Choice(value=before + choice.value, label=choice.label)
        for choice in choices
        if wanted in choice.label.lower() or wanted in choice.value
        if len(before + choice.value) <= LONGEST
    ]
    return fitting[:MOST]


def label_suggestions(found: Sequence[Suggestion]) -> list[Choice]:
    """Labels are text to read, not escaped, of at most `LONGEST` characters, and tell the values apart."""
    return [Choice(value=suggestion.value, label=_label(suggestion)) for suggestion in found]


def _last_of_several(parameter: Parameter, typed: str) -> tuple[str, str]:
    """What stands before the value that is being typed, and that value."""
    if parameter.kind is not Kind.REFERENCES:
        return "", typed.strip().lower()
    before, comma, last = typed.rpartition(",")
    return f"{before.strip()}{comma} " if comma else "", last.strip().lower()


def _label(suggestion: Suggestion) -> str:
    match suggestion.subject:
        case SuggestedJob() as subject:
            return _job_label(subject)
        case Case(kind=kind, rule=rule, opened_at=opened_at, id=case_id):
            parts = [translate(texts.CASES[kind]), rule, _age(now() - opened_at), case_id]
            return _one_line(" · ".join(filter(None, parts)), LONGEST)
        case name:
            return _one_line(name, LONGEST)


def _job_label(subject: SuggestedJob) -> str:
    """``a red fox, varied · picture 2 · 5 min ago · @Bo``: the name only where it is not one's own."""
    job, request = subject.job, subject.job.request
    who = "" if subject.own else f"@{_one_line(job.person.display_name, _LONGEST_NAME)}"
    parts = filter(None, (_part(subject), _age(now() - job.created_at), who))
    rest = "".join(f" · {part}" for part in parts)
    prompt, room = request.prompt or translate(texts.UPLOAD), LONGEST - len(rest)
    if request.operation is Operation.IMAGINE:
        return _one_line(prompt, room) + rest
    deed = translate(DEEDS[request.operation])
    room -= len(translate(texts.PROMPT_AND_DEED, prompt="", deed=deed))
    return translate(texts.PROMPT_AND_DEED, prompt=_one_line(prompt, room), deed=deed) + rest


def _part(subject: SuggestedJob) -> str:
    if subject.number is not None:
        return translate(texts.PICTURE, number=subject.number)
    if subject.count is not None:
        return translate_plural(*texts.ALL_PICTURES, subject.count)
    state = texts.STATES.get(subject.job.state)
    return translate(state) if state else ""


def _one_line(text: str, longest: int) -> str:
    """The text in one line of at most `longest` characters."""
    return truncate(" ".join(text.split()), longest)


def _age(age: timedelta) -> str:
    minutes = int(age.total_seconds() // 60)
    if minutes < 1:
        return translate(texts.NOW)
    if minutes < 60:
        return translate(texts.MINUTES, count=minutes)
    if minutes < 24 * 60:
        return translate(texts.HOURS, count=minutes // 60)
    return translate(texts.YESTERDAY) if age.days == 1 else translate_plural(*texts.DAYS, age.days)
