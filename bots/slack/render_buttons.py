"""Rows of buttons as Block Kit: buttons side by side, and menus whose options are buttons."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from bots.presentation.actions import description, label
from bots.presentation.limits import Limits
from bots.presentation.message import Button, ButtonRow, Tone
from bots.slack.blocks import Block, plain
from bots.slack.texts import texts
from bots.texts.translation import translate

MENU = "c1s:"  # and the action: a menu whose options are buttons
FEEDBACK = "c1f:"  # and a job
_MOST_ELEMENTS = 25
_LABEL, _MOST_OPTIONS = 75, 100
_CONFIRM_TEXT, _CONFIRM_BUTTON = 300, 30
_STYLES = {Tone.SUCCESS: "primary", Tone.DANGER: "danger"}


def rows_of(rows: Sequence[ButtonRow], limits: Limits) -> Iterator[Block]:
    """Rows with a menu become menus that stand side by side. Slack has no disabled buttons: these are left out."""
    shown = [row for row in rows if row.enabled]
    for is_menu, group in groupby(shown, key=lambda row: bool(row.menu)):
        if is_menu:
            yield _actions([_menu(row, limits) for row in group], limits)
        else:
            for row in group:
                yield _actions([_button(button, limits) for button in row.enabled], limits)


def feedback_row(buttons: Sequence[Button], limits: Limits) -> Block:
    """Slack's own buttons for good and not good, which stay marked when they are pressed."""
    good, not_good = ({"text": _label(button.label, limits), "value": button.custom_id} for button in buttons)
    element = {
        "type": "feedback_buttons",
        "action_id": f"{FEEDBACK}{buttons[0].target}",
        "positive_button": good,
        "negative_button": not_good,
    }
    return {"type": "context_actions", "elements": [element]}


def _actions(elements: Sequence[Block], limits: Limits) -> Block:
    return {"type": "actions", "elements": limits.items(elements, _MOST_ELEMENTS, "elements")}


def _menu(row: ButtonRow, limits: Limits) -> Block:
    options = [{"text": _label(_option(button), limits), "value": button.custom_id} for button in row.enabled]
    return {
        "type": "static_select",
        "action_id": f"{MENU}{row.buttons[0].action}",
        "placeholder": _label(row.menu, limits),
        "options": limits.items(options, _MOST_OPTIONS, "options"),
    }


def _option(button: Button) -> str:
    return _with_mark(button, button.label or translate(texts.PICTURE_NUMBER, number=button.index))


def _with_mark(button: Button, text: str) -> str:
    return f"✓ {text}" if button.pressed else text


def _button(button: Button, limits: Limits) -> Block:
    text = button.label or label(button.action, button.index)
    block: Block = {
        "type": "button",
        "action_id": button.custom_id,
        "value": button.custom_id,
        "text": _label(_with_mark(button, text), limits),
    }
    if not button.verb and (spoken := _screen_reader_text(button)) and len(spoken) <= _LABEL:
        block["accessibility_label"] = spoken
    if style := _STYLES.get(button.tone):
        block["style"] = style
    if button.confirm:
        block["confirm"] = _confirm(button, text, limits)
    return block


def _screen_reader_text(button: Button) -> str:
    """What a screen reader says in place of the text."""
    spoken = description(button.action, button.index)
    return translate(texts.PRESSED, button=spoken) if spoken and button.pressed else spoken


def _confirm(button: Button, text: str, limits: Limits) -> Block:
    return {
        "title": plain(translate(texts.SURE)),
        "text": plain(limits.text(button.confirm, _CONFIRM_TEXT, "question")),
        "confirm": plain(limits.text(text, _CONFIRM_BUTTON, "answer")),
        "deny": plain(translate(texts.CLOSE)),
        **({"style": "danger"} if button.tone is Tone.DANGER else {}),
    }


def _label(text: str, limits: Limits) -> Block:
    return plain(limits.text(text, _LABEL, "label"))
