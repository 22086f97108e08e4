"""What people type: slash commands, mentions, and direct messages to the app."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from bots.presentation.compose.cases import compose_sentence
from bots.presentation.compose.help import compose_help_shown
from bots.presentation.interaction_router import Run
from bots.presentation.message import Message, Small
from bots.process.thread_pools import Pool
from bots.queries.message_lookup import find_pictures_above, find_subject_of_thread
from bots.slack.api.client import NotInstalledError, SlackUnavailableError
from bots.slack.api.request import SlackRequest, of_command, of_message
from bots.slack.listeners.listener import Listener
from bots.slack.listeners.uploads import File, images
from bots.slack.texts import texts
from bots.slack.texts.command_parsing import (
    Wanted,
    begins_command,
    names_others,
    read_imagine,
    read_studio,
    read_talk,
)
from bots.slack.texts.typed_text import TypedText
from bots.texts.translation import translate
from studio.commands.parameter_values import Kind
from studio.commands.results import Answer, HelpShown
from studio.commands.spec import Call
from studio.domain.deliveries import MessageRef

log = logging.getLogger(__name__)


class CommandListener(Listener):
    async def imagine(self, body: Mapping[str, Any]) -> None:
        await self._follow(of_command(body), read_imagine, TypedText(text=str(body.get("text") or "")))

    async def studio(self, body: Mapping[str, Any]) -> None:
        await self._follow(of_command(body), read_studio, TypedText(text=str(body.get("text") or "")))

    async def message(self, body: Mapping[str, Any]) -> None:
        """A mention, or a direct message. The app's own messages and edits are ignored."""
        event: Mapping[str, Any] = body["event"]
        if event.get("bot_id") or event.get("subtype") not in (None, "file_share") or not event.get("user"):
            return
        request = of_message(body)
        try:
            workspace = await self._workspaces.of(request.community)
        except (SlackUnavailableError, NotInstalledError):
            log.info("message ignored: workspace lookup failed")
            return
        if request.in_private and request.thread is None and workspace.has_agent_view:
            request = replace(request, thread=str(event["ts"]))  # each request has a thread
        text = TypedText(text=str(event.get("text") or ""), without=workspace.identity.bot_user)
        await self._follow(request, read_talk, text, images(event))

    async def _follow(
        self,
        request: SlackRequest,
        read: Callable[[str], Wanted],
        text: TypedText,
        files: Sequence[File] = (),
    ) -> None:
        database, root = self._ports.database, _root_of(request)

        async def work(call: Call) -> Answer | Message:
            if files and text.plain.lower() in ("", "help"):
                return compose_sentence(translate(texts.WHAT_WITH_IT))
            if root and read is read_talk and not files and not begins_command(text.plain):
                find = partial(find_pictures_above, database, root, call.person)
                if shown := await self._pools.run(Pool.COMMANDS, find):
                    return await self._runner.follow_words(shown, text.plain, call)
            spec, values = read(text.plain)
            if names_others(spec):
                spec, values = read(text.with_keys(request.team))
            # In order: first the pictures to start from, then the mask.
            for place, file in zip(spec.places_for_files(values), files, strict=False):
                fetch = partial(self._uploads.fetch, request, file)
                values[place] = await self._runner.receive(spec.parameter(place), fetch, call)
            if root:
                subject = partial(find_subject_of_thread, database, spec, values, root, call.person)
                values |= await self._pools.run(Pool.COMMANDS, subject)
            for parameter in spec.parameters:
                if parameter.kind is Kind.PERSON and (person_key := values.get(parameter.name)):
                    await self._people.introduce(request, str(person_key))
            answer = await self._runner.run(Run(command=spec.name, values=values), call)
            if isinstance(answer, HelpShown) and not answer.about:
                return compose_help_shown(answer).with_parts(Small(texts.in_threads()))
            return answer

        await self._dispatcher.serve(request, work)


def _root_of(request: SlackRequest) -> MessageRef | None:
    """The message above the thread. In direct messages the whole thread counts: its root is what the person asked."""
    if request.thread is None:
        return None
    thread = request.thread if request.in_private else None
    return MessageRef(channel=request.channel or "", message=request.thread, thread=thread)
