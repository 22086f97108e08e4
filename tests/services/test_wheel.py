"""The wheel, built and installed away from the checkout."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

PACKAGES = ("studio", "bots", "engine", "moderation", "chatelier")


@pytest.fixture(scope="module")
def wheel(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy, because setuptools leaves a build folder behind."""
    source = tmp_path_factory.mktemp("source")
    for package in PACKAGES:
        shutil.copytree(repository / package, source / package, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE", "NOTICE"):
        shutil.copy(repository / name, source)
    target = tmp_path_factory.mktemp("wheel")
    unpressed = "--config-settings=--build-option=--compression=stored"  # the weights take seconds to press
    arguments = [
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        unpressed,
        "--wheel-dir",
        target,
        source,
    ]
    subprocess.run([sys.executable, "-m", "pip", *arguments], check=True, cwd=target)
    (built,) = target.glob("*.whl")
    return built


def test_it_holds_every_file_of_the_packages(wheel: Path, repository: Path) -> None:
    inside = set(zipfile.ZipFile(wheel).namelist())
    here = {
        path.relative_to(repository).as_posix()
        for package in PACKAGES
        for path in (repository / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts  # where others may be compiling just now
    }
    assert here - inside == set()
    assert {name.split("/")[0] for name in inside} <= {*PACKAGES, "chatelier-0.1.0.dist-info"}


def test_it_carries_its_licence_and_what_it_owes_to_others(wheel: Path) -> None:
    inside = zipfile.ZipFile(wheel).namelist()
    assert [name for name in inside if name.endswith("licenses/LICENSE")]
    assert [name for name in inside if name.endswith("licenses/NOTICE")]


def test_it_is_small_enough_to_download(wheel: Path) -> None:
    assert wheel.stat().st_size < 100 * 2**20


def test_what_it_installs_makes_a_database_away_from_the_checkout(wheel: Path, tmp_path: Path) -> None:
    installed = tmp_path / "installed"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(installed)
    environment = os.environ | {"PYTHONPATH": str(installed), "PYTHONSAFEPATH": "1"}
    for arguments in (["--help"], ["db", "upgrade"]):
        result = subprocess.run(
            [sys.executable, "-m", "chatelier", *arguments],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
        )
        assert result.returncode == 0, result.stdout + result.stderr
    assert (tmp_path / "home" / "studio.sqlite3").stat().st_size > 0
