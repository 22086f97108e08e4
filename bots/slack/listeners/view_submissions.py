"""Submitted modals: carried out while Slack waits, answered with errors at the field that is wrong."""

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import Any

from slack_bolt.context.ack.async_ack import AsyncAck

from bots.interactions.error_messages import message_of
from bots.presentation.compose.errors import explain
from bots.presentation.interaction_router import FormId, route_form
from bots.slack.api.request import SlackRequest, of_submission
from bots.slack.listeners.form_state import FormState, read_form
from bots.slack.listeners.listener import Listener
from bots.slack.render_form import values_of
from bots.slack.texts.mrkdwn import plain_text
from studio.commands.parameter_values import Kind
from studio.commands.registry import CATALOG
from studio.commands.results import Answer
from studio.commands.spec import Call
from studio.domain.people import Person, Platform
from studio.errors import BadParameterError, BadRequestError, ChatelierError

_ANSWER_SECONDS = 2.0  # of the three that Slack gives a modal
_LONGEST_ERROR = 300


class FieldRefusedError(Exception):
    """What was filled into a field cannot be used."""

    def __init__(self, field: str, reason: ChatelierError) -> None:
        super().__init__(field)
        self.field = field
        self.reason = reason


class ViewSubmissions(Listener):
    async def handle_submission(self, ack: AsyncAck, body: Mapping[str, Any]) -> None:
        """Errors go back into the modal while Slack waits for them, afterwards to the person."""
        view: Mapping[str, Any] = body["view"]
        values = values_of(view)
        await self._people.adopt_language(of_submission(body, channel="", thread=None))
        try:
            form, state = read_form(view)
        except ValueError:
            await ack(response_action="errors", errors=_errors(view, BadRequestError("form_unknown")))
            return
        channel = str(values.pop("channel", "")) or state.channel
        request = of_submission(body, channel=channel, thread=state.thread)
        work = asyncio.ensure_future(self._carry_out(request, form, state, values))
        await asyncio.wait({work}, timeout=_ANSWER_SECONDS)
        if work.done() and (error := work.exception()):
            await ack(response_action="errors", errors=_errors(view, error))
            return
        await ack()
        try:
            call, answer = await work
        except Exception as error:  # noqa: BLE001 - whatever broke, the person gets a sentence
            reason = error.reason if isinstance(error, FieldRefusedError) else error
            await self._dispatcher.refuse(request, reason)
        else:
            await self._dispatcher.answer(request, call, answer)

    async def _carry_out(
        self, request: SlackRequest, form: FormId, state: FormState, values: dict[str, object]
    ) -> tuple[Call, Answer]:
        """Uploads are taken in; a person is meant by their key."""
        call = await self._people.call_of(request)
        for name, value in values.items():
            parameter = CATALOG[form.command].parameter(name)
            if isinstance(value, tuple):
                fetches = [partial(self._uploads.fetch, request, file) for file in value]
                try:
                    values[name] = [await self._runner.take_in(fetch, call) for fetch in fetches]
                except ChatelierError as error:
                    raise FieldRefusedError(name, error) from error
            elif parameter and parameter.kind is Kind.PERSON:
                values[name] = Person.key_of(Platform.SLACK, request.team, str(value))
        return call, await self._runner.run(route_form(form, values, upload=state.image), call)


def _errors(view: Mapping[str, Any], error: BaseException) -> dict[str, str]:
    """Slack shows an error at a field of the modal; one that fits no field stands at the prompt, else at the first."""
    field = ""
    if isinstance(error, FieldRefusedError):
        field, error = error.field, error.reason
    elif isinstance(error, BadParameterError):
        field = error.parameter
    sentence = plain_text(explain(error)) if isinstance(error, ChatelierError) else message_of(error).summary
    fields = [str(block["block_id"]) for block in view.get("blocks", ()) if block.get("type") == "input"]
    first = "prompt" if "prompt" in fields else next(iter(fields), "prompt")
    return {field if field in fields else first: sentence[:_LONGEST_ERROR]}
