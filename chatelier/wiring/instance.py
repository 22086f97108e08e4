"""The installation itself: its limits, its folders, its storage."""

from pathlib import Path

from bots.texts.privacy_notice import PrivacyFacts
from chatelier.runtime.network import local_url
from chatelier.settings import Settings
from studio.domain.settings.communities import Tier
from studio.errors import ConfigurationError
from studio.ports import InstanceLimits, Store


def instance_limits(settings: Settings) -> InstanceLimits:
    return InstanceLimits(
        monthly_credits=settings.limits.monthly_credits,
        max_outstanding_jobs=settings.limits.max_outstanding_jobs,
        max_pictures=settings.limits.max_pictures,
        model_tiers={name: Tier(tier) for name, tier in settings.limits.tiers_by_name.items()},
        max_attempts=settings.worker.max_attempts,
        lease_seconds=settings.worker.lease_seconds,
    )


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
    """What the privacy notice says of this instance."""
    moderation = settings.moderation
    return PrivacyFacts(
        operator=settings.operator.name or "",
        contact=settings.operator.contact or "",
        keep_days=moderation.keep_days,
        invites=bool(settings.web.invite),
        safety_services=bool(moderation.safety_url or moderation.prompt_safety_url),
    )


def web_url(settings: Settings) -> str:
    """The address under which people reach the web front end: as set, else on loopback; empty where nothing says it."""
    web = settings.web
    if web.public_url:
        return str(web.public_url)
    return local_url(web.host, web.port) if web.is_loopback and web.port else ""
