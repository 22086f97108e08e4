"""Every sentence for readers is known to whoever translates it, and passes through `translate`."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from bots.presentation.compose.help import compose_command_help
from bots.slack.manifest import manifest
from bots.texts import translation
from bots.texts.coded.sentences import SENTENCES
from bots.texts.mails.report_mails import compose_decision, compose_receipt
from chatelier.translations import extraction, msgids
from studio.commands.registry import CATALOG, FORMER_COMMANDS
from studio.domain.cases import ReportOutcome
from tests.support.pseudo_language import outside_of_brackets, speak_in_brackets


@pytest.fixture
def looked_up(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The sentences for which a translation was asked."""
    found: set[str] = set()

    def lookup(msgid: str) -> str:
        found.add(msgid)
        return msgid

    monkeypatch.setattr(translation, "lookup", lookup)
    return found


def descriptions() -> set[str]:
    specs = [*CATALOG.values(), FORMER_COMMANDS["studio"]]
    return {
        text for spec in specs for text in (spec.summary, *(option.summary for option in spec.parameters))
    }


def test_sentences_of_every_kind_are_listed() -> None:
    known = {entry.msgid for entry in (*msgids.constants(), *msgids.descriptions())}
    assert descriptions() <= known
    assert set(SENTENCES.values()) <= known


def test_what_is_translated_where_it_is_used_has_a_constant_or_is_a_literal(repository: Path) -> None:
    """`translate` of a constant finds it in the list: a constant elsewhere than in the texts would be missed."""
    strays = []
    for path in sorted((repository / "bots").rglob("*.py")):
        tree = ast.parse(path.read_text())
        own = {
            target.id
            for node in tree.body
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Call)
                and ast.unparse(node.func) in ("translate", "sentence")
                and node.args
            ):
                first = node.args[0]
                if isinstance(first, ast.Name) and first.id in own and "/texts" not in path.as_posix():
                    strays.append(f"{path.relative_to(repository)}:{node.lineno}: {first.id}")
    assert strays == []


def test_sentences_of_scripts_in_every_folder_are_listed() -> None:
    places = {entry.place for entry in extraction._scripts()}
    assert {"bots/web/static/feed.js", "bots/web/static/prompt/controls.js"} <= places


# Those that stand in a table until they are looked up, and one that is no sentence.
NOT_FOR_READERS = {"WRONG_TOKEN", "WRONG_SHARDS", "NO_INTENTS", "TAKEN_BACK"}
LOOK_UPS = {"translate", "translate_plural", "sentence"}


def test_the_chats_translate_each_sentence_of_theirs(repository: Path) -> None:
    """A constant of a module of texts is an argument of a look-up."""
    strays = []
    for folder in ("discord", "slack", "interactions", "delivery"):
        for path in sorted((repository / "bots" / folder).rglob("*.py")):
            strays += [f"{path.relative_to(repository)}: {name}" for name in untranslated(path)]
    assert strays == []


def untranslated(path: Path) -> Iterator[str]:
    tree = ast.parse(path.read_text())
    looked_up, asked_for = set[int](), set[int]()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in LOOK_UPS:
            looked_up |= {id(inner) for inner in ast.walk(node)}
        elif isinstance(node, ast.Compare):  # whether there is a sentence
            asked_for |= {id(inner) for inner in ast.walk(node)}
    for node in ast.walk(tree):
        is_sentence = isinstance(node, ast.Attribute) and ast.unparse(node.value) == "texts"
        if is_sentence and node.attr.isupper() and id(node) not in looked_up | asked_for:
            yield from {node.attr} - NOT_FOR_READERS


def test_help_and_manifest_are_translated(looked_up: set[str]) -> None:
    for spec in CATALOG.values():
        compose_command_help(spec)
    assert descriptions() - {FORMER_COMMANDS["studio"].summary} <= looked_up
    looked_up.clear()
    manifest()
    assert CATALOG["imagine"].summary in looked_up


def test_the_doctor_says_nothing_that_no_catalogue_can_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sentence that is put together where it is said is in no catalogue."""
    monkeypatch.setattr(extraction, "_READ", ("chatelier/doctor",))
    definitions = ("chatelier.doctor.findings",)
    made = [
        f"{module.__name__}:{call.lineno}"
        for call, module in extraction._calls({"good", "note", "bad", "unreachable"})
        if module.__name__ not in definitions
        for argument in call.args[1:]
        for branch in extraction._branches(argument)
        if not isinstance(extraction._value(branch, module), str)
    ]
    assert made == []


@pytest.mark.parametrize("address", ["", "https://web.example"])
def test_mails_come_from_a_catalogue(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    speak_in_brackets(monkeypatch)
    mails = [compose_receipt("к@л.рф", site="Дом", code="1", address=address and "1")]
    mails += [
        compose_decision("к@л.рф", site="Дом", outcome=outcome, contact=address and "1")
        for outcome in ReportOutcome
    ]
    assert [
        word
        for mail in mails
        for word in re.findall("[A-Za-z]{2,}", outside_of_brackets(f"{mail.subject} {mail.text}"))
    ] == []
