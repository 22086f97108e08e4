"""A person's page for the moderators of their community."""

from collections.abc import Iterator

from bots.presentation.compose.lists import case_entry, numbered_buttons
from bots.presentation.compose.parts.buttons import rows_of
from bots.presentation.compose.parts.person_record import record_line
from bots.presentation.message import (
    Audience,
    Code,
    Message,
    Note,
    Paragraph,
    Part,
    PersonName,
    Small,
    Spans,
    Time,
    Title,
)
from bots.presentation.spans import join_list, join_parts, plain_text, sentence
from bots.texts import cases as texts
from bots.texts.languages.formats import format_number
from bots.texts.shortening import shorten
from bots.texts.translation import translate
from studio.commands.button_ids import Action
from studio.domain.cases import PersonFile, PersonShown
from studio.domain.jobs import Job
from studio.services.visibility import is_private

_LONGEST_PROMPT = 100


def compose_person(answer: PersonShown) -> Message:
    file = answer.file
    title = f"@{file.sighting.person.display_name}"
    parts: list[Part] = [Title(title)]
    if answer.decided is not None:
        parts.append(Note(spans=sentence(texts.BULK_DECIDED, decided=answer.decided, left=answer.left)))
    parts += [Paragraph(_identity(file)), Paragraph(record_line(file.record)), *_sections(file)]
    targets = [case.id for case in file.open_cases]
    return Message(
        parts=tuple(parts),
        rows=rows_of(numbered_buttons(Action.CLAIM, targets)),
        audience=Audience.PERSON,
        summary=f"{title}: {plain_text(record_line(file.record))}",
    )


def _identity(file: PersonFile) -> Spans:
    first = Time(file.sighting.first_seen_at, exact=True)
    known = sentence(texts.KNOWN_SINCE, id=Code(file.sighting.person.user_id), first=first)
    if not file.linked:
        return known
    names = [(PersonName(person), f" ({person.platform})") for person in file.linked]
    return join_parts([known, sentence(texts.LINKED_NAMES, names=join_list(names))])


def _sections(file: PersonFile) -> Iterator[Part]:
    if file.open_cases:
        yield Title(translate(texts.OPEN_CASES))
        for number, case in enumerate(file.open_cases, start=1):
            yield Paragraph((f"{number}. ", *case_entry(case)))
    if file.strikes:
        yield Title(translate(texts.STRIKE_LIST))
        for strike in file.strikes:
            text = texts.STRIKE_OVERTURNED if strike.overturned else texts.STRIKE
            yield Small(
                sentence(
                    text,
                    weight=format_number(strike.weight, ".2f"),
                    category=translate(strike.category) or strike.rule,
                    when=Time(strike.at),
                )
            )
    if file.notes:
        yield Title(translate(texts.NOTES))
        for note in file.notes:
            yield Small(sentence(texts.MODERATOR_NOTE, when=Time(note.at), words=note.words))
    for heading, jobs in ((texts.REFUSED_REQUESTS, file.refused), (texts.LAST_REQUESTS, file.recent)):
        if jobs:
            yield Title(translate(heading))
            yield from (Small(_job(job)) for job in jobs)


def _job(job: Job) -> Spans:
    """Words that were written in a private place are not shown."""
    words = "" if is_private(job) else shorten(job.request.prompt, _LONGEST_PROMPT)
    return join_parts([(Code(job.id),), (Time(job.created_at),), (words,) if words else ()])
