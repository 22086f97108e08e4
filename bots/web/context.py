"""Everything that the pages and the sockets of one room share."""

from dataclasses import dataclass

from starlette.requests import HTTPConnection

from bots.runtime.thread_pools import ThreadPools
from bots.web.access.attempt_limiter import Doorkeeper
from bots.web.access.identities import Identities
from bots.web.access.session_registry import SessionRegistry
from bots.web.access.sessions import Passes
from bots.web.live.dispatcher import Clerk
from bots.web.live.event_consumer import News
from bots.web.live.feed import Wall
from bots.web.live.hub import Room
from bots.web.routes.metrics import Figures
from bots.web.settings import WebSettings
from studio.ports import Ports

_THREADS = {
    "desk": 2,  # commands
    "wall": 2,  # cards and pages
    "shelf": 4,  # picture files
    "sink": 1,  # uploads: cleaning one may take 200 MB for a moment
}


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    ports: Ports
    settings: WebSettings
    passes: Passes
    backroom: ThreadPools
    room: Room
    wall: Wall
    clerk: Clerk
    news: News
    figures: Figures
    doorkeeper: Doorkeeper
    identities: Identities
    sessions: SessionRegistry

    async def has_ended(self, connection: HTTPConnection) -> bool:
        """Whether a request or a socket comes with a session that its person ended."""
        visitor = self.passes.read(connection)
        if visitor is None or not visitor.user_id:
            return False
        known = self.sessions.remembered(visitor.session)
        if known is not None:
            return known
        return await self.backroom.run("wall", self.sessions.look_up, visitor.session)


def furnish(ports: Ports, settings: WebSettings, *, figures: Figures | None = None) -> House:
    passes = Passes(settings)
    backroom = ThreadPools("web", _THREADS)
    room = Room(ports, backroom)
    return House(
        ports=ports,
        settings=settings,
        passes=passes,
        backroom=backroom,
        room=room,
        wall=Wall(ports, backroom, room),
        clerk=Clerk(ports, passes),
        news=News(ports.events, ports.database, room),
        figures=figures or Figures(),
        doorkeeper=Doorkeeper(),
        identities=Identities(ports.database, passes),
        sessions=SessionRegistry(ports.database),
    )
