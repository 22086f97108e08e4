"""A master, a replica and a Sentinel that names the master, each a real process on a loopback port with a password."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import redis
from redis.sentinel import Sentinel

from studio.redis_address import open_client
from tests.conftest import START_SECONDS, free_port, missing, redis_executable

PASSWORD, USER, USER_PASSWORD, SENTINEL_PASSWORD = "m/aster", "chatelier", "us@er word", "w?atch"
SERVICE = "studio"


class WatchedRedis:
    """Every client logs in as a user of the access list; the Sentinel has a password of its own."""

    def __init__(self, executable: str, folder: Path) -> None:
        self._executable, self._folder = executable, folder
        self.master_port, self.replica_port, self.sentinel_port = free_port(), free_port(), free_port()
        self._processes: dict[int, subprocess.Popen[bytes]] = {}

    @property
    def url(self) -> str:
        """With a first Sentinel at which nobody listens."""
        login = f"{USER}:us%40er%20word"
        hosts = f"127.0.0.1:{free_port()},127.0.0.1:{self.sentinel_port}"
        return f"redis+sentinel://{login}@{hosts}/{SERVICE}/0?sentinel_password=w%3Fatch"

    def start(self) -> None:
        self._start_server(self.master_port)
        self._start_server(self.replica_port, "--replicaof", "127.0.0.1", str(self.master_port))
        self._wait(lambda: self._client(self.replica_port).info("replication")["master_link_status"] == "up")
        self._start_sentinel()
        self._wait(lambda: self._sentinel().sentinel_master(SERVICE)["num-slaves"] == 1)

    def kill_master(self) -> None:
        self._processes[self.master_port].kill()
        self._processes[self.master_port].wait()

    def wait_for_failover(self) -> None:
        with closing(open_client(self.url, redis.Redis, Sentinel, socket_timeout=5)) as client:
            self._wait(lambda: client.set("probe", "1"))
        with closing(self._client(self.replica_port)) as replica:
            assert replica.info("replication")["role"] == "master"

    def stop(self) -> None:
        for process in self._processes.values():
            process.kill()
            process.wait()

    def _start_server(self, port: int, *options: str) -> None:
        user = ["--user", USER, "on", f">{USER_PASSWORD}", "~*", "&*", "+@all"]
        login = ["--requirepass", PASSWORD, "--masterauth", PASSWORD]
        place = ["--bind", "127.0.0.1", "--port", str(port), "--dir", str(self._folder), "--save", ""]
        quick = ["--repl-diskless-sync-delay", "0", "--repl-ping-replica-period", "1"]
        self._start(port, [*place, *quick, *login, *user, *options])
        self._wait(lambda: self._client(port).ping())

    def _start_sentinel(self) -> None:
        file = self._folder / "sentinel.conf"
        file.write_text(
            f"port {self.sentinel_port}\nbind 127.0.0.1\nrequirepass {SENTINEL_PASSWORD}\n"
            f"sentinel monitor {SERVICE} 127.0.0.1 {self.master_port} 1\n"
            f"sentinel auth-pass {SERVICE} {PASSWORD}\n"
            f"sentinel down-after-milliseconds {SERVICE} 500\nsentinel failover-timeout {SERVICE} 3000\n"
        )
        self._start(self.sentinel_port, [str(file), "--sentinel"])
        self._wait(lambda: self._sentinel().ping())

    def _start(self, port: int, arguments: list[str]) -> None:
        with (self._folder / f"{port}.log").open("wb") as log:
            self._processes[port] = subprocess.Popen(
                [self._executable, *arguments], stdout=log, stderr=log, cwd=self._folder
            )

    def _client(self, port: int) -> redis.Redis:
        return redis.Redis(port=port, password=PASSWORD, socket_timeout=5)

    def _sentinel(self) -> redis.Redis:
        return redis.Redis(port=self.sentinel_port, password=SENTINEL_PASSWORD, socket_timeout=5)

    def _wait(self, ready: object) -> None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                if ready():  # type: ignore[operator]
                    return
            except redis.RedisError:
                pass
            if time.monotonic() > deadline:
                pytest.fail("the servers did not come to agree", pytrace=False)
            time.sleep(0.05)


@contextmanager
def watched_redis(folder: Path) -> Iterator[WatchedRedis]:
    executable = redis_executable()
    if executable is None:
        missing("Redis")
    servers = WatchedRedis(executable, folder)
    try:
        servers.start()
        yield servers
    finally:
        servers.stop()
