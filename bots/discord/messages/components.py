"""Buttons and menus that work for ever: all state is in their ids, so any process can serve any of them."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Self

import discord

from bots.discord.context import DiscordClient
from bots.discord.messages.job_message import JobMessage, Key
from bots.discord.texts import texts
from bots.texts import cases as case_texts
from bots.texts import chat
from studio.commands.button_ids import VERSION, Action, Button, parse_button
from studio.domain.cases import Case, CaseState
from studio.parsing.grid_regions import COLUMNS, ROWS, is_cell

_MOST_BUTTONS = 25
_STYLES = {
    Action.STAR: discord.ButtonStyle.secondary,
    Action.CANCEL: discord.ButtonStyle.danger,
    Action.UPSCALE: discord.ButtonStyle.secondary,
    Action.APPEAL: discord.ButtonStyle.secondary,
    Action.REPORT: discord.ButtonStyle.danger,
    Action.CLAIM: discord.ButtonStyle.primary,
    Action.APPROVE: discord.ButtonStyle.success,
    Action.SPOILER: discord.ButtonStyle.success,
    Action.OVERTURN: discord.ButtonStyle.success,
    Action.CONSENT: discord.ButtonStyle.success,
    Action.DECLINE: discord.ButtonStyle.secondary,
    Action.REJECT: discord.ButtonStyle.secondary,
    Action.WARN: discord.ButtonStyle.secondary,
    Action.SUSPEND: discord.ButtonStyle.danger,
    Action.BAN: discord.ButtonStyle.danger,
    Action.BLOCK: discord.ButtonStyle.danger,
}
_IN_A_ROW = 5


class PictureButton(discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]], template=rf"{VERSION}:.*"):
    """Every button of the face. One whose id is foreign or damaged answers with a sentence."""

    def __init__(
        self, custom_id: str, label: str, *, style: discord.ButtonStyle, disabled: bool = False
    ) -> None:
        super().__init__(discord.ui.Button(custom_id=custom_id, label=label, style=style, disabled=disabled))

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction[Any],  # noqa: ARG003
        item: discord.ui.Item[Any],  # noqa: ARG003
        match: re.Match[str],
    ) -> Self:
        return cls(match[0], "·", style=discord.ButtonStyle.secondary)

    async def callback(self, interaction: discord.Interaction[DiscordClient]) -> None:  # type: ignore[override]
        await interaction.client.dispatcher.handle_button(interaction, parse_button(self.custom_id))


class CellMenu(
    discord.ui.DynamicItem[discord.ui.Select[discord.ui.View]], template=r"c1s:(?P<what>[\w.]{1,40})"
):
    """The cells of the lettered grid. `what` is a picture id, or the ticket of an upload."""

    def __init__(self, what: str) -> None:
        cells = [f"{column}{row}" for row in ROWS for column in COLUMNS]
        super().__init__(
            discord.ui.Select(
                custom_id=f"c1s:{what}",
                placeholder=chat.CHOOSE_CELLS,
                min_values=1,
                max_values=len(cells),
                options=[discord.SelectOption(label=cell, value=cell) for cell in cells],
            )
        )
        self.what = what

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction[Any],  # noqa: ARG003
        item: discord.ui.Item[Any],  # noqa: ARG003
        match: re.Match[str],
    ) -> Self:
        return cls(match["what"])

    async def callback(self, interaction: discord.Interaction[DiscordClient]) -> None:  # type: ignore[override]
        data: Mapping[str, Any] = interaction.data or {}
        chosen = data.get("values", [])
        cells = [cell for cell in chosen if isinstance(cell, str) and is_cell(cell)]
        await interaction.client.modals.ask_for_edit(interaction, self.what, cells)


class CaseWindow(
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]], template=r"c1k:(?P<case>\w{12})"
):
    """Shows a case's pictures as they are, to the moderator who presses it and to nobody else."""

    def __init__(self, case_id: str) -> None:
        super().__init__(
            discord.ui.Button(
                custom_id=f"c1k:{case_id}", label=case_texts.SHOW, style=discord.ButtonStyle.secondary
            )
        )
        self.case_id = case_id

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction[Any],  # noqa: ARG003
        item: discord.ui.Item[Any],  # noqa: ARG003
        match: re.Match[str],
    ) -> Self:
        return cls(match["case"])

    async def callback(self, interaction: discord.Interaction[DiscordClient]) -> None:  # type: ignore[override]
        await interaction.client.case_delivery.reveal(interaction, self.case_id)


def case_view(case: Case, *, pictures: bool = True) -> discord.ui.View | None:
    """What can be done with a case; None once it is decided."""
    actions = case_texts.buttons(case)
    if not actions:
        return None
    view = discord.ui.View(timeout=None)
    for place, action in enumerate(actions):
        button = _plain_button(action, case.id)
        button.row = place // _IN_A_ROW
        view.add_item(button)
    if pictures:
        view.add_item(CaseWindow(case.id))
    return view


def case_buttons(cases: Sequence[Case]) -> discord.ui.View | None:
    """A button to take each open case of a list, as many as a message holds."""
    open_ = [case for case in cases if case.state is CaseState.OPEN][:_MOST_BUTTONS]
    if not open_:
        return None
    view = discord.ui.View(timeout=None)
    for number, case in enumerate(open_, start=1):
        custom_id = str(Button(action=Action.CLAIM, job_id=case.id))
        label = f"{texts.label(Action.CLAIM, 0, alone=False)} {number}"
        view.add_item(PictureButton(custom_id, label, style=_STYLES[Action.CLAIM]))
    return view


def appeal_button(job_id: str) -> discord.ui.View:
    """Under a refusal."""
    view = discord.ui.View(timeout=None)
    view.add_item(_plain_button(Action.APPEAL, job_id))
    return view


def _plain_button(action: Action, what: str) -> PictureButton:
    return PictureButton(
        str(Button(action=action, job_id=what)), texts.label(action, 0, alone=False), style=_STYLES[action]
    )


def view_of(post: JobMessage) -> discord.ui.View | None:
    """The buttons of a post; build it on the event loop."""
    if not post.rows:
        return None
    view = discord.ui.View(timeout=None)
    for number, keys in enumerate(post.rows):
        for key in keys:
            view.add_item(_button(post.job_id, key, alone=post.alone, row=number))
    return view


def _button(job_id: str, key: Key, *, alone: bool, row: int) -> PictureButton:
    button = PictureButton(
        str(Button(action=key.action, job_id=job_id, index=key.index)),
        texts.label(key.action, key.index, alone=alone),
        style=_STYLES.get(key.action, discord.ButtonStyle.primary),
        disabled=key.dead,
    )
    button.row = row
    return button


def choice_of_tiles(action: Action, job_id: str, indices: Iterable[int]) -> discord.ui.View:
    """One button for each picture that the action may be meant for."""
    view = discord.ui.View(timeout=None)
    for index in indices:
        custom_id = str(Button(action=action, job_id=job_id, index=index))
        view.add_item(PictureButton(custom_id, str(index), style=discord.ButtonStyle.primary))
    return view


def cancel_buttons(job_ids: Sequence[str]) -> discord.ui.View | None:
    """One for each waiting job, in their order, as many as a message holds."""
    if not job_ids:
        return None
    view = discord.ui.View(timeout=None)
    for number, job_id in enumerate(job_ids[:_MOST_BUTTONS], start=1):
        custom_id = str(Button(action=Action.CANCEL, job_id=job_id))
        label = f"{texts.label(Action.CANCEL, 0, alone=False)} {number}"
        view.add_item(PictureButton(custom_id, label, style=_STYLES[Action.CANCEL]))
    return view


def choice_of_cells(what: str) -> discord.ui.View:
    view = discord.ui.View(timeout=None)
    view.add_item(CellMenu(what))
    return view


DYNAMIC_ITEMS: Sequence[type[discord.ui.DynamicItem[Any]]] = (PictureButton, CellMenu, CaseWindow)
