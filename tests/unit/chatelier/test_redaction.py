"""Passwords and tokens never reach a terminal, an error or a log, whatever characters they are made of."""

import io
import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from urllib.parse import quote, urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import SecretStr
from sqlalchemy import make_url

from chatelier.doctor.findings import bad
from chatelier.runtime.logging_setup import set_up_logging
from chatelier.settings import InvalidSettingsError, Settings, read_settings
from chatelier.settings.display import effective
from chatelier.settings.loader import Loaded
from chatelier.settings.redaction import Redactor, hide_from_now_on, mask_url, secrets_of

CORE = "Zq7xW94k"  # stands in every password, so that any part of it is found again
ANY_TEXT = st.text(st.characters(exclude_categories=("C", "Z")), max_size=12) | st.text(
    "/@:?#&=%+'\"\\", max_size=5
)
PASSWORDS = st.builds(lambda before, after: before + CORE + after, ANY_TEXT, ANY_TEXT)


@pytest.fixture(autouse=True)
def nothing_hidden() -> Iterator[None]:
    yield
    hide_from_now_on(Settings())


def settings_with(database_url: str) -> Settings:
    """As if the driver had taken it."""
    return Settings().model_copy(update={"database_url": SecretStr(database_url)})


@given(PASSWORDS, st.sampled_from(["postgresql", "redis", "rediss", "s3", "https"]))
@example("a/b", "postgresql")
@example("12/x", "redis")
def test_a_password_before_the_host_is_masked_whatever_is_in_it(password: str, scheme: str) -> None:
    shown = mask_url(f"{scheme}://me:{password}@host:1/name")
    assert shown in {f"{scheme}://me:***@host:1/name", f"{scheme}://me:***"}


@given(
    PASSWORDS.filter(lambda word: "&" not in word),
    st.sampled_from(["password", "PASS", "sslpassword", "token"]),
)
def test_a_password_in_the_query_is_masked_whatever_is_in_it(password: str, name: str) -> None:
    shown = mask_url(f"postgresql://me@host:1/name?sslmode=require&{name}={password}&connect_timeout=5")
    assert CORE not in shown
    assert shown.startswith("postgresql://me@host:")
    assert shown.endswith("***&connect_timeout=5")


@given(PASSWORDS)
def test_no_reading_that_a_driver_may_make_of_a_password_is_logged(password: str) -> None:
    url = f"postgresql://me:{password}@host:1/name"
    redact = Redactor(secrets_of(settings_with(database_url=url)))
    for text in (
        url,
        password,
        repr(password),
        json.dumps(password),
        quote(password, safe=""),
        *readings(url),
    ):
        assert CORE not in redact(f"no connection with {text} today")


def readings(url: str) -> Iterator[str]:
    """What drivers take for a password, a host and a path, or say of a URL that they cannot read."""
    try:
        by_database = make_url(url)
        yield from map(str, (by_database.password, by_database.host, by_database.database, by_database.query))
    except ValueError as error:
        yield str(error)
    try:
        by_redis = urlsplit(url)
        yield from map(str, (by_redis.password, by_redis.hostname, *by_redis))
    except ValueError as error:
        yield str(error)


@given(PASSWORDS, st.sampled_from(["me:{}@host/name", "host/name?user=me&password={}"]))
def test_no_setting_with_a_password_is_shown(password: str, place: str) -> None:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv(
            "CHATELIER_DATABASE_URL", "postgresql://" + place.format(quote(password, safe="/@:?#=+"))
        )
        environment.setenv("CHATELIER_WEB__SECRET", f"/{password} and more")
        environment.setenv(
            "CHATELIER_MODERATION__SAFETY_URL", "https://" + place.format(quote(password, safe=""))
        )
        loaded = tried()
    assert CORE not in str(loaded)
    if isinstance(loaded, Loaded):
        assert CORE not in repr(loaded) + str(loaded.settings) + str(effective(loaded))
        assert CORE not in bad("database", f"{password} is no host", "Correct it.").said


def tried() -> Loaded | InvalidSettingsError:
    try:
        return read_settings()
    except InvalidSettingsError as error:
        return error


@given(PASSWORDS)
def test_a_secret_is_blotted_out_of_every_part_of_a_log_event(password: str) -> None:
    stream = io.StringIO()
    settings = settings_with(database_url=f"postgresql://host/name?password={quote(password)}")
    before = logging.getLogger().handlers[:]
    try:
        set_up_logging(settings, stream=stream)
        error = ValueError(password)
        logging.getLogger("bots").warning(
            "said %s", password, extra={"answers": [password], "of": {"x": error}}
        )
        logging.getLogger("bots").error("broke", exc_info=error)
    finally:
        logging.getLogger().handlers[:] = before
    assert stream.getvalue().count("***") >= 4
    assert CORE not in stream.getvalue()


@pytest.mark.parametrize(
    "secret", ["/a-secret-that-begins-with-a-slash", "with://a-scheme-in-it", "./a-secret-and-a-dot"]
)
def test_a_secret_is_hidden_also_where_it_looks_like_a_folder_or_a_url(
    monkeypatch: pytest.MonkeyPatch, secret: str
) -> None:
    monkeypatch.setenv("CHATELIER_WEB__SECRET", secret)
    loaded = read_settings()
    assert ("web.secret", "(set, hidden)", "CHATELIER_WEB__SECRET") in effective(loaded)
    assert secret not in Redactor(secrets_of(loaded.settings))(f"it is {secret}")


def test_a_folder_for_pictures_is_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHATELIER_STORAGE_URL", "/srv/pictures")
    loaded = read_settings()
    assert ("storage_url", "/srv/pictures", "CHATELIER_STORAGE_URL") in effective(loaded)
    assert Redactor(secrets_of(loaded.settings))("no room in /srv/pictures") == "no room in /srv/pictures"


@pytest.mark.parametrize(
    ("url", "masked"),
    [
        ("postgresql://me:pa/ss@host/db", "postgresql://me:***@host/db"),
        ("postgresql://host/db?user=me&password=word", "postgresql://host/db?user=me&password=***"),
        ("redis://host:1/0?password=a@b", "redis://host:***"),
        ("https://token@host/x", "https://***@host/x"),
        ("https://host/x?api_key=word&size=3", "https://host/x?api_key=***&size=3"),
        ("s3://key:word@bucket/pictures", "s3://key:***@bucket/pictures"),
        ("s3://bucket/pictures@2x", "s3://bucket/pictures@2x"),
        ("sqlite:////srv/a:b@c.sqlite3", "sqlite:////srv/a:b@c.sqlite3"),
        ("/srv/pictures", "/srv/pictures"),
    ],
)
def test_urls_are_masked(url: str, masked: str) -> None:
    assert mask_url(url) == masked


def test_a_redis_password_with_a_slash_in_clear_is_a_problem_that_says_how_to_write_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CHATELIER_REDIS_URL", f"redis://me:12/{CORE}@host:6379/0")
    with pytest.raises(InvalidSettingsError, match="%2F for /") as caught:
        read_settings()
    assert CORE not in str(caught.value)


@pytest.mark.thorough
def test_an_error_of_a_driver_is_printed_without_the_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHATELIER_DATABASE_URL", f"postgresql://me:w@{CORE}@127.0.0.1:9/studio")
    result = subprocess.run(
        [sys.executable, "-m", "chatelier", "db", "status"], capture_output=True, text=True
    )
    assert result.returncode == 1
    assert "The database postgresql://me:***@127.0.0.1:9/studio" in result.stderr
    assert CORE not in result.stdout + result.stderr
