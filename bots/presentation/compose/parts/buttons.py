"""Buttons as the table of actions describes them."""

from bots.presentation.actions import ACTIONS
from bots.presentation.actions import label as label_of
from bots.presentation.message import Button, ButtonRow
from bots.texts.translation import translate
from studio.commands.button_ids import Action

_MOST_IN_A_ROW = 5


def button(
    action: Action,
    target: str,
    index: int = 0,
    *,
    single: bool = False,
    label: str = "",
    pressed: bool = False,
) -> Button:
    """`single`: its message shows one picture, so that the button says what it does instead of a number."""
    spec = ACTIONS[action]
    return Button(
        action=action,
        target=target,
        index=index,
        label=label or (label_of(action, index, single=True) if single else ""),
        tone=spec.tone,
        confirm=translate(spec.confirm) if spec.confirm else "",
        pressed=pressed,
    )


def rows_of(buttons: list[Button], *, most: int = _MOST_IN_A_ROW) -> tuple[ButtonRow, ...]:
    """Rows of at most `most` buttons."""
    return tuple(
        ButtonRow(buttons=tuple(buttons[start : start + most])) for start in range(0, len(buttons), most)
    )
