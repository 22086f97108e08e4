"""The Home tab: one's own credits, queue, latest pictures and settings."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from bots.delivery.attachments import Attachment
from bots.delivery.message_files import load_files
from bots.presentation.compose.cases import compose_sentence
from bots.presentation.compose.errors import compose_error, compose_fault
from bots.presentation.compose.settings import HomeContent, compose_home
from bots.presentation.message import Image, Message
from bots.process.error_reports import report_error
from bots.process.thread_pools import Pool
from bots.slack.api.client import NotInstalledError, SlackApiRefusedError, SlackUnavailableError
from bots.slack.api.request import SlackRequest, of_home, of_interaction
from bots.slack.context import SlackComponent, SlackContext
from bots.slack.render import render_home
from bots.slack.texts import texts
from bots.slack.workspaces.members import Members
from studio.commands.registry import execute
from studio.commands.results import Balance, InQueue, SettingsChanged
from studio.commands.spec import Call
from studio.db import queries
from studio.db.identities.linked_identities import identities
from studio.db.tables import JobRow
from studio.domain.jobs import Job, JobState
from studio.domain.pictures import Picture
from studio.errors import ChatelierError
from studio.ports import Ports

FORMER_SETTING = "c1h:"  # and a setting's name: earlier versions' Home tab had a menu for each
_FORMER_DEFAULT = "none"
_MOST_RECENT = 5
_LIMIT_BYTES = 8 * 1024 * 1024

log = logging.getLogger(__name__)


class HomeTab(SlackComponent):
    def __init__(self, context: SlackContext, people: Members) -> None:
        super().__init__(context)
        self._people = people

    async def opened(self, body: Mapping[str, Any]) -> None:
        if body["event"].get("tab") == "home":
            await self.show(of_home(body))

    async def former_setting_changed(self, body: Mapping[str, Any]) -> None:
        """On a tab that an earlier version published."""
        request = of_interaction(body)
        element: Mapping[str, Any] = body["actions"][0]
        name = str(element["action_id"]).removeprefix(FORMER_SETTING)
        value = str((element.get("selected_option") or {}).get("value") or _FORMER_DEFAULT)
        try:
            call = await self._people.call_of(request)
            await self._pools.run(Pool.COMMANDS, execute, self._ports, call, "settings", {name: value})
        except NotInstalledError:
            return
        except ChatelierError as error:
            await self.show(request, fault=compose_error(error))
        except Exception as error:  # noqa: BLE001 - whatever broke, the person gets a sentence
            await self.show(request, fault=compose_fault(report_error(error)))
        else:
            await self.show(request)

    async def show(self, request: SlackRequest, *, fault: Message | None = None) -> None:
        """First what is known at once, then with the pictures. Never raises for what Slack refuses."""
        try:
            call = await self._people.call_of(request)
            content = await self._pools.run(Pool.DATABASE, _load_content, self._ports, call)
        except ChatelierError:
            await self._publish(request, [compose_sentence(texts.HOME_AWAY)])
            return
        except NotInstalledError:
            return
        shown = [*([fault] if fault else []), compose_home(content)]
        await self._publish(request, shown)
        if content.recent:
            await self._publish(request, shown, await self._files_of(request, shown[-1]))

    async def _publish(
        self, request: SlackRequest, messages: Sequence[Message], files: Mapping[str, str] | None = None
    ) -> None:
        try:
            client = (await self._workspaces.of(request.community)).client
            await client.call("views.publish", user_id=request.user, view=render_home(messages, files))
        except (SlackUnavailableError, SlackApiRefusedError) as error:
            log.warning("Home tab not published: %s", error)

    async def _files_of(self, request: SlackRequest, message: Message) -> dict[str, str]:
        """Those of the pictures that could be loaded and uploaded."""
        try:
            found = await self._pools.run(
                Pool.FILES, load_files, self._ports, message, limit_bytes=_LIMIT_BYTES
            )
        except ChatelierError:
            return {}
        files: dict[str, str] = {}
        for image in message.files:
            files |= await self._upload(request, image, found.files)
        return files

    async def _upload(
        self, request: SlackRequest, image: Image, attachments: Mapping[str, Attachment]
    ) -> dict[str, str]:
        """Recorded for the job, so that it goes when the picture is deleted."""
        job_id = image.name.partition(".")[0]
        try:
            uploads = (await self._workspaces.of(request.community)).image_uploads
            return await uploads.upload_all(job_id, [image], attachments, passing=True)
        except (ChatelierError, SlackUnavailableError, SlackApiRefusedError):
            return {}


def _load_content(ports: Ports, call: Call) -> HomeContent:
    """Jobs that are outstanding with their places, and the latest that are done, of all linked identities."""
    answers = [execute(ports, call, command, {}) for command in ("credits", "settings", "queue")]
    match answers:
        case [Balance() as balance, SettingsChanged() as settings, InQueue() as queue]:
            recent = tuple(_recent(ports, call))
            return HomeContent(
                balance=balance, preferences=settings.preferences, waiting=queue.places, recent=recent
            )
    raise TypeError("credits, settings or queue command returned an unexpected result type")


def _recent(ports: Ports, call: Call) -> Sequence[tuple[Job, Picture]]:
    with ports.database.read() as session:
        mine = select(JobRow).where(JobRow.person_key.in_(identities(session, call.person.key)))
        done = mine.where(JobRow.state == JobState.DONE).order_by(JobRow.created_at.desc())
        jobs = [queries.job_of(row) for row in session.scalars(done.limit(_MOST_RECENT))]
        pictures = {job.id: queries.pictures_of_job(session, job.id) for job in jobs}
        return [(job, pictures[job.id][0]) for job in jobs if pictures[job.id]]
