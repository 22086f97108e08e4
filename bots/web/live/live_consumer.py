"""Lets each of several web processes hear of everything, and one of them act."""

import asyncio
import logging
from functools import partial
from typing import Any, Protocol

from bots.delivery.event_consumer import EventConsumer, EventHandler, log_fields
from bots.process.error_reports import report_error
from bots.process.thread_pools import ThreadPools
from studio.clock import now
from studio.domain.events import Event, JobEnded
from studio.domain.people import Platform
from studio.errors import NotFoundError
from studio.ports import Events
from studio.tracing import tracer

_PAUSE_SECONDS = 1.0

log = logging.getLogger(__name__)


class LiveEventHandler(EventHandler, Protocol):
    async def show(self, event: Event) -> None:
        """Tell the people who are connected to this process. Raises as `handle`."""


class LiveEventConsumer(EventConsumer):
    """Each web process shows all events to its own people. What is to be done about one, `handle`, one process does.

    The first are read without acknowledgement: a process that starts has nobody connected yet, and what it shows
    comes from the database.
    """

    def __init__(
        self, events: Events, handler: LiveEventHandler, pools: ThreadPools, *, consumer: str
    ) -> None:
        super().__init__(events, handler, pools, platform=Platform.WEB, consumer=consumer)
        self._live = handler

    def _readers(self) -> Any:
        return {**super()._readers(), "live": self._read_all}

    def _read_all(self) -> None:
        for event in self._events.watch(self._stop):
            if event.platform is self._platform:
                self._hand_over(partial(self._show, event))

    async def _show(self, event: Event) -> None:
        """Again until it succeeds: nobody else shows it to the people of this process."""
        began = now()
        while not self._stop.is_set():
            try:
                await self._live.show(event)
                if isinstance(event, JobEnded):
                    tracer().record("deliver", event.job_id, since=began, platform=str(event.platform))
            except NotFoundError:
                log.info("event skipped: subject not found", extra=log_fields(event))
            except self._passing as error:
                log.warning("event not shown yet: %s", type(error).__name__, extra=log_fields(event))
                await asyncio.sleep(_PAUSE_SECONDS)
                continue
            except Exception as error:  # noqa: BLE001 - a defect must not be repeated for ever
                report_error(error)
            return
