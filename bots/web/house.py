"""Everything that the pages and the sockets of one room share."""

from dataclasses import dataclass

from bots.backroom import Backroom
from bots.web.clerk import Clerk
from bots.web.doorkeeper import Doorkeeper
from bots.web.metrics import Figures
from bots.web.news import News
from bots.web.room import Room
from bots.web.settings import WebSettings
from bots.web.visitors import Passes
from bots.web.wall import Wall
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
    backroom: Backroom
    room: Room
    wall: Wall
    clerk: Clerk
    news: News
    figures: Figures
    doorkeeper: Doorkeeper


def furnish(ports: Ports, settings: WebSettings, *, figures: Figures | None = None) -> House:
    passes = Passes(settings)
    backroom = Backroom("web", _THREADS)
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
    )
