"""Everything that the pages and the sockets of one room share."""

from dataclasses import dataclass

from bots.web.desk import Desk
from bots.web.doorkeeper import Doorkeeper
from bots.web.metrics import Figures
from bots.web.news import News
from bots.web.room import Room
from bots.web.settings import WebSettings
from bots.web.threads import Backroom
from bots.web.visitors import Passes
from bots.web.wall import Wall
from studio.ports import Ports


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    ports: Ports
    settings: WebSettings
    passes: Passes
    backroom: Backroom
    room: Room
    wall: Wall
    desk: Desk
    news: News
    figures: Figures
    doorkeeper: Doorkeeper


def furnish(ports: Ports, settings: WebSettings) -> House:
    passes = Passes(settings)
    backroom = Backroom()
    room = Room(ports, backroom)
    return House(
        ports=ports,
        settings=settings,
        passes=passes,
        backroom=backroom,
        room=room,
        wall=Wall(ports, backroom, room),
        desk=Desk(ports, passes),
        news=News(ports.events, room),
        figures=Figures(),
        doorkeeper=Doorkeeper(),
    )
