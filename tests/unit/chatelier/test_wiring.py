"""The packages plugged together: front ends without an accelerator library, limits and rules as they are set."""

import subprocess
import sys
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from chatelier.runtime import db_schema, embedded_redis
from chatelier.settings import load_settings
from chatelier.wiring import database as database_wiring
from chatelier.wiring import frontends, instance, model_catalogue, moderation, ports, redis_address
from chatelier.wiring.workers import queues_served, retention_tasks, routed_models, run_worker
from engine.generation.device_settings import task_threads
from moderation.records.tables import StrikeRow  # noqa: F401 - its table joins the studio's
from studio.db.database import Database
from studio.domain.people import Person, Platform
from studio.domain.requests import Operation, PaintRequest
from studio.domain.verdicts import Ruling
from studio.errors import ConfigurationError, RateLimitedError
from studio.ports import Admission, Ports

ANA = Person(platform=Platform.WEB, community="room", user_id="ana", display_name="Ana")


def admission(prompt: str = "a red apple") -> Admission:
    request = PaintRequest(operation=Operation.IMAGINE, seed=1, prompt=prompt)
    return Admission(person=ANA, command="imagine", request=request, outstanding_jobs=0)


@pytest.fixture
def upgraded() -> None:
    database = database_wiring.connect_database(load_settings())
    db_schema.upgrade(database)
    database.close()


@pytest.mark.parametrize(("rows", "threads"), [(1, 4), (2, 4), (8, 16), (16, 32), (64, 64), (128, 64)])
def test_a_worker_takes_as_many_jobs_as_its_devices_have_use_for(rows: int, threads: int) -> None:
    assert task_threads(rows) == threads


def test_what_shall_go_after_some_days_becomes_an_hourly_task(
    ports: Ports, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = load_settings()
    tasks = retention_tasks(settings, ports.database, ports.store, ports.events)
    assert [task() for task in tasks] == [0]  # attached files of which no picture is left
    for name in ("PICTURES", "JOBS", "UPLOADS", "NOTICES", "LEDGER"):
        monkeypatch.setenv(f"CHATELIER_RETENTION__{name}_DAYS", "40")
    tasks = retention_tasks(load_settings(), ports.database, ports.store, ports.events)
    assert [task() for task in tasks] == [0] * 5


@pytest.mark.thorough
@pytest.mark.usefixtures("upgraded")
def test_a_frontend_has_all_its_ports_and_it_and_the_beat_load_no_heavy_library() -> None:
    """Not even where pictures are brought along."""
    script = (
        "import io, sys\n"
        "from PIL import Image\n"
        "from chatelier.settings import load_settings\n"
        "from chatelier.wiring.ports import frontend_ports\n"
        "import chatelier.wiring.frontends, bots.web\n"
        "import chatelier.wiring.workers, engine.maintenance.job_sweeper\n"
        "import engine.queue.celery_app, engine.queue.celery_tasks, engine.queue.celery_worker\n"
        "from studio.domain.people import Person, Platform\n"
        "from studio.services.upload_intake import accept_upload, examine_upload\n"
        "ports = frontend_ports(load_settings())\n"
        "assert all([ports.database, ports.gate, ports.queue, ports.store, ports.events, ports.image_tools])\n"
        "ana = Person(platform=Platform.WEB, community='room', user_id='ana', display_name='Ana')\n"
        "file = io.BytesIO()\n"
        "Image.linear_gradient('L').save(file, 'PNG')\n"
        "assert accept_upload(ports, ana, file.getvalue()).fingerprint\n"
        "assert not examine_upload(ports, ana, file.getvalue()).claims\n"
        "heavy = {'torch', 'diffusers', 'transformers', 'accelerate', 'spandrel'}\n"
        "heavy |= {'onnxruntime', 'c2pa', 'moderation.provenance.watermark.watermark'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    environment = {
        "CHATELIER_HOME": str(load_settings().home),
        "CHATELIER_REDIS_URL": "redis://127.0.0.1:1/0",
    }
    subprocess.run([sys.executable, "-c", script], check=True, env=environment, cwd=_root())


def test_the_rules_of_the_instance_are_the_ones_that_are_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHATELIER_LIMITS__MONTHLY_CREDITS", "50")
    monkeypatch.setenv("CHATELIER_LIMITS__MAX_PICTURES", "2")
    monkeypatch.setenv("CHATELIER_LIMITS__MAX_OUTSTANDING_JOBS", "3")
    monkeypatch.setenv("CHATELIER_WORKER__LEASE_SECONDS", "4.5")
    rules = instance.instance_limits(load_settings())
    assert (rules.monthly_credits, rules.max_pictures, rules.max_outstanding_jobs) == (50, 2, 3)
    assert rules.lease_seconds == 4.5


@pytest.mark.usefixtures("upgraded")
def test_the_gate_counts_as_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHATELIER_LIMITS__PER_10_SECONDS", "2")
    # The allowance grows with time, and the first request loads the rules, which takes as long as it takes.
    monkeypatch.setattr("studio.gcra.time", SimpleNamespace(monotonic=lambda: 1_800_000_000.0))
    settings = load_settings()
    database = database_wiring.open_database(settings)
    gate = moderation.open_gate(settings, database, redis_url=None)
    for _ in range(2):
        assert gate.admit(admission()).allows
    with pytest.raises(RateLimitedError):
        gate.admit(admission())
    database.close()


@pytest.mark.usefixtures("upgraded")
def test_the_communitys_own_words_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    words = tmp_path / "words.txt"
    words.write_text("zorblatt\n")
    monkeypatch.setenv("CHATELIER_MODERATION__WORD_LIST", str(words))
    settings = load_settings()
    database = database_wiring.open_database(settings)
    verdict = moderation.open_gate(settings, database, redis_url=None).admit(admission("a zorblatt"))
    assert verdict.ruling is Ruling.REFUSE
    database.close()


def test_an_unreadable_list_of_words_is_a_setting_to_mend(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    words = tmp_path / "words.txt"
    for content in (None, b"\xff\xfe\xff"):
        if content is not None:
            words.write_bytes(content)
        monkeypatch.setenv("CHATELIER_MODERATION__WORD_LIST", str(words))
        with pytest.raises(ConfigurationError, match="CHATELIER_MODERATION__WORD_LIST"):
            moderation.prompt_rules(load_settings(), moderation.instance_policy(load_settings()))


def test_the_default_model_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    bundled = model_catalogue.model_catalogue(load_settings()).names
    monkeypatch.setenv("CHATELIER_MODEL", bundled[-1])
    chosen = model_catalogue.model_catalogue(load_settings())
    assert chosen.names[0] == bundled[-1]
    assert "anime" in chosen.upscalers


def test_a_set_redis_is_used_and_a_missing_one_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigurationError, match="chatelier up"):
        redis_address.redis_url(load_settings())
    monkeypatch.setattr(embedded_redis, "running_url", lambda _folder: "redis://:x@127.0.0.1:5/0")
    assert redis_address.redis_url(load_settings()) == "redis://:x@127.0.0.1:5/0"
    monkeypatch.setenv("CHATELIER_REDIS_URL", "redis://elsewhere:6379/0")
    assert redis_address.redis_url(load_settings()) == "redis://elsewhere:6379/0"


def test_the_session_secret_is_made_once_and_kept_private() -> None:
    settings = load_settings()
    first = frontends.session_secret(settings)
    assert frontends.session_secret(settings) == first
    assert len(first) >= 32
    assert (settings.home / "session-secret").stat().st_mode & 0o077 == 0


def test_a_session_secret_that_was_never_written_is_made_anew() -> None:
    settings = load_settings()
    settings.home.mkdir(parents=True)
    (
        settings.home / "session-secret"
    ).touch()  # as a front end left it that was killed between opening and writing
    made = frontends.session_secret(settings)
    assert len(made) >= 32
    assert frontends.session_secret(settings) == made


def test_discord_without_a_token_says_what_is_missing() -> None:
    with pytest.raises(ConfigurationError, match="CHATELIER_DISCORD__TOKEN"):
        frontends.run_discord(load_settings())


@pytest.mark.parametrize("left_out", ["", "DISCORD__TOKEN", "WEB__PUBLIC_URL", "WEB__DISCORD_CLIENT_ID"])
def test_the_activity_has_all_that_it_needs_or_says_what_is_missing(
    left_out: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = {
        "DISCORD__ACTIVITY": "true",
        "DISCORD__TOKEN": "bot",
        "WEB__DISCORD_CLIENT_ID": "77001",
        "WEB__DISCORD_CLIENT_SECRET": "secret",
        "WEB__PUBLIC_URL": "https://paint.example.org",
    }
    left_out_too = "WEB__DISCORD_CLIENT_SECRET" if left_out == "WEB__DISCORD_CLIENT_ID" else ""
    for name, value in values.items():
        if name not in (left_out, left_out_too):
            monkeypatch.setenv(f"CHATELIER_{name}", value)
    settings = load_settings()
    providers = tuple(frontends._sign_in_providers(settings))
    if left_out:
        with pytest.raises(ConfigurationError, match="CHATELIER_DISCORD__ACTIVITY needs"):
            frontends._activity(settings, providers)
        return
    activity = frontends._activity(settings, providers)
    assert activity is not None
    assert activity.host == "77001.discordsays.com"


@pytest.mark.usefixtures("upgraded")
@pytest.mark.parametrize("start", [ports.frontend_ports, partial(run_worker, on_ready=print)])
def test_a_start_that_fails_leaves_no_database_open(start: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    opened, closed = [], []
    connect, close = database_wiring.connect_database, Database.close
    monkeypatch.setattr(
        database_wiring, "connect_database", lambda settings: opened.append(connect(settings)) or opened[-1]
    )
    monkeypatch.setattr(Database, "close", lambda self: closed.append(self) or close(self))
    with pytest.raises(ConfigurationError, match="No Redis"):
        start(load_settings())
    assert len(opened) == 1
    assert closed == opened


def _root() -> Path:
    return Path(__file__).resolve().parents[3]


class TestQueuesOfModels:
    """Which queues a worker serves."""

    def served(self, monkeypatch: pytest.MonkeyPatch, **values: str) -> tuple[str, ...]:
        for name, value in values.items():
            monkeypatch.setenv(f"CHATELIER_{name.upper()}", value)
        return queues_served(load_settings())

    def test_one_queue_serves_every_model_unless_told_otherwise(self, monkeypatch) -> None:
        assert self.served(monkeypatch) == ("paint",)
        assert model_catalogue.models_with_queues(load_settings()) == ()

    def test_a_worker_of_all_models_serves_all_queues(self, monkeypatch) -> None:
        found = self.served(monkeypatch, model_queues="true")
        assert found[:2] == ("paint", "paint.thimble")
        assert len(found) == 1 + len(model_catalogue.models_with_queues(load_settings()))

    def test_a_worker_of_some_models_leaves_the_common_queue_to_that_of_the_default_one(
        self, monkeypatch
    ) -> None:
        other = model_catalogue.model_catalogue(load_settings()).names[1]
        assert self.served(monkeypatch, model_queues="true", worker__models=other) == (f"paint.{other}",)

    @pytest.mark.parametrize(
        ("values", "cause"),
        [
            ({"worker__models": "thimble"}, "CHATELIER_MODEL_QUEUES"),
            ({"worker__models": "nothing", "model_queues": "true"}, "no model nothing"),
        ],
    )
    def test_what_cannot_be_served_is_said(self, values, cause, monkeypatch) -> None:
        with pytest.raises(ConfigurationError, match=cause):
            self.served(monkeypatch, **values)


def test_a_worker_that_chooses_its_models_chooses_among_those_that_it_has(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CHATELIER_WORKER__ROUTING", "true")
    with pytest.raises(ConfigurationError, match="CHATELIER_MODEL_QUEUES"):
        routed_models(load_settings())
    monkeypatch.setenv("CHATELIER_MODEL_QUEUES", "true")
    assert routed_models(load_settings()) == ("thimble",)
