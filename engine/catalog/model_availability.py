"""What can be asked for: the models that living workers have, else those of this machine; LoRAs and styles."""

import json
import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import redis
from redis.sentinel import Sentinel

from engine.catalog.capabilities import Capabilities
from engine.catalog.catalog import ModelCatalogue, ModelEntry
from engine.catalog.remote_entry import PARAMETERS, RemoteEntry
from engine.catalog.style_presets import styles
from studio.domain.requests import MOST_REFERENCES
from studio.domain.sizing.drafts import draft_factor, draft_steps
from studio.errors import ModelLoadError
from studio.ports import AnnouncedWorker, RunnableModel
from studio.redis_address import open_client
from studio.serialization import from_data, to_data

KEY = "chatelier:models"  # a hash: a worker's name → when it wrote, and its models
ANNOUNCE_EVERY_SECONDS = 60.0
_ALIVE_SECONDS = 3 * ANNOUNCE_EVERY_SECONDS
_FORGOTTEN_SECONDS = 86_400.0
_REMEMBERED_SECONDS = 10.0

log = logging.getLogger(__name__)


def runnable_models(
    catalogue: ModelCatalogue, names: Sequence[str] | None = None
) -> tuple[RunnableModel, ...]:
    """The models of a catalogue, or the named ones of them, whose files are on this machine and whole.

    Or which are on a server whose key is here.
    """
    wanted = [entry for entry in catalogue.entries if names is None or entry.name in names]
    return tuple(found for entry in wanted if (found := _runnable(catalogue, entry)))


def _runnable(catalogue: ModelCatalogue, entry: ModelEntry) -> RunnableModel | None:
    try:
        catalogue.check_usable(entry)
        loras = catalogue.resolve_extras(entry).loras
    except ModelLoadError:
        return None
    here = sorted(name for name, lora in loras.items() if Path(lora.source).expanduser().exists())
    can = catalogue.capabilities(entry)
    weighs = not can.takes_references and catalogue.has_ip_adapter(entry)
    return RunnableModel(
        name=entry.name,
        loras=tuple(here),
        edits_by_words=can.edits_by_words,
        takes_references=MOST_REFERENCES if weighs else can.takes_references,
        needs_reference=can.needs_reference,
        weighs_references=weighs,
        fixed_pixels=can.fixed_pixels,
        structures=catalogue.structures(entry),
        width=entry.width,
        height=entry.height,
        steps=entry.steps,
        drafts=not entry.is_remote or _can_be_cheaper(entry, can),
        price=entry.price,
    )


def _can_be_cheaper(entry: ModelEntry, can: Capabilities) -> bool:
    """Whether a server can be asked for fewer pixels or steps than those of a whole picture."""
    sent = {PARAMETERS[name] for name in (entry.remote or RemoteEntry()).sends}
    fewer_steps = "steps" in sent and draft_steps(entry.steps) < entry.steps
    return fewer_steps or (not can.fixed_pixels and draft_factor(entry.width, entry.height) > 1)


class ModelAnnouncer:
    """A worker's thread that tells the front ends every minute which models it can run."""

    def __init__(
        self,
        redis_url: str,
        worker: str,
        models: Callable[[], tuple[RunnableModel, ...]],
        *,
        devices: Callable[[], tuple[str, ...]] = tuple,
    ) -> None:
        self._redis = open_client(
            redis_url, redis.Redis, Sentinel, socket_timeout=10, socket_connect_timeout=2
        )
        self._worker, self._models, self._devices = worker, models, devices
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="model-announcer", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()
        self._redis.close()

    def announce(self) -> None:
        """A Redis that is away hears of it the next time."""
        now = time.time()
        models = [to_data(model) for model in self._models()]
        announcement = json.dumps({"at": now, "models": models, "devices": self._devices()})
        try:
            stale = [found.name for found in _read(self._redis) if found.at < now - _FORGOTTEN_SECONDS]
            if stale:
                self._redis.hdel(KEY, *stale)
            self._redis.hset(KEY, self._worker, announcement)
        except (redis.RedisError, OSError) as error:
            log.info("model announcement failed: %s", type(error).__name__)

    def _run(self) -> None:
        while not self._stop.is_set():
            self.announce()
            self._stop.wait(ANNOUNCE_EVERY_SECONDS)


class AvailableOptions:
    """Implements `studio.ports.GenerationOptions`. Event loops may ask: answers older than ten seconds are renewed
    in a thread of their own.

    Where no worker is alive, what the last ones had counts; where none ever was, what is on this machine.
    """

    def __init__(self, catalogue: ModelCatalogue, *, redis_url: str, notes: Mapping[str, str]) -> None:
        self._catalogue, self._notes = catalogue, notes
        self._redis = open_client(
            redis_url, redis.Redis, Sentinel, socket_timeout=5, socket_connect_timeout=2
        )
        self._renewing = threading.Lock()
        self._known: tuple[RunnableModel, ...] = ()
        self.renew()

    def models(self) -> tuple[RunnableModel, ...]:
        if time.monotonic() >= self._known_until and self._renewing.acquire(blocking=False):
            threading.Thread(target=self._renew_and_release, name="model-options", daemon=True).start()
        return self._known

    def default_price(self) -> float:
        default = self._catalogue.entries[0]
        return next((known.price for known in self.models() if known.name == default.name), default.price)

    def renew(self) -> None:
        """Look again. Blocks; never raises for a Redis that is away."""
        found = self._read_announcements() or {
            model.name: model for model in runnable_models(self._catalogue)
        }
        order = {name: place for place, name in enumerate(self._catalogue.names)}
        models = sorted(found.values(), key=lambda model: (order.get(model.name, len(order)), model.name))
        self._known = tuple(replace(model, note=self._notes.get(model.name, "")) for model in models)
        self._known_until = time.monotonic() + _REMEMBERED_SECONDS

    def _renew_and_release(self) -> None:
        try:
            self.renew()
        finally:
            self._renewing.release()

    def styles(self) -> tuple[str, ...]:
        return tuple(styles())

    def workers(self) -> tuple[AnnouncedWorker, ...]:
        return living_workers(self._redis)

    def close(self) -> None:
        self._redis.close()

    def _read_announcements(self) -> dict[str, RunnableModel]:
        try:
            announcements = _read(self._redis)
        except (redis.RedisError, OSError):
            return {model.name: model for model in self._known}
        since = max((found.at for found in announcements), default=0.0) - _ALIVE_SECONDS
        return {model.name: model for found in announcements if found.at >= since for model in found.models}


def living_workers(client: redis.Redis) -> tuple[AnnouncedWorker, ...]:
    """Those that announced themselves in the last minutes; none while Redis is away."""
    since = time.time() - _ALIVE_SECONDS
    try:
        announcements = _read(client)
    except (redis.RedisError, OSError):
        return ()
    return tuple(
        AnnouncedWorker(
            name=found.name, devices=found.devices, models=tuple(model.name for model in found.models)
        )
        for found in announcements
        if found.at >= since
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Announcement:
    """`name` is a worker's, `at` a Unix time."""

    name: str
    at: float
    models: list[RunnableModel]
    devices: tuple[str, ...]


def _read(client: redis.Redis) -> list[_Announcement]:
    """What cannot be read, as of another version, is passed over."""
    found = []
    entries: dict[bytes, bytes] = client.hgetall(KEY)  # type: ignore[assignment]
    for worker, announcement in entries.items():
        try:
            data = json.loads(announcement)
            models = [from_data(RunnableModel, model) for model in data["models"]]
            devices = tuple(str(device) for device in data.get("devices", ()))
            found.append(
                _Announcement(name=worker.decode(), at=float(data["at"]), models=models, devices=devices)
            )
        except (ValueError, KeyError, TypeError):
            log.info("model announcement skipped: unreadable worker=%s", worker.decode(errors="replace")[:60])
    return found
