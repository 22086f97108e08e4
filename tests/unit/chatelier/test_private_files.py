"""Files and folders of a home are for one user, whatever the umask and the folder above allow."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatelier.cli.main import carry_out
from chatelier.runtime.private_files import close_home_to_others
from chatelier.settings import load_settings
from chatelier.wiring.database import open_database, upgrade_database


def mode_of(path: Path) -> int:
    return path.stat().st_mode & 0o777


def open_home(tmp_path: Path) -> Path:
    home = tmp_path / "home"
    home.mkdir()
    home.chmod(0o755)
    return home


def test_the_database_and_its_journals_are_for_this_user_only(tmp_path: Path) -> None:
    home = open_home(tmp_path)
    upgrade_database(load_settings())
    database = open_database(load_settings())
    with database.begin():
        pass
    names = ("studio.sqlite3", "studio.sqlite3-wal", "studio.sqlite3-shm")
    assert {name: mode_of(home / name) for name in names} == dict.fromkeys(names, 0o600)
    database.close()


def test_what_an_older_version_left_open_is_closed_and_nothing_else(tmp_path: Path) -> None:
    home = open_home(tmp_path)
    elsewhere = tmp_path / "models"
    elsewhere.mkdir()
    elsewhere.chmod(0o755)
    (home / "models").symlink_to(elsewhere)
    (home / "storage").mkdir()
    (home / "storage").chmod(0o755)
    (home / "holiday.jpg").touch()
    (home / "holiday.jpg").chmod(0o644)
    (home / "studio.sqlite3").touch()
    (home / "studio.sqlite3").chmod(0o664)
    close_home_to_others(home)
    assert mode_of(home / "storage") == 0o700
    assert mode_of(home / "studio.sqlite3") == 0o600
    assert mode_of(elsewhere) == 0o755
    assert mode_of(home / "holiday.jpg") == 0o644
    close_home_to_others(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("written", "mode"),
    [
        ("Path('kept').write_text('x')", 0o600),
        ("Path('kept').mkdir()", 0o700),
        ('exec(\'with files.with_umask_of_person(): Path("kept").write_text("x")\')', 0o644),
    ],
)
def test_what_a_process_makes_is_private_unless_a_person_asked_for_it(
    tmp_path: Path, repository: Path, written: str, mode: int
) -> None:
    program = "from pathlib import Path; from chatelier.runtime import private_files as files;"
    program += f"files.make_files_private(); {written}"
    subprocess.run(
        [sys.executable, "-c", program],
        check=True,
        cwd=tmp_path,
        umask=0o022,
        env=os.environ | {"PYTHONPATH": str(repository)},
    )
    assert mode_of(tmp_path / "kept") == mode


@pytest.fixture
def open_umask() -> Iterator[None]:
    """Whatever is made may be read and written by everybody."""
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.usefixtures("open_umask", "restored_logging")
def test_every_command_keeps_its_files_private(tmp_path: Path) -> None:
    home = open_home(tmp_path)
    for command, status in ((["db", "upgrade"], 0), (["models", "add", "ours", "/nowhere"], 1)):
        os.umask(0)
        assert carry_out(command) == status
    found = {path.name: mode_of(path) for path in home.rglob("*")}
    assert "studio.sqlite3" in found
    assert {name for name, mode in found.items() if mode & 0o077} == set()
