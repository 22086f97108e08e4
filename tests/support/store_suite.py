"""What every store does, wherever it keeps its bytes. Subclasses supply the fixture `store`."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from engine.storage import FsspecStore
from studio.clock import now
from studio.errors import NotFoundError, StorageError
from studio.ports import STORE_PARTS
from tests.support.sentences import raises

UNKNOWN_KEY = f"pictures/ab/{'c' * 62}.png"
NO_KEYS = [
    "",
    "/etc/passwd",
    "../../etc/passwd",
    "pictures/ab/../../x.png",
    "pictures/ab/xyz.png",
    UNKNOWN_KEY + "\n",
]


class StoreSuite:
    def test_bytes_come_back_as_they_went_in(self, store: FsspecStore) -> None:
        data = bytes(range(256)) * 100
        assert store.get(store.put(data, suffix=".png")) == data

    def test_the_key_is_made_from_the_content(self, store: FsspecStore) -> None:
        digest = hashlib.sha256(b"a picture").hexdigest()
        assert store.put(b"a picture", suffix=".webp") == f"pictures/{digest[:2]}/{digest[2:]}.webp"

    def test_the_same_bytes_twice_are_one_file(self, store: FsspecStore) -> None:
        assert store.put(b"again", suffix=".png") == store.put(b"again", suffix=".png")

    def test_other_bytes_get_another_key(self, store: FsspecStore) -> None:
        assert store.put(b"one", suffix=".png") != store.put(b"two", suffix=".png")

    def test_many_threads_may_put_the_same_bytes(self, store: FsspecStore) -> None:
        data = b"everybody at once" * 5000
        with ThreadPoolExecutor(8) as threads:
            keys = set(threads.map(lambda _: store.put(data, suffix=".png"), range(24)))
        assert len(keys) == 1
        assert store.get(keys.pop()) == data

    def test_a_file_tells_its_size(self, store: FsspecStore) -> None:
        assert store.size_of(store.put(b"nine byte", suffix=".png")) == 9
        assert store.size_of(UNKNOWN_KEY) is None

    def test_an_unknown_key_is_not_found(self, store: FsspecStore) -> None:
        with pytest.raises(NotFoundError):
            store.get(UNKNOWN_KEY)
        assert not store.exists(UNKNOWN_KEY)

    @pytest.mark.parametrize("text", NO_KEYS)
    def test_what_is_no_key_never_reaches_the_file_system(self, store: FsspecStore, text: str) -> None:
        with pytest.raises(NotFoundError):
            store.get(text)
        assert not store.exists(text)
        store.delete(text)

    def test_a_deleted_picture_is_gone(self, store: FsspecStore) -> None:
        key = store.put(b"soon gone", suffix=".png")
        assert store.exists(key)
        store.delete(key)
        assert not store.exists(key)
        with pytest.raises(NotFoundError):
            store.get(key)

    def test_deleting_twice_does_nothing(self, store: FsspecStore) -> None:
        key = store.put(b"gone twice", suffix=".png")
        store.delete(key)
        store.delete(key)

    def test_a_deleted_picture_may_come_back(self, store: FsspecStore) -> None:
        key = store.put(b"back again", suffix=".png")
        store.delete(key)
        assert store.put(b"back again", suffix=".png") == key
        assert store.get(key) == b"back again"

    def test_a_file_larger_than_allowed_is_not_read(self, small_store: FsspecStore) -> None:
        key = small_store.put(b"x" * 2000, suffix=".png")
        with raises(StorageError, match="larger than 1000 bytes"):
            small_store.get(key)

    def test_a_file_of_exactly_the_limit_is_read(self, small_store: FsspecStore) -> None:
        data = b"x" * 1000
        assert small_store.get(small_store.put(data, suffix=".png")) == data

    def test_a_strange_suffix_is_a_programming_error(self, store: FsspecStore) -> None:
        with pytest.raises(ValueError, match="suffix"):
            store.put(b"x", suffix="../x")

    def test_old_files_are_listed_by_part(self, store: FsspecStore) -> None:
        keys = [store.put(f"file {number}".encode(), suffix=".png") for number in range(3)]
        parts = {int(key[9:11], 16) for key in keys}
        later, earlier = now() + timedelta(hours=1), now() - timedelta(hours=1)
        listed = [key for part in parts for key in store.list_put(part, since=earlier, before=later)]
        assert sorted(listed) == sorted(keys)
        never = {"since": earlier - timedelta(hours=1), "before": earlier}
        empty = next(part for part in range(STORE_PARTS) if part not in parts)
        assert not any(store.list_put(part, **never) for part in (*parts, empty))

    def test_a_file_that_was_put_since_is_not_deleted(self, store: FsspecStore) -> None:
        key = store.put(b"put since", suffix=".png")
        store.delete(key, unless_put_since=now() - timedelta(hours=1))
        assert store.exists(key)
        store.delete(key, unless_put_since=now() + timedelta(hours=1))
        store.delete(key, unless_put_since=now() + timedelta(hours=1))
        assert not store.exists(key)

    def test_what_is_put_again_is_as_good_as_new(
        self, store: FsspecStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        key = store.put(b"put again", suffix=".png")
        part = int(key[9:11], 16)
        monkeypatch.setattr("engine.storage.store._FRESH", timedelta())
        since = between = now() - timedelta(hours=1)
        while store.list_put(part, since=since, before=between) != [key]:  # S3 counts in whole seconds
            between = now()
        while store.list_put(part, since=since, before=between):
            store.put(b"put again", suffix=".png")
