"""`chatelier models`: what is added is listed and checked. Adding one loads diffusers, which reads its pipeline."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from chatelier.cli import main
from engine.catalog.catalog import MODELS

Run = Callable[..., tuple[int, str, str]]

pytestmark = pytest.mark.usefixtures("restored_logging")


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command in this process: exit status, standard output, standard error."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")

    def carry_out(*arguments: str) -> tuple[int, str, str]:
        status = main.carry_out(list(arguments))
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return carry_out


def model_folder(folder: Path) -> Path:
    """A model's configuration without its weights."""
    return shutil.copytree(
        MODELS / "thimble", folder, ignore=shutil.ignore_patterns("*.safetensors", "prior", "*.webp")
    )


def test_models_are_listed_added_and_checked(run: Run, tmp_path: Path) -> None:
    folder = model_folder(tmp_path / "ours")
    index = folder / "model_index.json"
    assert "ours" not in run("models", "list")[1]
    assert run("models", "add", "ours", str(folder), "--title", "Ours", "--width", "256")[0] == 0
    assert "ours" in run("models", "list")[1]
    index.unlink()
    status, _, err = run("models", "check", "ours")
    assert status == 1
    assert "model_index.json" in err


def test_the_steps_in_the_list_are_those_of_the_recipes(run: Run, tmp_path: Path) -> None:
    plain, laid_out = model_folder(tmp_path / "plain"), model_folder(tmp_path / "laid-out")
    (laid_out / "prior").mkdir()
    (laid_out / "prior" / "prior.json").write_text('{"steps": 33}')
    for folder in (plain, laid_out):
        assert run("models", "add", folder.name, str(folder), "--steps", "12")[0] == 0
    listed = [line.split() for line in run("models", "list")[1].splitlines()]
    assert {line[0]: line[2] for line in listed if line and line[0] in ("plain", "laid-out")} == {
        "plain": "12",
        "laid-out": "33",
    }
