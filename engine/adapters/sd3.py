"""The Stable Diffusion 3 layout: two CLIP encoders, a T5 encoder that may be left out, a multimodal transformer."""

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import torch

from engine.adapters.components.batch_inputs import BatchRows
from engine.adapters.flow_matching import FlowMatchingModel
from engine.adapters.loading.model_parts import LoadsNetworks, load_network
from engine.batching.sample import Conditions
from engine.catalog.catalog import ModelEntry
from engine.catalog.model_files import components

_LONG_TOKENS = 256


class StableDiffusion3Model(FlowMatchingModel):
    networks: tuple[str, ...] = ("text_encoder", "text_encoder_2", "transformer", "vae")
    tokenizers: tuple[str, ...] = ("tokenizer", "tokenizer_2")
    largest_shift: ClassVar[float] = 1.16

    def __init__(
        self,
        entry: ModelEntry,
        folder: Path,
        *,
        device: torch.device,
        loads: LoadsNetworks = load_network,
    ) -> None:
        super().__init__(entry, folder, device=device, loads=loads)
        self._has_long_encoder = "text_encoder_3" in components(folder)
        if self._has_long_encoder:
            self.networks = (*self.networks, "text_encoder_3")
            self.tokenizers = (*self.tokenizers, "tokenizer_3")

    def _encode_texts(self, texts: Sequence[str]) -> list[Conditions]:
        """Both CLIP encoders side by side, padded to the long encoder's width, and its tokens apart."""
        found = [self._encode_clip(texts, suffix, layer=-2) for suffix in ("", "_2")]
        width = self._parts["transformer"].config.joint_attention_dim
        conditions: list[Conditions] = []
        for *both, long in zip(*found, self._long(texts, width), strict=True):
            short = torch.cat([encoded.hidden for encoded in both], dim=-1)
            conditions.append(
                {
                    "text": torch.nn.functional.pad(short, (0, width - short.shape[-1])).to(self._dtype),
                    "long": long.to(self._dtype),
                    "pooled": torch.cat([encoded.pooled for encoded in both], dim=-1).to(self._dtype),
                }
            )
        return conditions

    def _long(self, texts: Sequence[str], width: int) -> torch.Tensor:
        """(n, 256, width); zeros where the model does without its third encoder."""
        if not self._has_long_encoder:
            return torch.zeros(len(texts), _LONG_TOKENS, width, device=self._device, dtype=self._dtype)
        return self._encode_long(texts, "_3", length=_LONG_TOKENS)

    def _forward(self, rows: BatchRows) -> torch.Tensor:
        answer: torch.Tensor = self._parts["transformer"](
            hidden_states=rows.sample,
            timestep=rows.timesteps,
            encoder_hidden_states=torch.cat([rows.conditions["text"], rows.conditions["long"]], dim=-2),
            pooled_projections=rows.conditions["pooled"],
            return_dict=False,
        )[0]
        return answer
