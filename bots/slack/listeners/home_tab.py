"""The Home tab: one's own queue, one's latest pictures, and settings that are kept when they are changed."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import select

from bots.delivery.attachments import job_attachment
from bots.delivery.job_view import load_job_view
from bots.runtime.error_reports import report_error
from bots.runtime.thread_pools import Pool
from bots.slack.api.client import NotInstalledError, SlackApiRefusedError, SlackUnavailableError
from bots.slack.api.request import SlackRequest, of_home, of_interaction
from bots.slack.blocks import home_view
from bots.slack.blocks.home_view import HomeContent
from bots.slack.blocks.modal_views import View
from bots.slack.context import SlackComponent, SlackContext
from bots.slack.workspaces.members import People
from bots.texts import chat
from studio.commands.registry import execute
from studio.commands.results import Balance, SettingsChanged
from studio.commands.spec import Call
from studio.commands.submission.known_names import names_offered
from studio.db import queries
from studio.db.identities.linked_identities import identities
from studio.db.queue_estimates import Outlook, outlooks
from studio.db.tables import JobRow
from studio.domain.jobs import OUTSTANDING, Job, JobState
from studio.errors import ChatelierError
from studio.ports import Ports

_MOST_WAITING = 10
_MOST_RECENT = 5
_LIMIT_BYTES = 8 * 1024 * 1024

log = logging.getLogger(__name__)


class HomeTab(SlackComponent):
    def __init__(self, context: SlackContext, people: People) -> None:
        super().__init__(context)
        self._people = people

    async def opened(self, body: Mapping[str, Any]) -> None:
        if body["event"].get("tab") == "home":
            await self.show(of_home(body))

    async def settled(self, body: Mapping[str, Any]) -> None:
        """Somebody changed one of their settings on the tab."""
        request = of_interaction(body)
        element: Mapping[str, Any] = body["actions"][0]
        chosen: Mapping[str, Any] = element.get("selected_option") or {}
        name = str(element["action_id"]).removeprefix(home_view.PREFIX)
        value = str(chosen.get("value") or element.get("value") or home_view.HOUSES)
        try:
            call = await self._people.call_of(request)
            await self._pools.run(Pool.COMMANDS, execute, self._ports, call, "settings", {name: value})
        except NotInstalledError:
            return
        except ChatelierError as error:
            await self.show(request, fault=str(error))
        except Exception as error:  # noqa: BLE001 - whatever broke, the person gets a sentence
            await self.show(request, fault=chat.broke(report_error(error)))
        else:
            await self.show(request)

    async def show(self, request: SlackRequest, *, fault: str = "") -> None:
        """First what is known at once, then with the pictures. Never raises for what Slack refuses."""
        try:
            call = await self._people.call_of(request)
            mine = await self._pools.run(Pool.DATABASE, _look_up, self._ports, call)
        except ChatelierError:
            await self._publish(request, home_view.home_away())
            return
        except NotInstalledError:
            return
        await self._publish(request, home_view.home(mine, fault=fault))
        if mine.recent:
            files = await asyncio.gather(*(self._file_of(request, job) for job, _ in mine.recent))
            jobs = [job for job, _ in mine.recent]
            shown = replace(mine, recent=tuple(zip(jobs, files, strict=True)))
            await self._publish(request, home_view.home(shown, fault=fault))

    async def _publish(self, request: SlackRequest, view: View) -> None:
        try:
            line = (await self._workspaces.of(request.community)).line
            await line.call("views.publish", user_id=request.user, view=view)
        except (SlackUnavailableError, SlackApiRefusedError) as error:
            log.warning("Home tab not published: %s", error)

    async def _file_of(self, request: SlackRequest, job: Job) -> str | None:
        try:
            job_view = await self._pools.run(Pool.DATABASE, load_job_view, self._ports.database, job.id)
            picture = await self._pools.run(
                Pool.FILES, job_attachment, self._ports, job_view, limit_bytes=_LIMIT_BYTES
            )
            if picture is None:
                return None
            image_uploads = (await self._workspaces.of(request.community)).image_uploads
            return await image_uploads.hang(job.id, picture, job.request.prompt, passing=True)
        except (ChatelierError, SlackUnavailableError, SlackApiRefusedError):
            return None


def _look_up(ports: Ports, call: Call) -> HomeContent:
    """Jobs that are outstanding with their places, and the latest that are done, of all linked identities."""
    balance, settled = execute(ports, call, "credits", {}), execute(ports, call, "settings", {})
    if not isinstance(balance, Balance) or not isinstance(settled, SettingsChanged):
        raise TypeError("credits and settings commands returned an unexpected result type")
    models, styles = names_offered(ports)
    with ports.database.read() as session:
        mine = select(JobRow).where(JobRow.person_key.in_(identities(session, call.person.key)))
        waiting = mine.where(JobRow.state.in_(sorted(OUTSTANDING))).order_by(JobRow.created_at)
        done = mine.where(JobRow.state == JobState.DONE).order_by(JobRow.created_at.desc())
        queue = [queries.job_of(row) for row in session.scalars(waiting.limit(_MOST_WAITING))]
        recent = [queries.job_of(row) for row in session.scalars(done.limit(_MOST_RECENT))]
        seen = outlooks(session) if queue else {}
        return HomeContent(
            balance=balance,
            preferences=settled.preferences,
            models=models,
            styles=styles,
            waiting=tuple((job, seen.get(job.id, Outlook())) for job in queue),
            recent=tuple((job, None) for job in recent if queries.pictures_of_job(session, job.id)),
        )
