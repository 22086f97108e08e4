"""Plugs the wings into the studio. No face's path through here loads an accelerator library."""

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError

from chatelier.runtime import db_schema, embedded_redis
from chatelier.runtime.private_files import close_home_to_others
from chatelier.settings import Settings
from chatelier.settings.redaction import mask_url
from studio.db.database import Database, is_broken
from studio.domain.people import Platform
from studio.errors import ConfigurationError, DatabaseUnavailableError
from studio.ports import InstanceLimits, Ports, Store

if TYPE_CHECKING:
    from engine.catalog.catalog import ModelCatalogue
    from moderation.cases.side_effects import SideEffects
    from moderation.gate import ModerationGate
    from moderation.policy.policy import Policy
    from moderation.provenance.certificates import Chain
    from moderation.provenance.examiner import ProvenanceExaminer
    from moderation.provenance.signer import ImageSigner
    from moderation.rules.prompt import PromptRule
    from moderation.vision.analysis_process import ImageAnalyzer
    from moderation.vision.safety_model import SafetyModel


def instance_limits(settings: Settings) -> InstanceLimits:
    return InstanceLimits(
        monthly_credits=settings.limits.monthly_credits,
        max_outstanding_jobs=settings.limits.max_outstanding_jobs,
        max_pictures=settings.limits.max_pictures,
        max_attempts=settings.worker.max_attempts,
        lease_seconds=settings.worker.lease_seconds,
    )


def connect_database(settings: Settings) -> Database:
    """The database, whatever its schema; a SQLite file is for this user only.

    Raises `ConfigurationError` when its folder cannot be made.
    """
    database = Database(settings.database)
    if database.is_sqlite and (file := database.url.database) and file != ":memory:":
        make_folder(Path(file).parent)
        with suppress(OSError):  # SQLite says what is wrong with a file that cannot be made
            Path(file).touch(mode=0o600)  # its journals get the same mode
    close_home_to_others(settings.home)
    return database


def open_database(settings: Settings) -> Database:
    """Raises `ConfigurationError` when it does not answer, or when its schema is not this version's."""
    database = connect_database(settings)
    try:
        with database_named(settings):
            db_schema.require_current(database)
    except BaseException:
        database.close()
        raise
    return database


def bring_up_to_date(settings: Settings) -> tuple[str | None, str]:
    """The schema's revisions before and after. Raises `ConfigurationError`."""
    database = connect_database(settings)
    try:
        with database_named(settings):
            return db_schema.upgrade(database)
    finally:
        database.close()


@contextmanager
def database_named(settings: Settings) -> Iterator[None]:
    """While a process starts, a database that is away is said to the administrator, by its address."""
    try:
        yield
    except DatabaseUnavailableError as error:
        if isinstance(error.__cause__, DBAPIError) and is_broken(error.__cause__):
            raise ConfigurationError(
                db_schema.damaged(mask_url(settings.database), cause_of(error))
            ) from error
        raise ConfigurationError(
            f"The database {mask_url(settings.database)} does not answer ({cause_of(error)})."
            f" {cure_of(settings.database)}"
        ) from error


def cause_of(error: DatabaseUnavailableError) -> str:
    """The driver's own first line, which names no password."""
    cause = getattr(error.__cause__, "orig", None) or error.__cause__
    return str(cause).strip().splitlines()[0] if cause and str(cause).strip() else "no reason given"


def cure_of(url: str) -> str:
    """What to do about a database that cannot be used."""
    if url.startswith("sqlite"):
        return "Make room on its disk, let this user write there, or put a copy from before in its place."
    return "Start it, or correct CHATELIER_DATABASE_URL."


def require_redis(settings: Settings) -> None:
    """Raises `ConfigurationError` when a Redis is set and does not answer."""
    if settings.redis_url is None:
        return
    import redis

    url = settings.redis_url.get_secret_value()
    try:
        with redis.Redis.from_url(url, socket_timeout=5, socket_connect_timeout=5) as client:
            client.ping()
    except (redis.RedisError, OSError, ValueError) as error:
        raise ConfigurationError(
            f"Redis at {mask_url(url)} does not answer ({type(error).__name__}). Start it, correct"
            " CHATELIER_REDIS_URL, or unset it: `chatelier up` then runs its own."
        ) from error


def redis_url(settings: Settings) -> str:
    """The Redis that is set, else the one that `chatelier up` runs on this home. Raises `ConfigurationError`."""
    if settings.redis_url:
        return settings.redis_url.get_secret_value()
    if running := embedded_redis.running_url(settings.redis_folder):
        return running
    raise ConfigurationError(
        "No Redis is set and none runs here. Start everything with `chatelier up`,"
        " or set CHATELIER_REDIS_URL."
    )


def open_storage(settings: Settings) -> Store:
    """Raises `ConfigurationError` and `StorageError`."""
    from engine.storage import open_store

    return open_store(settings.storage)


def open_gate(
    settings: Settings,
    database: Database,
    *,
    redis_url: str | None,
    holds: bool | None = None,
    side_effects: "SideEffects | None" = None,
    analyzer: "ImageAnalyzer | None" = None,
) -> "ModerationGate":
    """The house rules with the community's own words and pictures. Raises `ConfigurationError`."""
    from moderation.gate import ModerationGate
    from moderation.limits.settings import LimitSettings, RateSettings
    from moderation.rules.image import default_image_rules

    policy = instance_policy(settings)
    limits = settings.limits
    return ModerationGate(
        database=database,
        limits=LimitSettings(
            burst=RateSettings(requests=limits.per_10_seconds, seconds=10),
            sustained=RateSettings(requests=limits.per_hour, seconds=3600),
            newcomer=RateSettings(requests=limits.newcomer_per_hour, seconds=3600),
            refused=RateSettings(requests=limits.refused_per_10_minutes, seconds=600),
            uploads=RateSettings(requests=limits.uploads_per_10_minutes, seconds=600),
            community=RateSettings(requests=limits.community_per_minute, seconds=60),
            everybody=RateSettings(requests=limits.everybody_per_minute, seconds=60),
            address_people=limits.newcomers_per_address,
            invite_people=limits.newcomers_per_invite,
        ),
        redis_url=redis_url,
        prompt_rules=prompt_rules(settings, policy),
        policy=policy,
        holds=settings.moderation.holds if holds is None else holds,
        watched=frozenset({Platform.WEB} if settings.web.moderator_invite else ()),
        unmoderated=frozenset() if settings.web.moderator_invite else frozenset({Platform.WEB}),
        side_effects=side_effects,
        analyzer=analyzer,
        rules=instance_limits(settings),
        image_rules=default_image_rules(
            blocked_pictures=settings.moderation.blocked_pictures,
            policy=policy,
            safety_model=safety_model(settings),
        ),
    )


def safety_model(settings: Settings) -> "SafetyModel | None":
    """The larger model that looks at pictures, if one is set."""
    from moderation.vision.safety_model import HttpSafetyModel

    moderation = settings.moderation
    if moderation.safety_url is None:
        return None
    token = moderation.safety_token.get_secret_value() if moderation.safety_token else None
    return HttpSafetyModel(
        moderation.safety_url, token=token, timeout_seconds=moderation.safety_timeout_seconds
    )


def instance_policy(settings: Settings) -> "Policy":
    """Raises `ConfigurationError` with every fault of the policy file."""
    from moderation.policy.policy import default_policy, read_policy

    path = settings.moderation.policy
    return read_policy(path) if path else default_policy()


def prompt_rules(settings: Settings, policy: "Policy") -> "tuple[PromptRule, ...]":
    """Raises `ConfigurationError` when one of the community's lists cannot be read."""
    from moderation.rules.prompt import default_prompt_rules

    path = settings.moderation.word_list
    try:
        return default_prompt_rules(community_words=path, names=settings.moderation.names, policy=policy)
    except (OSError, UnicodeDecodeError) as error:
        if path is None:
            raise
        raise ConfigurationError(
            f"CHATELIER_MODERATION__WORD_LIST: {path} cannot be read. It has to be a text file in UTF-8."
        ) from error


def frontend_ports(settings: Settings) -> Ports:
    """Everything that a face hands to the commands. Raises `ConfigurationError` and `DatabaseUnavailableError`.

    Images that people bring along are judged and examined in processes beside it, which end when nobody has any.
    """
    from engine.catalog.bundled_notes import bundled_notes
    from engine.catalog.model_availability import AvailableOptions
    from engine.imaging.image_tools import PillowImageTools
    from engine.queue.celery_queue import CeleryQueue
    from engine.queue.redis_events import RedisEvents
    from moderation.cases.service import CaseService
    from moderation.cases.side_effects import SideEffects
    from moderation.provenance.examiner_process import ProvenanceExaminerProcess
    from moderation.vision.analysis_process import shared_analyzer

    with ExitStack() as if_it_fails:
        database = if_it_fails.enter_context(closing(open_database(settings)))
        url = redis_url(settings)
        queue = if_it_fails.enter_context(closing(CeleryQueue(url, models=models_with_queues(settings))))
        events = if_it_fails.enter_context(closing(RedisEvents(url)))
        store = open_storage(settings)
        side_effects = SideEffects(database=database, queue=queue, events=events, store=store)
        gate = open_gate(
            settings, database, redis_url=url, side_effects=side_effects, analyzer=shared_analyzer()
        )
        gate.warm_up()
        catalogue = model_catalogue(settings)
        ports = Ports(
            database=database,
            gate=gate,
            queue=queue,
            store=store,
            events=events,
            image_tools=PillowImageTools(),
            desk=CaseService(database=database, side_effects=side_effects, policy=instance_policy(settings)),
            examiner=ProvenanceExaminerProcess(lambda: own_chain(settings)),
            options=AvailableOptions(catalogue, redis_url=url, notes=bundled_notes(catalogue)),
            rules=instance_limits(settings),
        )
        if_it_fails.pop_all()
    return ports


def open_signer(settings: Settings) -> "ImageSigner | None":
    """What signs finished pictures; None when everything is switched off. Makes the certificates if need be.

    Raises `ConfigurationError`.
    """
    from moderation.provenance.certificates import ensure_chain
    from moderation.provenance.content_credentials import CredentialSigner
    from moderation.provenance.signer import ImageSigner, SignerSettings

    wanted = settings.provenance
    if not (wanted.signature or wanted.mark or wanted.credentials):
        return None
    notary = None
    if wanted.credentials:
        organization = wanted.organization or settings.web.name
        notary = CredentialSigner(ensure_chain(settings.provenance_folder, organization=organization))
    parts = SignerSettings(signature=wanted.signature, mark=wanted.mark, required=wanted.required)
    return ImageSigner(parts, notary=notary)


def open_examiner(settings: Settings) -> "ProvenanceExaminer":
    """Knows this studio's own credentials if its certificates are on this machine."""
    from moderation.provenance.examiner import ProvenanceExaminer

    return ProvenanceExaminer(lambda: own_chain(settings))


def own_chain(settings: Settings) -> "Chain | None":
    """This studio's certificates; None when there are none on this machine. Raises `ConfigurationError`."""
    from moderation.provenance.certificates import read_chain

    try:
        return read_chain(settings.provenance_folder)
    except FileNotFoundError:
        return None


def model_catalogue(settings: Settings) -> "ModelCatalogue":
    """The models, the default one first. Raises `ConfigurationError` when the default is not among them."""
    from engine.catalog.catalog import ModelCatalogue

    catalogue = ModelCatalogue.load(settings.models_file, state=settings.models_folder)
    if settings.model is None:
        return catalogue
    if settings.model not in catalogue.names:
        raise ConfigurationError(
            f"CHATELIER_MODEL: there is no model {settings.model}; there are {', '.join(catalogue.names)}."
            " Add one with: chatelier models add"
        )
    ordered = sorted(catalogue.entries, key=lambda entry: entry.name != settings.model)
    return ModelCatalogue(ordered, state=settings.models_folder)


def models_with_queues(settings: Settings) -> tuple[str, ...]:
    """The models whose jobs wait in queues of their own."""
    return model_catalogue(settings).names if settings.model_queues else ()


def make_folder(folder: Path) -> None:
    """Private to this user. Raises `ConfigurationError`."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise ConfigurationError(
            f"The folder {folder} cannot be made ({error.strerror})."
            " Set CHATELIER_HOME to one that can be written."
        ) from error
