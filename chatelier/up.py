"""The whole house on one machine, under one lock, behind one address."""

import asyncio
import fcntl
import json
import os
import signal
import socket
import sys
import time
import urllib.request
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TextIO

from rich.console import Console
from rich.markup import escape
from rich.panel import Panel

from chatelier import redis_embedded, schema
from chatelier.console import answers, say_warning
from chatelier.redis_embedded import EmbeddedRedis
from chatelier.settings import Loaded, Settings
from chatelier.supervisor import House, Program
from chatelier.wiring import connect_database, make_folder, model_catalogue
from studio.errors import Misconfigured

_WORKER_NICE = 10  # the faces answer first where cores are few
_WORKER_STOP_SECONDS = 20.0  # time to finish a step and give the jobs back
_PORTS_TRIED = 50
_HEALTH_PATH = "/healthz"
_FIRST_STAGE = ("redis",)


def open_house(loaded: Loaded, *, quiet: bool) -> None:
    """Run until SIGINT, SIGTERM or SIGHUP. Raises `Misconfigured`, `DatabaseUnavailable` and `StartFailed`."""
    settings = loaded.settings
    for folder in (settings.home, settings.run_folder, settings.logs_folder):
        make_folder(folder)
    with ExitStack() as stack:
        record = stack.enter_context(_Record.claim(settings.run_folder / "up.json"))
        _bring_up_to_date(settings)
        port = _choose_port(loaded)
        redis = None
        if settings.redis_url is None:
            redis = redis_embedded.prepare(settings.redis_folder)
            stack.callback(redis.close)
        plan = _Plan(loaded=loaded, redis=redis, port=port)
        asyncio.run(_keep_open(plan, record, answers(), quiet=quiet))


async def _keep_open(plan: "_Plan", record: "_Record", console: Console, *, quiet: bool) -> None:
    started_at = time.monotonic()
    programs = plan.programs()

    def say(line: str) -> None:
        console.print(f"[dim]{escape(line)}[/]", soft_wrap=True)

    def opened() -> None:
        if plan.redis:
            plan.redis.announce()
        console.print(_panel(plan, seconds=time.monotonic() - started_at))

    def changed(processes: dict[str, int]) -> None:
        record.write(url=plan.address, redis_url=plan.redis_url, processes=processes)

    house = House(
        programs,
        console=console,
        logs_folder=plan.settings.logs_folder,
        say=say,
        changed=changed,
        quiet=quiet,
    )
    loop = asyncio.get_running_loop()

    def stop() -> None:
        say("Closing. Once more to end at once.")
        house.stop()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop)
    others = tuple(program.name for program in programs if program.name not in _FIRST_STAGE)
    say("Opening the studio …")
    await house.run(stages=[_FIRST_STAGE, others], opened=opened)
    say("Closed.")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """Which programs run, and how they find each other."""

    loaded: Loaded
    redis: EmbeddedRedis | None
    port: int

    @property
    def settings(self) -> Settings:
        return self.loaded.settings

    @property
    def redis_url(self) -> str:
        if self.redis:
            return self.redis.url
        return self.settings.redis_url.get_secret_value() if self.settings.redis_url else ""

    @property
    def address(self) -> str:
        return f"http://{_reachable(self.settings.web.host)}:{self.port}"

    def programs(self) -> list[Program]:
        programs = [
            self._own("web", "run", "web", is_ready=lambda _: _is_healthy(self.address)),
            self._marked("beat", nice=5, stop_seconds=10.0),
            self._marked("worker", nice=_WORKER_NICE, stop_seconds=_WORKER_STOP_SECONDS),
        ]
        programs += [
            self._own(face, "run", face, is_ready=lambda _: True) for face in faces_with_tokens(self.settings)
        ]
        if self.redis:
            programs.insert(0, _redis_program(self.redis))
        return programs

    def _marked(self, name: str, *, nice: int, stop_seconds: float) -> Program:
        """A program that says itself when it is ready, by writing its process id into a file."""
        mark = self.settings.run_folder / f"{name}.ready"
        mark.unlink(missing_ok=True)
        return self._own(
            name,
            name,
            "--ready-file",
            str(mark),
            is_ready=lambda pid: _read(mark) == str(pid),
            nice=nice,
            stop_seconds=stop_seconds,
        )

    def _own(
        self,
        name: str,
        *arguments: str,
        is_ready: Callable[[int], bool],
        nice: int = 0,
        stop_seconds: float = 10.0,
    ) -> Program:
        return Program(
            name=name,
            arguments=(sys.executable, "-m", "chatelier", *arguments),
            environment=self._environment(),
            is_ready=is_ready,
            nice=nice,
            stop_seconds=stop_seconds,
        )

    def _environment(self) -> dict[str, str]:
        environment = {
            "CHATELIER_HOME": str(self.settings.home),
            "CHATELIER_REDIS_URL": self.redis_url,
            "CHATELIER_WEB__PORT": str(self.port),
            "PYTHONUNBUFFERED": "1",
        }
        if self.loaded.file:
            environment["CHATELIER_CONFIG"] = str(self.loaded.file)
        if answers().is_terminal:
            environment["FORCE_COLOR"] = "1"
        return environment


def _redis_program(redis: EmbeddedRedis) -> Program:
    return Program(
        name="redis",
        arguments=tuple(redis.arguments),
        is_ready=lambda _: redis.answers(),
        keep_open=(redis.lock,),
    )


def faces_with_tokens(settings: Settings) -> list[str]:
    """The chat faces to run. One that has a token but is not part of this version only earns a warning."""
    tokens = {"discord": settings.discord.token, "slack": settings.slack.bot_token}
    faces = []
    for face, token in tokens.items():
        if token and find_spec(f"bots.{face}"):
            faces.append(face)
        elif token:
            say_warning(
                f"A token for {face.title()} is set, but this version has no {face.title()} face yet."
            )
    return faces


def _bring_up_to_date(settings: Settings) -> None:
    database = connect_database(settings)
    try:
        schema.upgrade(database)
    finally:
        database.close()
    model_catalogue(settings)  # so that a wrong model is said now and not by a dying worker


def _choose_port(loaded: Loaded) -> int:
    """The port that is set, which must be free; else the first free one from the default upwards."""
    web = loaded.settings.web
    if web.port and _is_free(web.host, web.port):
        return web.port
    if web.port and loaded.origin("web.port") != "default":
        raise Misconfigured(
            f"Port {web.port} on {web.host} is taken. Close what uses it, or set another CHATELIER_WEB__PORT."
        )
    if web.port:
        for port in range(web.port + 1, web.port + _PORTS_TRIED):
            if _is_free(web.host, port):
                return port
    with socket.socket() as probe:
        probe.bind(("", 0))
        port = probe.getsockname()[1]
        return int(port)


def _is_free(host: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except PermissionError:
            raise Misconfigured(
                f"Port {port} needs more rights than this user has. Set CHATELIER_WEB__PORT to 1024 or more."
            ) from None
        except socket.gaierror:
            raise Misconfigured(f"CHATELIER_WEB__HOST: {host} is no address of this machine.") from None
        except OSError:
            return False
    return True


def _reachable(host: str) -> str:
    """An address under which this machine reaches itself."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    return f"[{host}]" if ":" in host else host


def _is_healthy(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}{_HEALTH_PATH}", timeout=2) as answer:  # noqa: S310
            return bool(answer.status == 200)
    except (OSError, ValueError):
        return False


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""


def _panel(plan: _Plan, *, seconds: float) -> Panel:
    settings = plan.settings
    lines = [f"[bold]{plan.address}[/]", ""]
    if not settings.web.is_loopback:
        lines[1:1] = ["Others reach it under this machine's name and need the invite word."]
    lines += [
        f"Model     {escape(settings.model or model_catalogue(settings).names[0])}",
        f"Kept in   {escape(str(settings.home))}",
        f"Logs      {escape(str(settings.logs_folder))}",
        "",
        "Ctrl-C closes it.",
    ]
    return Panel.fit(
        "\n".join(lines), title=f"The studio is open ({seconds:.0f} s)", border_style="green", padding=(1, 2)
    )


class _Record:
    """Who holds this home: a lock for others to find, and what runs for them to read. Private to this user."""

    def __init__(self, path: Path, file: TextIO) -> None:
        self._path = path
        self._file = file

    @classmethod
    def claim(cls, path: Path) -> "_Record":
        """Raises `Misconfigured` when another `chatelier up` holds the home."""
        file = os.fdopen(os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600), "r+")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            raise Misconfigured(_already_open(path)) from None
        return cls(path, file)

    def __enter__(self) -> "_Record":
        return self

    def __exit__(self, *_: object) -> None:
        self._path.unlink(missing_ok=True)
        self._file.close()

    def write(self, **facts: Any) -> None:
        unfinished = self._path.with_suffix(".new")
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump({"pid": os.getpid(), **facts}, file)
        unfinished.replace(self._path)


def _already_open(path: Path) -> str:
    try:
        facts = json.loads(path.read_text())
        where = f" at {facts['url']} (process {facts['pid']})"
    except (OSError, ValueError, KeyError):
        where = ""
    return (
        f"A studio is open on {path.parent.parent} already{where}."
        " Close it first, or set CHATELIER_HOME to another folder."
    )
