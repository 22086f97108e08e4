"""Plugs the wings into the studio. No face's path through here loads an accelerator library."""

from pathlib import Path
from typing import TYPE_CHECKING

from chatelier import redis_embedded, schema
from chatelier.settings import Settings
from studio.db.database import Database
from studio.errors import Misconfigured
from studio.ports import HouseRules, Ports, Store

if TYPE_CHECKING:
    from engine.model_catalog import ModelCatalogue
    from moderation.gate import HouseGate
    from moderation.policy import Policy
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

    policy = house_policy(settings)
    limits = settings.limits
    return HouseGate(
        database=database,
        limits=LimitSettings(
            burst=Pace(requests=limits.per_10_seconds, seconds=10),
            sustained=Pace(requests=limits.per_hour, seconds=3600),
            refused=Pace(requests=limits.refused_per_10_minutes, seconds=600),
        ),
        redis_url=redis_url,
        prompt_rules=prompt_rules(settings, policy),
        policy=policy,
        holds=settings.moderation.holds if holds is None else holds,
        image_rules=house_image_rules(blocked_pictures=settings.moderation.blocked_pictures),
    )


def house_policy(settings: Settings) -> "Policy":
    """Raises `Misconfigured` with every fault of the policy file."""
    from moderation.policy import default_policy, read_policy

    path = settings.moderation.policy
    return read_policy(path) if path else default_policy()


def prompt_rules(settings: Settings, policy: "Policy") -> "tuple[PromptRule, ...]":
    """Raises `Misconfigured` when the community's list of words cannot be read."""
    from moderation.rules.prompt import house_prompt_rules

    path = settings.moderation.word_list
    try:
        return house_prompt_rules(community_words=path, policy=policy)
    except (OSError, UnicodeDecodeError) as error:
        if path is None:
            raise
        raise Misconfigured(
            f"CHATELIER_MODERATION__WORD_LIST: {path} cannot be read. It has to be a text file in UTF-8."
        ) from error


def face_ports(settings: Settings) -> Ports:
    """Everything that a face hands to the commands. Raises `Misconfigured` and `DatabaseUnavailable`."""
    from engine.client import CeleryQueue
    from engine.events import RedisEvents
    from engine.pictures.darkroom import Darkroom

    database = open_database(settings)
    url = redis_url(settings)
    gate = open_gate(settings, database, redis_url=url)
    gate.warm_up()
    return Ports(
        database=database,
        gate=gate,
        queue=CeleryQueue(url),
        store=open_storage(settings),
        events=RedisEvents(url),
        darkroom=Darkroom(),
        rules=house_rules(settings),
    )


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


def make_folder(folder: Path) -> None:
    """Private to this user. Raises `Misconfigured`."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise Misconfigured(
            f"The folder {folder} cannot be made ({error.strerror})."
            " Set CHATELIER_HOME to one that can be written."
        ) from error
