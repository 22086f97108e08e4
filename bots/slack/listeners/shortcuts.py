"""Shortcuts: on messages that show an image, ours or anybody's, and the one that opens from everywhere."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from bots.delivery.job_view import load_family, load_job_view
from bots.runtime.thread_pools import Pool
from bots.slack.api.request import SlackRequest, of_interaction
from bots.slack.blocks.modal_views import ModalSubject
from bots.slack.context import SlackComponent, SlackContext
from bots.slack.listeners.dispatcher import Dispatcher
from bots.slack.listeners.modals import Modals
from bots.slack.listeners.uploads import Uploads, images
from bots.slack.messages.message_lookup import Finder
from bots.slack.texts import texts
from bots.texts import chat
from studio.commands.button_ids import Action, Button
from studio.commands.registry import execute, execute_button
from studio.commands.results import Answer
from studio.commands.spec import Call
from studio.domain.identifiers import picture_id
from studio.domain.requests import Source
from studio.errors import BadRequestError

IMAGINE = "imagine_anywhere"
WHO = "who_made_this"
# callback id → (name in Slack's menu, what it does)
DEEDS: Mapping[str, tuple[str, Action]] = {
    "vary_picture": (chat.MENU_VARY, Action.VARY),
    "edit_picture": (chat.MENU_EDIT, Action.EDIT),
    "expand_picture": (chat.MENU_EXPAND, Action.EXPAND),
    "upscale_picture": (chat.MENU_UPSCALE, Action.UPSCALE),
    "report_picture": (chat.MENU_REPORT, Action.REPORT),
}

_ASKING = frozenset({Action.EDIT, Action.EXPAND, Action.REPORT})


class Shortcuts(SlackComponent):
    def __init__(self, context: SlackContext, counter: Dispatcher, forms: Modals, uploads: Uploads) -> None:
        super().__init__(context)
        self._counter = counter
        self._forms = forms
        self._uploads = uploads
        self._finder = Finder(context)

    async def anywhere(self, body: Mapping[str, Any]) -> None:
        await self._forms.ask_imagine(of_interaction(body))

    async def on_message(self, body: Mapping[str, Any]) -> None:
        request, message = of_interaction(body), body["message"]
        _, action = DEEDS[body["callback_id"]]
        if action in _ASKING:
            await self._forms.ask(request, action, partial(self._matter_of, request, message, action))
            return

        async def work(call: Call) -> Answer | str:
            found = await self._found(request, message, call)
            if found is not None:
                return await self._on_ours(request, call, action, *found)
            return await self._on_foreign(request, call, action, message)

        await self._counter.serve(request, work)

    async def who_made_this(self, body: Mapping[str, Any]) -> None:
        request, message = of_interaction(body), body["message"]

        async def work(call: Call) -> Answer | str:
            found = await self._found(request, message, call)
            if found is None:
                return await self._whose(request, call, message)
            job_id, numbers = found
            job, picture, ancestors = await self._pools.run(
                Pool.COMMANDS,
                load_family,
                self._ports.database,
                picture_id(job_id, numbers[0]),
                call.person,
                channel=request.channel,
            )
            return texts.family(job, picture, ancestors)

        await self._counter.serve(request, work)

    async def _whose(self, request: SlackRequest, call: Call, message: Mapping[str, Any]) -> Answer:
        """What somebody's image itself tells."""
        files = images(message)
        if not files:
            raise BadRequestError(chat.NO_IMAGE)
        traces = await self._uploads.look_at(request, files[0], call.person)
        return await self._pools.run(Pool.COMMANDS, execute, self._ports, call, "whose", {"image": traces})

    async def _matter_of(
        self, request: SlackRequest, message: Mapping[str, Any], action: Action, call: Call
    ) -> ModalSubject:
        """What a modal is about that every message can open."""
        about = ModalSubject(action=action, channel=request.channel, thread=request.thread)
        found = await self._found(request, message, call)
        if found is not None:
            job_id, numbers = found
            return replace(about, job=job_id, indices=tuple(numbers))
        if action is Action.REPORT:
            raise BadRequestError(chat.NOT_FROM_HERE)
        return replace(about, image=await self._taken_in(request, call, message))

    async def _on_ours(
        self, request: SlackRequest, call: Call, action: Action, job_id: str, numbers: Sequence[int]
    ) -> Answer | str:
        if len(numbers) > 1:
            matter = ModalSubject(
                action=action,
                job=job_id,
                indices=tuple(numbers),
                channel=request.channel,
                thread=request.thread,
            )
            await self._forms.ask_which(request, matter)
            return ""
        button = Button(action=action, job_id=job_id, index=numbers[0])
        return await self._pools.run(Pool.COMMANDS, execute_button, self._ports, call, button)

    async def _on_foreign(
        self, request: SlackRequest, call: Call, action: Action, message: Mapping[str, Any]
    ) -> Answer | str:
        source = await self._taken_in(request, call, message)
        return await self._pools.run(
            Pool.COMMANDS, execute, self._ports, call, str(action), {"image": source}
        )

    async def _taken_in(self, request: SlackRequest, call: Call, message: Mapping[str, Any]) -> Source:
        """Somebody's image: taken in like an upload of the person who asks."""
        files = images(message)
        if not files:
            raise BadRequestError(chat.NO_IMAGE)
        return await self._uploads.take_in(request, files[0], call.person)

    async def _found(
        self, request: SlackRequest, message: Mapping[str, Any], call: Call
    ) -> tuple[str, Sequence[int]] | None:
        """The job that a message shows, and the numbers of the pictures that are there, at least one.

        None for other people's messages.
        """
        shown = await self._finder.in_message(request.channel, message)
        if shown is None:
            return None
        job_view = await self._pools.run(
            Pool.COMMANDS, load_job_view, self._ports.database, shown.job_id, viewer=call.person
        )
        return shown.job_id, shown.numbers(job_view)
