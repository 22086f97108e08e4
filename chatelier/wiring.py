"""Plugs the wings into the studio. No face's path through here loads an accelerator library."""

import os
import secrets
import socket
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from chatelier import redis_embedded, schema
from chatelier.addresses import require_free
from chatelier.settings import Settings
from studio.db.database import Database
from studio.errors import Misconfigured
from studio.ports import HouseRules, Ports, Store

if TYPE_CHECKING:
    from engine.atelier import Atelier
    from engine.model_catalog import ModelCatalogue
    from moderation.gate import HouseGate
    from moderation.rules.prompt import PromptRule


def house_rules(settings: Settings) -> HouseRules:
    return HouseRules(
        monthly_credits=settings.limits.monthly_credits,
        max_outstanding_jobs=settings.limits.max_outstanding_jobs,
        max_pictures=settings.limits.max_pictures,
        max_attempts=settings.worker.max_attempts,
        lease_seconds=settings.worker.lease_seconds,
    )


def connect_database(settings: Settings) -> Database:
    """The database, whatever its schema. Raises `Misconfigured` when its folder cannot be made."""
    database = Database(settings.database)
    if database.is_sqlite and (file := database.url.database) and file != ":memory:":
        make_folder(Path(file).parent)
    return database


def open_database(settings: Settings) -> Database:
    """Raises `DatabaseUnavailable`, and `Misconfigured` when the schema is not this version's."""
    database = connect_database(settings)
    schema.require_current(database)
    return database


def redis_url(settings: Settings) -> str:
    """The Redis that is set, else the one that `chatelier up` runs on this home. Raises `Misconfigured`."""
    if settings.redis_url:
        return settings.redis_url.get_secret_value()
    if running := redis_embedded.running_url(settings.redis_folder):
        return running
    raise Misconfigured(
        "No Redis is set and none runs here. Start everything with `chatelier up`,"
        " or set CHATELIER_REDIS_URL."
    )


def open_storage(settings: Settings) -> Store:
    """Raises `Misconfigured` and `StorageFailed`."""
    from engine.storage import open_store

    return open_store(settings.storage)


def open_gate(
    settings: Settings, database: Database, *, redis_url: str | None, holds: bool | None = None
) -> "HouseGate":
    """The house rules with the community's own words and pictures. Raises `Misconfigured`."""
    from moderation.gate import HouseGate
    from moderation.limits.settings import LimitSettings, Pace
    from moderation.rules.image import house_image_rules

    limits = settings.limits
    return HouseGate(
        database=database,
        limits=LimitSettings(
            burst=Pace(requests=limits.per_10_seconds, seconds=10),
            sustained=Pace(requests=limits.per_hour, seconds=3600),
            refused=Pace(requests=limits.refused_per_10_minutes, seconds=600),
        ),
        redis_url=redis_url,
        prompt_rules=prompt_rules(settings),
        holds=settings.moderation.holds if holds is None else holds,
        image_rules=house_image_rules(blocked_pictures=settings.moderation.blocked_pictures),
    )


def prompt_rules(settings: Settings) -> "tuple[PromptRule, ...]":
    """Raises `Misconfigured` when the community's list of words cannot be read."""
    from moderation.rules.prompt import house_prompt_rules

    return house_prompt_rules(community_words=settings.moderation.word_list)


def face_ports(settings: Settings) -> Ports:
    """Everything that a face hands to the commands. Raises `Misconfigured` and `DatabaseUnavailable`."""
    from engine.client import CeleryQueue
    from engine.events import RedisEvents
    from engine.pictures.darkroom import Darkroom

    database = open_database(settings)
    url = redis_url(settings)
    return Ports(
        database=database,
        gate=open_gate(settings, database, redis_url=url),
        queue=CeleryQueue(url),
        store=open_storage(settings),
        events=RedisEvents(url),
        darkroom=Darkroom(),
        rules=house_rules(settings),
    )


def open_room(settings: Settings) -> None:
    """Be the web face until told to stop."""
    from bots.web import WebSettings
    from bots.web.serve import serve

    web = settings.web
    room = WebSettings(
        secret_key=web.secret.get_secret_value() if web.secret else session_secret(settings),
        host=web.host,
        port=web.port,
        shared_secret=web.invite.get_secret_value() if web.invite else None,
        moderator_secret=web.moderator_invite.get_secret_value() if web.moderator_invite else None,
        allowed_hosts=web.allowed_hosts,
        max_upload_bytes=web.max_upload_mib * 1024 * 1024,
        room_name=web.name,
    )
    require_free(web.host, web.port)
    serve(face_ports(settings), room)


def run_discord(settings: Settings) -> None:
    """Be the Discord face until told to stop. Raises `Misconfigured` without a token, or with a wrong one."""
    from bots.discord import DiscordSettings, run_bot

    discord = settings.discord
    if discord.token is None:
        raise Misconfigured(
            "CHATELIER_DISCORD__TOKEN is not set. Copy the bot's token from Discord's developer portal."
        )
    face = DiscordSettings(
        token=discord.token.get_secret_value(),
        home=settings.home,
        api_url=discord.api_url,
        gateway_url=discord.gateway_url,
        moderator_roles=frozenset(discord.moderator_roles),
        models=tuple(model_catalogue(settings).names),
    )
    run_bot(face_ports(settings), face)


def session_secret(settings: Settings) -> str:
    """Made at the first start and kept, so that nobody has to come in anew after a restart."""
    path = settings.home / "session-secret"
    make_folder(settings.home)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    secret = secrets.token_urlsafe(32)
    with os.fdopen(handle, "w") as file:
        file.write(secret + "\n")
    return secret


def model_catalogue(settings: Settings) -> "ModelCatalogue":
    """The models, the default one first. Raises `Misconfigured` when the default is not among them."""
    from engine.model_catalog import ModelCatalogue

    catalogue = ModelCatalogue.load(settings.models_file, state=settings.models_folder)
    if settings.model is None:
        return catalogue
    if settings.model not in catalogue.names:
        raise Misconfigured(
            f"CHATELIER_MODEL: there is no model {settings.model}; there are {', '.join(catalogue.names)}."
            " Add one with: chatelier models add"
        )
    ordered = sorted(catalogue.entries, key=lambda entry: entry.name != settings.model)
    return ModelCatalogue(ordered, state=settings.models_folder)


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
        leases=leases,
        rules=rules,
        worker=worker,
    )
    app = make_app(url)
    register_painting(app, work)
    signals.worker_ready.connect(lambda **_: on_ready(), weak=False)
    atelier.warm_up()
    try:
        run_painting(app, leases, CancelListener(url, leases.cancel), threads=settings.worker.threads)
    finally:
        atelier.close()


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


def make_folder(folder: Path) -> None:
    """Private to this user. Raises `Misconfigured`."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise Misconfigured(
            f"The folder {folder} cannot be made ({error.strerror})."
            " Set CHATELIER_HOME to one that can be written."
        ) from error
