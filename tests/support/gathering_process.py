"""A front end or a sweeper as a process of its own, for tests in which several are at work, or one is killed.

``python -m tests.support.gathering_process press URL FIRST MANY GATHERING:VERB:PART …``: so many people press each
button at once; it prints for each how many presses counted, and after how many seconds each was answered.
``… die URL GATHERING STAGE``: it stops at a stage, says so, and waits to be killed.
"""

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from studio.commands.gatherings import acting
from studio.commands.registry import execute
from studio.commands.spec import Call
from studio.db import outbox
from studio.errors import RequestRefusedError
from studio.gatherings import periodic_tasks
from studio.gatherings.registry import KINDS
from studio.ports import Ports
from tests.support.fakes import fake_ports, someone, somewhere
from tests.support.postcard_kind import with_postcards


def press(ports: Ports, gathering_id: str, verb: str, part: int, number: int) -> tuple[bool, float]:
    """Whether it counted, and after how many seconds it was answered."""
    started_at = time.monotonic()
    call = Call(person=someone(f"p{number}"), address=somewhere(), request_key=f"press:{verb}:{number}")
    try:
        execute(ports, call, "gather", {"do": verb, "id": gathering_id, "part": part})
    except RequestRefusedError:
        return False, time.monotonic() - started_at
    return True, time.monotonic() - started_at


def press_at_once(ports: Ports, button: str, first: int, many: int) -> None:
    gathering_id, verb, part = button.split(":")
    with ThreadPoolExecutor(many) as pool:
        numbers = range(first, first + many)
        answers = list(pool.map(lambda number: press(ports, gathering_id, verb, int(part), number), numbers))
    print(json.dumps({"counted": sum(counted for counted, _ in answers), "seconds": [s for _, s in answers]}))


def wait_for_death(*_arguments: object, **_values: object) -> Any:
    print("ready", flush=True)
    time.sleep(600)


def die(ports: Ports, gathering_id: str, stage: str) -> None:
    """Be at work until a stage is reached."""
    match stage:
        case "sweeper in its transaction":
            kind = KINDS["postcards"]
            object.__setattr__(kind, "phase_ended", _after(kind.phase_ended))
            periodic_tasks.sweep(ports.database, ports.events)
        case "sweeper before its events":
            outbox.send = wait_for_death
            periodic_tasks.sweep(ports.database, ports.events)
        case "bot in its transaction":
            acting.carry_out = _after(acting.carry_out)
            press(ports, gathering_id, "take", 1, 1)
        case "bot before its job":
            acting.paint_part = wait_for_death
            _paint(ports, gathering_id)


def _paint(ports: Ports, gathering_id: str) -> None:
    call = Call(person=someone("p1"), address=somewhere(), request_key="paint")
    execute(ports, call, "gather", {"do": "paint", "id": gathering_id, "part": 1, "words": "a harbour"})


def _after(function: Any) -> Any:
    """The function, which then goes no further."""

    def carried_out(*arguments: Any, **values: Any) -> Any:
        function(*arguments, **values)
        return wait_for_death()

    return carried_out


def main() -> None:
    command, url, *more = sys.argv[1:]
    with_postcards(pytest.MonkeyPatch())
    ports = fake_ports(url)
    if command == "press":
        first, many, *buttons = more
        for button in buttons:
            press_at_once(ports, button, int(first), int(many))
    else:
        die(ports, *more)
    ports.database.close()


if __name__ == "__main__":
    main()
