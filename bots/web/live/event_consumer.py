"""Threads that read the house's events and hand them to the room's event loop."""

import asyncio
import logging
import threading
from collections.abc import Callable
from functools import partial

from bots.runtime.error_reports import report_error
from bots.web.live.hub import LiveHub
from studio.db.cases import find_case, find_notice
from studio.db.database import Database
from studio.domain.cases import NoticeKind
from studio.domain.events import (
    CaseChanged,
    Event,
    JobAccepted,
    JobChanged,
    JobEnded,
    NoticeWritten,
    PictureChanged,
)
from studio.domain.people import Platform
from studio.errors import NotFoundError, ServiceError
from studio.ports import Events

log = logging.getLogger(__name__)

# A fixed name: after a crash, the next process first gets what this one left unacknowledged.
CONSUMER = "room"
_PAUSE_SECONDS = 1.0
_SENT_AWAY = frozenset({NoticeKind.SUSPENSION, NoticeKind.BAN})


class EventConsumer:
    """One process reads for the room; a second one would share the events and each would miss half."""

    def __init__(self, events: Events, database: Database, room: LiveHub) -> None:
        self._events = events
        self._database = database
        self._room = room
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Call it on the running event loop that the room lives on."""
        loop = asyncio.get_running_loop()
        for name, read in (("events", self._read_deliveries), ("progress", self._read_progress)):
            arguments = (read, loop)
            thread = threading.Thread(
                target=self._keep_reading, args=arguments, name=f"web-{name}", daemon=True
            )
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        """Blocks until the readers noticed, at most two seconds each; they are daemons if they do not."""
        self._stop.set()
        for thread in self._threads:
            thread.join(timeout=2)

    @property
    def reading(self) -> bool:
        return bool(self._threads) and all(thread.is_alive() for thread in self._threads)

    def _keep_reading(
        self, read: Callable[[asyncio.AbstractEventLoop], None], loop: asyncio.AbstractEventLoop
    ) -> None:
        while not self._stop.is_set():
            try:
                read(loop)
            except Exception as error:  # noqa: BLE001 - the reader goes on whatever arrives
                if loop.is_closed():
                    return
                report_error(error)
                self._stop.wait(_PAUSE_SECONDS)

    def _read_deliveries(self, loop: asyncio.AbstractEventLoop) -> None:
        for delivery in self._events.deliveries(Platform.WEB, CONSUMER, self._stop):
            event = delivery.event
            try:
                self._pass_on(event, loop)
            except NotFoundError:
                log.info("event skipped: subject not found event=%s", type(event).__name__)
            except ServiceError:
                raise  # not acknowledged: it comes again in a while
            except Exception as error:
                # A defect must not be repeated for ever.
                if loop.is_closed():
                    raise
                report_error(error)
            # What is shown comes from the rows, also for those who connect later: telling the room is enough.
            delivery.acknowledge()

    def _pass_on(self, event: Event, loop: asyncio.AbstractEventLoop) -> None:
        if event.platform is Platform.WEB:
            self._act(event, loop)
        elif isinstance(event, PictureChanged):  # somebody may have painted from it here
            loop.call_soon_threadsafe(self._room.picture_changed, event.picture_id)

    def _act(self, event: Event, loop: asyncio.AbstractEventLoop) -> None:
        match event:
            case CaseChanged():
                self._ask(event.case_id, loop)
            case NoticeWritten():
                self._tell(event.notice_id, loop)
            case JobEnded():
                loop.call_soon_threadsafe(self._room.job_ended, event.job_id)
            case JobAccepted() | JobChanged():
                loop.call_soon_threadsafe(self._room.job_changed, event.job_id)
            case PictureChanged():
                loop.call_soon_threadsafe(self._room.job_changed, event.job_id)
                loop.call_soon_threadsafe(self._room.picture_changed, event.picture_id)

    def _ask(self, case_id: str, loop: asyncio.AbstractEventLoop) -> None:
        """A question for one person. What lies on the moderators' desk its page looks up itself."""
        with self._database.read() as session:
            case = find_case(session, case_id)
        if case.addressee is not None:
            loop.call_soon_threadsafe(self._room.post_changed, _user_of(case.addressee))

    def _tell(self, notice_id: str, loop: asyncio.AbstractEventLoop) -> None:
        with self._database.read() as session:
            notice = find_notice(session, notice_id)
        user_id = notice.person.user_id
        if notice.kind in _SENT_AWAY:
            loop.call_soon_threadsafe(self._room.send_away, user_id)
        else:
            loop.call_soon_threadsafe(partial(self._room.post_changed, user_id, text=notice.text))

    def _read_progress(self, loop: asyncio.AbstractEventLoop) -> None:
        for progress in self._events.progress(self._stop):
            if progress.platform is Platform.WEB:
                loop.call_soon_threadsafe(self._room.progressed, progress)


def _user_of(person_key: str) -> str:
    return person_key.rpartition(":")[2]
