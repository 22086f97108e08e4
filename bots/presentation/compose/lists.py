"""Lists: the queue, one's history, and the open cases. Each entry that something can be done with has a button."""

from collections.abc import Iterable

from bots.presentation.actions import label
from bots.presentation.compose.parts.buttons import button, rows_of
from bots.presentation.compose.parts.pictures import job_title
from bots.presentation.message import (
    Audience,
    Bold,
    Button,
    Code,
    Command,
    Message,
    Note,
    Paragraph,
    Part,
    Small,
    Spans,
    Time,
    Title,
)
from bots.presentation.spans import join_parts, join_spans, sentence
from bots.texts import answers, cases, jobs
from bots.texts.cases import heading, outcome, rule_and_category
from bots.texts.shortening import shorten
from bots.texts.translation import translate
from studio.commands.button_ids import NO_TARGET, Action
from studio.commands.results import DeskCases, History, InQueue, Place
from studio.domain.cases import Case, CaseState
from studio.domain.jobs import Job, JobState
from studio.domain.people import RaidSigns
from studio.domain.settings.saved_styles import SavedStyle, StylesListed
from studio.services.visibility import is_secret_turn

_LONGEST_PROMPT = 120  # a list of ten fits into a message
_MOST_BUTTONS = 20
_MOST_STYLES, _LONGEST_WORDS, _LONGEST_NAMES = 10, 80, 400


def compose_list(answer: InQueue | History | DeskCases | StylesListed) -> Message:
    match answer:
        case InQueue():
            return compose_queue(answer)
        case History():
            return compose_history(answer)
        case DeskCases():
            return compose_desk(answer)
        case StylesListed():
            return compose_styles(answer)


def compose_queue(answer: InQueue) -> Message:
    if not answer.places:
        return _list(answers.QUEUE, [(translate(answers.QUEUE_EMPTY),)])
    targets = [place.job.id for place in answer.places]
    return _list(answers.QUEUE, queue_entries(answer.places), numbered_buttons(Action.CANCEL, targets))


def queue_entries(places: Iterable[Place]) -> list[Spans]:
    """Numbered lines."""
    return _number_entries(join_parts([_job_entry(place.job), (_status(place),)]) for place in places)


def _status(place: Place) -> str:
    if place.job.state is JobState.PAINTING:
        return translate(answers.BEING_PAINTED)
    cost = translate(jobs.COST, credits=place.job.cost) if place.job.cost > place.job.request.count else ""
    return " ".join(filter(None, [jobs.waiting(place.ahead, place.eta_seconds), cost]))


def compose_history(answer: History) -> Message:
    if not answer.jobs:
        return _list(answers.HISTORY, [(translate(answers.HISTORY_EMPTY),)])
    entries = [join_parts([_job_entry(job), (translate(answers.STATES[job.state]),)]) for job in answer.jobs]
    targets = [
        job.id if job.state is JobState.DONE and not is_secret_turn(job) else "" for job in answer.jobs
    ]
    return _list(answers.HISTORY, _number_entries(entries), numbered_buttons(Action.SHOW, targets))


def compose_desk(answer: DeskCases) -> Message:
    """Cases in a list, with a button to take each open one."""
    raid = [raid_spans(answer.raid)] if answer.raid else []
    presses = [button(Action.LOCKDOWN, NO_TARGET)] if answer.raid else []
    if not answer.cases:
        return _list(cases.CASES, [*raid, (translate(cases.NO_CASES),)], presses)
    targets = [case.id if case.state is CaseState.OPEN else "" for case in answer.cases]
    entries = _number_entries(
        join_parts([(Bold(heading(case)),), case_entry(case), (Code(case.id),)]) for case in answer.cases
    )
    return _list(cases.CASES, [*raid, *entries], [*presses, *numbered_buttons(Action.CLAIM, targets)])


def raid_spans(signs: RaidSigns) -> Spans:
    return sentence(cases.RAID, joins=signs.joins, refusals=signs.refusals, reports=signs.reports)


def case_entry(case: Case) -> Spans:
    """What it is about, since when it waits, and how it stands."""
    claimed = case.claimed_by is not None and case.state is CaseState.OPEN
    state = outcome(case) or translate(cases.LIST_CLAIMED if claimed else cases.LIST_OPEN)
    rule = rule_and_category(case)
    return join_parts([(rule,) if rule else (), (Time(case.opened_at),), (state,)])


def _job_entry(job: Job) -> Spans:
    if is_secret_turn(job):
        return Bold(translate(answers.A_TURN)), " · ", Code(job.id)
    return Bold(shorten(job_title(job, job.request.prompt), _LONGEST_PROMPT)), " · ", Code(job.id)


def _number_entries(entries: Iterable[Spans]) -> list[Spans]:
    return [join_spans([f"{number}. ", *entry]) for number, entry in enumerate(entries, start=1)]


def numbered_buttons(action: Action, targets: Iterable[str]) -> list[Button]:
    """One for each entry that has a target, with the entry's number."""
    return [
        button(action, target, label=f"{label(action)} {number}")
        for number, target in enumerate(targets, start=1)
        if target
    ]


def _list(title: str, lines: Iterable[Spans], buttons: Iterable[Button] = ()) -> Message:
    heading_ = translate(title)
    return Message(
        parts=(Title(heading_), *map(Paragraph, lines)),
        rows=rows_of([*buttons][:_MOST_BUTTONS]),
        audience=Audience.PERSON,
        summary=heading_,
    )


def compose_styles(answer: StylesListed) -> Message:
    """The person's own and the community's, each with what it consists of."""
    parts: list[Part] = []
    if answer.changed:
        parts.append(Note(spans=sentence(answers.STYLE_CHANGES[answer.change], name=Bold(answer.changed))))
    for title, styles in ((answers.OWN_STYLES, answer.own), (answers.SHARED_STYLES, answer.shared)):
        if styles:
            shown = styles[:_MOST_STYLES]
            parts += [Title(translate(title)), *(Paragraph(_style_entry(style)) for style in shown)]
            if len(styles) > len(shown):
                names = ", ".join(style.name for style in styles[len(shown) :])
                parts.append(Small(sentence(answers.MORE_STYLES, names=shorten(names, _LONGEST_NAMES))))
    if not (answer.own or answer.shared):
        parts.append(Paragraph(sentence(answers.NO_STYLES, command=Command("/style save"))))
    summary = answer.changed or translate(answers.OWN_STYLES)
    return Message(parts=tuple(parts), audience=Audience.PERSON, summary=summary)


def _style_entry(style: SavedStyle) -> Spans:
    pictures = ", ".join(reference.picture_id for reference in style.references)
    return join_parts(
        [
            (Bold(style.name),),
            (shorten(style.words, _LONGEST_WORDS),) if style.words else (),
            sentence(answers.STYLE_AVOIDS, words=shorten(style.negative_prompt, _LONGEST_WORDS))
            if style.negative_prompt
            else (),
            (style.model,) if style.model else (),
            (", ".join(map(str, style.loras)),) if style.loras else (),
            (Code(pictures),) if pictures else (),
        ]
    )
