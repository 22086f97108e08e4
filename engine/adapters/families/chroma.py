"""The Chroma layout: Flux without CLIP and without distilled guidance; T5 reads the words."""

from collections.abc import Sequence
from typing import Any

import torch

from engine.adapters.components.batch_inputs import BatchRows
from engine.adapters.families.language_model import LanguageModelGuided
from engine.adapters.flux import pack, patch_ids, unpack
from engine.batching.sample import Conditions


class ChromaModel(LanguageModelGuided):
    def load(self) -> None:
        super().load()
        embedder = self._parts["transformer"].time_text_embed
        embedder.guidance_proj.register_forward_pre_hook(self._on_device)

    def _on_device(self, _module: Any, values: tuple[torch.Tensor]) -> torch.Tensor:
        """Its guidance is always zero, and would be uploaded in each pass."""
        return torch.zeros(len(values[0]), dtype=torch.int64, device=self._device)

    def _encode_texts(self, texts: Sequence[str]) -> list[Conditions]:
        tokens = self._parts["tokenizer"](
            list(texts),
            padding="max_length",
            max_length=self.most_tokens,
            truncation=True,
            return_tensors="pt",
        ).to(self._device)
        hidden = self._parts["text_encoder"](tokens.input_ids, attention_mask=tokens.attention_mask)[0]
        # The denoiser sees one token of padding.
        places = torch.arange(self.most_tokens, device=self._device)
        masks = places <= tokens.attention_mask.sum(dim=1, keepdim=True)
        return [
            {"text": words.to(self._dtype), "mask": mask} for words, mask in zip(hidden, masks, strict=True)
        ]

    def _forward(self, rows: BatchRows) -> torch.Tensor:
        _, _, height, width = rows.sample.shape
        words, tokens = rows.conditions["text"], pack(rows.sample)
        mask = rows.conditions["mask"]
        answer = self._parts["transformer"](
            hidden_states=tokens,
            timestep=rows.timesteps / 1000,
            encoder_hidden_states=words,
            txt_ids=torch.zeros(words.shape[1], 3, device=self._device, dtype=self._dtype),
            img_ids=patch_ids(height // 2, width // 2, self._device, self._dtype),
            attention_mask=torch.cat([mask, mask.new_ones(tokens.shape[:2])], dim=1),
            return_dict=False,
        )[0]
        return unpack(answer, height, width)
