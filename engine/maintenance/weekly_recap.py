"""Once a week, each community that wants one gets a recap in the channel that its moderators chose."""

import logging
from collections.abc import Callable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from studio.clock import now
from studio.db import outbox
from studio.db.database import Database
from studio.db.settings import community_rules
from studio.db.tables import CommunityRow, OutboxRow, RecapRow
from studio.domain.events import RecapDue
from studio.domain.people import Platform
from studio.ports import Events
from studio.services.weekly_digest import week_of

log = logging.getLogger(__name__)


class RecapScheduler:
    """Run by Celery beat every hour; each week is announced once for each community, however often it runs."""

    def __init__(self, *, database: Database, events: Events, clock: Callable[[], datetime] = now) -> None:
        self._database = database
        self._events = events
        self._clock = clock

    def announce_due(self) -> int:
        """How many were announced. Raises `DatabaseUnavailableError`; the next hour tries again."""
        since, _until = week_of(self._clock())
        with self._database.read() as session:
            homes = [
                (Platform(row.platform), row.community)
                for row in session.scalars(select(CommunityRow))
                if row.data.get("recap_channel")
            ]
        return sum(self._announce(platform, community, since) for platform, community in homes)

    def _announce(self, platform: Platform, community: str, since: datetime) -> bool:
        try:
            events = self._write(platform, community, since)
        except IntegrityError:  # another maintenance worker was quicker
            return False
        outbox.send(self._database, self._events, events)
        return bool(events)

    def _write(self, platform: Platform, community: str, since: datetime) -> list[OutboxRow]:
        week = f"{since:%Y-%m-%d}"
        with self._database.begin() as session:
            channel = community_rules(session, platform, community).recap_channel
            if channel is None or session.get(RecapRow, (platform, community, week)) is not None:
                return []
            session.add(RecapRow(platform=platform, community=community, week=week, written_at=self._clock()))
            session.flush()
            event = RecapDue(platform=platform, community=community, channel=channel, week=week)
            log.info("weekly recap due", extra={"platform": platform})
            return [outbox.write(session, event)]
