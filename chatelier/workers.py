"""The processes behind the faces: the painting worker and the house-keeper."""

import os
import secrets
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING

from chatelier.settings import Settings
from chatelier.wiring import (
    house_rules,
    make_folder,
    model_catalogue,
    open_database,
    open_gate,
    open_signer,
    open_storage,
    redis_url,
)

if TYPE_CHECKING:
    from engine.atelier import Atelier


def open_atelier(settings: Settings) -> "Atelier":
    """Loads nothing yet. Raises `Misconfigured`."""
    from engine.atelier import Atelier

    worker = settings.worker
    return Atelier(
        model_catalogue(settings),
        device=worker.device,
        threads=worker.cpu_threads,
        budget_bytes=int(worker.memory_gib * 1024**3) if worker.memory_gib else None,
    )


def paint(settings: Settings, *, on_ready: Callable[[], None]) -> None:
    """Be a painting worker until told to stop.

    `on_ready` is called when the model is loaded and tasks are taken.
    """
    from celery import signals

    from engine.broker import make_app
    from engine.cancellations import CancelListener
    from engine.client import CeleryQueue
    from engine.events import RedisEvents
    from engine.leases import LeaseKeeper
    from engine.tasks import register_painting
    from engine.work import Work
    from engine.worker import run_painting

    database, url, rules, worker = (
        open_database(settings),
        redis_url(settings),
        house_rules(settings),
        worker_name(),
    )
    store, gate = open_storage(settings), open_gate(settings, database, redis_url=url)
    atelier = open_atelier(settings)
    leases = LeaseKeeper(database, worker=worker, lease_seconds=rules.lease_seconds)
    work = Work(
        database=database,
        store=store,
        gate=gate,
        events=RedisEvents(url),
        queue=CeleryQueue(url),
        atelier=atelier,
        signer=open_signer(settings),
        leases=leases,
        rules=rules,
        worker=worker,
    )
    app = make_app(url)
    register_painting(app, work)
    signals.worker_ready.connect(lambda **_: on_ready(), weak=False)
    atelier.warm_up()
    listener = CancelListener(url, leases.cancel, on_aside=leases.set_aside)
    try:
        run_painting(app, leases, listener, threads=settings.worker.threads)
    finally:
        atelier.close()
        database.close()


def keep_house(settings: Settings, *, on_ready: Callable[[], None]) -> None:
    """Run the sweeps until told to stop."""
    from celery import signals

    from engine.broker import make_app
    from engine.client import CeleryQueue
    from engine.events import RedisEvents
    from engine.sweeper import Sweeper
    from engine.tasks import register_housekeeping
    from engine.worker import run_housekeeping

    url = redis_url(settings)
    sweeper = Sweeper(
        database=open_database(settings),
        queue=CeleryQueue(url),
        events=RedisEvents(url),
        rules=house_rules(settings),
    )
    app = make_app(url)
    register_housekeeping(app, sweeper)
    signals.worker_ready.connect(lambda **_: on_ready(), weak=False)
    make_folder(settings.run_folder)
    run_housekeeping(app, schedule_file=str(settings.run_folder / "beat-schedule"))


def worker_name() -> str:
    """Unique among all workers that ever were, and short enough for the row's lease owner."""
    return f"{socket.gethostname()[:40]}-{os.getpid()}-{secrets.token_hex(4)}"
