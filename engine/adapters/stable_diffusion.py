"""The Stable Diffusion layout: one CLIP text encoder. 1.x, 2.x, Turbo, LCM, inpainting, Thimble."""

from collections.abc import Sequence

from engine.adapters.unet import UNetModel
from engine.batching.sample import Conditions


class StableDiffusionModel(UNetModel):
    networks = ("text_encoder", "unet", "vae")

    def _encode_texts(self, texts: Sequence[str]) -> list[Conditions]:
        found = self._encode_clip(texts)
        return [{"text": encoded.hidden.to(self._dtype)} for encoded in found]
