"""One worker process for each graphics card that this process may see."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from chatelier.launcher.card_workers import card_programs, visible_cards

LIMIT_SECONDS = 120.0  # only bounds a hang


@pytest.fixture
def two_cards(tmp_path: Path) -> Path:
    folder = tmp_path / "dev"
    folder.mkdir()
    for name in ("nvidia0", "nvidia3", "nvidiactl", "nvidia-uvm", "null"):
        (folder / name).touch()
    return folder


@pytest.mark.parametrize(
    ("named", "cards"),
    [
        (None, ("0", "1")),
        ("1", ("1",)),
        ("1, 0", ("1", "0")),
        ("", ()),
        ("-1", ()),
        ("0,7,1", ("0",)),
        ("0,0", ("0",)),
        ("GPU-aa,MIG-bb", ("GPU-aa", "MIG-bb")),
    ],
)
def test_the_cards_are_those_that_cuda_shows(
    named: str | None, cards: tuple[str, ...], two_cards: Path
) -> None:
    environment = {} if named is None else {"CUDA_VISIBLE_DEVICES": named}
    assert visible_cards(environment, devices=two_cards) == cards


def test_a_machine_without_cards_has_none(tmp_path: Path) -> None:
    assert visible_cards({}, devices=tmp_path / "nowhere") == ()


def test_each_worker_has_a_card_a_ready_file_and_a_port_of_its_own(tmp_path: Path) -> None:
    one, two = card_programs(("0", "3"), run_folder=tmp_path, metrics="127.0.0.1:9100")
    assert [program.environment["CUDA_VISIBLE_DEVICES"] for program in (one, two)] == ["0", "3"]
    assert {program.environment["CHATELIER_WORKER__DEVICE"] for program in (one, two)} == {"cuda"}
    assert one.arguments[-1].endswith(":9100")
    assert two.arguments[-1].endswith(":9101")
    assert (
        len({program.arguments[program.arguments.index("--ready-file") + 1] for program in (one, two)}) == 2
    )


_CHILD = """
import os, pathlib, signal, sys, time
place = pathlib.Path(sys.argv[1])
if os.environ["CUDA_VISIBLE_DEVICES"] in sys.argv[2].split(","):
    sys.exit("this card is broken")
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
(place / ("card-" + os.environ["CUDA_VISIBLE_DEVICES"])).write_text(str(os.getpid()))
pathlib.Path(sys.argv[4]).write_text(str(os.getpid()))
while True:
    time.sleep(0.1)
"""
_PARENT = """
import sys
from pathlib import Path
from rich.console import Console
from chatelier.launcher.card_workers import card_programs, run_card_workers
from chatelier.settings import load_settings
place = Path(sys.argv[1])
command = (sys.executable, str(place / "child.py"), str(place), sys.argv[2])
programs = card_programs(("0", "1", "2"), run_folder=place, metrics=None, command=command)
mark = lambda: (place / "all-ready").write_text("yes")
run_card_workers(programs, settings=load_settings(), console=Console(), on_ready=mark)
"""


def _wait_for(path: Path, process: "subprocess.Popen[bytes]", *, other_than: str = "") -> str:
    latest = time.monotonic() + LIMIT_SECONDS
    while not path.exists() or path.read_text() == other_than:
        assert process.poll() is None
        assert time.monotonic() < latest
        time.sleep(0.05)
    return path.read_text()


def _is_alive(process_id: str) -> bool:
    return Path(f"/proc/{process_id}").exists()


def _wait_for_end(process_id: str) -> None:
    latest = time.monotonic() + LIMIT_SECONDS
    while _is_alive(process_id):
        assert time.monotonic() < latest
        time.sleep(0.05)


@pytest.mark.thorough("9")
@pytest.mark.skipif(not Path("/proc/self").exists(), reason="asks /proc")
@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_workers_run_side_by_side_come_back_and_end_together(
    ending: signal.Signals, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHATELIER_HOME", str(tmp_path / "home"))
    (tmp_path / "child.py").write_text(_CHILD)
    (tmp_path / "parent.py").write_text(_PARENT)
    broken = "2" if ending is signal.SIGINT else "none"
    process = subprocess.Popen([sys.executable, str(tmp_path / "parent.py"), str(tmp_path), broken])
    try:
        _wait_for(tmp_path / "all-ready", process)
        one, two = (_wait_for(tmp_path / f"card-{card}", process) for card in "01")
        if ending is signal.SIGTERM:
            os.kill(int(one), signal.SIGKILL)
            crashed, one = one, _wait_for(tmp_path / "card-0", process, other_than=one)
            assert one != crashed
            assert _is_alive(two)  # the other one was left alone
        process.send_signal(ending)
        assert process.wait(LIMIT_SECONDS) == (-signal.SIGKILL if ending is signal.SIGKILL else 0)
        if ending is signal.SIGKILL:  # nobody is left to end them: the kernel does, by SIGTERM
            _wait_for_end(one)
            _wait_for_end(two)
        assert not _is_alive(one)
        assert not _is_alive(two)
    finally:
        process.kill()
        process.wait()


def test_where_no_card_has_a_worker_that_comes_up_it_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHATELIER_HOME", str(tmp_path / "home"))
    (tmp_path / "child.py").write_text(_CHILD)
    (tmp_path / "parent.py").write_text(_PARENT)
    command = [sys.executable, str(tmp_path / "parent.py"), str(tmp_path), "0,1,2"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_SECONDS, check=False)
    assert ended.returncode == 1
    assert "this card is broken" in ended.stdout
    assert "No card has a worker" in ended.stderr
    assert not (tmp_path / "all-ready").exists()
