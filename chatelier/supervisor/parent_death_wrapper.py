"""Starts a program that ends with its parent:  parent_death_wrapper.py PARENT NICE [--watch] PROGRAM ARGUMENTS…

Run by its path as a script, not imported as part of the package, so that it costs 20 ms and no memory: on
Linux it asks the kernel to send SIGTERM when the parent dies, then turns itself into the program. Elsewhere, or
with --watch, it stays and watches the parent itself.
"""

import os
import signal
import subprocess
import sys
import time
from types import FrameType

_PR_SET_PDEATHSIG = 1
_WATCH_SECONDS = 0.5


def main() -> None:
    parent, nice, *program = sys.argv[1:]
    try:
        os.nice(int(nice))
    except OSError as error:
        sys.stderr.write(f"priority not changed: {error}\n")
    watched = program[0] == "--watch"
    if not watched and has_death_signal():
        ask_for_death_signal()
        if os.getppid() != int(parent):
            sys.exit("the parent is gone")  # it died before the kernel knew of our wish
        os.execvp(program[0], program)  # noqa: S606 - the command line is our parent's
    watch(int(parent), program[1:] if watched else program)


def has_death_signal() -> bool:
    return sys.platform.startswith("linux")


def ask_for_death_signal() -> None:
    import ctypes

    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


def watch(parent: int, program: list[str]) -> None:
    """Run the program as a child, pass signals on to it, and end it when `parent` is no longer our parent."""
    child: subprocess.Popen[bytes] | None = None
    early: list[int] = []

    def pass_on(number: int, _frame: FrameType | None) -> None:
        if child is None:
            early.append(number)
        else:
            child.send_signal(number)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, pass_on)  # before there is a child: a signal in between would leave it alone
    child = subprocess.Popen(program, close_fds=False)
    for missed in early:
        child.send_signal(missed)
    while child.poll() is None:
        if os.getppid() != parent:
            child.terminate()
            child.wait()
        time.sleep(_WATCH_SECONDS)
    sys.exit(child.returncode if child.returncode >= 0 else 128 - child.returncode)


if __name__ == "__main__":
    main()
