"""The Jinja environment. Autoescape is on everywhere, and is the only escaping."""

import json
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from bots.presentation.form import Field, Form
from bots.web.texts import texts

FOLDER = Path(__file__).parent


def hue(user_id: str) -> int:
    """One of eight colours for a person, always the same."""
    return sum(user_id.encode()) % 8


def initial(name: str) -> str:
    return name[:1].upper() or "?"


def data_block(value: object) -> Markup:
    """JSON that may stand inside a <script type="application/json">."""
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"))
    return Markup(text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e"))  # noqa: S704


def code_spans(text: str) -> Markup:
    """Our own text, in which backticks stand around what is typed."""
    parts = [escape(part) for part in text.split("`")]
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if index % 2 else part for index, part in enumerate(parts)
    )


def kind(value: object) -> str:
    """The name of a part's or span's class."""
    return type(value).__name__


def of_kind(values: Iterable[object], name: str) -> list[object]:
    return [value for value in values if kind(value) == name]


def first_of(values: Iterable[object], name: str) -> object | None:
    return next(iter(of_kind(values, name)), None)


def field_of(form: Form, name: str) -> Field | None:
    """The form's first field of a kind."""
    return next((field for field in form.fields if field.kind == name), None)


@lru_cache
def environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    filters = (hue, initial, data_block, code_spans, kind, of_kind, first_of, field_of)
    made.filters.update({each.__name__: each for each in filters})
    made.globals.update(words=texts)
    return made


def compile_templates() -> None:
    """Once at the start, so that the first visitor does not wait for it."""
    for name in environment().list_templates():
        environment().get_template(name)


def render_template(template: str, /, **values: Any) -> str:
    return environment().get_template(template).render(**values)


def render_macro(name: str, *arguments: object, **values: object) -> Markup:
    """A macro of the one file that shows messages and forms."""
    macro = getattr(environment().get_template("macros/message.html").module, name)
    return Markup(macro(*arguments, **values))  # noqa: S704 - rendered with autoescape
