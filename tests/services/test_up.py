"""`chatelier up` as people run it: real processes, a small model with random weights, a home of its own."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import redis

from tests.tiny_models import NATIVE_PIXELS, save_sd

pytestmark = pytest.mark.timeout(300)

WAIT_SECONDS = 120.0


@pytest.fixture(scope="module")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_sd(tmp_path_factory.mktemp("models") / "tiny")


class House:
    """`chatelier up` on `home`."""

    def __init__(self, home: Path, model: Path, **settings: str) -> None:
        self.home = home
        home.mkdir(parents=True, exist_ok=True)
        size = f"width = {NATIVE_PIXELS}\nheight = {NATIVE_PIXELS}\nsteps = 2\n"
        (home / "models.toml").write_text(f'["tiny"]\nsource = "{model}"\nfamily = "sd"\n{size}')
        clean = {name: value for name, value in os.environ.items() if not name.startswith("CHATELIER_")}
        self.environment = clean | {"CHATELIER_HOME": str(home), "CHATELIER_MODEL": "tiny", **settings}
        self.log = home.parent / f"{home.name}.log"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "chatelier", "up"], env=self.environment, stdout=log, stderr=log
            )

    @property
    def note(self) -> dict[str, Any]:
        try:
            facts: dict[str, Any] = json.loads((self.home / "run" / "up.json").read_text())
        except (OSError, ValueError):
            return {}
        return facts if facts.get("pid") == self.process.pid else {}  # not that of an earlier one

    @property
    def said(self) -> str:
        return self.log.read_text(errors="replace")

    def wait(self, condition: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + WAIT_SECONDS
        while not condition():
            if self.process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"{what} did not happen:\n{self.said[-4000:]}", pytrace=False)
            time.sleep(0.1)

    def wait_until_open(self) -> "House":
        self.wait(lambda: bool(self.note.get("open")), "the opening")
        return self

    def family(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def end(self, number: signal.Signals = signal.SIGINT) -> int:
        self.process.send_signal(number)
        return self.process.wait(timeout=WAIT_SECONDS)

    def clear_away(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(timeout=60)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, tiny_model: Path) -> Iterator[House]:
    house = House(tmp_path_factory.mktemp("house") / "home", tiny_model, CHATELIER_WEB__PORT="0")
    try:
        yield house.wait_until_open()
    finally:
        house.clear_away()


@pytest.fixture
def short_lived(tmp_path: Path, tiny_model: Path) -> Iterator[Callable[..., House]]:
    houses: list[House] = []

    def build(home: str = "home", **settings: str) -> House:
        houses.append(House(tmp_path / home, tiny_model, **{"CHATELIER_WEB__PORT": "0", **settings}))
        return houses[-1]

    yield build
    for each in houses:
        each.clear_away()


def is_healthy(house: House) -> bool:
    try:
        with urllib.request.urlopen(f"{house.note['url']}/healthz", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def run(house: House, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "chatelier", *arguments],
        env=house.environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_it_prints_the_address_of_a_room_that_answers(house: House) -> None:
    assert house.note["url"] in house.said
    assert is_healthy(house)
    assert set(house.note["processes"]) == {"redis", "web", "worker", "beat"}


def test_what_it_keeps_is_for_its_own_user_only(house: House) -> None:
    assert house.home.joinpath("run").stat().st_mode & 0o077 == 0
    for path in ("run/up.json", "redis/password", "redis/redis.conf", "redis/url", "session-secret"):
        assert house.home.joinpath(path).stat().st_mode & 0o077 == 0


def test_the_worker_lets_the_room_go_first(house: House) -> None:
    processes = house.note["processes"]
    assert psutil.Process(processes["worker"]).nice() > psutil.Process(processes["web"]).nice()


def test_a_second_one_on_the_same_home_is_refused_in_one_sentence(house: House) -> None:
    second = run(house, "up")
    assert second.returncode == 1
    assert f"already at {house.note['url']} (process {house.process.pid})" in second.stderr
    assert "Traceback" not in second.stderr
    assert is_healthy(house)


def test_other_commands_on_the_same_home_find_its_redis(house: House) -> None:
    doctor = run(house, "doctor", "--json")
    findings = json.loads(doctor.stdout)
    assert doctor.returncode == 0, findings
    said = {finding["subject"]: finding["said"] for finding in findings}
    assert "version 6.2" in said["redis"]
    assert house.note["url"] in said["web"]
    assert "***" in said["redis"]


@pytest.mark.parametrize("name", ["web", "worker", "beat", "redis"])
def test_what_is_killed_is_started_again(house: House, name: str) -> None:
    before = house.note["processes"][name]
    already_back = house.said.count(f"{name} is back.")
    os.kill(before, signal.SIGKILL)
    house.wait(lambda: house.note["processes"].get(name, before) != before, f"a new {name}")
    house.wait(lambda: house.said.count(f"{name} is back.") > already_back, f"the return of {name}")
    house.wait(lambda: is_healthy(house), "a healthy room")
    assert f"{name} ended (by SIGKILL)" in house.said


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_one_signal_ends_everything(short_lived: Callable[..., House], number: signal.Signals) -> None:
    house = short_lived()
    house.wait(
        lambda: "redis is ready" in house.said and len(house.family()) >= 4, "the start of all processes"
    )
    family = house.family()
    assert house.end(number) == 0
    assert [
        process for process in family if process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    ] == []
    assert not house.home.joinpath("run/up.json").exists()


def test_nothing_outlives_it_and_nothing_is_lost_when_it_is_killed_itself(
    short_lived: Callable[..., House],
) -> None:
    house = short_lived().wait_until_open()
    with redis.Redis.from_url(house.note["redis_url"]) as client:
        client.set("kept", "yes")
        time.sleep(1.5)  # the append-only file is written every second
    family = house.family()
    house.process.kill()
    house.process.wait()
    _, alive = psutil.wait_procs(family, timeout=60)
    assert alive == []
    again = short_lived()
    again.wait(lambda: again.said.count("redis is ready.") == 2, "the second start of Redis")
    with redis.Redis.from_url(again.note["redis_url"]) as client:
        assert client.get("kept") == b"yes"
    assert again.end() == 0


def test_a_model_with_a_missing_file_is_said_at_once(
    short_lived: Callable[..., House], tmp_path: Path
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
    house: House, short_lived: Callable[..., House]
) -> None:
    port = house.note["url"].rpartition(":")[2]
    other = short_lived("other", CHATELIER_WEB__PORT=port)
    assert other.process.wait(timeout=WAIT_SECONDS) == 1
    assert f"Port {port} on 127.0.0.1 is taken." in other.said
