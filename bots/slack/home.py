"""The Home tab: one's own queue, and one's latest pictures."""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from bots.backroom import Backroom
from bots.prints import make_print
from bots.slack import views
from bots.slack.line import SlackAway, SlackRefuses
from bots.slack.visits import Visit, of_home
from bots.slack.workspaces import Workspaces
from bots.standings import load_standing
from studio.db import records
from studio.db.database import Database
from studio.db.estimates import Outlook, outlooks
from studio.db.tables import JobRow
from studio.errors import ChatelierError
from studio.jobs import OUTSTANDING, Job, JobState
from studio.people import Platform
from studio.ports import Ports

_MOST_WAITING = 10
_MOST_RECENT = 5
_LIMIT_BYTES = 8 * 1024 * 1024

log = logging.getLogger(__name__)


class Home:
    def __init__(self, ports: Ports, backroom: Backroom, workspaces: Workspaces) -> None:
        self._ports = ports
        self._backroom = backroom
        self._workspaces = workspaces

    async def opened(self, body: Mapping[str, Any]) -> None:
        if body["event"].get("tab") == "home":
            await self.show(of_home(body))

    async def show(self, visit: Visit) -> None:
        """First what is known at once, then with the pictures. Never raises for what Slack refuses."""
        try:
            waiting, recent = await self._backroom.run(
                "mail", _look_up, self._ports.database, f"{Platform.SLACK}:{visit.team}:{visit.user}"
            )
        except ChatelierError:
            await self._publish(visit, views.home_away())
            return
        await self._publish(visit, views.home(waiting, [(job, None) for job in recent]))
        if recent:
            files = await asyncio.gather(*(self._file_of(visit, job) for job in recent))
            await self._publish(visit, views.home(waiting, list(zip(recent, files, strict=True))))

    async def _publish(self, visit: Visit, view: views.View) -> None:
        try:
            line = (await self._workspaces.of(visit.community)).line
            await line.call("views.publish", user_id=visit.user, view=view)
        except (SlackAway, SlackRefuses) as error:
            log.warning("a Home tab was not taken: %s", error)

    async def _file_of(self, visit: Visit, job: Job) -> str | None:
        try:
            standing = await self._backroom.run("mail", load_standing, self._ports.database, job.id)
            picture = await self._backroom.run(
                "shelf", make_print, self._ports, standing, limit_bytes=_LIMIT_BYTES
            )
            if picture is None:
                return None
            showcase = (await self._workspaces.of(visit.community)).showcase
            return await showcase.hang(job.id, picture, job.request.prompt)
        except (ChatelierError, SlackAway, SlackRefuses):
            return None


def _look_up(database: Database, person_key: str) -> tuple[list[tuple[Job, Outlook]], list[Job]]:
    """The person's jobs: those that are outstanding with their places, and those that are done, latest first."""
    with database.read() as session:
        mine = select(JobRow).where(JobRow.person_key == person_key)
        waiting = mine.where(JobRow.state.in_(sorted(OUTSTANDING))).order_by(JobRow.created_at)
        done = mine.where(JobRow.state == JobState.DONE).order_by(JobRow.created_at.desc())
        queue = [records.job_of(row) for row in session.scalars(waiting.limit(_MOST_WAITING))]
        recent = [records.job_of(row) for row in session.scalars(done.limit(_MOST_RECENT))]
        shown = [job for job in recent if records.pictures_of_job(session, job.id)]
        seen = outlooks(session)
        return [(job, seen.get(job.id, Outlook())) for job in queue], shown
