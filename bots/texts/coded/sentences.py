"""From a code and its values to the sentence for its reader: the one place where coded texts become words."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from bots.texts.coded import (
    bad_images,
    bad_parameters,
    bad_requests,
    model_remarks,
    notices,
    refusals,
    service_errors,
)
from bots.texts.jobs import AND
from bots.texts.languages.formats import format_long_date, format_moment, language_name
from bots.texts.translation import Msgid, fill, lookup, lookup_plural, translate
from studio.coded_text import CodedText, Value, from_stored

_AREAS: Mapping[str, Mapping[str, Msgid]] = {
    "bad_parameter": bad_parameters.SENTENCES,
    "bad_image": bad_images.SENTENCES,
    "bad_request": bad_requests.BAD_REQUEST,
    "unknown_command": bad_requests.UNKNOWN_COMMAND,
    "not_found": bad_requests.NOT_FOUND,
    "ambiguous_name": bad_requests.AMBIGUOUS_NAME,
    "not_supported": bad_requests.NOT_SUPPORTED,
    "policy": refusals.POLICY,
    "banned": refusals.BANNED,
    "rate": refusals.RATE,
    "concurrency": refusals.CONCURRENCY,
    "credits": refusals.CREDITS,
    "storage_quota": refusals.STORAGE_QUOTA,
    "not_allowed": refusals.NOT_ALLOWED,
    "consent": refusals.CONSENT,
    "case_taken": refusals.CASE_TAKEN,
    "elsewhere": refusals.ELSEWHERE,
    "paused": refusals.PAUSED,
    "advice": refusals.ADVICE,
    "trouble": service_errors.TROUBLE,
    "queue": service_errors.QUEUE,
    "database": service_errors.DATABASE,
    "storage": service_errors.STORAGE,
    "inspection": service_errors.INSPECTION,
    "examination": service_errors.EXAMINATION,
    "signing": service_errors.SIGNING,
    "model": service_errors.MODEL,
    "helper": service_errors.HELPER,
    "painting": service_errors.PAINTING,
    "settings": service_errors.SETTINGS,
    "cancelled": notices.CANCELLED,
    "stopped": notices.STOPPED,
    "notice": notices.NOTICE,
    "hint": notices.HINT,
    "digest": notices.DIGEST,
    "model_remark": model_remarks.SENTENCES,
}
SENTENCES: Mapping[str, Msgid] = {
    f"{area}.{reason}" if reason else area: msgid
    for area, msgids in _AREAS.items()
    for reason, msgid in msgids.items()
}
# Values that are words themselves, by their name.
_WORDS = {
    "parameter": bad_parameters.PARAMETERS,
    "pair": bad_parameters.PAIRS,
    "file_kind": bad_images.FILE_KINDS,
    "deed": notices.DEEDS,
}


def say(*texts: CodedText, separator: str = " ") -> str:
    """The sentences one after the other."""
    return separator.join(map(_sentence, texts))


def say_stored(stored: str, *, separator: str = " ") -> str:
    """What a row of the database holds: coded texts, or the sentence that an earlier version stored."""
    texts = from_stored(stored)
    return stored if texts is None else say(*texts, separator=separator)


def _sentence(text: CodedText) -> str:
    try:
        return fill(_template(text), **_words_of(text.values))
    except (LookupError, ValueError, TypeError):  # the code or its values are another version's
        return str(text)


def _template(text: CodedText) -> str:
    msgid = SENTENCES[text.code]
    if isinstance(msgid, str):
        return lookup(msgid)
    count = text.values["count"]
    return lookup_plural(msgid, count if isinstance(count, int) else 0)


def _words_of(values: Mapping[str, Value]) -> dict[str, object]:
    return {name: _word(name, value) for name, value in values.items()}


def _word(name: str, value: Value) -> object:
    match value:
        case str() if name in _WORDS:
            return lookup(_WORDS[name].get(value, value.replace("_", " ")))
        case str() if name == "category":
            return lookup(value)
        case datetime():
            return format_moment(value)
        case date():
            return format_long_date(value)
        case timedelta():
            return _duration(value.total_seconds())
        case str() | int() | float():
            return value
        case _ if name == "pictures" and len(value) > 1:
            return translate(AND, first=", ".join(value[:-1]), last=value[-1])
        case _:
            return ", ".join(map(language_name, value) if name == "languages" else value)


def _duration(seconds: float) -> str:
    if seconds < 120:
        return translate("{count} s", count=round(seconds))
    return translate("{count} min", count=round(seconds / 60))
