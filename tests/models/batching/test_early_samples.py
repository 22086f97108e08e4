"""Samples that are finished while others of their task are not: handed over once, and left out of previews."""

from types import SimpleNamespace
from typing import Any

import torch

from engine.batching import sample_group
from engine.batching.sample_group import SampleGroup


def sample(seed: int, position: int = 0) -> Any:
    preview = torch.full((8, 8, 3), seed, dtype=torch.uint8)
    return SimpleNamespace(position=position, steps=4, is_decoded=False, picture=None, preview=preview)


class Hashable(SimpleNamespace):
    __hash__ = object.__hash__


def group_of(*positions: int) -> SampleGroup:
    samples = [Hashable(**vars(sample(index * 50, position))) for index, position in enumerate(positions)]
    return SampleGroup(samples, person="ana")  # type: ignore[arg-type]


def wait(group: SampleGroup, *changes: Any) -> list[int]:
    """The numbers of the samples that are handed over; before each look one of `changes` happens."""
    handed: list[int] = []
    left = list(changes)

    def cancelled() -> bool:
        if left:
            left.pop(0)()
        else:
            group.finish()
        return False

    group.wait(cancelled=cancelled, on_finished=lambda done: handed.append(group.samples.index(done)))
    return handed


def finish(group: SampleGroup, number: int) -> Any:
    def act() -> None:
        group.samples[number].position = 4
        group.samples[number].is_decoded = True

    return act


def test_each_is_handed_over_once_and_the_last_ones_are_not(monkeypatch: Any) -> None:
    monkeypatch.setattr(sample_group, "_WORTH_SHOWING_SECONDS", 0.0)
    group = group_of(0, 0, 0)
    nothing = lambda: None  # noqa: E731
    assert wait(group, finish(group, 1), nothing, finish(group, 0), finish(group, 2)) == [1, 0]
    assert group.progress().preview.size == (96, 96)  # type: ignore[union-attr]


def test_not_when_the_others_come_within_seconds(monkeypatch: Any) -> None:
    group = group_of(0, 3)
    monkeypatch.setattr(sample_group, "_WORTH_SHOWING_SECONDS", 1e9)
    group.step_seconds = 0.1
    assert wait(group, finish(group, 0), lambda: None) == []
