"""What people type: slash commands, mentions, and direct messages to the app."""

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bots.backroom import Backroom
from bots.slack import words
from bots.slack.counter import Counter
from bots.slack.escaping import typed
from bots.slack.line import NotInstalled, SlackAway
from bots.slack.phrases import Wanted, read_imagine, read_studio, read_talk, wants_help
from bots.slack.uploads import File, Uploads, images
from bots.slack.visits import Visit, of_command, of_message
from bots.slack.workspaces import Workspaces
from bots.standings import job_of_message, load_standing
from studio.catalog import perform
from studio.commands.answers import Answer
from studio.commands.spec import Call, CommandSpec, Kind
from studio.people import Platform
from studio.ports import Ports

log = logging.getLogger(__name__)


class Talk:
    def __init__(
        self, ports: Ports, backroom: Backroom, workspaces: Workspaces, counter: Counter, uploads: Uploads
    ) -> None:
        self._ports = ports
        self._backroom = backroom
        self._counter = counter
        self._uploads = uploads
        self._workspaces = workspaces

    async def imagine(self, body: Mapping[str, Any]) -> None:
        await self._follow(of_command(body), read_imagine, typed(str(body.get("text") or "")))

    async def studio(self, body: Mapping[str, Any]) -> None:
        text = typed(str(body.get("text") or ""))
        visit = of_command(body)
        if wants_help(text):
            await self._say(visit, words.help_text())
        else:
            await self._follow(visit, read_studio, text)

    async def message(self, body: Mapping[str, Any]) -> None:
        """A mention, or a direct message. The app's own messages and edits of old ones are not for us."""
        event: Mapping[str, Any] = body["event"]
        if event.get("bot_id") or event.get("subtype") not in (None, "file_share") or not event.get("user"):
            return
        visit = of_message(body)
        try:
            bot_user = (await self._workspaces.of(visit.community)).identity.bot_user
        except (SlackAway, NotInstalled):
            log.info("a message was not followed: its workspace is not known")
            return
        text = typed(str(event.get("text") or ""), without=bot_user)
        files = images(event)
        if not wants_help(text):
            await self._follow(visit, read_talk, text, files)
        elif files:
            await self._say(visit, words.WHAT_WITH_IT)
        else:
            await self._say(visit, words.help_text())

    async def _follow(
        self, visit: Visit, read: Callable[[str], Wanted], text: str, files: Sequence[File] = ()
    ) -> None:
        async def work(call: Call) -> Answer:
            spec, values = read(text)
            values |= await self._with_files(visit, call, spec, values, files)
            values |= await self._of_thread(visit, call, spec, values)
            return await self._backroom.run("desk", perform, self._ports, call, spec.name, values)

        await self._counter.serve(visit, work)

    async def _with_files(
        self,
        visit: Visit,
        call: Call,
        spec: CommandSpec,
        values: Mapping[str, object],
        files: Sequence[File],
    ) -> dict[str, object]:
        """The files in order: first the pictures to start from, then the mask."""
        places = spec.places_for_files(values)
        taken = [await self._uploads.take_in(visit, file, call.person) for file in files[: len(places)]]
        return dict(zip(places, taken, strict=False))

    async def _of_thread(
        self, visit: Visit, call: Call, spec: CommandSpec, values: Mapping[str, object]
    ) -> dict[str, object]:
        """In the thread under a job, what names no picture and no job means that one, and its first picture."""
        wanted = next((each for each in spec.parameters if each.kind in (Kind.PICTURE, Kind.JOB)), None)
        if wanted is None or visit.thread is None or values.keys() & {wanted.name, "image"}:
            return {}
        job_id = await self._backroom.run(
            "desk",
            job_of_message,
            self._ports.database,
            Platform.SLACK,
            visit.thread,
            channel=visit.channel,
        )
        if job_id is None:
            return {}
        if wanted.kind is Kind.JOB:
            return {wanted.name: job_id}
        standing = await self._backroom.run(
            "desk", load_standing, self._ports.database, job_id, viewer=call.person
        )
        return {wanted.name: standing.pictures[0].id} if standing.pictures else {}

    async def _say(self, visit: Visit, sentence: str) -> None:
        async def work(_call: Call) -> str:
            return sentence

        await self._counter.serve(visit, work)
