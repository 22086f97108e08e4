"""Two people on Discord, and Bo on the web under a name that is linked to the one he has on Discord."""

import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

from studio.domain.events import Event
from studio.domain.people import Platform
from studio.ports import Delivery
from tests.support.fakes import FakeEvents
from tests.support.gathering_journeys.on_discord import DiscordStage
from tests.support.gathering_journeys.on_web import WebStage
from tests.support.gathering_journeys.stage import Stage


@dataclass
class EventsByPlatform(FakeEvents):
    """Each front end gets its own events, as from Redis; `published` are those for Discord."""

    _others: FakeEvents = field(default_factory=FakeEvents)

    def publish(self, event: Event) -> None:
        if event.platform is Platform.DISCORD:
            super().publish(event)
        else:
            self._others.publish(event)

    def deliveries(self, frontend: str, consumer: str, stop: threading.Event) -> Iterator[Delivery]:
        if frontend == Platform.DISCORD:
            yield from super().deliveries(frontend, consumer, stop)
        else:
            yield from self._others.deliveries(frontend, consumer, stop)

    def watch(self, stop: threading.Event) -> Iterator[Event]:
        yield from self._others.watch(stop)


class MixedStage(Stage):
    def __init__(self, discord: DiscordStage, web: WebStage) -> None:
        super().__init__(discord.ports, discord.clock)
        self._discord, self._web = discord, web

    async def link(self) -> None:
        offered = await self._discord.type("bo", "link")
        code = re.search(r"/link (\w+)", offered)
        assert code
        await self._web.type("bo", "link", code=code[1])

    async def type(self, who: str, command: str, **options: object) -> str:
        return await self._of(who).type(who, command, **options)

    async def press(self, who: str, label: str) -> str:
        return await self._of(who).press(who, label)

    async def fill(self, who: str, label: str, **fields: str) -> str:
        return await self._of(who).fill(who, label, **fields)

    async def read(self) -> str:
        return await self._where_it_is().read()

    async def alt_texts(self) -> list[str]:
        return await self._where_it_is().alt_texts()

    async def catch_up(self) -> None:
        await self._discord.catch_up()
        await self._web.catch_up()

    def forget_panels(self) -> None:
        self._discord.forget_panels()
        self._web.forget_panels()

    def _of(self, who: str) -> Stage:
        return self._web if who == "bo" else self._discord

    def _where_it_is(self) -> Stage:
        """What somebody opens on the web stays there."""
        return self._web if self.gathering.platform == Platform.WEB else self._discord
