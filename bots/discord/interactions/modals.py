"""Modals are opened and read here.

What a modal is about stands in its id, and its answer is read from the interaction itself: one that was opened before
a restart is served after it. A modal must be the first answer to a press and cannot show a picture, so a form that has
one, or that is about an upload, stands behind a button of a private message.
"""

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import Any

import discord
from discord import ui

from bots.discord.guilds.members import call_of
from bots.discord.guilds.uploads import PENDING_UPLOAD
from bots.discord.interactions.dispatcher import Handler
from bots.discord.messages.error_mapping import log_api_errors
from bots.discord.render_form import parse_step, render_form, steps_of, values_of
from bots.discord.texts import texts
from bots.interactions.step_runner import Reply
from bots.presentation.actions import ACTIONS, label
from bots.presentation.compose.action_forms import FormSubject
from bots.presentation.form_model import FieldKind, Form
from bots.presentation.interaction_router import FORM_PREFIX, Ask, Choose, Run, parse_form_id, route_form
from bots.presentation.message import Images, Message, Paragraph, Part
from bots.presentation.subject_lookup import form_about, subject_of_upload
from bots.texts.translation import translate
from studio.commands.button_ids import NO_TARGET, Action
from studio.commands.spec import Call
from studio.domain.identifiers import picture_id, split_picture_id
from studio.errors import BadRequestError, DatabaseUnavailableError

OPENER = "c1f"  # and the action and what its form is about
_LOOK_UP_SECONDS = 1.0


class Modals(Handler):
    """Methods raise a `ChatelierError` before an interaction is acknowledged."""

    async def ask(self, interaction: discord.Interaction, ask: Ask) -> None:
        """Open the form of an action, or what comes before it: which of several pictures is meant, or its picture."""
        form = await self._load(interaction, ask)
        asks_which = any(field.kind is FieldKind.PICTURE for field in form.fields)
        if asks_which and (form.image or len(steps_of(form)) > 1):
            choice = partial(self._runner.carry_out, Choose(action=ask.action, job_id=ask.job_id))
            await self._dispatcher.serve(interaction, choice, public=False)
        elif form.image and ask.press is None:  # a gathering's button stands below the picture already
            opener = partial(self.show_opener, interaction, ask.action, form)
            await self._dispatcher.serve(interaction, opener, public=False)
        else:
            await self.open(interaction, form)

    async def _load(self, interaction: discord.Interaction, ask: Ask) -> Form:
        """A modal must be the first answer to a press, so its prefilled words may not take long to find."""
        try:
            async with asyncio.timeout(_LOOK_UP_SECONDS):
                return await self._runner.load_form(ask, call_of(interaction, self._context.settings))
        except TimeoutError:
            if not ask.index:
                raise DatabaseUnavailableError from None
            return form_about(ask.action, FormSubject(about=picture_id(ask.job_id, ask.index)))

    async def show_opener(
        self, interaction: discord.Interaction, action: Action, form: Form, call: Call
    ) -> None:
        """A private message with the form's picture and a button that opens the form."""
        about = self._context.pending_uploads.add(form.upload, call.person) if form.upload else form.about
        parts: list[Part] = [Images(images=(form.image,))] if form.image else []
        parts.append(Paragraph(form.intro or (form.title,)))
        opener = _opener(f"{action}:{about}", label(action, single=True))
        await self._answers.show(interaction, Reply(message=Message(parts=tuple(parts))), more=opener)

    async def open_from(self, interaction: discord.Interaction, opener: str, **values: str) -> None:
        """The button before a form was pressed; `opener` is its action and what it is about, or the step of a form."""
        action, _, about = opener.partition(":")
        if action == Action.SETTINGS and about.isdecimal():
            form = await self._load(interaction, Ask(action=Action.SETTINGS, job_id=NO_TARGET))
            await self.open(interaction, form, step=min(int(about), len(steps_of(form)) - 1))
        elif action in ACTIONS:
            form = await self._load_opened(interaction, Action(action), about)
            await self.open(interaction, form.with_values(values))

    async def _load_opened(self, interaction: discord.Interaction, action: Action, about: str) -> Form:
        if picture := split_picture_id(about):
            return await self._load(interaction, Ask(action=action, job_id=picture[0], index=picture[1]))
        return form_about(action, subject_of_upload(self._context.ports, about))

    async def handle_submission(self, interaction: discord.Interaction) -> None:
        """The answer to any modal; called for every one that comes in."""
        data: Mapping[str, Any] = interaction.data or {}
        custom_id = str(data.get("custom_id", ""))
        if not custom_id.startswith(FORM_PREFIX):
            return
        filled, (form_id, next_step) = values_of(data), parse_step(custom_id)
        form = parse_form_id(form_id)
        if form is None:
            raise BadRequestError("form_unknown")
        person = call_of(interaction, self._context.settings).person
        upload = self._context.pending_uploads.find(form.about, person)
        pending = {
            name: value if isinstance(value, str) else [PENDING_UPLOAD] * len(value)
            for name, value in filled.items()
        }
        run = route_form(form, pending, upload=upload)
        resolved = data.get("resolved", {}).get("attachments", {})

        async def complete(call: Call) -> Run:
            received: dict[str, object] = {**filled}
            for name, ids in filled.items():
                if isinstance(ids, tuple):
                    files = [discord.Attachment(data=resolved[i], state=interaction._state) for i in ids]
                    fetches = [partial(self._context.downloads.download, file) for file in files]
                    received[name] = [await self._runner.take_in(fetch, call) for fetch in fetches]
            return route_form(form, received, upload=upload)

        if next_step is None:
            await self._dispatcher.run(interaction, run, complete=complete)
        else:
            operation = partial(self._carry_out_step, interaction, run, next_step)
            await self._dispatcher.serve(interaction, operation, public=False)

    async def _carry_out_step(
        self, interaction: discord.Interaction, run: Run, next_step: int, call: Call
    ) -> None:
        """The answer to one step of a form, with a button that opens the next."""
        opener = _opener(f"{run.command}:{next_step}", translate(texts.NEXT_STEP))
        if reply := await self._runner.compose(await self._runner.run(run, call), call):
            await self._answers.show(interaction, reply, more=opener)

    async def open(self, interaction: discord.Interaction, form: Form, *, step: int = 0) -> None:
        with log_api_errors("modal not opened"):
            await interaction.response.send_modal(render_form(form, step=step))


def _opener(opens: str, text: str) -> ui.ActionRow[Any]:
    button: ui.Button[Any] = ui.Button(custom_id=f"{OPENER}:{opens}", label=text)
    return ui.ActionRow(button)
