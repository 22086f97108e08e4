"""The installation itself: its limits, its folders, its storage, its load."""

from pathlib import Path
from typing import TYPE_CHECKING

from bots.texts.privacy_notice import PrivacyFacts
from chatelier.runtime.network import local_url
from chatelier.settings import Settings
from chatelier.wiring.model_catalogue import model_catalogue
from chatelier.wiring.redis_address import redis_url
from studio.clock import now
from studio.domain.settings.communities import Tier
from studio.errors import ConfigurationError
from studio.operations.overview import load_overview
from studio.ports import InstanceLimits, Store
from studio.redis_address import open_client

if TYPE_CHECKING:
    from studio.db.database import Database
    from studio.operations.overview import Overview
    from studio.ports import AnnouncedWorker

_MIB = 1024**2


def instance_limits(settings: Settings) -> InstanceLimits:
    return InstanceLimits(
        monthly_credits=settings.limits.monthly_credits,
        max_outstanding_jobs=settings.limits.max_outstanding_jobs,
        max_pictures=settings.limits.max_pictures,
        model_tiers={name: Tier(tier) for name, tier in settings.limits.tiers_by_name.items()},
        max_attempts=settings.worker.max_attempts,
        lease_seconds=settings.worker.lease_seconds,
        min_free_disk_bytes=settings.limits.min_free_disk_mib * _MIB,
        watched_folders=(settings.home,),
        person_storage_bytes=_bytes(settings.limits.storage_mib_per_person),
        community_storage_bytes=_bytes(settings.limits.storage_mib_per_community),
    )


def _bytes(mib: int | None) -> int | None:
    return None if mib is None else mib * _MIB


def make_folder(folder: Path) -> None:
    """Private to this user. Raises `ConfigurationError`."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise ConfigurationError(
            f"The folder {folder} cannot be made ({error.strerror})."
            " Set CHATELIER_HOME to one that can be written."
        ) from error


def open_storage(settings: Settings) -> Store:
    """Raises `ConfigurationError` and `StorageError`."""
    from engine.storage import open_store

    return open_store(settings.storage)


def privacy_facts(settings: Settings) -> PrivacyFacts:
    """What the privacy notice says of this instance. Raises `ConfigurationError` and `ModelLoadError`."""
    from moderation.records.evidence import WORDS_LAST
    from moderation.reports.outside_reports import KEPT_AFTER

    moderation = settings.moderation
    return PrivacyFacts(
        operator=settings.operator.name or "",
        contact=settings.operator.contact or "",
        keep_days=moderation.keep_days,
        pictures_days=settings.retention.pictures_days,
        jobs_days=settings.retention.jobs_days,
        uploads_days=settings.retention.uploads_days,
        notices_days=settings.retention.notices_days,
        ledger_days=settings.retention.ledger_days,
        workspace_days=settings.slack.erase_after_days if settings.slack.is_set else None,
        evidence_days=WORDS_LAST.days,
        report_days=KEPT_AFTER.days,
        invites=bool(settings.web.invite),
        safety_services=bool(moderation.safety_url or moderation.prompt_safety_url),
        helper=settings.helper.url is not None,
        captions=settings.captions.url is not None,
        remote_models=any(entry.is_remote for entry in model_catalogue(settings).entries),
        time_stamps=settings.provenance.timestamp_url is not None,
        mail=settings.mail.host is not None,
    )


def web_url(settings: Settings) -> str:
    """The address under which people reach the web front end: as set, else on loopback; empty where nothing says it."""
    web = settings.web
    if web.public_url:
        return str(web.public_url)
    return local_url(web.host, web.port) if web.is_loopback and web.port else ""


def read_overview(settings: Settings, database: "Database") -> "Overview":
    """Of this moment. Without Redis no worker's devices are known. Raises `DatabaseUnavailableError`."""
    announced = _find_workers(settings)
    with database.read() as session:
        return load_overview(session, announced, at=now())


def _find_workers(settings: Settings) -> "tuple[AnnouncedWorker, ...]":
    import redis
    from redis.sentinel import Sentinel

    from engine.catalog.model_availability import living_workers

    try:
        url = redis_url(settings)
    except ConfigurationError:
        return ()
    with open_client(url, redis.Redis, Sentinel, socket_timeout=5, socket_connect_timeout=2) as client:
        return living_workers(client)
