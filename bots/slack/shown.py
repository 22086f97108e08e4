"""Which job, or which of its pictures, a message of the app's shows."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bots.slack.hangings import subject_of
from bots.slack.line import SlackRefuses
from bots.slack.premises import Part
from bots.slack.visits import Visit
from bots.standings import job_of_message
from bots.starboard import picture_of_message
from studio.identifiers import is_job_id, split_picture_id
from studio.people import Platform

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """`index` 0: all of the job's pictures. `first`: by the job's own message, not by a copy or the starboard."""

    job_id: str
    index: int = 0
    first: bool = False


class Finder(Part):
    async def in_message(self, channel: str | None, message: Mapping[str, Any]) -> Shown | None:
        """By the records, else by the files that the app itself put there: copies stand in no record."""
        known = await self._known(channel, str(message["ts"]))
        return known or await self._by_files(message)

    async def by_name(self, visit: Visit, channel: str, ts: str) -> Shown | None:
        """The same for a message of which only the name is known; in direct messages it is looked at.

        Raises `SlackAway`.
        """
        known = await self._known(channel, ts)
        if known is not None or not channel.startswith("D"):
            return known
        line = (await self._workspaces.of(visit.community)).line
        one: dict[str, Any] = {"latest": ts, "oldest": ts, "inclusive": "true", "limit": 1}
        try:
            answer = await line.call("conversations.history", patient=False, channel=channel, **one)
        except SlackRefuses as error:
            log.info("a direct message could not be looked at: %s", error.code)
            return None
        for message in answer.get("messages", ()):
            if message.get("ts") == ts:
                return await self._by_files(message)
        return None

    async def _known(self, channel: str | None, ts: str) -> Shown | None:
        """The message of a job, or of a picture on the starboard."""
        database = self._ports.database
        job_id = await self._backroom.run(
            "desk", job_of_message, database, Platform.SLACK, ts, channel=channel
        )
        if job_id is not None:
            return Shown(job_id=job_id, first=True)
        picture = await self._backroom.run(
            "desk", picture_of_message, database, Platform.SLACK, ts, channel=channel
        )
        return _shown(picture) if picture else None

    async def _by_files(self, message: Mapping[str, Any]) -> Shown | None:
        for block in message.get("blocks") or ():
            file_id = (block.get("slack_file") or {}).get("id")
            if not file_id:
                continue
            subject = await self._backroom.run("desk", subject_of, self._ports.database, str(file_id))
            if subject and (shown := _shown(subject)):
                return shown
        return None


def _shown(subject: str) -> Shown | None:
    if split := split_picture_id(subject):
        return Shown(job_id=split[0], index=split[1])
    return Shown(job_id=subject) if is_job_id(subject) else None
