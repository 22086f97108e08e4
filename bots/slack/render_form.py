"""A `Form` as a modal, and what was filled in, the only place that knows Slack's limits of modals.

Sources: https://docs.slack.dev/surfaces/modals and https://docs.slack.dev/reference/block-kit/block-elements
"""

from collections.abc import Mapping, Sequence
from typing import Any

from bots.presentation.form_model import Choice, Field, FieldKind, Form
from bots.presentation.limits import CUT, Limits
from bots.slack.blocks import Block, context, image_block, plain, section
from bots.slack.texts import texts
from bots.slack.texts.mrkdwn import mrkdwn
from bots.texts.translation import translate

View = dict[str, Any]

PREFIX = "c1m:"  # and the command that the form stands for, and what it is about
PICTURE_CHOICE = "c1s:picture"  # the select that says which picture a form is about
_TITLE, _SUBMIT = 24, 24
_MOST_BLOCKS = 100
_METADATA = 3000
_LABEL, _HINT = 2000, 2000
_INPUT = 3000  # of a text; longer than a prompt may be, so that the studio's own sentence says so
_OPTION, _OPTION_VALUE, _MOST_OPTIONS = 75, 150, 100
_MOST_RADIO_BUTTONS, _MOST_CHECKBOXES = 4, 10
_MOST_FILES = 10
_CHANNEL_SELECT: Block = {
    "type": "conversations_select",
    "filter": {"include": ["public", "private", "im"], "exclude_bot_users": True},
    "default_to_current_conversation": True,
}
_FILE_TYPES = ("png", "jpg", "jpeg", "webp", "gif")


def render_form(
    form: Form, metadata: str, files: Mapping[str, str] | None = None, *, limits: Limits = CUT
) -> View:
    """`metadata` comes back with the filled form. `files` as of `bots.slack.render.render`; None: still to come."""
    writer = _FormWriter(files, limits)
    if len(metadata) > _METADATA:
        raise ValueError(f"metadata of {len(metadata)} characters; Slack keeps {_METADATA}")
    return {
        "type": "modal",
        "callback_id": f"{PREFIX}{form.command}:{form.about}",
        "title": plain(limits.text(form.title, _TITLE, "title")),
        "submit": plain(limits.text(form.submit or translate(texts.SUBMIT), _SUBMIT, "submit")),
        "close": plain(translate(texts.CLOSE)),
        "private_metadata": metadata,
        "blocks": writer.blocks(form),
    }


def notice_view(title: str, text: str, *, limits: Limits = CUT) -> View:
    """A modal with words only: while what it will ask is looked up, or instead of it."""
    return {
        "type": "modal",
        "callback_id": f"{PREFIX}message",
        "title": plain(limits.text(title, _TITLE, "title")),
        "close": plain(translate(texts.CLOSE)),
        "blocks": [section(text)],
    }


def values_of(view: Mapping[str, Any]) -> dict[str, object]:
    """What was filled in by field: text, several values joined by commas, or a tuple of files. Empty ones are left out.

    Files are Slack's own records of them, people and channels their ids.
    """
    state: Mapping[str, Mapping[str, Any]] = view.get("state", {}).get("values", {})
    read = {name: _value(next(iter(inputs.values()), {})) for name, inputs in state.items()}
    return {name: value for name, value in read.items() if value}


def choices_of(view: Mapping[str, Any], field: str) -> tuple[str, ...]:
    """The values of a select in an open view."""
    blocks = (block for block in view["blocks"] if block.get("block_id") == field)
    return tuple(option["value"] for block in blocks for option in block["element"]["options"])


def _value(element: Mapping[str, Any]) -> object:
    if files := element.get("files"):
        return tuple(files)
    if chosen := element.get("selected_options"):
        return ",".join(str(option["value"]) for option in chosen)
    if one := element.get("selected_option"):
        return str(one["value"])
    named = element.get("selected_user") or element.get("selected_conversation")
    return str(named or element.get("value") or "")


class _FormWriter:
    def __init__(self, files: Mapping[str, str] | None, limits: Limits) -> None:
        self._files = files
        self._limits = limits

    def blocks(self, form: Form) -> list[Block]:
        blocks = [section(mrkdwn(form.intro))] if form.intro else []
        # The choice of a picture stands above the picture that is shown.
        first = [field for field in form.fields if field.kind is FieldKind.PICTURE]
        rest = [field for field in form.fields if field.kind is not FieldKind.PICTURE]
        blocks = [*map(self._input, first), *blocks, *self._image(form), *map(self._input, rest)]
        return self._limits.items(blocks, _MOST_BLOCKS, "blocks")

    def _image(self, form: Form) -> list[Block]:
        if form.image is None:
            return []
        if self._files is None or form.image.name not in self._files:
            return [context(translate(texts.GRID_COMING if self._files is None else texts.GRID_MISSING))]
        return [image_block(self._files[form.image.name], form.image.alt_text, self._limits)]

    def _input(self, field: Field) -> Block:
        block: Block = {
            "type": "input",
            "block_id": field.name,
            "label": plain(self._limits.text(field.label, _LABEL, "label")),
            "element": {"action_id": "value", **self._element(field)},
            "optional": not field.required,
        }
        if field.kind is FieldKind.PICTURE:
            block["dispatch_action"] = True
        if field.hint:
            block["hint"] = plain(self._limits.text(field.hint, _HINT, "hint"))
        return block

    def _element(self, field: Field) -> Block:
        match field.kind:
            case FieldKind.TEXT | FieldKind.LINE:
                return self._text(field)
            case FieldKind.NUMBER:
                return _number(field)
            case FieldKind.FILES:
                most = min(field.maximum or 1, _MOST_FILES)
                return {"type": "file_input", "filetypes": list(_FILE_TYPES), "max_files": most}
            case FieldKind.PERSON:
                return {"type": "users_select"}
            case FieldKind.CHANNEL:
                return _CHANNEL_SELECT
            case FieldKind.PICTURE:
                return {**self._select(field), "action_id": PICTURE_CHOICE}
            case _:
                return self._several(field) if field.takes_several else self._select(field)

    def _text(self, field: Field) -> Block:
        element: Block = {
            "type": "plain_text_input",
            "multiline": field.kind is FieldKind.TEXT,
            "max_length": min(max(field.max_length, 1), _INPUT),
        }
        if field.initial:
            element["initial_value"] = self._limits.text(field.initial, element["max_length"], "text")
        return element

    def _select(self, field: Field) -> Block:
        """Radio buttons where all choices are seen at a glance and one has to be made."""
        options = self._options(field.choices)
        radio = field.kind is FieldKind.CHOICE and field.required and len(options) <= _MOST_RADIO_BUTTONS
        chosen = [option for option in options if option["value"] == field.initial]
        initial = {"initial_option": chosen[0]} if chosen else {}
        return {"type": "radio_buttons" if radio else "static_select", "options": options, **initial}

    def _several(self, field: Field) -> Block:
        options = self._options(field.choices)
        chosen = [option for option in options if option["value"] in field.chosen]
        initial = {"initial_options": chosen} if chosen else {}
        kind = "checkboxes" if len(options) <= _MOST_CHECKBOXES else "multi_static_select"
        return {"type": kind, "options": options, **initial}

    def _options(self, choices: Sequence[Choice]) -> list[Block]:
        options = [
            {"text": plain(self._limits.text(choice.label, _OPTION, "option")), "value": choice.value}
            for choice in choices
            if len(choice.value) <= _OPTION_VALUE
        ]
        return self._limits.items(options, _MOST_OPTIONS, "options")


def _number(field: Field) -> Block:
    bounds = {"min_value": field.minimum, "max_value": field.maximum, "initial_value": field.initial or None}
    given = {name: str(value) for name, value in bounds.items() if value is not None}
    return {"type": "number_input", "is_decimal_allowed": False, **given}
