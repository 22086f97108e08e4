"""One process of an installation under load: `chatelier`, or a worker with a generator that sleeps.

Usage: python -m chatelier.benchmarks.load.measured_process SUMS_FILE ARGUMENTS…

ARGUMENTS are those of `chatelier`; `sleeping-worker` takes the side of its pictures in pixels, and --ready-file FILE.
SUMS_FILE is kept up to date with the time that its database statements take.
"""

import runpy
import sys
from collections.abc import Sequence
from pathlib import Path

from chatelier.benchmarks.load.statement_clock import StatementClock

SLEEPING_WORKER = "sleeping-worker"


def main(sums_file: Path, arguments: Sequence[str]) -> None:
    clock = StatementClock()
    clock.start()
    clock.write_regularly(sums_file)
    if arguments[0] == SLEEPING_WORKER:
        _run_worker(side_pixels=int(arguments[1]), ready_file=Path(arguments[3]))
        return
    sys.argv = ["chatelier", *arguments]
    runpy.run_module("chatelier", run_name="__main__")


def _run_worker(*, side_pixels: int, ready_file: Path) -> None:
    from bots.process.heartbeat_file import beat_in_thread
    from chatelier.benchmarks.load.sleeping_generator import SleepingGenerator
    from chatelier.runtime.logging_setup import set_up_logging
    from chatelier.settings import load_settings
    from chatelier.wiring.workers import run_worker
    from engine.benchmarks.harness import PAUSE_SECONDS, PAUSE_SECONDS_PER_ROW

    settings = load_settings()
    set_up_logging(settings)
    generator = SleepingGenerator(
        pass_seconds=PAUSE_SECONDS, row_seconds=PAUSE_SECONDS_PER_ROW, side_pixels=side_pixels
    )

    def mark_ready() -> None:
        beat_in_thread(ready_file)

    run_worker(settings, on_ready=mark_ready, generator=generator)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
