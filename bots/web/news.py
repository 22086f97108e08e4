"""Threads that read the house's events and hand them to the room's event loop."""

import asyncio
import logging
import threading
from collections.abc import Callable

from bots.web.desk import log_fault
from bots.web.room import Room
from studio.events import PictureChanged
from studio.people import Platform
from studio.ports import Events

log = logging.getLogger(__name__)

# A fixed name: after a crash, the next process first gets what this one left unacknowledged.
CONSUMER = "room"
_PAUSE_SECONDS = 1.0


class News:
    """One process reads for the room; a second one would share the events and each would miss half."""

    def __init__(self, events: Events, room: Room) -> None:
        self._events = events
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
                log_fault(error)
                self._stop.wait(_PAUSE_SECONDS)

    def _read_deliveries(self, loop: asyncio.AbstractEventLoop) -> None:
        for delivery in self._events.deliveries(Platform.WEB, CONSUMER, self._stop):
            event = delivery.event
            if event.platform is Platform.WEB:
                loop.call_soon_threadsafe(self._room.job_changed, event.job_id)
            if isinstance(event, PictureChanged):
                loop.call_soon_threadsafe(self._room.picture_changed, event.picture_id)
            # The card comes from the rows, also for those who connect later: telling the room is enough.
            delivery.acknowledge()

    def _read_progress(self, loop: asyncio.AbstractEventLoop) -> None:
        for progress in self._events.progress(self._stop):
            if progress.platform is Platform.WEB:
                loop.call_soon_threadsafe(self._room.progressed, progress)
