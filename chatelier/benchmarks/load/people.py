"""People on each front end, who ask for a picture."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from chatelier.benchmarks.load.requests import Request, Requests
from chatelier.benchmarks.loopback.discord_server import DiscordServer
from chatelier.benchmarks.loopback.platform import number_of, prompt_of
from chatelier.benchmarks.loopback.slack_server import SlackServer
from chatelier.benchmarks.web_client import WebClient

FRONTENDS = ("discord", "slack", "web")
_UNFINISHED = frozenset({"accepted", "queued", "painting"})
_CARDS = '{"type": "cards"'
_BROADCASTS = ('{"type": "people"', '{"type": "progress"', '{"type": "waiting"')
_ENTERING_AT_ONCE = 8
_LONGEST_WAIT_SECONDS = 120.0


class Platform(Protocol):
    async def ask(self, person: int, number: int) -> None:
        """Returns when the request is on its way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    frontend: str
    index: int  # among those of the front end


def share_out(people: int, frontends: Sequence[str]) -> list[Person]:
    """Evenly, by turns."""
    return [
        Person(frontend=frontends[number % len(frontends)], index=number // len(frontends))
        for number in range(people)
    ]


class WebRoom:
    """The people of the web front end, each with a socket of their own."""

    name = "web"

    def __init__(self, requests: Requests) -> None:
        self._requests = requests
        self.visitors: list[WebClient] = []
        self.wishes: dict[str, int] = {}  # those that are not answered: their requests

    async def enter(self, address: str, people: int) -> None:
        room = asyncio.Semaphore(_ENTERING_AT_ONCE)

        async def enter(number: int) -> WebClient:
            async with room:
                return await WebClient.enter(address, f"Person {number}", listener=self.hear)

        self.visitors = list(await asyncio.gather(*map(enter, range(people))))

    async def leave(self) -> None:
        await asyncio.gather(*(visitor.leave() for visitor in self.visitors), return_exceptions=True)

    async def ask(self, person: int, number: int) -> None:
        wish = str(uuid.uuid4())
        self.wishes[wish] = number
        await self.visitors[person].send(wish, f"/imagine {prompt_of(number)} --count 1")

    def hear(self, visitor: WebClient, text: str) -> None:
        """Everybody sees everybody's cards: one of them reads each message."""
        if text.startswith(_CARDS):
            if visitor is self.visitors[0]:
                self._read_cards(json.loads(text))
        elif not text.startswith(_BROADCASTS):
            self._read_answer(json.loads(text))

    def _read_answer(self, message: Mapping[str, Any]) -> None:
        number = self.wishes.get(message.get("id", ""))
        if number is None:
            return
        self._requests.acknowledge(number)
        if message["type"] == "answer":
            del self.wishes[message["id"]]
            if "job" not in message:
                self._requests.end(number, failed=True)

    def _read_cards(self, message: Mapping[str, Any]) -> None:
        for card in message.get("cards", ()):
            number = number_of(json.dumps(card))
            if number is None:
                continue
            self._requests.show(number)
            if card["state"] not in _UNFINISHED:
                self._requests.end(number, failed=card["state"] != "done")


@dataclass(kw_only=True)
class Crowd:
    """Everybody. `stopping` ends what they do."""

    people: Sequence[Person]
    requests: Requests
    platforms: Mapping[str, Platform]
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    async def ask_at_once(self) -> list[Request]:
        """Everybody presses Enter in the same moment. Returns when all have their picture, or have waited enough."""
        return list(await asyncio.gather(*map(self._ask, self.people)))

    async def ask_again_and_again(self, seconds: float) -> None:
        """For so long; then nobody waits for what is not ended."""
        asking = [asyncio.create_task(self._ask_forever(person)) for person in self.people]
        try:
            async with asyncio.timeout(seconds):
                await self.stopping.wait()
        except TimeoutError:
            pass
        finally:
            for task in asking:
                task.cancel()
            for ended in await asyncio.gather(*asking, return_exceptions=True):
                if isinstance(ended, Exception):
                    raise ended

    async def _ask_forever(self, person: Person) -> None:
        while True:
            await self._ask(person)

    async def _ask(self, person: Person) -> Request:
        request = self.requests.begin(person.frontend)
        await self.platforms[person.frontend].ask(person.index, request.number)
        ended = asyncio.create_task(request.ended.wait())
        stopped = asyncio.create_task(self.stopping.wait())
        try:
            await asyncio.wait(
                {ended, stopped}, timeout=_LONGEST_WAIT_SECONDS, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            ended.cancel()
            stopped.cancel()
        return request


@dataclass(kw_only=True)
class OpenPlatforms:
    """`environment` are the settings with which the processes connect to them."""

    chats: dict[str, Platform]
    environment: dict[str, str]


@asynccontextmanager
async def open_chats(frontends: Sequence[str], requests: Requests) -> AsyncIterator[OpenPlatforms]:
    """The loopback Discord and Slack, of those that are wanted."""
    async with AsyncExitStack() as stack:
        chats: dict[str, Platform] = {}
        environment: dict[str, str] = {}
        for server in (DiscordServer(requests), SlackServer(requests)):
            if server.name in frontends:
                await stack.enter_async_context(server.open())
                chats[server.name] = server
                environment |= server.environment()
        yield OpenPlatforms(chats=chats, environment=environment)
