"""Modals as Slack's views. What a modal is about stands in its private metadata."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bots.slack.blocks.job_blocks import Block, context, image, plain, section
from bots.slack.texts import texts
from bots.slack.texts.escaping import entities
from bots.texts import cases as case_texts
from bots.texts import chat
from studio.commands.button_ids import Action
from studio.domain.identifiers import picture_id
from studio.domain.requests import MAX_COUNT, Source
from studio.domain.sizing.canvases import SIDES
from studio.parsing.grid_regions import COLUMNS, ROWS
from studio.runtime.serialization import from_data, to_json

View = dict[str, Any]

PREFIX = "c1m:"
PICK = "pick"
REPORT, APPEAL = "report", "appeal"
MESSAGE = "message"
CHOICE = "c1s:picture"  # the select that says which picture a modal speaks of
_LONGEST_INPUT = 3000  # longer than a prompt may be, so that the studio's own sentence says so
_LONGEST_REASON = 500
MOST_OPTIONS = 100  # of a select
_LONGEST_OPTION = 75


@dataclass(frozen=True, slots=True, kw_only=True)
class ModalSubject:
    """What a modal is about: pictures of a job, or somebody's image that was taken in, and where to answer.

    Slack keeps it with the view and hands it back; nobody else can change it.
    """

    action: Action
    job: str | None = None
    indices: tuple[int, ...] = ()
    image: Source | None = None
    channel: str | None = None
    thread: str | None = None

    @property
    def only(self) -> str | None:
        """The picture, when there is no choice."""
        return picture_id(self.job, self.indices[0]) if self.job and len(self.indices) == 1 else None


def matter_of(view: Mapping[str, Any]) -> ModalSubject:
    """Raises ValueError for metadata that is not ours."""
    return from_data(ModalSubject, json.loads(str(view.get("private_metadata", ""))))


_TITLES: Mapping[Action, str] = {
    Action.REMIX: chat.MODAL_REMIX,
    Action.EDIT: chat.MODAL_EDIT,
    Action.EXPAND: texts.MODAL_EXPAND,
    Action.REPORT: texts.MODAL_REPORT,
    Action.APPEAL: texts.MODAL_APPEAL,
}


def loading(action: Action) -> View:
    """Keeps the place of a modal until it is known what it shows."""
    return _message(action, texts.MODAL_LOADING)


def failed(action: Action, sentence: str) -> View:
    return _message(action, entities(sentence))


def _message(action: Action, text: str) -> View:
    return {
        "type": "modal",
        "callback_id": f"{PREFIX}{MESSAGE}",
        "title": plain(_TITLES.get(action, texts.MODAL_PICK)[:24]),
        "close": plain(texts.CLOSE),
        "blocks": [section(text)],
    }


def remix(matter: ModalSubject, *, prompt: str) -> View:
    return _modal(
        "remix", chat.MODAL_REMIX, matter, [*_choice(matter), _text("prompt", chat.FIELD_PROMPT, prompt)]
    )


def edit(matter: ModalSubject, *, overlay: Block | None = None) -> View:
    """`overlay` is the picture under the lettered grid, or a word about it."""
    cells = [f"{column}{row}" for row in ROWS for column in COLUMNS]
    region = {
        "type": "multi_static_select",
        "action_id": "value",
        "placeholder": plain(chat.CHOOSE_CELLS),
        "options": [option(cell, cell) for cell in cells],
    }
    return _modal(
        "edit",
        chat.MODAL_EDIT,
        matter,
        [
            *_choice(matter, dispatch=True),
            section(texts.WHICH_CELLS),
            overlay or context(texts.GRID_COMING),
            _input("region", texts.FIELD_CELLS, region),
            _text("prompt", chat.FIELD_EDIT),
        ],
    )


def overlay_image(file_id: str, alternative: str) -> Block:
    return image(file_id, alternative)


def overlay_missing() -> Block:
    return context(texts.GRID_MISSING)


def expand(matter: ModalSubject) -> View:
    sides = {
        "type": "checkboxes",
        "action_id": "value",
        "options": [option(side.capitalize(), side) for side in SIDES],
    }
    amount = {
        "type": "number_input",
        "action_id": "value",
        "is_decimal_allowed": False,
        "min_value": "10",
        "max_value": "200",
        "initial_value": "50",
    }
    return _modal(
        "expand",
        texts.MODAL_EXPAND,
        matter,
        [
            *_choice(matter),
            context(chat.EXPAND_PRICE),
            _input("sides", texts.FIELD_SIDES, sides, optional=True),
            _input("amount", texts.FIELD_AMOUNT, amount, optional=True),
            _line("aspect", texts.FIELD_ASPECT),
            _text("prompt", texts.FIELD_NEW, optional=True),
        ],
    )


def report(matter: ModalSubject) -> View:
    fields = [*_choice(matter), _reason("reason", chat.FIELD_REPORT)]
    return _modal(REPORT, texts.MODAL_REPORT, matter, fields, submit=texts.SEND)


def appeal(matter: ModalSubject) -> View:
    fields = [_reason("reason", case_texts.FIELD_APPEAL)]
    return _modal(APPEAL, texts.MODAL_APPEAL, matter, fields, submit=texts.SEND)


def pick(matter: ModalSubject) -> View:
    """For what needs no words, only a picture."""
    return _modal(PICK, texts.MODAL_PICK, matter, _choice(matter))


def imagine(matter: ModalSubject, *, models: Sequence[str] = (), styles: Sequence[str] = ()) -> View:
    where = {
        "type": "conversations_select",
        "action_id": "value",
        "default_to_current_conversation": True,
        "filter": {"include": ["public", "private", "im"], "exclude_bot_users": True},
    }
    count = {
        "type": "static_select",
        "action_id": "value",
        "options": [option(str(number), str(number)) for number in range(1, MAX_COUNT + 1)],
    }
    return _modal(
        "imagine",
        texts.MODAL_IMAGINE,
        matter,
        [
            _text("prompt", chat.FIELD_PROMPT),
            _input("channel", texts.FIELD_CHANNEL, where),
            _input("count", texts.FIELD_COUNT, count, optional=True),
            _line("aspect", texts.FIELD_SHAPE),
            *_name("model", texts.FIELD_MODEL, models),
            *_name("style", texts.FIELD_STYLE, styles),
        ],
    )


def values_of(view: Mapping[str, Any]) -> dict[str, object]:
    """What was filled in, by block: text, a chosen value, or several joined by commas. Empty ones are left out."""
    state: Mapping[str, Mapping[str, Any]] = view.get("state", {}).get("values", {})
    found: dict[str, Mapping[str, Any]] = {
        block: next(iter(inputs.values()), {}) for block, inputs in state.items()
    }
    read = {block: _value(element) for block, element in found.items()}
    return {block: value for block, value in read.items() if value}


def _value(element: Mapping[str, Any]) -> str:
    if chosen := element.get("selected_options"):
        return ",".join(str(option["value"]) for option in chosen)
    if one := element.get("selected_option"):
        return str(one["value"])
    return str(element.get("selected_conversation") or element.get("value") or "")


def _modal(
    name: str, title: str, matter: ModalSubject, blocks: Sequence[Block], *, submit: str = texts.SUBMIT
) -> View:
    return {
        "type": "modal",
        "callback_id": f"{PREFIX}{name}",
        "title": plain(title[:24]),
        "submit": plain(submit),
        "close": plain(texts.CLOSE),
        "private_metadata": to_json(matter),
        "blocks": list(blocks),
    }


def _choice(matter: ModalSubject, *, dispatch: bool = False) -> list[Block]:
    """Asks which picture, where there are several. `dispatch` tells us as soon as it is changed."""
    if matter.job is None or len(matter.indices) < 2:
        return []
    options = [option(str(index), picture_id(matter.job, index)) for index in matter.indices]
    element = {"type": "static_select", "action_id": CHOICE, "options": options, "initial_option": options[0]}
    return [_input("picture", texts.FIELD_PICTURE, element, dispatch_action=dispatch)]


def _input(block_id: str, label: str, element: Block, *, optional: bool = False, **more: Any) -> Block:
    return {
        "type": "input",
        "block_id": block_id,
        "label": plain(label),
        "element": element,
        "optional": optional,
        **more,
    }


def _text(block_id: str, label: str, initial: str = "", *, optional: bool = False) -> Block:
    element: Block = {
        "type": "plain_text_input",
        "action_id": "value",
        "multiline": True,
        "max_length": _LONGEST_INPUT,
    }
    if initial:
        element["initial_value"] = initial
    return _input(block_id, label, element, optional=optional)


def _reason(block_id: str, label: str) -> Block:
    element: Block = {
        "type": "plain_text_input",
        "action_id": "value",
        "multiline": True,
        "max_length": _LONGEST_REASON,
    }
    return _input(block_id, label, element, optional=True)


def _line(block_id: str, label: str) -> Block:
    element = {"type": "plain_text_input", "action_id": "value", "max_length": 20}
    return _input(block_id, label, element, optional=True)


def _name(block_id: str, label: str, names: Sequence[str]) -> list[Block]:
    """One of several names; nothing where there is no choice."""
    if len(names) < 2:
        return []
    select: Block = {"type": "static_select", "action_id": "value", "options": named_options(names)}
    return [_input(block_id, label, select, optional=True)]


def named_options(names: Iterable[str], *, most: int = MOST_OPTIONS) -> list[Block]:
    """An option's text and value have room for 75 characters: longer names are typed."""
    return [option(name, name) for name in names if len(name) <= _LONGEST_OPTION][:most]


def option(label: str, value: str) -> Block:
    return {"text": plain(label), "value": value}


# The parameter that is wrong is shown at its field, where the modal has one.
FIELDS: Mapping[str, frozenset[str]] = {
    "remix": frozenset({"prompt", "picture"}),
    "edit": frozenset({"prompt", "region", "picture"}),
    "expand": frozenset({"prompt", "sides", "amount", "aspect", "picture"}),
    "imagine": frozenset({"prompt", "count", "aspect", "model", "style"}),
    PICK: frozenset({"picture"}),
    REPORT: frozenset({"picture", "reason"}),
    APPEAL: frozenset({"reason"}),
}
