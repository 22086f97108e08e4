"""`chatelier top`: what waits and what is painted, by community and by worker."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Group

    from studio.operations.overview import CommunityLoad, Overview, WorkerLoad


def register(app: typer.Typer) -> None:
    app.command("top")(top)


def top(
    seconds: Annotated[float, typer.Option(min=0.5, max=3600, help="How often it is read anew.")] = 2.0,
    *,
    once: Annotated[bool, typer.Option("--once", help="Print it once, as where no terminal is.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print it once, as JSON.")] = False,
) -> None:
    """Show all communities and workers of this installation: waiting, painting, waits, refusals, GPUs.

    Ended jobs, refusals and waits are those of the last hour. Ctrl-C ends it.

    Example:

      chatelier top --once
    """
    import time
    from contextlib import closing

    from chatelier.runtime.console import answers
    from chatelier.settings import load_settings
    from chatelier.wiring.database import explain_database_errors, open_database
    from chatelier.wiring.instance import read_overview

    settings, console = load_settings(), answers()
    with closing(open_database(settings)) as database, explain_database_errors(settings):
        if as_json:
            typer.echo(json.dumps(asdict(read_overview(settings, database)), indent=1, default=str))
            return
        if once or not console.is_terminal:
            console.print(_tables(read_overview(settings, database)))
            return
        from rich.live import Live

        with Live(_tables(read_overview(settings, database)), console=console, screen=True) as live:
            while True:
                time.sleep(seconds)
                live.update(_tables(read_overview(settings, database)))


def _tables(overview: "Overview") -> "Group":
    from rich.console import Group
    from rich.table import Table

    head = f"{overview.waiting} waiting, {overview.painting} painting, {overview.devices} devices"
    if overview.urgent_reports:
        head += f", {overview.urgent_reports} urgent reports ({overview.overdue_reports} past 48 hours)"
    communities = Table("community", title=f"{overview.at:%H:%M:%S} UTC: {head}", title_justify="left")
    for column in ("waiting", "painting", "done/h", "refused/h", "failed/h", "wait p95"):
        communities.add_column(column, justify="right")
    for load in overview.communities:
        name = f"{load.platform} {load.community}"
        communities.add_row(name, str(load.waiting), str(load.painting), *_counts_of(load))
    workers = Table("worker")
    for column in ("painting", "done/h", "refused/h", "failed/h", "wait p95"):
        workers.add_column(column, justify="right")
    workers.add_column("devices")
    workers.add_column("models")
    for worker in overview.workers:
        devices = ", ".join(worker.devices) or "silent"
        workers.add_row(
            worker.name, str(worker.painting), *_counts_of(worker), devices, ", ".join(worker.models)
        )
    return Group(communities, workers)


def _counts_of(load: "CommunityLoad | WorkerLoad") -> tuple[str, ...]:
    """Done, refused and failed in the last hour, and the wait."""
    from studio.domain.jobs import JobState

    counts = (str(load.ended.get(state, 0)) for state in (JobState.DONE, JobState.REFUSED, JobState.FAILED))
    wait = "-" if load.wait_p95_seconds is None else f"{load.wait_p95_seconds:.1f} s"
    return (*counts, wait)
