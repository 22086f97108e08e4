"""The Stable Diffusion 3 layout: two CLIP encoders, a T5 encoder that may be left out, a multimodal transformer."""

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import torch

from engine.easel.lane import Conditions
from engine.model_catalog import ModelEntry
from engine.model_folders import components
from engine.painters.flow import FlowPainter
from engine.painters.rows import Rows
from engine.painters.weights import LoadsNetworks, load_network

_LONG_TOKENS = 256


class StableDiffusion3Painter(FlowPainter):
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
        """Both CLIP encoders side by side, padded to the long encoder's width, and its tokens after theirs."""
        hidden, pooled = [], []
        for suffix in ("", "_2"):
            encoder = f"text_encoder{suffix}"
            tokens = self._tokens(texts, tokenizer=f"tokenizer{suffix}", encoder=encoder)
            answer = self._parts[encoder](tokens.input_ids, output_hidden_states=True)
            hidden.append(answer.hidden_states[-2])
            pooled.append(answer.text_embeds)
        short = torch.cat(hidden, dim=-1)
        long = self._long(texts)
        short = torch.nn.functional.pad(short, (0, long.shape[-1] - short.shape[-1]))
        words = torch.cat([short, long], dim=-2).to(self._dtype)
        pools = torch.cat(pooled, dim=-1).to(self._dtype)
        return [{"text": text, "pooled": pool} for text, pool in zip(words, pools, strict=True)]

    def _long(self, texts: Sequence[str]) -> torch.Tensor:
        """(n, 256, width); zeros where the model does without its third encoder."""
        if not self._has_long_encoder:
            width = self._parts["transformer"].config.joint_attention_dim
            return torch.zeros(len(texts), _LONG_TOKENS, width, device=self._device, dtype=self._dtype)
        tokens = self._tokens(texts, tokenizer="tokenizer_3", encoder="text_encoder_3", length=_LONG_TOKENS)
        hidden: torch.Tensor = self._parts["text_encoder_3"](tokens.input_ids)[0]
        return hidden

    def _forward(self, rows: Rows) -> torch.Tensor:
        answer: torch.Tensor = self._parts["transformer"](
            hidden_states=rows.sample,
            timestep=rows.timesteps,
            encoder_hidden_states=rows.conditions["text"],
            pooled_projections=rows.conditions["pooled"],
            return_dict=False,
        )[0]
        return answer
