"""The SDXL layout: two text encoders, and a UNet with size conditioning. Base, Turbo, Lightning, LCM."""

from collections.abc import Mapping, Sequence

import torch

from engine.adapters.unet import UNetModel
from engine.batching.sample import Conditions, Sample
from engine.catalog.model_files import INDEX, read_json


class StableDiffusionXLModel(UNetModel):
    networks = ("text_encoder", "text_encoder_2", "unet", "vae")
    tokenizers = ("tokenizer", "tokenizer_2")

    def _encode_texts(self, texts: Sequence[str]) -> list[Conditions]:
        """Both encoders' last layer but one side by side, and the second one's pooled words."""
        found = [self._encode_clip(texts, suffix, layer=-2) for suffix in ("", "_2")]
        return [
            {
                "text": torch.cat([encoded.hidden for encoded in both], dim=-1).to(self._dtype),
                "pooled": both[-1].pooled.to(self._dtype),
            }
            for both in zip(*found, strict=True)
        ]

    def _without_words(self, known: Mapping[str, Conditions]) -> Conditions:
        """Zeros where the model was trained with them: an empty text is something else to it."""
        if not read_json(self._folder / INDEX).get("force_zeros_for_empty_prompt", True):
            return known[""]
        return {name: torch.zeros_like(value) for name, value in known[""].items()}

    def _shared_conditions(self, sample: Sample) -> Conditions:
        """Original size, crop and target size, each as (height, width): never cropped, never scaled."""
        size = sample.params.height, sample.params.width
        sizes = torch.tensor([*size, 0, 0, *size], device=self._device, dtype=self._dtype)
        return {**super()._shared_conditions(sample), "sizes": sizes}

    def _added_conditions(self, conditions: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor] | None:
        return {"text_embeds": conditions["pooled"], "time_ids": conditions["sizes"]}
