"""Once a week, each community's log channel hears what happened."""

import logging
from collections.abc import Callable
from datetime import datetime

from sqlalchemy.exc import IntegrityError

from studio.clock import now
from studio.coded_text import to_stored
from studio.db import outbox
from studio.db.database import Database
from studio.db.settings import community_rules
from studio.db.tables import OutboxRow
from studio.domain.events import DigestWritten
from studio.domain.people import Platform
from studio.ports import Events
from studio.services.weekly_digest import find_communities, lines_of, read_digest, record_written, week_of

log = logging.getLogger(__name__)


class DigestWriter:
    """Run by Celery beat every hour; each week is written once for each community, however often it runs."""

    def __init__(self, *, database: Database, events: Events, clock: Callable[[], datetime] = now) -> None:
        self._database = database
        self._events = events
        self._clock = clock

    def write_due(self) -> int:
        """How many were written. Raises `DatabaseUnavailableError`; the next hour tries again."""
        since, until = week_of(self._clock())
        with self._database.read() as session:
            found = find_communities(session, since=since, until=until)
        return sum(self._write(platform, community, since, until) for platform, community in found)

    def _write(self, platform: Platform, community: str, since: datetime, until: datetime) -> bool:
        try:
            events = self._note(platform, community, since, until)
        except IntegrityError:  # another maintenance worker was quicker
            return False
        outbox.send(self._database, self._events, events)
        return bool(events)

    def _note(self, platform: Platform, community: str, since: datetime, until: datetime) -> list[OutboxRow]:
        with self._database.begin() as session:
            channel = community_rules(session, platform, community).log_channel
            if channel is None:
                return []
            digest = read_digest(session, platform, community, since=since, until=until)
            if not record_written(session, digest):
                return []
            event = DigestWritten(
                platform=platform, community=community, channel=channel, text=to_stored(*lines_of(digest))
            )
            log.info("weekly digest written", extra={"platform": platform, "jobs": digest.jobs})
            return [outbox.write(session, event)]
