"""The supervisor, with small shell programs in place of the instance's own."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any, cast

import psutil
import pytest
from rich.console import Console

from chatelier.launcher.home_lock import HomeLock
from chatelier.launcher.launch import _run_until_stopped
from chatelier.launcher.process_plan import ProcessPlan, has_written_process_id
from chatelier.settings import read_settings
from chatelier.supervisor import ProcessStartError, Program, Supervisor
from chatelier.supervisor.output import Output, Terminal
from chatelier.supervisor.program_spec import backoff_seconds
from chatelier.wiring.instance import make_folder
from tests.support.running_instance import WAIT_SECONDS, end_soon, is_over

WRAPPER = Path(sys.modules["chatelier.supervisor"].__file__ or "").with_name("parent_death_wrapper.py")


def shell(
    name: str, script: str, *, is_ready: Callable[[int], bool] = lambda _: True, **options: Any
) -> Program:
    """Where a script sleeps it sleeps for an hour, longer than any test waits: what ends was ended."""
    options = {"stop_seconds": WAIT_SECONDS} | options
    return Program(name=name, arguments=("sh", "-c", script), is_ready=is_ready, **options)


class Watched:
    """An instance whose every message and process id is noted."""

    def __init__(self, folder: Path, *stages: list[Program], hang_seconds: float = 60) -> None:
        self.folder = folder
        self.screen = StringIO()
        self.said: list[str] = []
        self.processes: list[dict[str, int]] = []
        self.opened = asyncio.Event()
        self.instance = Supervisor(
            stages,
            console=Console(file=self.screen, width=200),
            logs_folder=folder,
            say=self.said.append,
            changed=self.processes.append,
            hang_seconds=hang_seconds,
        )
        self.running = asyncio.create_task(self.instance.run(opened=self.opened.set))

    async def open(self) -> "Watched":
        await asyncio.wait(
            [asyncio.create_task(self.opened.wait()), self.running], return_when=asyncio.FIRST_COMPLETED
        )
        return self

    async def until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            assert not self.running.done(), self.said
            await asyncio.sleep(0.02)

    async def close(self) -> None:
        self.instance.stop()
        await self.running


def gone(process_id: int) -> bool:
    try:
        return is_over(psutil.Process(process_id))
    except psutil.NoSuchProcess:
        return True


async def test_a_stage_starts_when_the_one_before_is_ready(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    first = shell("first", f"sleep 0.3; touch {mark}; sleep 3600", is_ready=lambda _: mark.exists())
    second = shell("second", f"test -e {mark} && echo found it; sleep 3600")
    watched = await Watched(tmp_path, [first], [second]).open()
    await watched.until(lambda: "second │ found it" in watched.screen.getvalue())
    assert watched.said[:2] == ["first is ready.", "second is ready."]
    await watched.close()


async def test_what_dies_is_started_again_and_says_how_it_ended(tmp_path: Path) -> None:
    watched = await Watched(tmp_path, [shell("it", "sleep 3600")]).open()
    before = watched.processes[-1]["it"]
    os.kill(before, signal.SIGKILL)
    await watched.until(lambda: watched.processes[-1].get("it", before) != before)
    await watched.until(lambda: "it is back." in watched.said)
    assert "it ended (by SIGKILL); starting it again in 0.5 s." in watched.said
    await watched.close()


async def test_a_death_is_noticed_although_a_child_holds_the_output_and_the_child_goes_too(
    tmp_path: Path,
) -> None:
    watched = await Watched(tmp_path, [shell("it", "sleep 3600 & echo child $!; wait")]).open()
    await watched.until(lambda: "child" in watched.screen.getvalue())
    child = int(watched.screen.getvalue().split()[-1])
    before = watched.processes[-1]["it"]
    os.kill(before, signal.SIGKILL)
    await watched.until(lambda: watched.processes[-1].get("it", before) != before)
    await watched.until(lambda: gone(child))
    await watched.close()


async def test_a_process_that_does_not_respond_is_restarted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatelier.supervisor.supervisor._LIVENESS_SECONDS", 0.5)
    beat = tmp_path / "beat"
    script = f"while true; do echo >> {beat}; sleep 0.05; done"
    lively = shell("it", script, sign_of_life=lambda: beat.stat().st_size if beat.exists() else None)
    watched = await Watched(tmp_path, [lively], hang_seconds=6).open()
    before = watched.processes[-1]["it"]
    os.killpg(before, signal.SIGSTOP)
    await watched.until(lambda: watched.processes[-1].get("it", before) != before)
    assert "it hangs: no heartbeat for 6 s. It is stopped." in watched.said
    assert gone(before)
    await watched.until(lambda: "it is back." in watched.said)
    await watched.close()


async def test_what_takes_long_to_start_does_not_hang(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatelier.supervisor.supervisor._LIVENESS_SECONDS", 0.001)
    asked: list[int] = []
    mark = tmp_path / "mark"

    def is_ready(_: int) -> bool:
        asked.append(len(asked))
        return mark.exists()

    slow = shell(
        "slow", "sleep 3600", is_ready=is_ready, sign_of_life=lambda: object() if mark.exists() else None
    )
    watched = Watched(tmp_path, [slow])
    await watched.until(lambda: len(asked) > 5)
    mark.touch()
    await watched.open()
    assert len({process["slow"] for process in watched.processes}) == 1
    await watched.close()


async def test_what_never_starts_ends_the_instance_with_its_last_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatelier.supervisor.supervisor._STEADY_SECONDS", 0.0)  # however long each try takes
    steady = shell("steady", "sleep 3600")
    watched = Watched(tmp_path, [steady, shell("broken", "echo no model; exit 3", is_ready=lambda _: False)])
    with pytest.raises(ProcessStartError, match=r"broken does not start \(exit status 3\)") as caught:
        await watched.running
    assert "no model" in str(caught.value)
    assert "broken.log" in str(caught.value)
    assert all(gone(process_id) for noted in watched.processes for process_id in noted.values())


async def test_what_the_instance_can_do_without_is_let_go_with_its_last_words(tmp_path: Path) -> None:
    steady = shell("steady", "sleep 3600")
    bot = shell("bot", "echo wrong token; exit 1", is_ready=lambda _: False, optional=True)
    watched = await Watched(tmp_path, [steady, bot]).open()
    await watched.until(lambda: "keep running" in watched.said[-1])
    assert "bot does not start (exit status 1). Its last output:\n  wrong token" in watched.said[-1]
    assert watched.instance.absent == ["bot"]
    assert sum("starting it again" in line for line in watched.said) == 2
    await watched.close()


def test_a_program_is_ready_by_its_file_behind_a_wrapper_that_stays_too(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    script = f"printf $$ > {mark}; exec sleep 3600"
    command = [
        sys.executable,
        "-I",
        "-S",
        str(WRAPPER),
        str(os.getpid()),
        "0",
        "--watch",
        "sh",
        "-c",
        script,
    ]
    wrapper = subprocess.Popen(command, start_new_session=True)
    is_ready = has_written_process_id(mark)
    while not mark.exists() or not mark.read_text():
        time.sleep(0.02)
    assert is_ready(wrapper.pid)
    assert not is_ready(os.getpid())
    wrapper.terminate()
    wrapper.wait()
    assert not is_ready(wrapper.pid), "what another process left behind says nothing"


EARLY_BLOW = """
import os, runpy, signal, subprocess, sys

start = subprocess.Popen

def start_and_be_told_to_end(*arguments, **options):
    child = start(*arguments, **options)
    os.kill(os.getpid(), signal.SIGTERM)
    return child

subprocess.Popen = start_and_be_told_to_end
runpy.run_path(sys.argv.pop(1), run_name="__main__")
"""


def test_a_wrapper_told_to_end_while_its_program_starts_takes_it_along() -> None:
    wrapper = [str(WRAPPER), str(os.getpid()), "0", "--watch", "sleep", "3600"]
    ended = subprocess.run([sys.executable, "-c", EARLY_BLOW, *wrapper], check=False)
    assert ended.returncode == 128 + signal.SIGTERM, (
        "the program's own end, passed up by a wrapper that waited for it"
    )


async def test_closing_takes_grandchildren_along_and_kills_what_does_not_listen(tmp_path: Path) -> None:
    script = "trap '' TERM; sh -c 'trap \"\" TERM; echo deaf $$; while true; do sleep 0.1; done' & wait; wait"
    watched = await Watched(tmp_path, [shell("deaf", script, stop_seconds=0.3)]).open()
    await watched.until(lambda: "deaf │ deaf" in watched.screen.getvalue())
    grandchild = int(watched.screen.getvalue().split()[-1])
    await watched.close()
    assert ends_soon(grandchild)
    assert "deaf did not end in time and was stopped." in watched.said


async def test_the_second_stop_does_not_wait_for_the_grace(tmp_path: Path) -> None:
    script = "trap '' TERM; echo deaf; while true; do sleep 0.1; done"
    watched = await Watched(tmp_path, [shell("deaf", script, stop_seconds=3600.0)]).open()
    await watched.until(lambda: "deaf │ deaf" in watched.screen.getvalue())
    watched.instance.stop()
    await watched.close()


async def test_the_last_stage_ends_first(tmp_path: Path) -> None:
    ends = tmp_path / "ends"
    script = "trap 'echo {} >> {}; exit' TERM; echo up; while true; do sleep 0.05; done"
    stages = [[shell(name, script.format(name, ends))] for name in ("ground", "house")]
    watched = await Watched(tmp_path, *stages).open()
    await watched.until(lambda: watched.screen.getvalue().count("up") == 2)
    await watched.close()
    assert ends.read_text().split() == ["house", "ground"]


async def test_stopping_while_it_starts_ends_everything(tmp_path: Path) -> None:
    watched = Watched(tmp_path, [shell("slow", "sleep 3600", is_ready=lambda _: False)])
    await watched.until(lambda: bool(watched.processes))
    await watched.close()
    assert not watched.opened.is_set()
    assert gone(watched.processes[-1]["slow"])


async def test_what_is_started_at_the_very_moment_of_the_end_is_ended_with_all_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark, loop = tmp_path / "mark", asyncio.get_running_loop()
    watched = Watched(
        tmp_path, [shell("quick", f"sleep 3600 & echo $! > {mark}.new; mv {mark}.new {mark}; wait")]
    )
    connect = loop.connect_read_pipe

    async def be_slow(*arguments: Any) -> Any:
        """The program runs, and the instance has not taken note of it yet."""
        while not mark.exists():  # noqa: ASYNC110 - another process makes it
            await asyncio.sleep(0.02)
        watched.instance.stop()
        for _ in range(20):
            await asyncio.sleep(0)
        return await connect(*arguments)

    monkeypatch.setattr(loop, "connect_read_pipe", be_slow)
    await watched.running
    assert ends_soon(int(mark.read_text()))


class SmallPlan(ProcessPlan):
    """One program that answers to nobody."""

    def stages(self) -> list[list[Program]]:
        return [[shell("web", "sleep 3600")]]


class OpeningError(Exception):
    """With what had been said by then."""


class Notes:
    def __init__(self, screen: StringIO) -> None:
        self.screen = screen

    def write(self, **facts: Any) -> None:
        if facts.get("open"):
            raise OpeningError(self.screen.getvalue())


async def test_an_opening_error_names_the_address_of_the_instance() -> None:
    plan, screen = SmallPlan(loaded=read_settings(), redis=None, port=8123, listener=-1), StringIO()
    make_folder(plan.settings.logs_folder)
    with pytest.raises(OpeningError) as opening:
        await _run_until_stopped(
            plan, cast("HomeLock", Notes(screen)), Console(file=screen), quiet=True, hang_seconds=60
        )
    assert plan.url in str(opening.value)


def test_the_waits_between_starts_grow_and_stay_bounded() -> None:
    assert [backoff_seconds(failures) for failures in range(1, 9)] == [0.5, 1, 2, 4, 8, 16, 30, 30]


def test_output_is_cut_into_lines_kept_plain_in_the_file_and_named_on_the_screen(tmp_path: Path) -> None:
    screen = StringIO()
    terminal = Terminal(Console(file=screen, width=40, color_system=None), ["web", "worker"])
    output = Output("web", terminal=terminal, folder=tmp_path)
    for chunk in (b"one [", b"red]\ntw", b"\x1b[31mo\x1b[0m 100%\n", b"\xff\n\n", b"x" * 70_000, b"rest"):
        output.feed(chunk)
    output.finish()
    output.close()
    lines = (tmp_path / "web.log").read_text().splitlines()
    assert lines[:3] == ["one [red]", "two 100%", "\ufffd"]
    assert "".join(lines[3:]) == "x" * 70_000 + "rest"
    assert "web    │ one [red]\n" in screen.getvalue()


def spawn_wrapped(*mode: str) -> tuple[subprocess.Popen[str], int]:
    """A parent that starts a wrapped program, and that program's id."""
    script = (
        "import os, subprocess, sys\n"
        f"child = subprocess.Popen([sys.executable, '-I', '-S', {str(WRAPPER)!r}, str(os.getpid()), '3',"
        f" *{list(mode)!r}, 'sh', '-c', 'echo $$; exec sleep 3600'])\n"
        "child.wait()\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    return parent, int(parent.stdout.readline())


def ends_soon(process_id: int) -> bool:
    try:
        return end_soon([psutil.Process(process_id)])
    except psutil.NoSuchProcess:
        return True


@pytest.mark.parametrize("mode", [(), ("--watch",)], ids=["by the kernel", "by watching"])
def test_a_wrapped_program_ends_with_its_parent(mode: tuple[str, ...]) -> None:
    parent, program = spawn_wrapped(*mode)
    raised = psutil.Process(program).nice() - psutil.Process().nice()
    with parent:
        parent.kill()
    assert ends_soon(program)
    assert raised == 3


def test_a_program_whose_parent_is_gone_already_is_not_started() -> None:
    wrapped = subprocess.run(
        [sys.executable, "-I", "-S", str(WRAPPER), "1", "0", "echo", "started"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert wrapped.returncode != 0
    assert "started" not in wrapped.stdout
