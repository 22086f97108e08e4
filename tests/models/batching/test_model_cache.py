"""Which models are on the device, and which one goes when another is wanted."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from engine.batching.device.model_cache import ModelCache


@dataclass(eq=False)
class Model:
    name: str
    memory_bytes: int = 60
    loaded: bool = False
    loads: int = 0
    while_loading: Callable[[], None] = field(default=lambda: None)

    def load(self) -> None:
        self.while_loading()
        self.loaded, self.loads = True, self.loads + 1

    def unload(self) -> None:
        self.loaded = False


class Watched:
    """A shelf with room for one model, under a clock that stands still until it is moved."""

    def __init__(self, *models: Model) -> None:
        self.now = 0.0
        self.models = models
        self.cache = ModelCache(budget_bytes=100, patience_seconds=10, clock=lambda: self.now)

    def update(
        self, wanted: dict[Any, int], busy: tuple[Model, ...] = (), *, after_seconds: float = 0
    ) -> str:
        """The names of the models that are loaded now."""
        self.now += after_seconds
        self.cache.update(wanted, busy)
        for thread in threading.enumerate():
            if thread.name.startswith("load-"):
                thread.join()
        self.cache.update(wanted, busy)
        return " ".join(model.name for model in self.models if model.loaded)


@pytest.fixture
def models() -> tuple[Model, Model, Model]:
    return Model("a"), Model("b"), Model("c")


def test_the_model_that_more_samples_wait_for_comes_first(models: tuple[Model, ...]) -> None:
    a, b, _ = models
    assert Watched(*models).update({a: 1, b: 9}) == "b"


def test_a_sample_that_waited_long_goes_before_many_that_just_came(models: tuple[Model, ...]) -> None:
    a, b, c = models
    watch_steps = Watched(*models)
    watch_steps.update({c: 1})
    watch_steps.update({a: 1}, (c,))
    assert watch_steps.update({a: 1, b: 9}, (c,), after_seconds=9) == "c"
    assert watch_steps.update({a: 1, b: 1}, after_seconds=0.5) == "a"


def test_an_idle_model_makes_way_at_once_and_a_busy_one_after_a_while(models: tuple[Model, ...]) -> None:
    a, b, _ = models
    watch_steps = Watched(*models)
    assert watch_steps.update({a: 1}) == "a"
    assert watch_steps.update({a: 3, b: 1}, (a,)) == "a"
    assert watch_steps.update({a: 3, b: 1}, (a,), after_seconds=9) == "a"
    watch_steps.update({a: 3, b: 1}, (a,), after_seconds=2)
    assert a not in watch_steps.cache.open_models
    assert watch_steps.update({a: 3, b: 1}, ()) == "b"


def test_no_model_of_three_starves_where_only_one_fits(models: tuple[Model, ...]) -> None:
    watch_steps = Watched(*models)
    wanted = dict(zip(models, (16, 4, 1), strict=True))
    shown = set()
    for _ in range(12):
        busy = tuple(model for model in models if model in watch_steps.cache.open_models)
        shown.add(watch_steps.update(wanted, busy, after_seconds=6))
    assert shown >= {"a", "b", "c"}


def test_a_model_that_takes_long_to_load_is_waited_for_longer(models: tuple[Model, ...]) -> None:
    slow, other, _ = models
    watch_steps = Watched(*models)

    def take_long() -> None:
        watch_steps.now += 30

    slow.while_loading = take_long
    watch_steps.update({slow: 1})
    watch_steps.update({other: 1})
    assert watch_steps.update({slow: 1, other: 1}, (other,)) == "b"
    watch_steps.update({slow: 1, other: 1}, (other,), after_seconds=60)
    assert other in watch_steps.cache.open_models
    watch_steps.update({slow: 1, other: 1}, (other,), after_seconds=31)
    assert other not in watch_steps.cache.open_models
