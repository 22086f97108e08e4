"""One worker process for each graphics card: each has its own interpreter, and a card that fails takes one down."""

import asyncio
import os
import re
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from rich.console import Console

from chatelier.launcher.process_plan import has_written_process_id, time_of_heartbeat
from chatelier.settings import Settings
from chatelier.supervisor import ProcessStartError, Program, Supervisor
from chatelier.wiring.instance import make_folder

_HANG_SECONDS = 300.0
_STOP_SECONDS = 15.0  # less than the process that stops the workers grants
_DEVICE_FILE = re.compile(r"nvidia\d+")


def visible_cards(environment: Mapping[str, str], *, devices: Path = Path("/dev")) -> tuple[str, ...]:
    """The cards of this process, as CUDA_VISIBLE_DEVICES names them. Loads no torch.

    As CUDA reads the variable, what follows an invalid name does not count.
    """
    try:
        present = sum(1 for path in devices.iterdir() if _DEVICE_FILE.fullmatch(path.name))
    except OSError:
        present = 0
    named = environment.get("CUDA_VISIBLE_DEVICES")
    if named is None:
        return tuple(map(str, range(present)))
    found: list[str] = []
    for name in (name.strip() for name in named.split(",")):
        number = int(name) if name.isdecimal() else None
        valid = name.startswith(("GPU-", "MIG-")) or (number is not None and number < present)
        if not valid or name in found:
            break
        found.append(name)
    return tuple(found)


def card_programs(
    cards: Sequence[str],
    *,
    run_folder: Path,
    metrics: str | None,
    command: Sequence[str] = (sys.executable, "-m", "chatelier", "worker"),
) -> list[Program]:
    """A worker for each card. Each serves its figures one port above the one before."""
    programs = []
    for number, card in enumerate(cards):
        mark = run_folder / f"worker-{os.getpid()}-{number}.ready"
        served = ("--metrics", _port_above(metrics, number)) if metrics else ()
        programs.append(
            Program(
                name=f"worker-{number}",
                arguments=(*command, "--ready-file", str(mark), *served),
                # A worker with a device of its own starts no others.
                environment={"CUDA_VISIBLE_DEVICES": card, "CHATELIER_WORKER__DEVICE": "cuda"},
                is_ready=has_written_process_id(mark),
                sign_of_life=time_of_heartbeat(mark),
                stop_seconds=_STOP_SECONDS,
                optional=True,
                awaited=True,
            )
        )
    return programs


def run_card_workers(
    programs: Sequence[Program], *, settings: Settings, console: Console, on_ready: Callable[[], None]
) -> None:
    """Keep them running until SIGINT or SIGTERM; the second signal ends them at once.

    `on_ready` is called when all are, but for cards on which no worker comes up. Raises `ProcessStartError` where that
    is so of every card.
    """
    for folder in (settings.home, settings.run_folder, settings.logs_folder):
        make_folder(folder)
    supervisor = Supervisor(
        [programs],
        console=console,
        logs_folder=settings.logs_folder,
        say=lambda line: console.print(line, soft_wrap=True, markup=False),
        changed=lambda processes: None,
        hang_seconds=_HANG_SECONDS,
    )

    def announce() -> None:
        if len(supervisor.absent) == len(programs):
            raise ProcessStartError("No card has a worker that comes up. Their last output is above.")
        on_ready()

    async def run() -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, supervisor.stop)
        await supervisor.run(opened=announce)

    asyncio.run(run())


def _port_above(address: str, number: int) -> str:
    host, _, port = address.rpartition(":")
    return f"{host}:{int(port) + number}" if port.isdecimal() else address
