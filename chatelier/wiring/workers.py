"""The processes behind the front ends: the painting worker and the maintenance worker."""

import logging
import os
import secrets
import socket
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from chatelier.runtime.traces import traces_of
from chatelier.settings import Settings
from chatelier.wiring.database import open_database
from chatelier.wiring.instance import instance_limits, make_folder, open_storage
from chatelier.wiring.language_models import open_captioner
from chatelier.wiring.model_catalogue import model_catalogue, models_with_queues
from chatelier.wiring.moderation import open_gate
from chatelier.wiring.provenance import open_signer
from chatelier.wiring.redis_address import redis_url
from engine.performance_settings import Speed
from studio.errors import ConfigurationError

if TYPE_CHECKING:
    from engine.generation.generator import ImageGenerator
    from engine.routing.worker_figures import WorkerGenerator
    from studio.db.database import Database
    from studio.ports import Events, Store

log = logging.getLogger(__name__)


def open_generator(settings: Settings, *, stays: bool = True) -> "ImageGenerator":
    """Loads nothing yet. For one that does not stay it is not worth compiling. Raises `ConfigurationError`."""
    from engine.batching.device.compilation_record import RECORD_NAME
    from engine.generation.device_settings import DeviceSettings
    from engine.generation.generator import ImageGenerator
    from engine.imaging.structure.structure_maps import StructureMaps

    worker = settings.worker
    return ImageGenerator(
        model_catalogue(settings),
        DeviceSettings(
            device=worker.device,
            threads=worker.cpu_threads,
            budget_bytes=int(worker.memory_gib * 1024**3) if worker.memory_gib else None,
            speed=speed_of(settings) if stays else replace(speed_of(settings), compile=False),
            learned_file=settings.learned_file,
            compiled_file=settings.compiled_folder / RECORD_NAME,
        ),
        represents=settings.moderation.representation,
        maps=StructureMaps(depth=worker.depth_model, pose=worker.pose_model),
    )


def speed_of(settings: Settings) -> Speed:
    speed = settings.speed
    return Speed(
        fuse=speed.fuse,
        compile=speed.compile,
        overlap=speed.overlap,
        graphs=speed.graphs,
        graph_bytes=int(speed.graphs_gib * 2**30),
        quantise=speed.quantise,
        low_memory=settings.worker.low_vram,
        text_encoders=settings.worker.text_encoders,
    )


def served_models(settings: Settings) -> tuple[str, ...]:
    """The models of this worker, the one that it warms up with first. Raises `ConfigurationError`."""
    known, chosen = model_catalogue(settings).names, settings.worker.models
    if settings.worker.routing and not settings.model_queues:
        raise ConfigurationError(
            "CHATELIER_WORKER__ROUTING needs queues for single models:"
            " set CHATELIER_MODEL_QUEUES=true for the front ends and all workers."
        )
    if not chosen:
        return known
    if not settings.model_queues:
        raise ConfigurationError(
            "CHATELIER_WORKER__MODELS needs queues for single models:"
            " set CHATELIER_MODEL_QUEUES=true for the front ends and all workers."
        )
    if strange := [name for name in chosen if name not in known]:
        raise ConfigurationError(
            f"CHATELIER_WORKER__MODELS: there is no model {strange[0]}; there are {', '.join(known)}."
        )
    return tuple(sorted(chosen, key=lambda name: name != known[0]))


def routed_models(settings: Settings) -> tuple[str, ...]:
    """Those of this worker's models whose files are here, the one that it warms up with first."""
    from engine.catalog.model_availability import runnable_models

    served = served_models(settings)
    here = {model.name for model in runnable_models(model_catalogue(settings), served)}
    return tuple(name for name in served if name in here) or served[:1]


def queues_served(settings: Settings) -> tuple[str, ...]:
    """The common queue for a worker that has the default model, and the queues of single models."""
    from engine.queue.celery_app import PAINT_QUEUE, queue_of

    served, (default, *_) = served_models(settings), model_catalogue(settings).names
    own = tuple(queue_of(name) for name in served) if settings.model_queues else ()
    return ((PAINT_QUEUE,) if default in served else ()) + own


def run_worker(
    settings: Settings, *, on_ready: Callable[[], None], generator: "WorkerGenerator | None" = None
) -> None:
    """Be a painting worker until it is stopped.

    `on_ready` is called when the model is loaded and tasks are taken. Without a `generator` that of the settings
    paints.
    """
    _set_compiler_caches(settings)
    with closing(open_database(settings)) as database, traces_of(settings, "worker"):
        _paint_with(database, settings, on_ready, generator or open_generator(settings))


def _set_compiler_caches(settings: Settings) -> None:
    """In the home, which outlives a container: the next start compiles nothing again. Before torch is loaded."""
    for variable, name in (("TORCHINDUCTOR_CACHE_DIR", "inductor"), ("TRITON_CACHE_DIR", "triton")):
        os.environ.setdefault(variable, str(settings.compiled_folder / name))


def _paint_with(
    database: "Database", settings: Settings, on_ready: Callable[[], None], generator: "WorkerGenerator"
) -> None:
    from celery import signals

    from engine.catalog.model_availability import ModelAnnouncer, runnable_models
    from engine.generation.device_settings import task_threads
    from engine.jobs.cancel_listener import CancelListener
    from engine.jobs.context import WorkerContext
    from engine.jobs.job_runner import JobRunner
    from engine.jobs.leases import LeaseKeeper
    from engine.queue.celery_app import make_app
    from engine.queue.celery_queue import CeleryQueue
    from engine.queue.celery_tasks import register_painting
    from engine.queue.celery_worker import run_painting
    from engine.queue.model_router import ModelRouter
    from engine.queue.redis_events import RedisEvents
    from engine.routing.worker_figures import MeasuredGenerator
    from studio.db.queue.community_turns import choose_job

    url, rules, worker = redis_url(settings), instance_limits(settings), worker_name()
    store, gate = open_storage(settings), open_gate(settings, database, redis_url=url)
    default = model_catalogue(settings).names[0]
    measured = MeasuredGenerator(generator, default_model=default)
    models = models_with_queues(settings)
    leases = LeaseKeeper(
        database,
        worker=worker,
        lease_seconds=rules.lease_seconds,
        choose=partial(choose_job, own_queues=frozenset(models)),
    )
    work = JobRunner(
        WorkerContext(
            name=worker,
            database=database,
            store=store,
            gate=gate,
            events=RedisEvents(url),
            queue=CeleryQueue(url, models=models),
            signer=open_signer(settings),
            captioner=open_captioner(settings, generates=True),
            rules=rules,
        ),
        generator=measured,
        leases=leases,
    )
    app = make_app(url, models=models)
    register_painting(app, work)
    signals.worker_ready.connect(lambda **_: on_ready(), weak=False)
    generator.warm_up(model=served_models(settings)[0])
    listener = CancelListener(url, leases.cancel, on_aside=leases.set_aside, on_enough=leases.stop_early)
    catalogue, served = model_catalogue(settings), served_models(settings)
    announcer = ModelAnnouncer(
        url, worker, partial(runnable_models, catalogue, served), devices=generator.device_names
    )
    announcer.start()
    threads = settings.worker.threads or task_threads(generator.rows_at_once(models=served_models(settings)))
    log.info("worker takes jobs", extra={"threads": threads})
    router = (
        ModelRouter(
            url, worker, measured, models=routed_models(settings), default_model=default, threads=threads
        )
        if settings.worker.routing
        else None
    )
    try:
        run_painting(app, leases, listener, threads=threads, queues=queues_served(settings), router=router)
    finally:
        announcer.stop()
        work.close()
        generator.close()


def run_beat(settings: Settings, *, on_ready: Callable[[], None]) -> None:
    """Run the sweeps until it is stopped."""
    url = redis_url(settings)
    with closing(open_database(settings)) as database:
        _sweep_with(database, url, settings, on_ready)


def _sweep_with(database: "Database", url: str, settings: Settings, on_ready: Callable[[], None]) -> None:
    from celery import signals
    from prometheus_client import REGISTRY

    from chatelier.mail.decision_mails import mail_decisions
    from chatelier.runtime.overview_metrics import OverviewCollector
    from chatelier.wiring.instance import read_overview
    from engine.maintenance.job_sweeper import Sweeper
    from engine.maintenance.orphan_files import OrphanFileCleaner
    from engine.maintenance.weekly_digest import DigestWriter
    from engine.maintenance.weekly_recap import RecapScheduler
    from engine.queue.celery_app import make_app
    from engine.queue.celery_queue import CeleryQueue
    from engine.queue.celery_tasks import register_periodic_tasks
    from engine.queue.celery_worker import run_periodic_tasks
    from engine.queue.redis_events import RedisEvents
    from moderation.cases.retention import let_go
    from moderation.reports.deadline_reminders import remind_of_deadlines
    from studio.db.prompts.proposals import delete_old_proposals
    from studio.gatherings.periodic_tasks import return_sponsored_credits
    from studio.services.built_on_notices import write_daily_notices
    from studio.services.consent_expiry import close_unanswered

    events = RedisEvents(url)
    sweeper = Sweeper(
        database=database,
        queue=CeleryQueue(url, models=models_with_queues(settings)),
        events=events,
        rules=instance_limits(settings),
        keep_events=timedelta(days=settings.retention.events_days),
    )
    app = make_app(url)
    digests = DigestWriter(database=database, events=events)
    keep = timedelta(days=settings.moderation.keep_days)
    store = open_storage(settings)
    hourly: tuple[Callable[[], object], ...] = (
        digests.write_due,
        RecapScheduler(database=database, events=events).announce_due,
        partial(write_daily_notices, database, events),
        partial(close_unanswered, database, events),
        partial(return_sponsored_credits, database),
        partial(let_go, database, keep=keep),
        partial(remind_of_deadlines, database, events),
        partial(delete_old_proposals, database),
        *retention_tasks(settings, database, store, events),
        partial(mail_decisions, settings, database),
        OrphanFileCleaner(database=database, store=store).clear,
    )
    register_periodic_tasks(app, sweeper, hourly=hourly)
    REGISTRY.register(OverviewCollector(partial(read_overview, settings, database)))
    signals.worker_ready.connect(lambda **_: on_ready(), weak=False)
    make_folder(settings.run_folder)
    run_periodic_tasks(app, schedule_file=str(settings.run_folder / "beat-schedule"))


def retention_tasks(
    settings: Settings, database: "Database", store: "Store", events: "Events"
) -> list[Callable[[], object]]:
    """What an administrator has set to go after some days, and attached files of which no picture is left."""
    from engine.maintenance.job_retention import JobRetention
    from engine.maintenance.picture_retention import PictureRetention
    from engine.maintenance.record_retention import LedgerRetention, NoticeRetention
    from engine.maintenance.upload_retention import UploadRetention
    from moderation.records.protected_records import PROTECTED

    days, tasks = settings.retention, list[Callable[[], object]]()
    if keep := _days(days.pictures_days):
        tasks.append(PictureRetention(database=database, store=store, events=events, keep=keep).delete_old)
    if keep := _days(days.jobs_days):
        keep_cases = timedelta(days=settings.moderation.keep_days)
        jobs = JobRetention(database=database, keep=keep, keep_cases=keep_cases, protection=PROTECTED)
        tasks.append(jobs.delete_old)
    keep = _days(days.uploads_days)
    uploads = UploadRetention(database=database, store=store, keep=keep, protection=PROTECTED)
    tasks.append(uploads.delete_old)
    if keep := _days(days.notices_days):
        tasks.append(NoticeRetention(database=database, keep=keep, people=PROTECTED.people).delete_old)
    if keep := _days(days.ledger_days):
        tasks.append(LedgerRetention(database=database, keep=keep, people=PROTECTED.people).fold_old)
    return tasks


def _days(days: int | None) -> timedelta | None:
    return None if days is None else timedelta(days=days)


def worker_name() -> str:
    """Unique among all workers that ever were, and short enough for the row's lease owner."""
    return f"{socket.gethostname()[:40]}-{os.getpid()}-{secrets.token_hex(4)}"
