"""A person's record in one line, for moderators."""

from bots.presentation.message import Spans, Time
from bots.presentation.spans import join_parts, sentence
from bots.texts import cases as texts
from bots.texts.languages.formats import format_number
from bots.texts.translation import translate_plural
from studio.domain.cases import PersonRecord


def record_line(record: PersonRecord) -> Spans:
    jobs = translate_plural("{count} job", "{count} jobs", record.jobs)
    cases = translate_plural("{count} earlier case", "{count} earlier cases", record.earlier_cases)
    return join_parts(
        [
            (jobs,),
            sentence(texts.REFUSED, count=record.refusals),
            sentence(texts.STRIKES, count=format_number(record.strikes, ".1f")),
            (cases,),
            _ban(record),
        ]
    )


def _ban(record: PersonRecord) -> Spans:
    if not record.banned:
        return ()
    if record.banned_until is None:
        return sentence(texts.BANNED)
    return sentence(texts.BANNED_UNTIL, until=Time(record.banned_until, exact=True))
