"""Forms: words for a remix, the lettered overlay and words for an edit.

What a form is about stands in its id, and its answer is read from the interaction itself: a form that was
opened before a restart is served after it.
"""

import asyncio
import io
import logging
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import discord

from bots.delivery.attachments import fit_attachment
from bots.delivery.job_view import load_family
from bots.discord.context import DiscordClient
from bots.discord.guilds.dm_context import in_home_community
from bots.discord.guilds.members import call_of
from bots.discord.interactions.dispatcher import Dispatcher, send_private
from bots.discord.messages.components import choice_of_cells
from bots.discord.settings import DiscordSettings
from bots.discord.texts import texts
from bots.runtime.pending_uploads import PendingUploads
from bots.runtime.thread_pools import Pool, ThreadPools
from bots.texts import cases as case_texts
from bots.texts import chat
from bots.texts.prompt_flags import spread_flags
from studio.commands.button_ids import Action, Button
from studio.commands.registry import execute
from studio.commands.results import Answer
from studio.commands.spec import MAX_PROMPT, Call
from studio.domain.identifiers import split_picture_id
from studio.errors import BadRequestError, ChatelierError
from studio.parsing.grid_regions import is_cell
from studio.ports import Ports

_REMIX = re.compile(r"c1m:remix:(?P<what>[\w.]{1,20})")
_EDIT = re.compile(r"c1m:edit:(?P<what>[\w.]{1,40}):(?P<cells>(?:[A-D][1-4])*)")
_REPORT = re.compile(r"c1m:report:(?P<what>[\w.]{1,20})")
_APPEAL = re.compile(r"c1m:appeal:(?P<what>\w{1,20})")
_PREFIX = "c1m:"
_PROMPT = "prompt"
_LOOK_UP_SECONDS = 1.0
_FORGET_SECONDS = 15 * 60
_LONGEST_REASON = 500
_REASONS = {
    Action.APPEAL: (case_texts.MODAL_APPEAL, case_texts.FIELD_APPEAL),
    Action.REPORT: (chat.MODAL_REPORT, chat.FIELD_REPORT),
}

log = logging.getLogger(__name__)


class Form(discord.ui.Modal):
    """A modal with one field. Its answer is read by `Modals.submitted`, whoever opened it."""

    def __init__(
        self, custom_id: str, title: str, field: str, *, default: str = "", longest: int = MAX_PROMPT
    ) -> None:
        """A field with less room than a prompt has may stay empty."""
        super().__init__(title=title, custom_id=custom_id, timeout=_FORGET_SECONDS)
        text: discord.ui.TextInput[discord.ui.Modal] = discord.ui.TextInput(
            custom_id=_PROMPT,
            style=discord.TextStyle.paragraph,
            default=default[:longest] or None,
            max_length=longest,
            required=longest == MAX_PROMPT,
        )
        self.add_item(discord.ui.Label(text=field, component=text))

    async def on_submit(self, interaction: discord.Interaction) -> None:
        """Nothing: see `Modals.submitted`."""


class Modals:
    def __init__(
        self,
        bot: DiscordClient,
        ports: Ports,
        pools: ThreadPools,
        counter: Dispatcher,
        pending_uploads: PendingUploads,
        settings: DiscordSettings,
    ) -> None:
        self._bot = bot
        self._ports = ports
        self._pools = pools
        self._counter = counter
        self._pending_uploads = pending_uploads
        self._settings = settings

    async def ask_for_words(self, interaction: discord.Interaction, button: Button) -> None:
        """A form must be the first answer to a click, so its prefilled words may not take long to find."""
        asked, what = call_of(interaction, self._settings), button.picture_id or ""
        prompt = ""
        try:
            async with asyncio.timeout(_LOOK_UP_SECONDS):
                viewer = await in_home_community(self._bot, asked, what, paints=False)
                _, picture, _ = await self._pools.run(
                    Pool.DATABASE,
                    load_family,
                    self._ports.database,
                    what,
                    viewer.person,
                    channel=viewer.address.channel,
                )
            prompt = picture.recipe.prompt
        except TimeoutError:
            pass
        except ChatelierError as error:
            await send_private(interaction, texts.sentence_of(error))
            return
        form = Form(
            f"{_PREFIX}remix:{button.picture_id}", chat.MODAL_REMIX, chat.FIELD_PROMPT, default=prompt
        )
        await self._open(interaction, form)

    async def show_cells(self, interaction: discord.Interaction, button: Button) -> None:
        """The picture under the lettered grid, and a menu of its cells."""

        async def work(call: Call) -> str:
            what = button.picture_id or ""
            viewer = await in_home_community(self._bot, call, what, paints=False)
            _, picture, _ = await self._pools.run(
                Pool.COMMANDS,
                load_family,
                self._ports.database,
                what,
                viewer.person,
                channel=viewer.address.channel,
            )
            await self.send_overlay(interaction, picture.key, picture.id, picture.recipe.prompt)
            return ""

        await self._counter.serve(interaction, work, public=False)

    async def send_overlay(self, interaction: discord.Interaction, key: str, what: str, prompt: str) -> None:
        """`what` is the picture's id or an upload's ticket; the interaction is acknowledged already."""
        limit_bytes = interaction.filesize_limit

        def lettered() -> tuple[bytes, str]:
            overlay = self._ports.image_tools.overlay(self._ports.store.get(key))
            print_ = fit_attachment(self._ports, overlay, limit_bytes=limit_bytes)
            return print_.data, print_.suffix

        data, suffix = await self._pools.run(Pool.FILES, lettered)
        file = discord.File(io.BytesIO(data), f"cells{suffix}", description=texts.overlay_alternative(prompt))
        await interaction.edit_original_response(
            content=texts.WHICH_CELLS, attachments=[file], view=choice_of_cells(what)
        )

    async def ask_for_edit(self, interaction: discord.Interaction, what: str, cells: Sequence[str]) -> None:
        if not cells:
            await send_private(interaction, chat.BUTTON_UNKNOWN)
            return
        form = Form(f"{_PREFIX}edit:{what}:{''.join(sorted(cells))}", chat.MODAL_EDIT, chat.FIELD_EDIT)
        await self._open(interaction, form)

    async def ask_for_reason(self, interaction: discord.Interaction, button: Button) -> None:
        """Before an appeal or a report is filed. Nothing is looked up: what is wrong is said afterwards."""
        what = button.picture_id or button.job_id
        title, field = _REASONS[button.action]
        await self._open(
            interaction, Form(f"{_PREFIX}{button.action}:{what}", title, field, longest=_LONGEST_REASON)
        )

    async def submitted(self, interaction: discord.Interaction) -> None:
        """The answer to any form of ours; called for every form that comes in."""
        data: Mapping[str, Any] = interaction.data or {}
        custom_id = str(data.get("custom_id", ""))
        if not custom_id.startswith(_PREFIX):
            return
        prompt = next((value for name, value in fields(data.get("components", [])) if name == _PROMPT), "")

        files = bool(_REPORT.fullmatch(custom_id) or _APPEAL.fullmatch(custom_id))

        async def work(call: Call) -> Answer:
            call = await in_home_community(
                self._bot, call, (*custom_id.split(":"), "", "")[2], paints=not files
            )
            name, values = self._read(custom_id, prompt, call)
            return await self._pools.run(Pool.COMMANDS, execute, self._ports, call, name, values)

        await self._counter.serve(interaction, work, public=not files)

    def _read(self, custom_id: str, prompt: str, call: Call) -> tuple[str, dict[str, object]]:
        """The command that a form stands for. Raises `BadRequestError`."""
        if match := _REMIX.fullmatch(custom_id):
            return "remix", spread_flags("remix", {"picture": match["what"], "prompt": prompt})
        if match := _EDIT.fullmatch(custom_id):
            letters = match["cells"]
            cells = [letters[start : start + 2] for start in range(0, len(letters), 2)]
            values: dict[str, object] = {"prompt": prompt, "region": ",".join(filter(is_cell, cells))}
            if split_picture_id(match["what"]):
                values["picture"] = match["what"]
            elif source := self._pending_uploads.find(match["what"], call.person):
                values["image"] = source
            else:
                raise BadRequestError(chat.UPLOAD_GONE)
            return "edit", spread_flags("edit", values)
        if match := _REPORT.fullmatch(custom_id):
            return "report", {"picture": match["what"], "reason": prompt}
        if match := _APPEAL.fullmatch(custom_id):
            return "appeal", {"job": match["what"], "reason": prompt}
        raise BadRequestError(chat.FORM_UNKNOWN)

    async def _open(self, interaction: discord.Interaction, form: Form) -> None:
        try:
            await interaction.response.send_modal(form)
        except discord.HTTPException as error:
            form.stop()
            log.warning("modal not opened: code=%s", error.code)


def fields(components: object) -> Iterator[tuple[str, str]]:
    """Name and text of every input in a form's answer, however deep it is wrapped."""
    for component in components if isinstance(components, Iterable) else ():
        if isinstance(component, Mapping):
            if "value" in component:
                yield str(component.get("custom_id", "")), str(component["value"])
            inner = component.get("component")
            yield from fields([inner] if inner else component.get("components", []))
