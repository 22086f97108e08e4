"""Modals: opened at once, filled while people read, answered with errors at the field that is wrong."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from slack_bolt.context.ack.async_ack import AsyncAck

from bots.delivery.attachments import fit_attachment
from bots.delivery.job_view import load_family, load_job_view
from bots.runtime.error_reports import report_error
from bots.runtime.thread_pools import Pool
from bots.slack.api.client import SlackApiRefusedError, SlackUnavailableError
from bots.slack.api.request import SlackRequest, of_submission
from bots.slack.blocks import modal_views
from bots.slack.blocks.modal_views import ModalSubject
from bots.slack.context import SlackComponent, SlackContext
from bots.slack.listeners.dispatcher import Dispatcher
from bots.slack.texts import texts
from bots.slack.workspaces.members import People
from bots.texts import chat
from bots.texts.prompt_flags import spread_flags
from studio.commands.button_ids import Action, Button
from studio.commands.registry import execute, execute_button
from studio.commands.results import Answer
from studio.commands.spec import Call
from studio.commands.submission.known_names import names_offered
from studio.domain.identifiers import split_picture_id
from studio.domain.people import Person
from studio.errors import BadParameterError, BadRequestError, ChatelierError

_ANSWER_SECONDS = 2.0  # of the three that Slack gives a modal
_LIMIT_BYTES = 8 * 1024 * 1024
_UPLOAD = "upload"  # what stands for somebody's own image, among the subjects of files

Find = Callable[[Call], Awaitable[ModalSubject]]

log = logging.getLogger(__name__)


class Modals(SlackComponent):
    def __init__(self, context: SlackContext, people: People, counter: Dispatcher) -> None:
        super().__init__(context)
        self._people = people
        self._counter = counter

    async def ask(self, request: SlackRequest, action: Action, find: Find) -> None:
        """A modal, opened at once, and filled when `find` has told what it is about. Never raises.

        A trigger lasts three seconds, and whatever is looked up first could take longer.
        """
        if not self._counter.is_new(request):
            return
        try:
            view_id = await self._open(request, modal_views.loading(action))
        except Exception as error:  # noqa: BLE001 - whatever broke, the person gets a sentence
            await self._counter.refuse(request, error)
            return
        try:
            call = await self._people.call_of(request)
            await self._fill(request, view_id, await find(call), call.person)
        except Exception as error:  # noqa: BLE001 - whatever broke, the person gets a sentence
            await self._fail(request, view_id, action, error)

    async def matter_of(self, request: SlackRequest, button: Button, call: Call) -> ModalSubject:
        """What the modal of a button is about: one picture, or those of a job. Raises `ChatelierError`."""
        indices: tuple[int, ...] = (button.index,) if button.index else ()
        if not indices and button.action is not Action.APPEAL:
            job_view = await self._pools.run(
                Pool.COMMANDS, load_job_view, self._ports.database, button.job_id, viewer=call.person
            )
            indices = tuple(picture.index for picture in job_view.pictures)
            if not indices:
                raise BadRequestError(chat.ALL_DELETED)
        return ModalSubject(
            action=button.action,
            job=button.job_id,
            indices=indices,
            channel=request.channel,
            thread=request.thread,
        )

    async def ask_imagine(self, request: SlackRequest) -> None:
        """Open the form at once and fill in the names of models and styles afterwards. Never raises."""
        if not self._counter.is_new(request):
            return
        matter = ModalSubject(action=Action.SHOW)
        try:
            view_id = await self._open(request, modal_views.imagine(matter))
            models, styles = await self._pools.run(Pool.DATABASE, names_offered, self._ports)
            await self._update(request, view_id, modal_views.imagine(matter, models=models, styles=styles))
        except Exception as error:  # noqa: BLE001 - whatever broke, the person gets a sentence
            await self._counter.refuse(request, error)

    async def ask_which(self, request: SlackRequest, matter: ModalSubject) -> None:
        """For what turned out to need a choice only. Raises `SlackUnavailableError` and `SlackApiRefusedError`."""
        await self._open(request, modal_views.pick(matter))

    async def _fill(self, request: SlackRequest, view_id: str, matter: ModalSubject, person: Person) -> None:
        match matter.action:
            case Action.REMIX:
                view = modal_views.remix(matter, prompt=await self._prompt_of(matter, person))
            case Action.EDIT:
                view = modal_views.edit(matter)
            case Action.EXPAND:
                view = modal_views.expand(matter)
            case Action.REPORT:
                view = modal_views.report(matter)
            case Action.APPEAL:
                view = modal_views.appeal(matter)
            case _:
                view = modal_views.pick(matter)
        await self._update(request, view_id, view)
        if matter.action is Action.EDIT:
            first = f"{matter.job}.{matter.indices[0]}" if matter.job else None
            await self.show_grid(request, view_id, matter, first)

    async def _fail(self, request: SlackRequest, view_id: str, action: Action, error: Exception) -> None:
        """In the modal, which would wait for ever; in the chat where it is closed already."""
        try:
            if not isinstance(error, ChatelierError):
                raise error
            await self._update(request, view_id, modal_views.failed(action, texts.sentence_of(error)))
        except Exception:  # noqa: BLE001 - the person hears of what went wrong first
            await self._counter.refuse(request, error)

    async def _update(self, request: SlackRequest, view_id: str, view: modal_views.View) -> None:
        line = (await self._workspaces.of(request.community)).line
        await line.call("views.update", view_id=view_id, view=view)

    async def _open(self, request: SlackRequest, view: modal_views.View) -> str:
        """The id of the open view. Raises `SlackUnavailableError` and `SlackApiRefusedError`."""
        line = (await self._workspaces.of(request.community)).line
        answer = await line.call("views.open", patient=False, trigger_id=request.trigger_id, view=view)
        return str(answer["view"]["id"])

    async def show_grid(
        self, request: SlackRequest, view_id: str, matter: ModalSubject, picture: str | None
    ) -> None:
        """Put the picture under its lettered grid into an open modal; what was typed meanwhile stays."""
        try:
            person = await self._people.person(request)
            overlay = await self._overlay(request, matter, picture, person)
        except (ChatelierError, SlackUnavailableError, SlackApiRefusedError):
            overlay = modal_views.overlay_missing()
        try:
            await self._update(request, view_id, modal_views.edit(matter, overlay=overlay))
        except (SlackUnavailableError, SlackApiRefusedError) as error:
            log.info("edit modal not updated: %s", error)  # or the grid is not taken

    async def _overlay(
        self, request: SlackRequest, matter: ModalSubject, picture: str | None, person: Person
    ) -> dict[str, Any]:
        key, alternative = (matter.image.key, "") if matter.image else ("", "")
        if picture:
            _, found, _ = await self._pools.run(
                Pool.COMMANDS, load_family, self._ports.database, picture, person, channel=matter.channel
            )
            key, alternative = found.key, found.recipe.prompt

        def lettered() -> Any:
            overlay = self._ports.image_tools.overlay(self._ports.store.get(key))
            return fit_attachment(self._ports, overlay, limit_bytes=_LIMIT_BYTES)

        print_ = await self._pools.run(Pool.FILES, lettered)
        text = texts.overlay_alternative(alternative)
        image_uploads = (await self._workspaces.of(request.community)).image_uploads
        subject = matter.job or _UPLOAD
        return modal_views.overlay_image(await image_uploads.hang(subject, print_, text, passing=True), text)

    async def _prompt_of(self, matter: ModalSubject, person: Person) -> str:
        """The words to begin with."""
        picture = f"{matter.job}.{matter.indices[0]}"
        _, found, _ = await self._pools.run(
            Pool.COMMANDS, load_family, self._ports.database, picture, person, channel=matter.channel
        )
        return found.recipe.prompt

    async def submitted(self, ack: AsyncAck, body: Mapping[str, Any]) -> None:
        """Errors go back into the modal while Slack waits for them, afterwards to the person."""
        view: Mapping[str, Any] = body["view"]
        name = str(view["callback_id"]).removeprefix(modal_views.PREFIX)
        values = modal_views.values_of(view)
        try:
            matter = modal_views.matter_of(view)
        except ValueError:
            await ack(response_action="errors", errors={_first_field(view): chat.FORM_UNKNOWN})
            return
        channel = str(values.pop("channel", "")) or matter.channel
        request = of_submission(body, channel=channel, thread=matter.thread)
        work = asyncio.ensure_future(self._follow(request, name, matter, values))
        try:
            call, answer = await asyncio.wait_for(asyncio.shield(work), _ANSWER_SECONDS)
        except TimeoutError:
            await ack()
            await self._answer_late(request, work)
        except ChatelierError as error:
            await ack(response_action="errors", errors=_errors(view, error))
        except Exception as error:  # noqa: BLE001 - whatever broke, the person gets a sentence
            sentence = chat.broke(report_error(error))
            await ack(response_action="errors", errors={_first_field(view): sentence})
        else:
            await ack()
            await self._counter.answer(request, call, answer)

    async def _follow(
        self, request: SlackRequest, name: str, matter: ModalSubject, values: dict[str, object]
    ) -> tuple[Call, Answer]:
        call = await self._people.call_of(request)
        if name == modal_views.PICK:
            button = _picked(matter, values)
            return call, await self._pools.run(Pool.COMMANDS, execute_button, self._ports, call, button)
        command, values = _command(name, matter, values)
        return call, await self._pools.run(Pool.COMMANDS, execute, self._ports, call, command, values)

    async def _answer_late(self, request: SlackRequest, work: "asyncio.Future[tuple[Call, Answer]]") -> None:
        try:
            call, answer = await work
        except Exception as error:  # noqa: BLE001 - whatever broke, the person gets a sentence
            await self._counter.refuse(request, error)
        else:
            await self._counter.answer(request, call, answer)


def _command(name: str, matter: ModalSubject, values: dict[str, object]) -> tuple[str, dict[str, object]]:
    """The command that a modal stands for. Raises `BadRequestError`."""
    if name not in modal_views.FIELDS:
        raise BadRequestError(chat.FORM_UNKNOWN)
    if name == modal_views.APPEAL:
        return name, {"job": matter.job, **values}
    if matter.image:
        values["image"] = matter.image
    elif name != "imagine":
        values.setdefault("picture", matter.only)
    if name == modal_views.REPORT:
        return name, values
    if name == "expand":
        values = _reconciled(values)
    if "prompt" not in values and name != "expand":
        values["prompt"] = ""
    return name, spread_flags(name, values)


def _reconciled(values: dict[str, object]) -> dict[str, object]:
    """A new aspect needs no amount, which the field suggests."""
    return (
        {name: value for name, value in values.items() if name != "amount"} if "aspect" in values else values
    )


def _picked(matter: ModalSubject, values: Mapping[str, object]) -> Button:
    split = split_picture_id(str(values.get("picture") or matter.only or ""))
    if split is None:
        raise BadRequestError(chat.FORM_UNKNOWN)
    return Button(action=matter.action, job_id=split[0], index=split[1])


def _errors(view: Mapping[str, Any], error: ChatelierError) -> dict[str, str]:
    """Slack shows an error at a field of the modal; one that fits no field stands at the first."""
    sentence = chat.shorten(texts.as_typed_here(str(error)), texts.LONGEST_ERROR)
    if isinstance(error, BadParameterError) and error.parameter in _fields(view):
        return {error.parameter: sentence}
    return {_first_field(view): sentence}


def _fields(view: Mapping[str, Any]) -> list[str]:
    return [str(block["block_id"]) for block in view.get("blocks", ()) if block.get("type") == "input"]


def _first_field(view: Mapping[str, Any]) -> str:
    """The prompt where there is one: what is wrong is most often there."""
    fields = _fields(view)
    return "prompt" if "prompt" in fields else next(iter(fields), "prompt")
