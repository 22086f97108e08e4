"""`chatelier up` as people run it: real processes, a small model with random weights, a home of its own."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
import redis

from tests.support.running_instance import WAIT_SECONDS, RunningInstance, end_soon, until_written
from tests.support.tiny_models import save_sd

pytestmark = pytest.mark.timeout(1200)


@pytest.fixture(scope="module")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_sd(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory, tiny_model: Path) -> Iterator[RunningInstance]:
    instance = RunningInstance(tmp_path_factory.mktemp("instance") / "home", tiny_model)
    try:
        yield instance.wait_until_open()
    finally:
        instance.clear_away()


@pytest.fixture
def short_lived(tmp_path: Path, tiny_model: Path) -> Iterator[Callable[..., RunningInstance]]:
    instances: list[RunningInstance] = []

    def build(home: str = "home", **settings: str) -> RunningInstance:
        instances.append(RunningInstance(tmp_path / home, tiny_model, **settings))
        return instances[-1]

    yield build
    for instance in instances:
        instance.clear_away()


def is_healthy(instance: RunningInstance) -> bool:
    try:
        with urllib.request.urlopen(f"{instance.note['url']}/healthz", timeout=60) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def run(instance: RunningInstance, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "chatelier", *arguments],
        env=instance.environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_it_prints_the_address_of_a_web_server_that_answers(instance: RunningInstance) -> None:
    assert instance.note["url"] in instance.said
    assert is_healthy(instance)
    assert set(instance.note["processes"]) == {"redis", "web", "worker", "beat"}


def test_everything_in_its_home_is_for_this_user_only(instance: RunningInstance) -> None:
    assert instance.home.stat().st_mode & 0o055, "the folder itself was made open, as many are"
    paths = [path for path in instance.home.rglob("*") if not path.is_symlink()]
    assert {"studio.sqlite3-wal", "web.log", "appendonlydir"} <= {path.name for path in paths}
    assert [path for path in paths if path.stat().st_mode & 0o077] == []


def test_what_it_keeps_is_for_its_own_user_only(instance: RunningInstance) -> None:
    assert instance.home.joinpath("run").stat().st_mode & 0o077 == 0
    for path in ("run/up.json", "redis/password", "redis/redis.conf", "redis/url", "session-secret"):
        assert instance.home.joinpath(path).stat().st_mode & 0o077 == 0


def test_the_worker_lets_the_web_server_go_first(instance: RunningInstance) -> None:
    worker, web = (psutil.Process(instance.process_of(name)) for name in ("worker", "web"))
    assert worker.nice() > web.nice()


def test_a_second_one_on_the_same_home_is_refused_in_one_sentence(instance: RunningInstance) -> None:
    second = run(instance, "up")
    assert second.returncode == 1
    assert f"at {instance.note['url']} (process {instance.process.pid})" in second.stderr
    assert "Traceback" not in second.stderr
    assert is_healthy(instance)


def test_other_commands_on_the_same_home_find_its_redis(instance: RunningInstance) -> None:
    doctor = run(instance, "doctor", "--json")
    findings = json.loads(doctor.stdout)
    assert doctor.returncode == 0, findings
    sentences = {finding["subject"]: finding["said"] for finding in findings}
    assert "version 7.2" in sentences["redis"]
    assert instance.note["url"] in sentences["web"]
    assert "***" in sentences["redis"]


@pytest.mark.thorough("web")
@pytest.mark.parametrize("name", ["web", "worker", "beat", "redis"])
def test_what_is_killed_is_started_again(instance: RunningInstance, name: str) -> None:
    before = instance.process_of(name)
    already_back = instance.said.count(f"{name} is back.")
    os.kill(before, signal.SIGKILL)
    instance.process_of(name, but=before)
    instance.wait(lambda: instance.said.count(f"{name} is back.") > already_back, f"the return of {name}")
    instance.wait(lambda: is_healthy(instance), "a healthy room")
    assert f"{name} ended (by SIGKILL)" in instance.said


@pytest.mark.thorough("2")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_one_signal_ends_everything(
    short_lived: Callable[..., RunningInstance], number: signal.Signals
) -> None:
    instance = short_lived()
    instance.wait(
        lambda: "redis is ready" in instance.said and len(instance.family()) >= 4,
        "the start of all processes",
    )
    family = instance.family()
    assert instance.end(number) == 0
    assert end_soon(family)
    assert not instance.home.joinpath("run/up.json").exists()


def test_nothing_outlives_it_and_nothing_is_lost_when_it_is_killed_itself(
    short_lived: Callable[..., RunningInstance],
) -> None:
    instance = short_lived().wait_until_open()
    with redis.Redis.from_url(instance.note["redis_url"]) as client:
        client.set("kept", "yes")
        until_written(client)
    family = instance.family()
    instance.process.kill()
    instance.process.wait()
    assert end_soon(family)
    again = short_lived()
    again.wait(lambda: again.said.count("redis is ready.") == 2, "the second start of Redis")
    with redis.Redis.from_url(again.note["redis_url"]) as client:
        assert client.get("kept") == b"yes"
    assert again.end() == 0


def test_a_model_with_a_missing_file_is_said_at_once(
    short_lived: Callable[..., RunningInstance], tmp_path: Path
) -> None:
    instance = short_lived(CHATELIER_MODEL="broken")
    instance.clear_away()
    (tmp_path / "broken").mkdir()
    with (instance.home / "models.toml").open("a") as file:
        file.write(f'\n["broken"]\nsource = "{tmp_path}/broken"\nfamily = "sd"\n')
    refused = run(instance, "up")
    assert refused.returncode == 1
    assert "lacks the file model_index.json" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_port_that_is_set_and_taken_is_said_in_one_sentence(
    instance: RunningInstance, short_lived: Callable[..., RunningInstance]
) -> None:
    port = instance.note["url"].rpartition(":")[2]
    other = short_lived("other", CHATELIER_WEB__PORT=port)
    assert other.process.wait(timeout=WAIT_SECONDS) == 1
    assert f"Port {port} on 127.0.0.1 is taken." in other.said
