"""The Redis that an instance runs for itself."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis
from redis.exceptions import AuthenticationError

from chatelier.runtime import embedded_redis
from chatelier.runtime.embedded_redis import EmbeddedRedis
from studio.errors import ConfigurationError
from tests.support.running_instance import until_written

Start = Callable[[EmbeddedRedis], "subprocess.Popen[bytes]"]


@pytest.fixture
def start() -> Iterator[Start]:
    started: list[subprocess.Popen[bytes]] = []

    def run(server: EmbeddedRedis) -> "subprocess.Popen[bytes]":
        process = subprocess.Popen(server.arguments, pass_fds=(server.lock,), stdout=subprocess.DEVNULL)
        started.append(process)
        while not server.answers():
            assert process.poll() is None
            time.sleep(0.02)
        return process

    yield run
    for process in started:
        process.kill()
        process.wait()


def client_of(server: EmbeddedRedis) -> redis.Redis:
    return redis.Redis.from_url(server.url)


def test_a_killed_server_comes_back_with_everything_at_the_same_address(tmp_path: Path, start: Start) -> None:
    server = embedded_redis.prepare(tmp_path / "redis")
    first = start(server)
    with client_of(server) as client:
        client.rpush("queue", "a", "b")
        client.xadd("events", {"kind": "x"})
        until_written(client)
        first.kill()
        first.wait()
        assert not server.answers()
        start(server)
        assert client.lrange("queue", 0, -1) == [b"a", b"b"]
        assert client.xlen("events") == 1
    server.close()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only there may two sockets share a port")
def test_its_port_is_given_to_nobody_else_while_it_is_down(tmp_path: Path) -> None:
    server = embedded_redis.prepare(tmp_path / "redis")
    with socket.socket() as stranger, pytest.raises(OSError, match="in use"):
        stranger.bind(("127.0.0.1", server.port))
    server.close()


def test_a_torn_last_write_does_not_keep_the_server_down(tmp_path: Path, start: Start) -> None:
    server = embedded_redis.prepare(tmp_path / "redis")
    first = start(server)
    with client_of(server) as client:
        client.set("kept", "yes")
        client.set("torn", "x" * 100)
        first.terminate()
        first.wait()
        journal = tmp_path / "redis" / "appendonlydir" / "appendonly.aof.1.incr.aof"
        os.truncate(journal, journal.stat().st_size - 20)
        start(server)
        assert client.get("kept") == b"yes"
    server.close()


def test_a_home_in_which_redis_6_ran_keeps_its_queue(tmp_path: Path, start: Start) -> None:
    server = embedded_redis.prepare(tmp_path / "redis")
    commands = [("SELECT", "0"), ("RPUSH", "queue", "a", "b"), ("XADD", "events", "1-1", "kind", "x")]
    (tmp_path / "redis" / "appendonly.aof").write_text("".join(map(as_journaled, commands)))
    start(server)
    with client_of(server) as client:
        assert client.lrange("queue", 0, -1) == [b"a", b"b"]
        assert client.xlen("events") == 1
    assert not (tmp_path / "redis" / "appendonly.aof").exists()
    server.close()


def as_journaled(command: tuple[str, ...]) -> str:
    """One command as Redis writes it into its append-only file."""
    return f"*{len(command)}\r\n" + "".join(f"${len(word)}\r\n{word}\r\n" for word in command)


def test_the_bundled_server_needs_no_compiler_and_no_installed_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    server = embedded_redis.find_server()
    version = subprocess.run([server, "--version"], capture_output=True, text=True, check=True).stdout
    assert version.startswith("Valkey server v=9")


def test_it_listens_on_the_loopback_only_and_asks_for_its_password(tmp_path: Path, start: Start) -> None:
    server = embedded_redis.prepare(tmp_path / "redis")
    start(server)
    assert "@127.0.0.1:" in server.url
    with client_of(server) as client:
        assert client.config_get("bind") == {"bind": "127.0.0.1"}
    with redis.Redis(port=server.port) as stranger, pytest.raises(AuthenticationError):
        stranger.ping()
    for name in ("redis.conf", "password"):
        assert (tmp_path / "redis" / name).stat().st_mode & 0o077 == 0
    server.close()


def test_its_url_is_found_while_it_runs_and_not_after(tmp_path: Path, start: Start) -> None:
    folder = tmp_path / "redis"
    assert embedded_redis.running_url(folder) is None
    server = embedded_redis.prepare(folder)
    process = start(server)
    server.announce()
    assert embedded_redis.running_url(folder) == server.url
    process.kill()
    process.wait()
    os.close(server.lock)  # as when the parent dies without a word: its note stays behind
    assert (folder / "url").exists()
    assert embedded_redis.running_url(folder) is None


def test_two_servers_never_share_a_folder(
    tmp_path: Path, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded_redis, "_LOCK_WAIT_SECONDS", 0.3)
    server = embedded_redis.prepare(tmp_path / "redis")
    process = start(server)
    os.close(server.lock)  # the parent is gone, the server still runs
    with pytest.raises(ConfigurationError, match="Another Redis still works on"):
        embedded_redis.prepare(tmp_path / "redis")
    process.terminate()
    process.wait()
    embedded_redis.prepare(tmp_path / "redis").close()


def test_the_password_stays_the_same(tmp_path: Path) -> None:
    first = embedded_redis.prepare(tmp_path / "redis")
    first.close()
    second = embedded_redis.prepare(tmp_path / "redis")
    second.close()
    assert first.password == second.password
    assert len(first.password) > 20


def test_a_folder_with_blanks_and_umlauts_will_do(tmp_path: Path, start: Start) -> None:
    server = embedded_redis.prepare(tmp_path / "my hüme" / "redis")
    start(server)
    with client_of(server) as client:
        client.set("x", "1")
    assert (tmp_path / "my hüme" / "redis" / "appendonlydir").is_dir()
    server.close()


def test_without_any_server_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded_redis, "find_spec", lambda _name: None)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ConfigurationError, match="CHATELIER_REDIS_URL"):
        embedded_redis.find_server()
