"""Every code that is raised or kept has a sentence, and every sentence says all of its code's values and no others."""

import ast
import itertools
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from string import Formatter

import pytest

import studio.errors
from bots.texts.coded.sentences import SENTENCES, say, say_stored
from studio.coded_text import CodedText, coded
from studio.errors import (
    BadImageError,
    BannedError,
    CaseTakenError,
    ChatelierError,
    OutOfCreditsError,
    PolicyRefusalError,
    RateLimitedError,
    ServiceError,
    StorageQuotaError,
    TooManyJobsError,
    UnknownCommandError,
    WrongChannelError,
)

PACKAGES = ("studio", "bots", "engine", "moderation", "chatelier")
KINDS: dict[str, type[ChatelierError]] = {
    name: getattr(studio.errors, name) for name in studio.errors.__all__
}
# Their constructors choose the reason.
TYPED = {
    BannedError,
    CaseTakenError,
    OutOfCreditsError,
    PolicyRefusalError,
    RateLimitedError,
    StorageQuotaError,
    TooManyJobsError,
    UnknownCommandError,
    WrongChannelError,
}
NO_VALUES = {"advice", "text", "span", "reason"}
AT = datetime(2026, 11, 30, tzinfo=UTC)


def placeholders(code: str) -> list[set[str]]:
    msgid = SENTENCES[code]
    forms = msgid if isinstance(msgid, tuple) else (msgid,)
    return [{field for _, field, _, _ in Formatter().parse(form) if field is not None} for form in forms]


MADE = re.compile(rf"\b(?:{'|'.join(['coded', *KINDS])})\(")


@cache
def calls(repository: Path) -> list[tuple[str, ast.Call, str]]:
    """Every place where an error or a coded text is made, with the name of what is called."""
    found = []
    for package in PACKAGES:
        for path in sorted((repository / package).rglob("*.py")):
            source = path.read_text("utf-8")
            if not MADE.search(source):  # most files make none, and need not be parsed
                continue
            found += [
                (f"{path.relative_to(repository)}:{node.lineno}", node, node.func.id)
                for node in ast.walk(ast.parse(source))
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
            ]
    return found


def strings(node: ast.expr) -> list[str]:
    """The strings that an expression may stand for; empty for one that is no literal, or a choice of them."""
    if isinstance(node, ast.IfExp):
        return [*strings(node.body), *strings(node.orelse)]
    return [node.value] if isinstance(node, ast.Constant) and isinstance(node.value, str) else []


def reason_of(node: ast.Call, kind: type[ChatelierError]) -> ast.expr | None:
    if issubclass(kind, ServiceError):
        return next((keyword.value for keyword in node.keywords if keyword.arg == "reason"), None)
    place = 1 if kind.__name__ == "BadParameterError" else 0
    return node.args[place] if len(node.args) > place else None


def codes(node: ast.Call, name: str) -> tuple[list[str], set[str]]:
    """The codes of a call, and the values that its kind adds by itself; no codes where only they are passed on."""
    if name == "coded":
        return strings(node.args[0]), set()
    kind = KINDS[name]
    reason = reason_of(node, kind)
    found = [""] if reason is None else strings(reason)
    added = {"parameter"} if name == "BadParameterError" else set()
    return [f"{kind.code}.{variant}" if variant else kind.code for variant in found], added


def wrong_calls(repository: Path) -> Iterator[str]:
    for place, node, name in calls(repository):
        if name != "coded" and (name not in KINDS or KINDS[name] in TYPED):
            continue
        if any(keyword.arg is None for keyword in node.keywords):  # values that are passed on
            continue
        found, added = codes(node, name)
        values = {keyword.arg for keyword in node.keywords if keyword.arg} - NO_VALUES
        if not found and not place.startswith("engine/storage/errors.py"):
            yield f"{place}: the code is no literal"
        for code in found:
            if code not in SENTENCES:
                yield f"{place}: {code} has no sentence"
            elif any(form - added != values - added for form in placeholders(code)):
                yield f"{place}: {code} is made with {sorted(values)} and says {placeholders(code)}"


def test_what_is_raised_or_kept_has_a_sentence_for_all_of_its_values(repository: Path) -> None:
    assert list(wrong_calls(repository)) == []


def test_no_sentence_is_left_in_the_studio(repository: Path) -> None:
    """Words belong to `bots/texts/`: a code has no spaces."""
    left = [
        f"{place}: {argument.value!r}"
        for place, node, name in calls(repository)
        if place.startswith("studio/") and (name in KINDS or name == "coded")
        for argument in node.args
        if isinstance(argument, ast.JoinedStr)
        or (isinstance(argument, ast.Constant) and " " in str(argument.value))
    ]
    assert left == []


@pytest.mark.parametrize(
    "error",
    [
        *(kind() for kind in KINDS.values() if kind.code in SENTENCES and not placeholders(kind.code)[0]
          and kind not in TYPED and kind.__name__ != "BadParameterError"),
        BannedError(),
        BannedError(until=AT),
        *(CaseTakenError(closed=closed) for closed in (True, False)),
        *(RateLimitedError(retry_after_seconds=9, scope=scope)
          for scope in ("burst", "address", "invite", "community", "everybody", "refused", "uploads")),
        *(TooManyJobsError(limit=limit, scope=scope, until=AT)
          for limit, scope in itertools.product((1, 2), ("person", "address", "invite"))),
        *(OutOfCreditsError(needed=needed, balance=1, at=AT, scope=scope, until=AT)
          for needed, scope in itertools.product((1, 2), ("person", "address", "invite"))),
        *(StorageQuotaError(scope=scope, used_mib=9, limit_mib=9) for scope in ("person", "community")),
        PolicyRefusalError(rule="words", category="violence"),
        UnknownCommandError("imagin"),
        UnknownCommandError("imagin", nearest="imagine"),
        WrongChannelError(channels=()),
    ],
    ids=str,
)  # fmt: skip
def test_an_error_that_chooses_its_reason_has_a_sentence_for_all_of_its_values(error: ChatelierError) -> None:
    for text in error.texts:
        assert all(form == set(text.values) for form in placeholders(text.code)), text
    assert say(*error.texts) != str(error)


def test_each_sentence_begins_with_a_capital_and_ends_with_a_full_stop() -> None:
    for msgid in SENTENCES.values():
        for form in msgid if isinstance(msgid, tuple) else (msgid,):
            assert form[0].isupper() or form[0] in "{@#/<“", form
            assert form[-1] in ".?}…", form


def test_an_earlier_versions_sentence_is_shown_as_it_is() -> None:
    assert (
        say_stored("This could not be painted; it was too large.")
        == "This could not be painted; it was too large."
    )


@pytest.mark.parametrize("text", [coded("from.the.future", a=1), coded("bad_image.too_small", breadth=3)])
def test_a_text_of_another_version_is_shown_as_code_and_values(text: CodedText) -> None:
    assert say(text) == str(text)


def test_a_process_that_a_file_took_over_cannot_break_the_answer() -> None:
    assert say(BadImageError("{a.__class__}", a=1).coded) == "bad_image.{a.__class__} a=1"


def test_every_sentence_is_said_by_some_code(repository: Path) -> None:
    made = {
        code for place, node, name in calls(repository) if name == "coded" for code in strings(node.args[0])
    }
    for _, node, name in calls(repository):
        if name in KINDS and KINDS[name] not in TYPED:
            made |= set(codes(node, name)[0])
    chosen = {kind.code for kind in TYPED} | {"storage"}  # by a constructor or a table
    alone = {kind.code for kind in KINDS.values()}  # without a reason
    unsaid = {code for code in set(SENTENCES) - made - alone if code.partition(".")[0] not in chosen}
    assert unsaid == set()
