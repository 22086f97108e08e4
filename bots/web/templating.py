"""The Jinja environment. Autoescape is on everywhere, and is the only escaping."""

import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from bots.presentation.actions import ACTIONS, description, label
from bots.presentation.form_model import Field, Form
from bots.presentation.message import Button, ButtonRow
from bots.presentation.spans import with_code
from bots.texts.coded.sentences import say_stored
from bots.texts.jobs import step
from bots.texts.languages.formats import format_date, format_moment
from bots.texts.languages.readers import current_language
from bots.texts.translation import lookup, translate, translate_plural
from bots.web.addresses import address_of
from studio.domain.people import Platform

FOLDER = Path(__file__).parent
IMAGE_TYPES = "image/png,image/jpeg,image/webp,image/avif,image/heic,image/heif,.heic,.heif,image/gif"

# Of tools without words: paths in a box of 24 × 24.
ICONS = {
    "erase": "M4.5 15.5l9-9a1.5 1.5 0 012.1 0l4 4a1.5 1.5 0 010 2.1L13 19H8zM9 11l6 6M7 19h13",
    "undo": "M9 6L4.5 10.5 9 15M5 10.5h9a5.5 5.5 0 010 11h-3",
    "minus": "M5 12h14",
    "plus": "M5 12h14M12 5v14",
    "whole": "M5 5h14v14H5zM9 9h6v6H9z",
    "close": "M6 6l12 12M18 6L6 18",
    "full_screen": "M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5",
}
_SCRIPT_TEXT = re.compile(r'\b_\("([^"]+)"')


def hue(user_id: str) -> int:
    """One of eight colours for a person, always the same."""
    return sum(user_id.encode()) % 8


def initial(name: str) -> str:
    return name[:1].upper() or "?"


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


def offered_buttons(row: ButtonRow) -> list[Button]:
    """Without the actions that the web lacks."""
    return [button for button in row.buttons if Platform.WEB not in ACTIONS[button.action].absent]


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
    made.filters.update(
        {
            add.__name__: add
            for add in (
                hue,
                initial,
                kind,
                of_kind,
                first_of,
                field_of,
                offered_buttons,
                address_of,
                format_date,
                format_moment,
                say_stored,
            )
        }
    )
    made.globals.update(
        language=current_language, _=translate, ngettext=translate_plural, step=step, with_code=with_code
    )
    made.globals.update(
        ICONS=ICONS, ACTIONS=ACTIONS, IMAGE_TYPES=IMAGE_TYPES, label_of=label, description_of=description
    )
    made.policies["json.dumps_kwargs"] = {"separators": (",", ":")}
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


def scripts() -> list[Path]:
    """Those of the front end itself."""
    return sorted(path for path in FOLDER.glob("static/**/*.js") if path.parent.name != "vendor")


@lru_cache
def _script_texts() -> frozenset[str]:
    """Every sentence that a script looks up with its function ``_``."""
    return frozenset(text for script in scripts() for text in _SCRIPT_TEXT.findall(script.read_text("utf-8")))


def script_texts() -> dict[str, str]:
    """The sentences of the scripts for their reader, by msgid; the scripts fill in the values."""
    return {text: lookup(text) for text in sorted(_script_texts())}
