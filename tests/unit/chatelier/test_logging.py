"""Logs: one line per event, through one door, with ids and without secrets."""

import io
import json
import logging

import pytest
import structlog

from chatelier.runtime.logging_setup import set_up_logging
from chatelier.settings import load_settings
from studio.errors import DatabaseUnavailableError

pytestmark = pytest.mark.usefixtures("restored_logging")


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    monkeypatch.setenv("CHATELIER_LOG__FORMAT", "json")
    monkeypatch.setenv("CHATELIER_DISCORD__TOKEN", "abc.def.ghi-token")
    monkeypatch.setenv("CHATELIER_DATABASE_URL", "postgresql://me:open-sesame@host/studio")
    stream = io.StringIO()
    set_up_logging(load_settings(), stream=stream)
    return stream


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_libraries_and_structlog_write_the_same_kind_of_line(written: io.StringIO) -> None:
    logging.getLogger("engine.jobs.job_runner").info(
        "job ended", extra={"job_id": "k3v9m2p4qx7a", "state": "done"}
    )
    structlog.get_logger("chatelier").info("job seen", job_id="k3v9m2p4qx7a")
    first, second = lines(written)
    assert (first["event"], first["job_id"], first["state"]) == ("job ended", "k3v9m2p4qx7a", "done")
    assert (second["event"], second["job_id"], second["level"]) == ("job seen", "k3v9m2p4qx7a", "info")
    assert first["logger"] == "engine.jobs.job_runner"
    assert str(first["timestamp"]).endswith("Z")


def test_secrets_and_prompts_are_blotted_out_wherever_they_stand(written: io.StringIO) -> None:
    log = logging.getLogger("bots")
    log.warning(
        "login with abc.def.ghi-token failed", extra={"prompt": "a red apple", "url": "x:open-sesame@y"}
    )
    try:
        raise ValueError("bad token abc.def.ghi-token")
    except ValueError:
        log.exception("it broke")
    text = written.getvalue()
    for secret in ("ghi-token", "open-sesame", "a red apple"):
        assert secret not in text
    assert "ValueError: bad token ***" in text


def test_trouble_known_by_name_needs_no_traceback(written: io.StringIO) -> None:
    try:
        try:
            raise OSError("connection refused\nand more")
        except OSError as cause:
            raise DatabaseUnavailableError from cause
    except DatabaseUnavailableError:
        logging.getLogger("celery.app.trace").exception("task failed", extra={"data": {"traceback": "…"}})
    (line,) = lines(written)
    assert line["trouble"] == "database"
    assert line["cause"] == "OSError: connection refused"
    assert "exception" not in line
    assert "data" not in line


def test_a_defect_keeps_its_traceback(written: io.StringIO) -> None:
    try:
        raise KeyError("x")
    except KeyError:
        logging.getLogger("engine").exception("unexpected")
    assert "Traceback" in str(lines(written)[0]["exception"])


def test_request_lines_of_the_web_server_are_not_kept(written: io.StringIO) -> None:
    logging.getLogger("uvicorn.access").info("GET /?invite=abc")
    logging.getLogger("httpx").info("POST /interactions/token")
    assert written.getvalue() == ""


def test_the_level_is_the_one_that_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHATELIER_LOG__LEVEL", "warning")
    stream = io.StringIO()
    set_up_logging(load_settings(), stream=stream)
    logging.getLogger("engine").info("quiet")
    logging.getLogger("engine").warning("loud")
    assert "loud" in stream.getvalue()
    assert "quiet" not in stream.getvalue()


def test_the_console_format_is_one_readable_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    stream = io.StringIO()
    set_up_logging(load_settings(), stream=stream)
    logging.getLogger("engine.jobs.job_runner").info("job started", extra={"job_id": "k3v9m2p4qx7a"})
    (line,) = stream.getvalue().splitlines()
    assert line.endswith("job started [engine.jobs.job_runner] job_id=k3v9m2p4qx7a")
    assert "\x1b" not in line
