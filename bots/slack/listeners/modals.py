"""Modals: opened at once, and filled while people read."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from bots.presentation.actions import label
from bots.presentation.compose.action_forms import FormSubject
from bots.presentation.compose.errors import explain
from bots.presentation.form_model import Form
from bots.presentation.interaction_router import Ask
from bots.presentation.message import Images, Message
from bots.presentation.subject_lookup import form_about, load_imagine_form, load_subject
from bots.process.thread_pools import Pool
from bots.slack.api.client import log_slack_errors
from bots.slack.api.request import SlackRequest, of_interaction
from bots.slack.listeners.form_state import FormState, read_form
from bots.slack.listeners.listener import Listener
from bots.slack.render_form import View, choices_of, notice_view, render_form
from bots.slack.texts import texts
from bots.slack.texts.mrkdwn import mrkdwn
from bots.texts.translation import translate
from studio.commands.button_ids import Action
from studio.commands.spec import Call
from studio.errors import ChatelierError

_UPLOAD = "upload"  # what stands for somebody's own image, among the subjects of files


class Modals(Listener):
    async def open(
        self, request: SlackRequest, action: Action | None, find: Callable[[Call], Awaitable[Form]]
    ) -> None:
        """A modal, opened at once, and filled when `find` has told what it asks. Never raises.

        A trigger lasts three seconds, and whatever is looked up first could take longer. Without an action it asks for
        new pictures.
        """
        if not self._dispatcher.requests.is_new(request.key):
            return
        await self._people.adopt_language(request)
        title = label(action, single=True) if action else translate(texts.SHORTCUT_IMAGINE)
        loading = notice_view(title, translate(texts.MODAL_LOADING))
        try:
            client = await self._client(request)
            trigger = {"trigger_id": request.trigger_id, "view": loading}
            opened = await client.call("views.open", patient=False, **trigger)
        except Exception as error:  # noqa: BLE001 - whatever broke, the person gets a sentence
            await self._dispatcher.refuse(request, error)
            return
        view_id = str(opened["view"]["id"])
        try:
            form = await find(await self._people.call_of(request))
            state = FormState(channel=request.channel, thread=request.thread, image=form.upload)
            await self._update(request, view_id, render_form(form, state.metadata))
            if form.image:
                await self._show_image(request, view_id, form, state)
        except Exception as error:  # noqa: BLE001 - whatever broke, the person gets a sentence
            await self._fail(request, view_id, title, error)

    async def ask(self, request: SlackRequest, step: Ask) -> None:
        """The form of an action on a picture or a job. Never raises."""
        await self.open(request, step.action, partial(self._runner.load_form, step))

    async def ask_imagine(self, body: Mapping[str, Any]) -> None:
        """From everywhere, so that it asks for a channel. Never raises."""

        async def find(_call: Call) -> Form:
            return await self._pools.run(Pool.DATABASE, load_imagine_form, self._ports)

        await self.open(of_interaction(body), None, find)

    async def picture_chosen(self, body: Mapping[str, Any]) -> None:
        """Another picture was chosen in a modal: its grid takes the place of the other's."""
        request, view = of_interaction(body), body["view"]
        form, state = read_form(view)
        if form.command != Action.EDIT or not self._dispatcher.requests.is_new(request.key):
            return
        picture = str(body["actions"][0]["selected_option"]["value"])
        person = (await self._people.call_of(request)).person
        load = partial(load_subject, self._ports, picture, person, channel=state.channel)
        try:
            subject = await self._pools.run(Pool.COMMANDS, load)
        except ChatelierError:
            subject = FormSubject(about=picture)
        subject = replace(subject, about=form.about, pictures=choices_of(view, "picture"))
        await self._show_image(request, str(view["id"]), form_about(Action.EDIT, subject), state)

    async def _fail(self, request: SlackRequest, view_id: str, title: str, error: Exception) -> None:
        """In the modal, which would wait for ever; in the chat where it is closed already."""
        try:
            if not isinstance(error, ChatelierError):
                raise error
            await self._update(request, view_id, notice_view(title, mrkdwn(explain(error))))
        except Exception:  # noqa: BLE001 - the person hears of what went wrong first
            await self._dispatcher.refuse(request, error)

    async def _update(self, request: SlackRequest, view_id: str, view: View) -> None:
        client = await self._client(request)
        await client.call("views.update", view_id=view_id, view=view)

    async def _show_image(self, request: SlackRequest, view_id: str, form: Form, state: FormState) -> None:
        """Put the picture into an open modal; what was typed meanwhile stays."""
        message = Message(parts=(Images(images=(form.image,)),) if form.image else ())
        about = form.about.partition(".")[0] or _UPLOAD
        try:
            files = (await self._images.draft(request, message, lambda _: about)).files
        except ChatelierError:
            files = {}
        with log_slack_errors("modal not updated"):  # it may be closed by now
            await self._update(request, view_id, render_form(form, state.metadata, files))
