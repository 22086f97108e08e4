"""The whole installation on one machine, behind one address."""

import asyncio
import signal
import time
from collections.abc import Collection
from contextlib import ExitStack

from rich.console import Console
from rich.markup import escape
from rich.panel import Panel

from bots.texts.coded.sentences import say_stored
from chatelier.launcher.home_lock import HomeLock
from chatelier.launcher.process_plan import ProcessPlan, frontends_with_tokens
from chatelier.runtime import embedded_redis
from chatelier.runtime.console import answers, print_warning
from chatelier.runtime.network import open_web_port
from chatelier.settings import Loaded, Settings
from chatelier.supervisor import Supervisor
from chatelier.wiring.database import upgrade_database
from chatelier.wiring.instance import make_folder
from chatelier.wiring.model_catalogue import model_catalogue
from chatelier.wiring.redis_address import require_redis
from engine.catalog.bundled_notes import bundled_notes


def start_instance(loaded: Loaded, *, quiet: bool, hang_seconds: float) -> None:
    """Run until SIGINT, SIGTERM or SIGHUP. Raises `ConfigurationError`, `ModelLoadError` and `ProcessStartError`.

    `quiet` leaves what the programs say to their log files. `hang_seconds`: see `Supervisor`.
    """
    settings, console = loaded.settings, answers()
    for folder in (settings.home, settings.run_folder, settings.logs_folder):
        make_folder(folder)
    with ExitStack() as stack:
        occupancy = stack.enter_context(HomeLock.claim(settings.run_folder))
        _require_model(settings)
        upgrade_database(settings)
        require_redis(settings)
        listener = stack.enter_context(open_web_port(loaded))
        redis = None
        if settings.redis_url is None:
            redis = embedded_redis.prepare(settings.redis_folder)
            stack.callback(redis.close)
        plan = ProcessPlan(
            loaded=loaded,
            redis=redis,
            port=listener.getsockname()[1],
            listener=listener.fileno(),
            colours=console.is_terminal,
        )
        for frontend in sorted(set(frontends_with_tokens(settings)) - set(plan.frontends())):
            print_warning(
                f"A token for {frontend.title()} is set, but this version has no {frontend.title()} front end yet."
            )
        asyncio.run(_run_until_stopped(plan, occupancy, console, quiet=quiet, hang_seconds=hang_seconds))


async def _run_until_stopped(
    plan: ProcessPlan, occupancy: HomeLock, console: Console, *, quiet: bool, hang_seconds: float
) -> None:
    started_at = time.monotonic()

    def print_line(line: str) -> None:
        console.print(f"[dim]{escape(line)}[/]", soft_wrap=True)

    waiting = console.status("Starting; the first start takes longest.")

    def mark_open() -> None:
        waiting.stop()
        console.print(_panel(plan, absent=supervisor.absent, seconds=time.monotonic() - started_at))
        occupancy.write(open=True)  # after the panel: a reader of the note may read the panel

    def record_processes(processes: dict[str, int]) -> None:
        if plan.redis:
            plan.redis.announce()
        occupancy.write(url=plan.url, redis_url=plan.redis_url, processes=processes)

    supervisor = Supervisor(
        plan.stages(),
        console=None if quiet else console,
        logs_folder=plan.settings.logs_folder,
        say=print_line,
        changed=record_processes,
        hang_seconds=hang_seconds,
    )
    loop = asyncio.get_running_loop()

    def stop() -> None:
        waiting.stop()
        print_line("Stopping. Press Ctrl-C again to end at once.")
        supervisor.stop()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop)
    if console.is_terminal:
        waiting.start()
    else:
        print_line(str(waiting.status))
    try:
        await supervisor.run(opened=mark_open)
    finally:
        waiting.stop()
    print_line("Stopped.")


def _require_model(settings: Settings) -> None:
    """A model that is not whole is said now, and not by a dying worker. Raises `ModelLoadError`."""
    catalogue = model_catalogue(settings)
    catalogue.check_usable(catalogue.entries[0])


def _panel(plan: ProcessPlan, *, absent: Collection[str], seconds: float) -> Panel:
    settings = plan.settings
    frontends = ", ".join(
        f"{frontend} (not connected)" if frontend in absent else frontend
        for frontend in ("web", *plan.frontends())
    )
    catalogue = model_catalogue(settings)
    lines = [
        f"[bold]{plan.url}[/]",
        "",
        f"Model       {escape(catalogue.names[0])}",
        *(
            [f"[dim]{say_stored(note)}[/]"]
            if (note := bundled_notes(catalogue).get(catalogue.names[0]))
            else []
        ),
        f"Front ends  {frontends}",
        f"Data        {escape(str(settings.home))}",
        "",
        "Ctrl-C stops it.",
    ]
    if not settings.web.is_loopback:
        lines.insert(1, "Other machines reach it too; people need the invite word.")
    title = f"Chatelier is running after {seconds:.0f} s"
    return Panel.fit("\n".join(lines), title=title, border_style="green", padding=(1, 2))
