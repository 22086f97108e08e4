"""Front ends offer what the workers have, wherever the weights lie."""

import json
import time

import redis

from engine.catalog.catalog import ModelCatalogue
from engine.catalog.model_availability import KEY, AvailableOptions, ModelAnnouncer
from studio.ports import RunnableModel

LARGE = RunnableModel(name="large", loras=("ink",))


def offered(redis_url: str) -> dict[str, tuple[str, ...]]:
    options = AvailableOptions(ModelCatalogue.load(), redis_url=redis_url, notes={})
    try:
        return {model.name: model.loras for model in options.models()}
    finally:
        options.close()


def announce(redis_url: str, worker: str, *models: RunnableModel) -> None:
    announcer = ModelAnnouncer(redis_url, worker, lambda: models)
    announcer.start()
    with redis.Redis.from_url(redis_url) as client:
        while not client.hexists(KEY, worker):
            time.sleep(0.01)
    announcer.stop()


def test_what_any_living_worker_has_is_offered(redis_url: str) -> None:
    assert offered(redis_url) == {"thimble": ()}  # no worker was ever here: what this machine has
    announce(redis_url, "one", RunnableModel(name="thimble"))
    announce(redis_url, "two", LARGE)
    assert offered(redis_url) == {"thimble": (), "large": ("ink",)}


def test_what_only_dead_workers_had_is_offered_no_longer(redis_url: str) -> None:
    announce(redis_url, "one", LARGE)
    with redis.Redis.from_url(redis_url) as client:
        announcement = json.loads(client.hget(KEY, "one"))  # type: ignore[arg-type]
        client.hset(KEY, "one", json.dumps({**announcement, "at": announcement["at"] - 600}))
        client.hset(KEY, "other version", "{}")
    assert offered(redis_url) == {"large": ("ink",)}  # while all workers are away, the last ones count
    announce(redis_url, "two", RunnableModel(name="thimble"))
    assert offered(redis_url) == {"thimble": ()}


def test_a_model_is_offered_soon_after_its_weights_arrive(redis_url: str) -> None:
    options = AvailableOptions(ModelCatalogue.load(), redis_url=redis_url, notes={})
    announce(redis_url, "one", LARGE)
    options.renew()
    assert [model.name for model in options.models()] == ["large"]
    options.close()
