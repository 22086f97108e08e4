"""The file that says that a face is well: there while it is, and at no other time."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from bots import pulse as heart
from bots.pulse import pulse


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(300):
        while not holds():  # noqa: ASYNC110 - a file tells nobody
            await asyncio.sleep(0.01)


async def test_the_file_is_there_while_all_is_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heart, "BEAT_SECONDS", 0.01)
    file, well = tmp_path / "ready", [False]
    file.write_text("of a process that was killed")
    async with pulse(file, lambda: well[0]):
        await until(lambda: not file.exists())
        well[0] = True
        await until(file.exists)
        assert file.read_text() == str(os.getpid())
        well[0] = False
        await until(lambda: not file.exists())
        well[0] = True
        await until(file.exists)
    assert not file.exists()


def test_whoever_sees_the_file_may_read_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, empty = tmp_path / "ready", []
    write = Path.write_text

    def write_slowly(path: Path, text: str) -> int:
        path.write_bytes(b"")  # what opening it does already
        empty.append(file.exists() and not file.read_text())
        return write(path, text)

    monkeypatch.setattr(Path, "write_text", write_slowly)
    heart.leave_word(file)
    heart.leave_word(file)
    assert (empty, file.read_text()) == ([False, False], str(os.getpid()))
