"""One program under supervision."""

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

_WRAPPER = Path(__file__).with_name("parent_death_wrapper.py")


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """`is_ready` may block for a second or so: it is asked in a thread, with the process id.

    Once it was ready, `sign_of_life` is asked too, and answers with something new as long as the program does not
    hang; None: nobody can tell.

    `stop_seconds` is the grace after SIGTERM. What a program that is not `talkative` says goes to its file
    only. The installation starts without waiting for an `optional` one, unless it is `awaited`, and goes on
    without it if it never comes up.
    """

    name: str
    arguments: tuple[str, ...]
    is_ready: Callable[[int], bool]
    sign_of_life: Callable[[], object] | None = None
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    keep_open: tuple[int, ...] = ()  # file descriptors that it inherits
    nice: int = 0
    stop_seconds: float = 10.0
    talkative: bool = True
    optional: bool = False
    awaited: bool = False

    def wrapped_command(self) -> list[str]:
        """The command line that ties the program's life to this process."""
        return [
            sys.executable,
            "-I",
            "-S",
            str(_WRAPPER),
            str(os.getpid()),
            str(self.nice),
            *self.arguments,
        ]


def backoff_seconds(failures: int) -> float:
    """How long to wait before the start after `failures` quick deaths in a row: 0.5, 1, 2 … 30 s."""
    return float(min(30.0, 0.5 * 2 ** max(0, failures - 1)))
