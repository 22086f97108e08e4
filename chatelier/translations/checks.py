"""What is wrong with a translation, apart from its words."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from string import Formatter

from bots.texts.translation import CHOICE, COMMAND, OPTION
from chatelier.translations.msgids import Entry

# What people type, and what programs read, is the same in every language.
_TYPED = re.compile(
    r"`[^`]*`|(?<![\w/.])/[a-z][a-z-]+\b|(?<![\w-])--[a-z][a-z-]*|\bCHATELIER_\w+|https?://\S+|<[^<>]+>"
)
_ENTITY = re.compile(r"&(?:#?\w+);")
_NAME = re.compile(r"[-_'\w]{1,32}")
_UNSEEN = re.compile("[\u200b-\u200f\u202a-\u202e\u2066-\u2069]")


def find_mistakes(entry: Entry, forms: Sequence[str], *, expected_forms: int) -> Iterator[str]:
    """`forms` are the translations for each plural form of the language, or the one."""
    originals = [entry.msgid] if isinstance(entry.msgid, str) else list(entry.msgid)
    wanted = expected_forms if len(originals) == 2 else 1
    if len(forms) != wanted:
        yield f"has {len(forms)} forms, and {wanted} are needed"
        return
    if not all(form.strip() for form in forms):
        yield "is not translated"
        return
    for form in forms:
        yield from _form_mistakes(entry, originals, form, is_last=form is forms[-1])


def _form_mistakes(entry: Entry, originals: Sequence[str], form: str, *, is_last: bool) -> Iterator[str]:
    original = originals[-1]
    if entry.context in (COMMAND, OPTION):
        if not _NAME.fullmatch(form) or form != form.lower():
            yield "is no name for Discord: small letters, digits, - and _ only"
    elif entry.context != CHOICE:
        yield from _value_mistakes(originals, form, is_last=is_last)
        typed, expected = Counter(_TYPED.findall(form)), Counter(_TYPED.findall(original))
        if typed != expected:
            yield f"changes what is typed or read by programs: {_difference(typed, expected)}"
    if _ENTITY.findall(form) != _ENTITY.findall(original):
        yield "has characters written as in HTML"
    if form.count("\n") != original.count("\n"):
        yield "has other line breaks"
    if form[:1].isspace() != original[:1].isspace() or form[-1:].isspace() != original[-1:].isspace():
        yield "begins or ends with another space"
    if _UNSEEN.search(form):
        yield "has characters that nobody sees"
    if entry.most and len(form) > entry.most:
        yield f"has {len(form)} characters, and {entry.most} fit"


def _value_mistakes(originals: Sequence[str], form: str, *, is_last: bool) -> Iterator[str]:
    try:
        found = _values(form)
    except ValueError:
        yield "has a brace that is not closed, or not opened"
        return
    expected = _values(originals[-1])
    if len(originals) == 2 and not is_last:  # a singular may do without the number
        found, expected = found - {("count", "")}, expected - {("count", "")}
    if found != expected:
        yield f"has other values: {_difference(found, expected)}"


def _values(text: str) -> set[tuple[str, str]]:
    """The names of the values of a sentence, each with its format."""
    return {(name, spec or "") for _, name, spec, _ in Formatter().parse(text) if name is not None}


def _difference(found: Iterable[object], expected: Iterable[object]) -> str:
    surplus, missing = set(found) - set(expected), set(expected) - set(found)
    parts = [
        f"{word} {', '.join(sorted(map(str, values)))}"
        for word, values in (("not", surplus), ("but", missing))
    ]
    return (
        " ".join(part for part, rest in zip(parts, (surplus, missing), strict=True) if rest)
        or "another number"
    )


def find_clashes(names: Iterable[tuple[Entry, str]]) -> Iterator[str]:
    """Commands of one name, which Discord refuses."""
    count = Counter(text for entry, text in names if entry.context == COMMAND)
    yield from (f"two commands are called {name}" for name, times in count.items() if times > 1)
