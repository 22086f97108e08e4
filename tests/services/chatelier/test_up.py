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
def house(tmp_path_factory: pytest.TempPathFactory, tiny_model: Path) -> Iterator[RunningInstance]:
    house = RunningInstance(tmp_path_factory.mktemp("house") / "home", tiny_model)
    try:
        yield house.wait_until_open()
    finally:
        house.clear_away()


@pytest.fixture
def short_lived(tmp_path: Path, tiny_model: Path) -> Iterator[Callable[..., RunningInstance]]:
    houses: list[RunningInstance] = []

    def build(home: str = "home", **settings: str) -> RunningInstance:
        houses.append(RunningInstance(tmp_path / home, tiny_model, **settings))
        return houses[-1]

    yield build
    for each in houses:
        each.clear_away()


def is_healthy(house: RunningInstance) -> bool:
    try:
        with urllib.request.urlopen(f"{house.note['url']}/healthz", timeout=60) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def run(house: RunningInstance, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "chatelier", *arguments],
        env=house.environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_it_prints_the_address_of_a_room_that_answers(house: RunningInstance) -> None:
    assert house.note["url"] in house.said
    assert is_healthy(house)
    assert set(house.note["processes"]) == {"redis", "web", "worker", "beat"}


def test_everything_in_its_home_is_for_this_user_only(house: RunningInstance) -> None:
    assert house.home.stat().st_mode & 0o055, "the folder itself was made open, as many are"
    paths = [path for path in house.home.rglob("*") if not path.is_symlink()]
    assert {"studio.sqlite3-wal", "web.log", "appendonlydir"} <= {path.name for path in paths}
    assert [path for path in paths if path.stat().st_mode & 0o077] == []


def test_what_it_keeps_is_for_its_own_user_only(house: RunningInstance) -> None:
    assert house.home.joinpath("run").stat().st_mode & 0o077 == 0
    for path in ("run/up.json", "redis/password", "redis/redis.conf", "redis/url", "session-secret"):
        assert house.home.joinpath(path).stat().st_mode & 0o077 == 0


def test_the_worker_lets_the_room_go_first(house: RunningInstance) -> None:
    worker, web = (psutil.Process(house.process_of(name)) for name in ("worker", "web"))
    assert worker.nice() > web.nice()


def test_a_second_one_on_the_same_home_is_refused_in_one_sentence(house: RunningInstance) -> None:
    second = run(house, "up")
    assert second.returncode == 1
    assert f"already at {house.note['url']} (process {house.process.pid})" in second.stderr
    assert "Traceback" not in second.stderr
    assert is_healthy(house)


def test_other_commands_on_the_same_home_find_its_redis(house: RunningInstance) -> None:
    doctor = run(house, "doctor", "--json")
    findings = json.loads(doctor.stdout)
    assert doctor.returncode == 0, findings
    said = {finding["subject"]: finding["said"] for finding in findings}
    assert "version 7.2" in said["redis"]
    assert house.note["url"] in said["web"]
    assert "***" in said["redis"]


@pytest.mark.parametrize("name", ["web", "worker", "beat", "redis"])
def test_what_is_killed_is_started_again(house: RunningInstance, name: str) -> None:
    before = house.process_of(name)
    already_back = house.said.count(f"{name} is back.")
    os.kill(before, signal.SIGKILL)
    house.process_of(name, but=before)
    house.wait(lambda: house.said.count(f"{name} is back.") > already_back, f"the return of {name}")
    house.wait(lambda: is_healthy(house), "a healthy room")
    assert f"{name} ended (by SIGKILL)" in house.said


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_one_signal_ends_everything(
    short_lived: Callable[..., RunningInstance], number: signal.Signals
) -> None:
    house = short_lived()
    house.wait(
        lambda: "redis is ready" in house.said and len(house.family()) >= 4, "the start of all processes"
    )
    family = house.family()
    assert house.end(number) == 0
    assert end_soon(family)
    assert not house.home.joinpath("run/up.json").exists()


def test_nothing_outlives_it_and_nothing_is_lost_when_it_is_killed_itself(
    short_lived: Callable[..., RunningInstance],
) -> None:
    house = short_lived().wait_until_open()
    with redis.Redis.from_url(house.note["redis_url"]) as client:
        client.set("kept", "yes")
        until_written(client)
    family = house.family()
    house.process.kill()
    house.process.wait()
    assert end_soon(family)
    again = short_lived()
    again.wait(lambda: again.said.count("redis is ready.") == 2, "the second start of Redis")
    with redis.Redis.from_url(again.note["redis_url"]) as client:
        assert client.get("kept") == b"yes"
    assert again.end() == 0


def test_a_model_with_a_missing_file_is_said_at_once(
    short_lived: Callable[..., RunningInstance], tmp_path: Path
) -> None:
    house = short_lived(CHATELIER_MODEL="broken")
    house.clear_away()
    (tmp_path / "broken").mkdir()
    with (house.home / "models.toml").open("a") as file:
        file.write(f'\n["broken"]\nsource = "{tmp_path}/broken"\nfamily = "sd"\n')
    refused = run(house, "up")
    assert refused.returncode == 1
    assert "lacks the file model_index.json" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_port_that_is_set_and_taken_is_said_in_one_sentence(
    house: RunningInstance, short_lived: Callable[..., RunningInstance]
) -> None:
    port = house.note["url"].rpartition(":")[2]
    other = short_lived("other", CHATELIER_WEB__PORT=port)
    assert other.process.wait(timeout=WAIT_SECONDS) == 1
    assert f"Port {port} on 127.0.0.1 is taken." in other.said
