"""Samples that join the step batcher one after another, and of which some are cancelled on the way."""

import random
from collections.abc import Sequence

from engine.batching.model_protocols import Model
from engine.batching.sample import Sample
from engine.batching.sample_group import SampleGroup
from engine.batching.sampling_params import SamplingParams
from tests.support.stock_pipelines import OPERATIONS, batcher_with, params, turns


def any_params(dice: random.Random, index: int, *, schedulers: Sequence[str]) -> SamplingParams:
    return params(
        index,
        scheduler=dice.choice(schedulers),
        steps=dice.randint(2, 8),
        guidance_scale=dice.choice((1.0, 2.5, 7.0)),
        **dice.choice(list(OPERATIONS.values())),
    )


def paint_in_a_bustle(
    model: Model, params_list: Sequence[SamplingParams], dice: random.Random
) -> list[tuple[Sample, SamplingParams]]:
    """Samples join one after another, and some are cancelled on the way; answers those that finished."""
    batcher = batcher_with(model, max_rows=dice.choice((2, 5, 9, 64)))
    samples = [model.new_sample(inputs) for inputs in params_list]
    groups = [SampleGroup([sample], person=f"person {dice.randint(0, 4)}") for sample in samples]
    to_come = list(groups)
    batcher.submit(to_come.pop())
    given_up = set()
    for _ in turns(batcher):
        if to_come and dice.random() < 0.6:
            batcher.submit(to_come.pop())
        midway = [
            group
            for sample, group in zip(samples, groups, strict=True)
            if not group.over and 0 < sample.position < sample.steps
        ]
        if midway and dice.random() < 0.25:
            victim = dice.choice(midway)
            victim.cancelled = True
            given_up.add(victim)
    while to_come:
        batcher.submit(to_come.pop())
        for _ in turns(batcher):
            pass
    return [
        (sample, inputs)
        for sample, inputs, group in zip(samples, params_list, groups, strict=True)
        if group not in given_up
    ]
