"""`chatelier imagine` as people run it: a real process, a small model with random weights."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from chatelier.cli import main
from engine.imaging.codecs.encoding import decode
from engine.imaging.codecs.recipe_metadata import read_recipe
from tests.support.tiny_models import NATIVE_PIXELS, save_sd

pytestmark = pytest.mark.timeout(1200)

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(tmp_path: Path) -> Start:
    home = tmp_path / "home"
    folder = save_sd(home / "tiny")
    size = f"width = {NATIVE_PIXELS}\nheight = {NATIVE_PIXELS}\nsteps = 2\n"
    (home / "models.toml").write_text(f'["tiny"]\nsource = "{folder}"\nfamily = "sd"\n{size}')
    environment = os.environ | {"CHATELIER_HOME": str(home), "CHATELIER_MODEL": "tiny"}

    def imagine(*arguments: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-m", "chatelier", "imagine", *arguments],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return imagine


@pytest.fixture
def own_threads() -> Iterator[None]:
    """The command sets how many threads torch has in its process, which here is everybody's."""
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


@pytest.mark.thorough
@pytest.mark.usefixtures("restored_logging", "own_threads")
def test_the_same_seed_paints_the_same_four_pictures_in_another_process(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = start("a yellow star", "-o", str(tmp_path / "one"), "--seed", "7")
    monkeypatch.setenv("CHATELIER_MODEL", "tiny")
    assert main.carry_out(["imagine", "a yellow star", "-o", str(tmp_path / "two"), "--seed", "7"]) == 0
    out, err = process.communicate()
    assert process.returncode == 0, err
    one, two = (
        {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()} for name in ("one", "two")
    )
    painted = [{name: decode(data).tobytes() for name, data in files.items()} for files in (one, two)]
    assert painted[0] == painted[1]  # only when and how they were signed differs
    assert len(set(painted[0].values())) == 4
    recipes = [read_recipe(data) for data in one.values()]
    assert sorted(recipe.seed for recipe in recipes if recipe) == [7, 8, 9, 10]
    assert all(f"seed {seed} ·" in out for seed in (7, 8, 9, 10))


def test_ctrl_c_while_painting_leaves_no_file_and_no_traceback(start: Start, tmp_path: Path) -> None:
    process = start("a star", "-o", str(tmp_path / "out"), "-n", "8", "--steps", "100", "--size", "512x512")
    while not (tmp_path / "out").exists():
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=600)
    assert (process.returncode, out) == (130, "")
    assert err.endswith("Stopped.\n")
    assert "Traceback" not in err
    assert list((tmp_path / "out").iterdir()) == []
