"""Which programs an installation on one machine consists of, and how they find each other."""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

from bots.process.heartbeat_file import heartbeat_of
from chatelier.runtime.embedded_redis import EmbeddedRedis
from chatelier.runtime.network import is_healthy, local_url
from chatelier.settings import Loaded, Settings
from chatelier.supervisor import Program

_BEAT_NICE = 5
_WORKER_NICE = 10  # the front ends answer first where cores are few
_WORKER_STOP_SECONDS = 20.0  # time to finish a step and give the jobs back


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessPlan:
    """`redis` is None when one is set from outside. `listener` is a socket that listens on `port` already.

    `colours`: the programs write to a terminal in the end.
    """

    loaded: Loaded
    redis: EmbeddedRedis | None
    port: int
    listener: int
    colours: bool = False

    @property
    def settings(self) -> Settings:
        return self.loaded.settings

    @property
    def redis_url(self) -> str:
        if self.redis:
            return self.redis.url
        return self.settings.redis_url.get_secret_value() if self.settings.redis_url else ""

    @property
    def url(self) -> str:
        return local_url(self.settings.web.host, self.port)

    def stages(self) -> list[list[Program]]:
        """Each stage starts when the one before is ready."""
        foundation = [_redis(self.redis)] if self.redis else []
        services = [
            self._web(),
            self._program_with_pid_file(
                "worker", "worker", nice=_WORKER_NICE, stop_seconds=_WORKER_STOP_SECONDS
            ),
            self._program_with_pid_file("beat", "beat", nice=_BEAT_NICE, stop_seconds=10.0),
        ]
        frontends = [
            self._program_with_pid_file(frontend, "run", frontend, stop_seconds=10.0, optional=True)
            for frontend in self.frontends()
        ]
        return [stage for stage in (foundation, services + frontends) if stage]

    def frontends(self) -> list[str]:
        """The chat front ends that have a token and are part of this version."""
        return [
            frontend for frontend in frontends_with_tokens(self.settings) if find_spec(f"bots.{frontend}")
        ]

    def _web(self) -> Program:
        arguments = ("run", "web", "--listener", str(self.listener))
        web = self._own_program("web", *arguments, is_ready=lambda _: is_healthy(self.url))
        return replace(web, keep_open=(self.listener,))

    def _mark(self, name: str) -> Path:
        return self.settings.run_folder / f"{name}.ready"

    def _program_with_pid_file(
        self, name: str, *arguments: str, stop_seconds: float, nice: int = 0, optional: bool = False
    ) -> Program:
        """A program that says itself when it is ready, by writing its process id into a file."""
        is_ready = has_written_process_id(self._mark(name))
        program = self._own_program(name, *arguments, is_ready=is_ready)
        return replace(program, nice=nice, stop_seconds=stop_seconds, optional=optional)

    def _own_program(self, name: str, *arguments: str, is_ready: Callable[[int], bool]) -> Program:
        mark = self._mark(name)
        return Program(
            name=name,
            arguments=(sys.executable, "-m", "chatelier", *arguments, "--ready-file", str(mark)),
            environment=self._environment(),
            is_ready=is_ready,
            sign_of_life=time_of_heartbeat(mark),
        )

    def _environment(self) -> dict[str, str]:
        environment = {
            "CHATELIER_HOME": str(self.settings.home),
            "CHATELIER_REDIS_URL": self.redis_url,
            "CHATELIER_WEB__PORT": str(self.port),
        }
        if self.loaded.file:
            environment["CHATELIER_CONFIG"] = str(self.loaded.file)
        if self.colours:
            environment["FORCE_COLOR"] = "1"
        return environment


def frontends_with_tokens(settings: Settings) -> list[str]:
    tokens = {"discord": settings.discord.token, "slack": settings.slack.is_set}
    return [frontend for frontend, token in tokens.items() if token]


def _redis(redis: EmbeddedRedis) -> Program:
    return Program(
        name="redis",
        arguments=tuple(redis.arguments),
        is_ready=lambda _: redis.answers(),
        sign_of_life=lambda: object() if redis.answers() else None,
        keep_open=(redis.lock,),
        talkative=False,
    )


def time_of_heartbeat(mark: Path) -> Callable[[], object]:
    """When the program wrote its heartbeat last; None if it is not there."""

    def written_at() -> int | None:
        try:
            return heartbeat_of(mark).stat().st_mtime_ns
        except OSError:
            return None

    return written_at


def has_written_process_id(mark: Path) -> Callable[[int], bool]:
    def is_ready(process_id: int) -> bool:
        try:
            # Where the wrapper stays to watch its parent, the program is a child of what we started, in its group.
            return os.getpgid(int(mark.read_text())) == process_id
        except (OSError, ValueError):
            return False

    return is_ready
