"""Bots and sweepers that are killed while they are at work on a gathering.

``python -m tests.support.killed_processes URL`` reads tasks, one JSON object a line, and gives each to a child process.
The child says ``ready PID`` at the stage of its task and waits to be killed. Forks are cheap.
"""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from studio.commands.registry import execute
from studio.commands.spec import Call
from studio.db import outbox, sql_dialects
from studio.gatherings import periodic_tasks
from studio.gatherings.kind import Turn
from tests.support.fakes import fake_ports, someone, somewhere
from tests.support.gatherings import Clock, Table

IN_TRANSACTION, AFTER_COMMIT = "in transaction", "after commit"


class KilledProcesses:
    """They work on the database of a table, by its clock, in its place."""

    def __init__(self, table: Table, repository: Path) -> None:
        self._table = table
        url = table.ports.database.url.render_as_string(hide_password=False)
        self._parent = subprocess.Popen(
            [sys.executable, "-m", "tests.support.killed_processes", url],
            cwd=repository,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def sweep(self, stage: str) -> None:
        self._give({"stage": stage})

    def act(self, stage: str, name: str, values: dict[str, Any]) -> None:
        community = self._table.address.community
        self._give({"stage": stage, "name": name, "community": community, "values": values})

    def close(self) -> None:
        self._parent.communicate()

    def _give(self, task: dict[str, Any]) -> None:
        assert self._parent.stdin is not None
        assert self._parent.stdout is not None
        task["ahead_seconds"] = self._table.clock.ahead.total_seconds()
        self._parent.stdin.write(json.dumps(task) + "\n")
        self._parent.stdin.flush()
        answer, _, number = self._parent.stdout.readline().partition(" ")
        assert answer == "ready", f"it never came to that stage: {task}"
        os.kill(int(number), signal.SIGKILL)
        assert self._parent.stdout.readline() == "killed\n"


def _wait_for_death(*_arguments: object, **_values: object) -> Any:
    print("ready", os.getpid(), flush=True)
    time.sleep(600)


def _stop_at(stage: str) -> None:
    if stage == AFTER_COMMIT:
        outbox.send = _wait_for_death
        return
    finish = Turn.finish

    def finish_and_wait(turn: Turn) -> Any:
        finish(turn)
        return _wait_for_death()

    Turn.finish = finish_and_wait  # type: ignore[method-assign]


def _carry_out(url: str, task: dict[str, Any]) -> None:
    clock = Clock(timedelta(seconds=task["ahead_seconds"]))
    sql_dialects.database_now = clock.now
    ports = fake_ports(url)
    _stop_at(task["stage"])
    if "name" not in task:
        periodic_tasks.sweep(ports.database, ports.events)
        return
    community = task["community"]
    call = Call(
        person=someone(task["name"], community=community),
        address=replace(somewhere(), community=community),
        request_key="killed",
    )
    execute(ports, call, "gather", task["values"])


def main() -> None:
    (url,) = sys.argv[1:]
    for line in sys.stdin:
        child = os.fork()
        if not child:
            try:
                _carry_out(url, json.loads(line))
            finally:
                print("ended", flush=True)
                os._exit(1)
        os.waitpid(child, 0)
        print("killed", flush=True)


if __name__ == "__main__":
    main()
