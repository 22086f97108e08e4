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
