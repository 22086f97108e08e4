import errno
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest

from engine.storage import FsspecStore, open_store
from engine.storage.atomic_writes import UNFINISHED_FOLDER, remove_unfinished
from studio.errors import ConfigurationError, StorageError
from tests.support.sentences import error_text, raises
from tests.support.store_suite import UNKNOWN_KEY, StoreSuite


class TestFolder(StoreSuite):
    @pytest.fixture
    def store(self, tmp_path: Path) -> FsspecStore:
        return open_store(str(tmp_path / "pictures here"))

    @pytest.fixture
    def small_store(self, tmp_path: Path) -> FsspecStore:
        return open_store(f"file://{tmp_path}", max_read_bytes=1000)


class TestMemory(StoreSuite):
    @pytest.fixture
    def url(self) -> Iterator[str]:
        name = uuid.uuid4().hex
        yield f"memory://{name}"
        memory = fsspec.filesystem("memory")
        if memory.exists(f"/{name}"):
            memory.rm(f"/{name}", recursive=True)

    @pytest.fixture
    def store(self, url: str) -> FsspecStore:
        return open_store(url)

    @pytest.fixture
    def small_store(self, url: str) -> FsspecStore:
        return open_store(url, max_read_bytes=1000)


def files_under(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_named_and_leaves_no_half_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    store = open_store(str(tmp_path))

    def full(_: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", full)
    with raises(StorageError, match="disk for pictures is full") as caught:
        store.put(b"x" * 10_000, suffix=".png")
    assert str(tmp_path) not in error_text(caught.value)
    assert files_under(tmp_path) == []


WRITE_WITH_LITTLE_ROOM = """
import resource, signal, sys
sys.dont_write_bytecode = True  # or compiled modules would be cut off as well
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
from engine.storage import open_store
from studio.errors import StorageError
try:
    open_store(sys.argv[1]).put(b"x" * 100_000, suffix=".png")
except StorageError as error:
    print(error)
"""


def test_a_real_write_that_runs_out_of_room_leaves_no_half_file(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-c", WRITE_WITH_LITTLE_ROOM, str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout == "storage.full\n"
    assert files_under(tmp_path) == []


def test_room_made_again_is_used_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = open_store(str(tmp_path))
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(errno.ENOSPC, "full")))
        with pytest.raises(StorageError):
            store.put(b"picture", suffix=".png")
    assert store.get(store.put(b"picture", suffix=".png")) == b"picture"


def test_a_folder_under_a_file_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with raises(StorageError, match="CHATELIER_STORAGE_URL"):
        open_store(str(tmp_path / "file" / "pictures"))


def test_a_half_written_file_of_a_crashed_worker_is_never_seen(tmp_path: Path) -> None:
    script = (
        "import os, sys, pathlib; from engine.storage import open_store, atomic_writes\n"
        "atomic_writes.os.fsync = lambda handle: os._exit(9)\n"
        "open_store(sys.argv[1]).put(b'x' * 50_000, suffix='.png')"
    )
    run = subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=False)
    assert run.returncode == 9
    left = files_under(tmp_path)
    assert [path.parent.name for path in left] == [UNFINISHED_FOLDER]


def test_old_unfinished_files_are_removed_when_the_store_opens_and_fresh_ones_kept(tmp_path: Path) -> None:
    folder = tmp_path / UNFINISHED_FOLDER
    folder.mkdir()
    old, fresh = folder / "old", folder / "fresh"
    old.write_bytes(b"half")
    fresh.write_bytes(b"being written")
    long_ago = time.time() - 7200
    os.utime(old, (long_ago, long_ago))
    open_store(str(tmp_path))
    assert not old.exists()
    assert fresh.exists()
    assert remove_unfinished(tmp_path, older_than_seconds=-1) == 1


def test_a_folder_gives_no_links(tmp_path: Path) -> None:
    store = open_store(str(tmp_path))
    assert store.link(store.put(b"x", suffix=".png"), valid_seconds=60) is None


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("ftpq://somewhere", "not known"),
        ("s3://", "no bucket"),
        ("file://", "no folder"),
        ("", "no folder"),
    ],
)
def test_an_address_that_makes_no_sense_is_a_setting_to_correct(url: str, reason: str) -> None:
    with pytest.raises(ConfigurationError, match=reason) as caught:
        open_store(url)
    assert "CHATELIER_STORAGE_URL" in str(caught.value)


def test_a_folder_that_went_away_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = open_store(str(tmp_path))

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "no")

    monkeypatch.setattr(Path, "mkdir", refuse)
    with raises(StorageError, match="permissions"):
        store.put(b"x", suffix=".png")


def test_opening_a_folder_loads_neither_s3_nor_torch(tmp_path: Path) -> None:
    script = (
        "import sys; from engine.storage import open_store; import engine.imaging.image_tools\n"
        "open_store(sys.argv[1]).put(b'x', suffix='.png')\n"
        "print([name for name in ('torch', 's3fs', 'botocore') if name in sys.modules])"
    )
    run = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "[]"


def test_an_unknown_key_has_the_form_of_a_key(tmp_path: Path) -> None:
    assert not open_store(str(tmp_path)).exists(UNKNOWN_KEY)
