"""The file that says that a front end is well: there while it is, and at no other time."""

import asyncio
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from bots.process import heartbeat_file as heart
from bots.process.heartbeat_file import heartbeat


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(300):
        while not holds():  # noqa: ASYNC110 - a file tells nobody
            await asyncio.sleep(0.01)


async def test_the_file_is_there_while_all_is_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heart, "BEAT_SECONDS", 0.01)
    file, well = tmp_path / "ready", [False]
    file.write_text("of a process that was killed")
    async with heartbeat(file, lambda: well[0]):
        await until(lambda: not file.exists())
        well[0] = True
        await until(file.exists)
        assert file.read_text() == str(os.getpid())
        well[0] = False
        await until(lambda: not file.exists())
        beaten = heart.heartbeat_of(file).stat().st_mtime_ns
        await until(lambda: heart.heartbeat_of(file).stat().st_mtime_ns > beaten)
        well[0] = True
        await until(file.exists)
    assert not file.exists()
    assert not heart.heartbeat_of(file).exists()


async def test_an_event_loop_that_hangs_leaves_no_sign_of_life(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heart, "BEAT_SECONDS", 0.01)
    file = tmp_path / "ready"
    async with heartbeat(file, lambda: True):
        await until(file.exists)
        heart.heartbeat_of(file).unlink()
        file.unlink()
        time.sleep(0.2)  # noqa: ASYNC251 - that is the point
        assert not heart.heartbeat_of(file).exists()
        await until(file.exists)


async def test_a_process_without_an_event_loop_beats_in_a_thread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heart, "BEAT_SECONDS", 0.01)
    file = tmp_path / "ready"
    stopping = heart.beat_in_thread(file)
    for path in (file, heart.heartbeat_of(file)):
        await until(path.exists)
        beaten = path.stat().st_mtime_ns
        await until(lambda path=path, beaten=beaten: path.stat().st_mtime_ns > beaten)
    stopping.set()
    for thread in threading.enumerate():
        if thread.name == "heartbeat":
            thread.join()


def test_the_ready_file_is_complete_as_soon_as_it_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, empty = tmp_path / "ready", []
    write = Path.write_text

    def write_slowly(path: Path, text: str) -> int:
        path.write_bytes(b"")  # what opening it does already
        empty.append(file.exists() and not file.read_text())
        return write(path, text)

    monkeypatch.setattr(Path, "write_text", write_slowly)
    heart.write_heartbeat(file)
    heart.write_heartbeat(file)
    assert (empty, file.read_text()) == ([False, False], str(os.getpid()))
