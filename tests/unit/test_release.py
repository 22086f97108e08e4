"""`scripts/release.py` in a repository of its own."""

import datetime
import importlib.util
import subprocess
from pathlib import Path
from types import ModuleType

import pytest

DAY = datetime.date(2026, 12, 1)


@pytest.fixture(scope="module")
def script(repository: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("release", repository / "scripts" / "release.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "x"\nversion = "0.1.0"\n')
    (tmp_path / "CHANGELOG.md").write_text("# Changelog\n\n## [Unreleased]\n\n### Added\n\n- A mural.\n")
    for command in (
        ["init", "-q"],
        ["config", "user.email", "a@example.org"],
        ["config", "user.name", "A"],
        ["add", "."],
        ["commit", "-qm", "start"],
    ):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    return tmp_path


def test_a_release_sets_version_changelog_and_tag(script: ModuleType, checkout: Path) -> None:
    notes = script.release(checkout, "0.2.0", DAY)
    assert notes == "### Added\n\n- A mural.\n"
    assert 'version = "0.2.0"' in (checkout / "pyproject.toml").read_text()
    changelog = (checkout / "CHANGELOG.md").read_text()
    assert changelog.index("## [Unreleased]") < changelog.index("## [0.2.0] - 2026-12-01")
    tags = subprocess.run(["git", "tag"], cwd=checkout, capture_output=True, text=True, check=True).stdout
    assert tags == "v0.2.0\n"
    status = subprocess.run(["git", "status", "--porcelain"], cwd=checkout, capture_output=True, check=True)
    assert status.stdout == b""


@pytest.mark.parametrize(
    ("version", "says"), [("0.1.0", "not newer"), ("0.0.9", "not newer"), ("next", "1.2.3"), ("0.2", "1.2.3")]
)
def test_a_wrong_version_changes_nothing(script: ModuleType, checkout: Path, version: str, says: str) -> None:
    before = (checkout / "pyproject.toml").read_text(), (checkout / "CHANGELOG.md").read_text()
    with pytest.raises(script.ReleaseError, match=says):
        script.release(checkout, version, DAY)
    assert before == ((checkout / "pyproject.toml").read_text(), (checkout / "CHANGELOG.md").read_text())


def test_a_release_needs_something_to_release(script: ModuleType, checkout: Path) -> None:
    script.release(checkout, "0.2.0", DAY)
    with pytest.raises(script.ReleaseError, match="Nothing is listed"):
        script.release(checkout, "0.3.0", DAY)


def test_uncommitted_changes_stop_a_release(script: ModuleType, checkout: Path) -> None:
    (checkout / "pyproject.toml").write_text("changed")
    with pytest.raises(script.ReleaseError, match="commit or stash"):
        script.release(checkout, "0.2.0", DAY)
