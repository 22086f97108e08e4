"""Sentences that stand where they are used: in Python as ``translate("…")``, in templates and scripts as ``_("…")``."""

import ast
import importlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import ModuleType

from jinja2.ext import extract_from_ast

import bots
from bots.texts.translation import Msgid
from bots.web.templating import FOLDER, environment, scripts
from chatelier.translations.lengths import LENGTHS
from chatelier.translations.msgids import Entry, constants, descriptions, names

_LOOK_UPS = {"translate", "sentence", "lookup"}
_FINDINGS = {"good", "note", "bad", "unreachable", "token_form"}  # of the doctor: msgids after the subject
_PLURAL_LOOK_UPS = {"translate_plural", "sentence_plural", "lookup_plural"}
_TYPED = re.compile(r"(?:chmod|pip|chatelier) |\w+-…")  # what is typed, and how a token begins
_SCRIPT_TEXT = re.compile(r'\b_\("([^"]+)"')
_HAS_LETTERS = re.compile(r"[^\W\d_]")
_ROOT = Path(bots.__file__).parents[1]
_READ = ("bots", "chatelier/doctor", "chatelier/cli/admin")


@cache
def all_entries() -> tuple[Entry, ...]:
    """Every sentence once, with the places of all. A sentence that is one of a pair is only in the pair."""
    merged: dict[tuple[str, Msgid], Entry] = {}
    pairs = list(_python_pairs())
    halves = {half for entry in pairs for half in entry.msgid}
    found = [
        *constants(),
        *descriptions(),
        *names(),
        *_python_literals(),
        *_findings(),
        *_templates(),
        *_scripts(),
        *pairs,
    ]
    halves |= {half for entry in found if isinstance(entry.msgid, tuple) for half in entry.msgid}
    for entry in found:
        text = entry.msgid if isinstance(entry.msgid, str) else entry.msgid[0]
        is_half = not entry.context and isinstance(entry.msgid, str) and entry.msgid in halves
        if is_half or not _HAS_LETTERS.search(re.sub(r"{[^}]*}", "", text)):
            continue
        key = (entry.context, entry.msgid)
        merged[key] = _join(merged[key], entry) if key in merged else _with_length(entry, text)
    return tuple(sorted(merged.values(), key=lambda entry: (entry.context, str(entry.msgid))))


def _with_length(entry: Entry, text: str) -> Entry:
    most = 0 if entry.context else LENGTHS.get(text, 0)
    return replace(entry, most=min(most, entry.most or most)) if most else entry


def _join(first: Entry, second: Entry) -> Entry:
    places = dict.fromkeys([*first.place.split(" · "), second.place])
    most = min(filter(None, (first.most, second.most)), default=0)
    return Entry(msgid=first.msgid, context=first.context, place=" · ".join(list(places)[:3]), most=most)


def _calls(names: set[str]) -> Iterator[tuple[ast.Call, ModuleType]]:
    for folder in _READ:
        for path in sorted((_ROOT / folder).rglob("*.py")):
            tree = ast.parse(path.read_text("utf-8"))
            calls = [
                node
                for node in ast.walk(tree)
                if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in names
            ]
            if calls:
                name = ".".join(path.relative_to(_ROOT).with_suffix("").parts)
                module = importlib.import_module(name.removesuffix(".__init__"))
                yield from ((call, module) for call in calls)


def _python_literals() -> Iterator[Entry]:
    for call, module in _calls(_LOOK_UPS):
        for node in ast.walk(call.args[0]) if call.args else ():
            if (
                isinstance(node, ast.Constant)
                and isinstance(node.value, str)
                and not _in_subscript(call, node)
            ):
                yield Entry(msgid=node.value, place=module.__name__)


def _in_subscript(call: ast.Call, constant: ast.Constant) -> bool:
    """Whether a string only names an entry of a table, or is passed on: ``texts.LABELS["join"]``, ``f(x, "y")``."""
    inner = [
        node for node in ast.walk(call.args[0]) if isinstance(node, ast.Subscript | ast.Call | ast.Compare)
    ]
    return any(constant is node for outer in inner for node in ast.walk(outer))


def _findings() -> Iterator[Entry]:
    for call, module in _calls(_FINDINGS):
        is_form = ast.unparse(call.func) == "token_form"
        for argument in call.args[-1 if is_form else 1 :]:
            for branch in _branches(argument):
                text = _value(branch, module)
                if isinstance(text, str) and not _TYPED.match(text):
                    yield Entry(msgid=text, place=module.__name__)


def _branches(expression: ast.expr) -> Iterator[ast.expr]:
    """Both sides of a choice, and of the choices in it."""
    if isinstance(expression, ast.IfExp):
        yield from _branches(expression.body)
        yield from _branches(expression.orelse)
    else:
        yield expression


def _python_pairs() -> Iterator[Entry]:
    """Both forms of a sentence, as literals or as constants."""
    for call, module in _calls(_PLURAL_LOOK_UPS):
        forms = [_value(argument, module) for argument in call.args[:2]]
        if len(forms) == 2 and all(isinstance(form, str) for form in forms):
            yield Entry(msgid=(str(forms[0]), str(forms[1])), place=module.__name__)


def _value(expression: ast.expr, module: ModuleType) -> object:
    """What an expression of literals and constants stands for; None for any other."""
    match expression:
        case ast.Constant():
            return expression.value
        case ast.Name():
            return getattr(module, expression.id, None)
        case ast.Attribute(value=ast.Name(id=name), attr=constant):
            return getattr(getattr(module, name, None), constant, None)
        case _:
            return None


def _templates() -> Iterable[Entry]:
    for name in environment().list_templates():
        source = (FOLDER / "templates" / name).read_text("utf-8")
        for _, function, message in extract_from_ast(environment().parse(source), babel_style=False):
            strings = [text for text in (message or ()) if isinstance(text, str)]
            if not strings:
                continue
            msgid = (strings[0], strings[1]) if function == "ngettext" else strings[0]
            yield Entry(msgid=msgid, place=f"bots/web/templates/{name}")


def _scripts() -> Iterable[Entry]:
    for script in scripts():
        for text in _SCRIPT_TEXT.findall(script.read_text("utf-8")):
            yield Entry(msgid=text, place=f"bots/web/{script.relative_to(FOLDER).as_posix()}")
