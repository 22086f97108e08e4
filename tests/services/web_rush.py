"""How long people wait for their acknowledgement when many of them press Enter at the same moment.

Usage: python -m tests.services.web_rush ADDRESS [PEOPLE [ROUNDS]]

Every person has a socket of their own and types once a round. "Received" is the time until the room said that
the words have arrived; "accepted" the time until it said that the job is in the database, and "shown" the time
until its card was on the person's page. Both ends share the machine, and so the time.
"""

import asyncio
import json
import re
import statistics
import sys
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx
from websockets.asyncio.client import ClientConnection, connect


@dataclass(frozen=True, kw_only=True)
class Wait:
    received_seconds: float
    answered_seconds: float
    shown_seconds: float


async def come_in(address: str, name: str) -> str:
    """The cookie of a new session."""
    headers = {"origin": address}
    async with httpx.AsyncClient(base_url=address, headers=headers) as client:
        page = (await client.get("/")).text
        token = re.search(r'name="token" value="([^"]+)"', page)
        assert token, page[:500]
        answer = await client.post("/enter", data={"token": token[1], "name": name})
        assert answer.status_code == 303, answer.text
        return f"chatelier_session={client.cookies['chatelier_session']}"


async def sit_down(address: str, name: str) -> ClientConnection:
    cookie = await come_in(address, name)
    url = f"ws://{urlsplit(address).netloc}/room"
    socket = await connect(url, origin=address, additional_headers={"Cookie": cookie}, max_size=None)
    while json.loads(await socket.recv())["type"] != "wall":
        pass
    return socket


async def type_once(socket: ClientConnection, number: int, start: asyncio.Event) -> Wait:
    wish = {
        "do": "say",
        "id": f"rush-{number:04d}-{time.monotonic_ns()}",
        "text": f"boat number {number} --n 1",
    }
    await start.wait()
    started = time.perf_counter()
    await socket.send(json.dumps(wish))
    received = answered = shown = 0.0
    seen: set[str] = set()
    job_id = None
    while not shown:
        message = json.loads(await socket.recv())
        if message["type"] == "received" and message["id"] == wish["id"]:
            received = time.perf_counter() - started
        elif message["type"] == "answer" and message["id"] == wish["id"]:
            assert message["ok"], message
            answered = time.perf_counter() - started
            job_id = message["job"]
        elif message["type"] == "cards":
            seen |= {card["id"] for card in message["cards"]}
        if job_id in seen:
            shown = time.perf_counter() - started
    return Wait(received_seconds=received, answered_seconds=answered, shown_seconds=shown)


async def drain(socket: ClientConnection) -> None:
    try:
        while True:
            await asyncio.wait_for(socket.recv(), timeout=0.3)
    except TimeoutError:
        pass


async def rush(address: str, people: int, rounds: int) -> list[list[Wait]]:
    sockets = [await sit_down(address, f"Person {number}") for number in range(people)]
    measured = []
    for _ in range(rounds):
        await asyncio.gather(*(drain(socket) for socket in sockets))
        start = asyncio.Event()
        typing = [asyncio.create_task(type_once(each, number, start)) for number, each in enumerate(sockets)]
        await asyncio.sleep(0.1)
        start.set()
        measured.append(await asyncio.gather(*typing))
        await asyncio.sleep(1)
    for socket in sockets:
        await socket.close()
    return measured


def line(name: str, seconds: list[float]) -> str:
    middle, slowest = statistics.median(seconds) * 1000, max(seconds) * 1000
    return f"{name}: middle {middle:.0f} ms, slowest {slowest:.0f} ms"


def main() -> None:
    address = sys.argv[1].rstrip("/")
    people = int(sys.argv[2]) if len(sys.argv) > 2 else 50
    rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 3
    for waits in asyncio.run(rush(address, people, rounds)):
        received = line("received", [each.received_seconds for each in waits])
        answered = line("accepted", [each.answered_seconds for each in waits])
        shown = line("shown", [each.shown_seconds for each in waits])
        print(f"{people} people, {received}; {answered}; {shown}")


if __name__ == "__main__":
    main()
