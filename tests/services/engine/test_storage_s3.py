import urllib.request

import pytest

from chatelier.settings import load_settings
from chatelier.wiring.frontends import download_links
from engine.storage import FsspecStore, open_store
from studio.errors import ConfigurationError, StorageError
from tests.support.sentences import raises
from tests.support.store_suite import StoreSuite


class TestS3(StoreSuite):
    @pytest.fixture
    def store(self, s3_url: str) -> FsspecStore:
        return open_store(f"{s3_url}/atelier")

    @pytest.fixture
    def small_store(self, s3_url: str) -> FsspecStore:
        return open_store(s3_url, max_read_bytes=1000)

    def test_a_link_gives_the_picture_to_anybody(self, store: FsspecStore) -> None:
        link = store.link(store.put(b"for everybody", suffix=".png"), valid_seconds=60)
        assert link is not None
        with urllib.request.urlopen(link, timeout=20) as answer:
            assert answer.read() == b"for everybody"
            assert answer.headers["content-type"] == "image/png"
            assert answer.headers["cache-control"] == "private, max-age=60"

    def test_what_another_worker_does_is_seen_at_once(self, s3_url: str) -> None:
        here, there = (open_store(s3_url, skip_instance_cache=True) for _ in range(2))
        key = here.put(b"shared", suffix=".png")
        assert there.get(key) == b"shared"
        here.delete(key)
        assert not there.exists(key)
        assert there.put(b"shared", suffix=".png") == key
        assert here.exists(key)


def test_endpoint_and_keys_may_be_given_as_options(
    s3_server: str, s3_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    store = open_store(s3_url, endpoint_url=s3_server, key="test", secret="test")
    assert store.get(store.put(b"by options", suffix=".png")) == b"by options"


def test_browsers_are_sent_to_the_bucket_where_that_is_set(
    s3_server: str, s3_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHATELIER_STORAGE_URL", f"{s3_url}/atelier")
    assert download_links(load_settings()) is None
    monkeypatch.setenv("CHATELIER_WEB__STORAGE_LINKS", "true")
    links = download_links(load_settings())
    assert links is not None
    assert links.origin == s3_server
    key = open_store(f"{s3_url}/atelier").put(b"a picture", suffix=".webp")
    with urllib.request.urlopen(links.sign(key), timeout=20) as answer:
        assert answer.read() == b"a picture"
    with urllib.request.urlopen(links.sign(key, "fox-1.png"), timeout=20) as answer:
        assert answer.headers["content-disposition"] == 'attachment; filename="fox-1.png"'
    monkeypatch.delenv("CHATELIER_STORAGE_URL")
    with pytest.raises(ConfigurationError, match="CHATELIER_STORAGE_URL"):
        download_links(load_settings())


@pytest.mark.usefixtures("s3_url")
def test_a_missing_bucket_is_named() -> None:
    store = open_store("s3://nobody-made-this")
    with raises(StorageError, match="CHATELIER_STORAGE_URL"):
        store.put(b"x", suffix=".png")


def test_a_storage_that_does_not_answer_says_so() -> None:
    quick = {"connect_timeout": 1, "read_timeout": 1, "retries": {"max_attempts": 0}}
    store = open_store(
        "s3://pictures", endpoint_url="http://127.0.0.1:9", config_kwargs=quick, key="test", secret="test"
    )
    with raises(StorageError, match="does not answer"):
        store.put(b"x", suffix=".png")
