"""FLUX.2 klein KV: references look at themselves alone, so that their keys and values stay the same for all steps."""

from collections.abc import Hashable
from typing import Any

import torch
from diffusers.models.transformers.transformer_flux2 import (
    Flux2KVAttnProcessor,
    Flux2KVCache,
    Flux2KVParallelSelfAttnProcessor,
)

from engine.adapters.components.batch_inputs import BatchRows
from engine.adapters.families.flux2 import Flux2KleinModel, unpack_cells
from engine.batching.sample import Sample
from engine.batching.sampling_params import SamplingParams

_FIRST_KEY = "key.0"


class RowsCache(Flux2KVCache):  # type: ignore[misc]
    def with_rows(self, rows: int) -> "RowsCache":
        """The same with its last row repeated, up to `rows` of them."""
        grown = RowsCache(len(self.double_block_caches), len(self.single_block_caches))
        grown.num_ref_tokens = self.num_ref_tokens
        for layer, other in zip(_layers(self), _layers(grown), strict=True):
            other.store(_grow(layer.k_ref, rows), _grow(layer.v_ref, rows))
        return grown


class Flux2KleinKVModel(Flux2KleinModel):
    """Keys and values of each layer are conditions of the sample from its first step on."""

    def load(self) -> None:
        super().load()
        transformer = self._parts["transformer"]
        for block in transformer.transformer_blocks:
            block.attn.set_processor(Flux2KVAttnProcessor())
        for block in transformer.single_transformer_blocks:
            block.attn.set_processor(Flux2KVParallelSelfAttnProcessor())

    def _is_guided(self, params: SamplingParams) -> bool:
        """Its pipeline has no guidance."""
        return False

    def _pass_key(self, sample: Sample) -> Hashable:
        return bool(sample.params.references), _FIRST_KEY in sample.conditions[-1]

    def _forward(self, rows: BatchRows) -> torch.Tensor:
        if not rows.samples[0].params.references:
            return super()._forward(rows)
        tokens = self._tokens(rows.sample)
        own_ids = self._own_ids(rows)
        if _FIRST_KEY in rows.conditions:
            cache = self._read_cache(rows)
            answer, *_ = self._call(rows, tokens, own_ids, kv_cache=cache, kv_cache_mode="cached")
            return unpack_cells(answer, rows.sample)
        references = rows.conditions["references"]
        answer, cache = self._call(
            rows,
            torch.cat([references, tokens], dim=1),
            torch.cat([self._reference_ids(rows), own_ids]),
            kv_cache_mode="extract",
            num_ref_tokens=references.shape[1],
        )
        _store_cache(cache, rows.samples)
        return unpack_cells(answer, rows.sample)

    def _read_cache(self, rows: BatchRows) -> Flux2KVCache:
        transformer = self._parts["transformer"]
        doubles, singles = len(transformer.transformer_blocks), len(transformer.single_transformer_blocks)
        cache = RowsCache(num_double_layers=doubles, num_single_layers=singles)
        for number, layer in enumerate(_layers(cache)):
            layer.store(rows.conditions[f"key.{number}"], rows.conditions[f"value.{number}"])
        cache.num_ref_tokens = rows.conditions[_FIRST_KEY].shape[1]
        return cache


def _grow(values: torch.Tensor, rows: int) -> torch.Tensor:
    return torch.cat([values, values[-1:].expand(rows - len(values), *values.shape[1:])])


def _layers(cache: Flux2KVCache) -> list[Any]:
    return [*cache.double_block_caches, *cache.single_block_caches]


def _store_cache(cache: Flux2KVCache, samples: tuple[Sample, ...]) -> None:
    """Give each sample its own keys and values, and let go of the tokens that they came from."""
    for index, sample in enumerate(samples):
        (words,) = sample.conditions
        found = {name: value for name, value in words.items() if name != "references"}
        for number, layer in enumerate(_layers(cache)):
            found[f"key.{number}"] = layer.k_ref[index].clone()
            found[f"value.{number}"] = layer.v_ref[index].clone()
        sample.conditions = (found,)
