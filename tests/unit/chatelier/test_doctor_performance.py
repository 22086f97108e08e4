"""What the doctor says of how models are run, which are served, and what was learned."""

import json
from pathlib import Path

import pytest

from chatelier.doctor import models
from chatelier.doctor.findings import Finding, Health
from chatelier.settings import read_settings


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def speed(
    monkeypatch: pytest.MonkeyPatch, torch: str, *, compiler: str | None = "/usr/bin/cc"
) -> list[Finding]:
    monkeypatch.setattr(models, "version", lambda package: torch)
    monkeypatch.setattr(models.shutil, "which", lambda name: compiler)
    return [finding for finding in models.accelerator(read_settings()) if finding.subject == "speed"]


def test_on_a_card_it_names_what_is_on(monkeypatch: pytest.MonkeyPatch) -> None:
    (found,) = speed(monkeypatch, "2.13.0+cu130")
    assert found.said == "fused projections, compiled blocks, decoding beside the steps"


def test_on_a_card_a_missing_compiler_is_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    _, found = speed(monkeypatch, "2.13.0+cu130", compiler=None)
    assert (found.health, "no C compiler" in found.said) == (Health.NOTE, True)
    assert len(speed(monkeypatch, "2.13.0+cpu", compiler=None)) == 1


def test_on_a_cpu_nothing_is_on(monkeypatch: pytest.MonkeyPatch) -> None:
    (found,) = speed(monkeypatch, "2.13.0+cpu")
    assert found.said == "nothing beyond the plain model"


def test_fewer_bits_need_their_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHATELIER_SPEED__QUANTISE", "fp8")
    monkeypatch.setattr(models, "find_spec", lambda name: None)
    *_, found = speed(monkeypatch, "2.13.0+cu130")
    assert (found.health, "torchao" in found.said) == (Health.BAD, True)


def test_a_worker_of_some_models_is_named_or_corrected(monkeypatch: pytest.MonkeyPatch) -> None:
    assert list(models.queues(read_settings())) == []
    monkeypatch.setenv("CHATELIER_WORKER__MODELS", "thimble")
    (wrong,) = models.queues(read_settings())
    assert wrong.health is Health.BAD
    monkeypatch.setenv("CHATELIER_MODEL_QUEUES", "true")
    (right,) = models.queues(read_settings())
    assert right.said == "the worker here serves thimble"


def test_what_was_learned_of_memory_is_shown(tmp_path: Path) -> None:
    assert list(models.check_measurements(read_settings())) == []
    known = {"thimble/1024": {"rows": 4, "learned_at": 1e9, "step_seconds": {}}}
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "learned.json").write_text(json.dumps({"NVIDIA H200": known}))
    (found,) = models.check_measurements(read_settings())
    assert found.said == "NVIDIA H200 takes so many rows of a model at a size: thimble/1024: 4"
