"""What the doctor says of how models are run, which are served, and what was learned."""

import json
from pathlib import Path

import pytest

from chatelier.doctor import models
from chatelier.doctor.findings import Finding, Health
from chatelier.runtime import c_compiler
from chatelier.runtime.c_compiler import CompilerProblem
from chatelier.settings import read_settings
from engine.batching.device.compilation_record import RECORD_NAME, CompilationRecord


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def speed(
    monkeypatch: pytest.MonkeyPatch, torch: str, *, problem: CompilerProblem | None = None
) -> list[Finding]:
    monkeypatch.setattr(models, "version", lambda package: torch)
    monkeypatch.setattr(models, "find_compiler_problem", lambda: problem)
    return [finding for finding in models.accelerator(read_settings()) if finding.subject == "speed"]


def test_on_a_card_it_names_what_is_on(monkeypatch: pytest.MonkeyPatch) -> None:
    (found,) = speed(monkeypatch, "2.13.0+cu130")
    assert found.said == "fused projections, compiled blocks, decoding beside the steps"


def test_on_a_card_a_missing_compiler_is_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    _, found = speed(monkeypatch, "2.13.0+cu130", problem=CompilerProblem.MISSING)
    assert (found.health, "no C compiler" in found.said) == (Health.NOTE, True)
    assert len(speed(monkeypatch, "2.13.0+cpu", problem=CompilerProblem.MISSING)) == 1
    _, found = speed(monkeypatch, "2.13.0+cu130", problem=CompilerProblem.HEADERS)
    assert (found.health, "headers" in found.fix) == (Health.NOTE, True)


def test_what_the_last_worker_compiled_is_told_by_what_its_compiler_did(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = read_settings().settings.compiled_folder / RECORD_NAME
    CompilationRecord(device="NVIDIA H200", graphs=61, torch="2.13.0+cu130").save(file)
    _, found = speed(monkeypatch, "2.13.0+cu130")
    assert (found.health, "61 parts" in found.said, "NVIDIA H200" in found.said) == (Health.GOOD, True, True)
    assert len(speed(monkeypatch, "2.14.0+cu130")) == 1  # another build has not been started yet
    CompilationRecord(device="NVIDIA H200", graphs=0, torch="2.13.0+cu130").save(file)
    _, found = speed(monkeypatch, "2.13.0+cu130")
    assert (found.health, "compile nothing" in found.said) == (Health.NOTE, True)
    file.write_text("{")
    assert len(speed(monkeypatch, "2.13.0+cu130")) == 1


def test_a_compiler_is_looked_at_by_compiling(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "cc"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o700)
    monkeypatch.setattr(c_compiler.shutil, "which", lambda name: str(broken))
    assert c_compiler.find_compiler_problem() is CompilerProblem.HEADERS
    monkeypatch.setattr(c_compiler.shutil, "which", lambda name: None)
    assert c_compiler.find_compiler_problem() is CompilerProblem.MISSING
    broken.write_text("#!/bin/sh\nexit 0\n")
    monkeypatch.setattr(c_compiler.shutil, "which", lambda name: str(broken))
    assert c_compiler.find_compiler_problem() is None


def test_text_encoders_in_fewer_bits_need_their_package_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHATELIER_WORKER__TEXT_ENCODERS", "int8")
    monkeypatch.setattr(models, "find_spec", lambda name: None)
    *_, found = speed(monkeypatch, "2.13.0+cu130")
    assert (found.health, "int8 need torchao" in found.said) == (Health.BAD, True)


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
