"""`chatelier models add | check | list` and `doctor` with models on servers."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from chatelier.cli.main import app
from chatelier.doctor.findings import Health
from chatelier.doctor.models import models
from chatelier.settings import read_settings
from engine.catalog.entries import read_entries
from engine.catalog.remote_entry import RemoteEntry
from tests.support.images_server import images_server

LIST = json.dumps({"data": [{"id": "far-1"}, {"id": "far-2"}]}).encode()


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CHATELIER_HOME", str(tmp_path))
    monkeypatch.setenv("FAR_KEY", "sk-secret")
    return tmp_path


def run(*words: str) -> Result:
    return CliRunner().invoke(app, ["models", *words])


def add(url: str, model: str = "far-1", *more: str) -> Result:
    return run("add", "far", url, "--remote-model", model, "--key-env", "FAR_KEY", *more)


def test_a_model_on_a_server_is_added_listed_and_checked(home: Path) -> None:
    with images_server(models=LIST) as (url, seen):
        result = add(url, "far-1", "--sizes", "1024x1024, 1536x1024", "--sends", "seed", "--edits-by-words")
        assert result.exit_code == 0, result.output
        checked, listed = run("check", "far"), run("list")
    entry = read_entries(home / "models.toml")["far"]
    assert entry.remote == RemoteEntry(
        model="far-1", key_env="FAR_KEY", sizes=("1024x1024", "1536x1024"), sends=("seed",)
    )
    assert (entry.source, entry.width, entry.edits_by_words) == (url, 1024, True)
    assert "has far-1" in checked.output
    assert "server" in listed.output
    assert [(asked.path, asked.token) for asked in seen] == [("/v1/models", "Bearer sk-secret")]
    assert "sk-secret" not in (home / "models.toml").read_text() + checked.output


@pytest.mark.parametrize(
    ("model", "answer", "words"),
    [("far-9", LIST, "no model far-9"), ("far-1", b"[" * 99_999, "answers"), ("far-1", None, "answers")],
)
def test_check_says_what_the_server_has(model: str, answer: bytes | None, words: str) -> None:
    with images_server(models=answer) as (url, _):
        add(url, model)
        result = run("check", "far")
    assert words in result.output
    assert result.exit_code == (1 if answer is LIST else 0)


def test_a_server_that_is_away_is_a_note_and_no_traceback() -> None:
    with images_server() as (url, _):
        add(url)
    result = run("check", "far")
    assert result.exit_code == 1
    assert "does not answer" in result.output
    assert "Traceback" not in result.output
    notes = [finding for finding in models(read_settings()) if "far" in finding.said]
    assert [finding.health for finding in notes] == [Health.NOTE]


def test_doctor_finds_a_server_that_answers() -> None:
    with images_server(models=LIST) as (url, _):
        add(url)
        found = [finding for finding in models(read_settings()) if "far" in finding.said]
    assert [finding.health for finding in found] == [Health.GOOD]


@pytest.mark.parametrize(
    "words",
    [
        ("https://me:hunter2@api.example/v1",),
        ("https://api.example/v1", "--sizes", "large"),
        ("https://api.example/v1", "--sends", "mood"),
        ("https://api.example/v1", "--key-env", "A", "--key-file", "b"),
    ],
)
def test_what_cannot_be_is_not_added(words: tuple[str, ...], home: Path) -> None:
    result = run("add", "far", *words)
    assert result.exit_code != 0
    assert "hunter2" not in result.output
    assert not (home / "models.toml").exists()
