"""Modals: opened at once, and filled while people read."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from bots.presentation.actions import label
from bots.presentation.compose.action_forms import FormSubject
from bots.presentation.compose.errors import explain
from bots.presentation.form_model import Form
from bots.presentation.interaction_router import Ask
from bots.presentation.message import Images, Message
from bots.presentation.subject_lookup import form_about, load_imagine_form, load_subject
from bots.process.thread_pools import Pool
from bots.slack.api.client import SlackApiRefusedError, SlackUnavailableError
from bots.slack.api.request import SlackRequest, of_interaction
from bots.slack.listeners.form_state import FormState, read_form
from bots.slack.listeners.listener import Listener
from bots.slack.render_form import View, notice_view, render_form
from bots.slack.texts import texts
from bots.slack.texts.mrkdwn import mrkdwn
from bots.texts.translation import translate
from studio.commands.button_ids import Action
from studio.commands.spec import Call
from studio.domain.identifiers import split_picture_id
from studio.errors import ChatelierError

_UPLOAD = "upload"  # what stands for somebody's own image, among the subjects of files

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """A form with what its view keeps."""

    form: Form
    state: FormState

    def view(self, files: Mapping[str, str] | None = None) -> View:
        return render_form(self.form, self.state.metadata, files)


Find = Callable[[Call], Awaitable[Opening]]


class Modals(Listener):
    async def open(self, request: SlackRequest, title: str, find: Find) -> None:
        """A modal, opened at once, and filled when `find` has told what it asks. Never raises.

        A trigger lasts three seconds, and whatever is looked up first could take longer.
        """
        if not self._dispatcher.is_new(request):
            return
        try:
            view_id = await self._open(request, notice_view(title, translate(texts.MODAL_LOADING)))
        except Exception as error:  # noqa: BLE001 - whatever broke, the person gets a sentence
            await self._dispatcher.refuse(request, error)
            return
        try:
            await self._fill(request, view_id, await find(await self._people.call_of(request)))
        except Exception as error:  # noqa: BLE001 - whatever broke, the person gets a sentence
            await self._fail(request, view_id, title, error)

    async def ask(self, request: SlackRequest, step: Ask) -> None:
        """The form of an action on a picture or a job. Never raises."""

        async def find(call: Call) -> Opening:
            return self.opening(request, await self._runner.load_form(step, call))

        await self._people.adopt_language(request)
        await self.open(request, label(step.action, single=True), find)

    async def ask_imagine(self, request: SlackRequest) -> None:
        """From everywhere, so that it asks for a channel. Never raises."""

        async def find(_call: Call) -> Opening:
            form = await self._pools.run(Pool.DATABASE, load_imagine_form, self._ports)
            return Opening(form=form, state=FormState())

        await self._people.adopt_language(request)
        await self.open(request, translate(texts.SHORTCUT_IMAGINE), find)

    def opening(self, request: SlackRequest, form: Form) -> Opening:
        choices = next((field.choices for field in form.fields if field.name == "picture"), ())
        pictures = tuple(choice.value for choice in choices)
        state = FormState(channel=request.channel, thread=request.thread, pictures=pictures)
        return Opening(form=form, state=state)

    async def picture_chosen(self, body: Mapping[str, Any]) -> None:
        """Another picture was chosen in a modal: its grid takes the place of the other's."""
        request, view = of_interaction(body), body["view"]
        form, state = read_form(view)
        if form.command != Action.EDIT or not self._dispatcher.is_new(request):
            return
        picture = str(body["actions"][0]["selected_option"]["value"])
        person = await self._people.person(request)
        await self._people.adopt_language(request)
        try:
            subject = await self._pools.run(
                Pool.COMMANDS, load_subject, self._ports, picture, person, channel=state.channel
            )
        except ChatelierError:
            subject = FormSubject(about=picture)
        edited = form_about(Action.EDIT, replace(subject, about=form.about, pictures=state.pictures))
        await self._show_image(request, str(view["id"]), Opening(form=edited, state=state))

    async def _fill(self, request: SlackRequest, view_id: str, opening: Opening) -> None:
        await self._update(request, view_id, opening.view())
        if opening.form.image:
            await self._show_image(request, view_id, opening)

    async def _fail(self, request: SlackRequest, view_id: str, title: str, error: Exception) -> None:
        """In the modal, which would wait for ever; in the chat where it is closed already."""
        try:
            if not isinstance(error, ChatelierError):
                raise error
            await self._update(request, view_id, notice_view(title, mrkdwn(explain(error))))
        except Exception:  # noqa: BLE001 - the person hears of what went wrong first
            await self._dispatcher.refuse(request, error)

    async def _update(self, request: SlackRequest, view_id: str, view: View) -> None:
        client = (await self._workspaces.of(request.community)).client
        await client.call("views.update", view_id=view_id, view=view)

    async def _open(self, request: SlackRequest, view: View) -> str:
        """The id of the open view. Raises `SlackUnavailableError` and `SlackApiRefusedError`."""
        client = (await self._workspaces.of(request.community)).client
        answer = await client.call("views.open", patient=False, trigger_id=request.trigger_id, view=view)
        return str(answer["view"]["id"])

    async def _show_image(self, request: SlackRequest, view_id: str, opening: Opening) -> None:
        """Put the picture into an open modal; what was typed meanwhile stays."""
        image = opening.form.image
        message = Message(parts=(Images(images=(image,)),) if image else ())
        subject = split_picture_id(opening.form.about)
        about = subject[0] if subject else opening.form.about or _UPLOAD
        try:
            files = (await self._images.draft(request, message, lambda _: about)).files
        except ChatelierError:
            files = {}
        try:
            await self._update(request, view_id, opening.view(files))
        except (SlackUnavailableError, SlackApiRefusedError) as error:
            log.info("modal not updated: %s", error)  # or the picture is not taken
