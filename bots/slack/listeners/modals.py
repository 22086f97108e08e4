"""Modals: opened at once, filled while people read, answered with errors at the field that is wrong."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from slack_bolt.context.ack.async_ack import AsyncAck

from bots.delivery.message_files import load_files
from bots.presentation.actions import label
from bots.presentation.compose.errors import compose_fault, explain
from bots.presentation.compose.forms import FormSubject, imagine_form
from bots.presentation.controller import Ask, FormId, submitted
from bots.presentation.forms import Form
from bots.presentation.lookups import form_about, load_form, load_subject
from bots.presentation.message import Images, Message
from bots.runtime.error_reports import report_error
from bots.runtime.thread_pools import Pool
from bots.slack.api.client import SlackApiRefusedError, SlackUnavailableError
from bots.slack.api.request import SlackRequest, of_submission
from bots.slack.context import SlackComponent, SlackContext
from bots.slack.listeners.dispatcher import Dispatcher
from bots.slack.listeners.form_state import FormState, read_form
from bots.slack.listeners.home_tab import HomeTab
from bots.slack.listeners.uploads import Uploads
from bots.slack.render_form import View, notice_view, render_form, values_of
from bots.slack.texts import texts
from bots.slack.texts.mrkdwn import mrkdwn, plain_text
from bots.slack.workspaces.members import Members
from bots.texts.buttons import FORM_UNKNOWN
from studio.commands.button_ids import Action
from studio.commands.registry import CATALOG, execute
from studio.commands.results import Answer, SettingsChanged
from studio.commands.spec import Call, Kind
from studio.commands.submission.known_names import names_offered
from studio.domain.identifiers import split_picture_id
from studio.domain.people import Person, Platform
from studio.errors import BadParameterError, ChatelierError

_ANSWER_SECONDS = 2.0  # of the three that Slack gives a modal
_LONGEST_ERROR = 300
_LIMIT_BYTES = 8 * 1024 * 1024
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


class FieldRefusedError(Exception):
    """What was filled into a field cannot be used."""

    def __init__(self, field: str, error: ChatelierError) -> None:
        super().__init__(field)
        self.field = field
        self.error = error


class Modals(SlackComponent):
    def __init__(
        self,
        context: SlackContext,
        people: Members,
        dispatcher: Dispatcher,
        uploads: Uploads,
        home: HomeTab,
    ) -> None:
        super().__init__(context)
        self._people = people
        self._dispatcher = dispatcher
        self._uploads = uploads
        self._home = home

    async def open(self, request: SlackRequest, title: str, find: Find) -> None:
        """A modal, opened at once, and filled when `find` has told what it asks. Never raises.

        A trigger lasts three seconds, and whatever is looked up first could take longer.
        """
        if not self._dispatcher.is_new(request):
            return
        try:
            view_id = await self._open(request, notice_view(title, texts.MODAL_LOADING))
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
            form = await self._pools.run(
                Pool.COMMANDS, load_form, self._ports, step, call.person, channel=request.channel
            )
            return self.opening(request, form)

        await self.open(request, label(step.action, single=True), find)

    async def ask_imagine(self, request: SlackRequest) -> None:
        """From everywhere, so that it asks for a channel. Never raises."""

        async def find(_call: Call) -> Opening:
            models, styles = await self._pools.run(Pool.DATABASE, names_offered, self._ports)
            form = imagine_form(models=models, styles=styles, asks_channel=True)
            return Opening(form=form, state=FormState())

        await self.open(request, texts.SHORTCUT_IMAGINE, find)

    def opening(self, request: SlackRequest, form: Form) -> Opening:
        choices = next((each.choices for each in form.fields if each.name == "picture"), ())
        pictures = tuple(each.value for each in choices)
        state = FormState(channel=request.channel, thread=request.thread, pictures=pictures)
        return Opening(form=form, state=state)

    async def picture_chosen(self, body: Mapping[str, Any], request: SlackRequest) -> None:
        """Another picture was chosen in a modal: its grid takes the place of the other's."""
        view: Mapping[str, Any] = body["view"]
        form, state = read_form(view)
        if form.command != Action.EDIT or not self._dispatcher.is_new(request):
            return
        picture = str(body["actions"][0]["selected_option"]["value"])
        person = await self._people.person(request)
        try:
            subject = await self._pools.run(
                Pool.COMMANDS, load_subject, self._ports.database, picture, person, channel=state.channel
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
        try:
            files = await self._uploaded(request, opening)
        except (ChatelierError, SlackUnavailableError, SlackApiRefusedError):
            files = {}
        try:
            await self._update(request, view_id, opening.view(files))
        except (SlackUnavailableError, SlackApiRefusedError) as error:
            log.info("modal not updated: %s", error)  # or the picture is not taken

    async def _uploaded(self, request: SlackRequest, opening: Opening) -> dict[str, str]:
        if opening.form.image is None:
            return {}
        shown = Message(parts=(Images(images=(opening.form.image,)),))
        found = await self._pools.run(Pool.FILES, load_files, self._ports, shown, limit_bytes=_LIMIT_BYTES)
        subject = split_picture_id(opening.form.about)
        workspace = await self._workspaces.of(request.community)
        return await workspace.image_uploads.upload_all(
            subject[0] if subject else opening.form.about or _UPLOAD,
            shown.files,
            found.files,
            passing=True,
        )

    async def submitted(self, ack: AsyncAck, body: Mapping[str, Any]) -> None:
        """Errors go back into the modal while Slack waits for them, afterwards to the person."""
        view: Mapping[str, Any] = body["view"]
        values = values_of(view)
        try:
            form, state = read_form(view)
        except ValueError:
            await ack(response_action="errors", errors={_first_field(view): FORM_UNKNOWN})
            return
        channel = str(values.pop("channel", "")) or state.channel
        request = of_submission(body, channel=channel, thread=state.thread)
        work = asyncio.ensure_future(self._carry_out(request, form, state, values))
        try:
            call, answer = await asyncio.wait_for(asyncio.shield(work), _ANSWER_SECONDS)
        except TimeoutError:
            await ack()
            await self._answer_late(request, work)
        except (ChatelierError, FieldRefusedError) as error:
            await ack(response_action="errors", errors=_errors(view, error))
        except Exception as error:  # noqa: BLE001 - whatever broke, the person gets a sentence
            sentence = compose_fault(report_error(error)).summary
            await ack(response_action="errors", errors={_first_field(view): sentence})
        else:
            await ack()
            await self._answer(request, call, answer)

    async def _answer(self, request: SlackRequest, call: Call, answer: Answer) -> None:
        """Settings that were changed on the Home tab are shown there."""
        if isinstance(answer, SettingsChanged) and request.channel is None:
            await self._home.show(request)
        else:
            await self._dispatcher.answer(request, call, answer)

    async def _carry_out(
        self, request: SlackRequest, form: FormId, state: FormState, values: dict[str, object]
    ) -> tuple[Call, Answer]:
        call = await self._people.call_of(request)
        read = {name: await self._read(request, call, form, name, value) for name, value in values.items()}
        run = submitted(form, read, upload=state.image)
        return call, await self._pools.run(Pool.COMMANDS, execute, self._ports, call, run.command, run.values)

    async def _read(
        self, request: SlackRequest, call: Call, form: FormId, name: str, value: object
    ) -> object:
        """Uploads are taken in; a person is meant by their key."""
        if isinstance(value, tuple):
            try:
                return [await self._uploads.take_in(request, file, call.person) for file in value]
            except ChatelierError as error:
                raise FieldRefusedError(name, error) from error
        parameter = CATALOG[form.command].parameter(name)
        if parameter and parameter.kind is Kind.PERSON:
            return Person.key_of(Platform.SLACK, request.team, str(value))
        return value

    async def _answer_late(self, request: SlackRequest, work: "asyncio.Future[tuple[Call, Answer]]") -> None:
        try:
            call, answer = await work
        except FieldRefusedError as refused:
            await self._dispatcher.refuse(request, refused.error)
        except Exception as error:  # noqa: BLE001 - whatever broke, the person gets a sentence
            await self._dispatcher.refuse(request, error)
        else:
            await self._answer(request, call, answer)


def _errors(view: Mapping[str, Any], error: ChatelierError | FieldRefusedError) -> dict[str, str]:
    """Slack shows an error at a field of the modal; one that fits no field stands at the first."""
    if isinstance(error, FieldRefusedError):
        return {error.field: plain_text(explain(error.error))[:_LONGEST_ERROR]}
    sentence = plain_text(explain(error))[:_LONGEST_ERROR]
    if isinstance(error, BadParameterError) and error.parameter in _fields(view):
        return {error.parameter: sentence}
    return {_first_field(view): sentence}


def _fields(view: Mapping[str, Any]) -> list[str]:
    return [str(block["block_id"]) for block in view.get("blocks", ()) if block.get("type") == "input"]


def _first_field(view: Mapping[str, Any]) -> str:
    """The prompt where there is one: what is wrong is most often there."""
    fields = _fields(view)
    return "prompt" if "prompt" in fields else next(iter(fields), "prompt")
