"""The command that docker-compose.yml gives the Redis container, run here with a server of this machine."""

import subprocess
import time
from pathlib import Path

import pytest
import redis
import yaml

from tests.conftest import START_SECONDS, free_port, redis_executable


def test_redis_asks_for_the_password_and_shows_it_on_no_command_line(
    tmp_path: Path, repository: Path
) -> None:
    service = yaml.safe_load((repository / "docker-compose.yml").read_text())["services"]["redis"]
    (tmp_path / "redis-server").symlink_to(str(redis_executable()))
    port = free_port()
    own = ["--port", str(port), "--bind", "127.0.0.1", "--dir", str(tmp_path)]
    command = [part.replace("$$", "$") for part in service["command"]] + own
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin", "REDISCLI_AUTH": "open-sesame"}
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as server:
        try:
            with redis.Redis(port=port, password="open-sesame") as client:
                _wait(client)
                assert client.config_get("appendonly") == {"appendonly": "yes"}
                assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
            with redis.Redis(port=port) as stranger, pytest.raises(redis.AuthenticationError):
                stranger.ping()
            shown = Path(f"/proc/{server.pid}/cmdline")
            assert not shown.exists() or b"open-sesame" not in shown.read_bytes()
        finally:
            server.terminate()


def _wait(client: redis.Redis) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            client.ping()
            return
        except redis.ConnectionError:
            time.sleep(0.05)
    pytest.fail("Redis did not start", pytrace=False)
