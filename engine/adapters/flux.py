"""The Flux layout: CLIP for the gist, T5 for the words, guidance distilled into the transformer. Dev and Schnell."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import torch

from engine.adapters.components.batch_inputs import BatchRows
from engine.adapters.components.text_encoding import count_unread
from engine.adapters.flow_matching import FlowMatchingModel
from engine.batching.sample import BatchKey, Conditions, Sample
from engine.batching.sampling_params import SamplingParams

_TOKENS = 512


class FluxModel(FlowMatchingModel):
    """Words to avoid have no effect: the model was made to do without a second pass."""

    networks = ("text_encoder", "text_encoder_2", "transformer", "vae")
    tokenizers = ("tokenizer", "tokenizer_2")

    def _is_guided(self, params: SamplingParams) -> bool:
        return False

    def _encode_texts(self, texts: Sequence[str]) -> list[Conditions]:
        gists = self._encode_clip(texts)
        words = self._encode_long(texts, "_2", length=_TOKENS).to(self._dtype)
        return [
            {"text": text, "pooled": gist.pooled.to(self._dtype)}
            for text, gist in zip(words, gists, strict=True)
        ]

    def _count_unread(self, text: str) -> int:
        """Beyond what the long encoder takes: the other one only gives the gist."""
        return count_unread(text, tokenizer=self._parts["tokenizer_2"], tokens=_TOKENS - 1)

    def _shared_conditions(self, sample: Sample) -> Conditions:
        if not self._parts["transformer"].config.guidance_embeds:
            return {}
        return {"guidance": torch.tensor(sample.params.guidance_scale, device=self._device)}

    def _timing(self, sample: Sample) -> Mapping[str, Any]:
        timing: dict[str, Any] = {"mu": self._shift(sample)}
        if sample.scheduler.config.get("use_flow_sigmas"):
            return timing
        return {**timing, "sigmas": np.linspace(1.0, 1 / sample.params.steps, sample.params.steps)}

    def _forward(self, rows: BatchRows) -> torch.Tensor:
        _, _, height, width = rows.sample.shape
        words, tokens = rows.conditions["text"], pack(rows.sample)
        references = rows.conditions.get("references")
        seen = tokens if references is None else torch.cat([tokens, references], dim=1)
        answer = self._parts["transformer"](
            hidden_states=seen,
            timestep=rows.timesteps / 1000,
            guidance=rows.conditions.get("guidance"),
            pooled_projections=rows.conditions["pooled"],
            encoder_hidden_states=words,
            txt_ids=torch.zeros(words.shape[1], 3, device=self._device, dtype=self._dtype),
            img_ids=self._ids(rows.samples[0].key),
            return_dict=False,
        )[0]
        return unpack(answer[:, : tokens.shape[1]], height, width)

    def _ids(self, key: BatchKey) -> torch.Tensor:
        """Positions of the patches that go to the transformer."""
        return patch_ids(key.height // 2, key.width // 2, self._device, self._dtype)


def pack(latents: torch.Tensor) -> torch.Tensor:
    """(n, c, h, w) → (n, h/2 · w/2, 4c): patches of two by two cells, row by row."""
    count, channels, height, width = latents.shape
    patches = latents.reshape(count, channels, height // 2, 2, width // 2, 2).permute(0, 2, 4, 1, 3, 5)
    return patches.reshape(count, (height // 2) * (width // 2), channels * 4)


def unpack(patches: torch.Tensor, height: int, width: int) -> torch.Tensor:
    """The reverse of `pack`; height and width of the latents."""
    count, _, channels = patches.shape
    cells = patches.reshape(count, height // 2, width // 2, channels // 4, 2, 2).permute(0, 3, 1, 4, 2, 5)
    return cells.reshape(count, channels // 4, height, width)


@lru_cache(maxsize=16)
def patch_ids(
    height: int, width: int, device: torch.device, dtype: torch.dtype, *, picture: int = 0
) -> torch.Tensor:
    """(height · width, 3) on the device: `picture`, row and column of each patch. Uploaded once for a size."""
    rows, columns = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    ids = torch.stack([torch.full_like(rows, picture), rows, columns], dim=-1).reshape(-1, 3)
    return ids.to(device, dtype)
