"""The Stable Diffusion layout: one CLIP text encoder. 1.x, 2.x, Turbo, LCM, inpainting, Thimble."""

from collections.abc import Sequence

from engine.easel.lane import Conditions
from engine.painters.unet import UNetPainter


class StableDiffusionPainter(UNetPainter):
    networks = ("text_encoder", "unet", "vae")

    def _encode_texts(self, texts: Sequence[str]) -> list[Conditions]:
        tokens = self._tokens(texts, tokenizer="tokenizer", encoder="text_encoder")
        encoder = self._parts["text_encoder"]
        mask = tokens.attention_mask if getattr(encoder.config, "use_attention_mask", False) else None
        hidden = encoder(tokens.input_ids, attention_mask=mask)[0].to(self._dtype)
        return [{"text": each} for each in hidden]
