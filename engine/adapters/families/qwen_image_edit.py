"""Qwen-Image-Edit and -Plus: Qwen2.5-VL reads the words together with the pictures that they speak of."""

from collections.abc import Sequence
from typing import ClassVar

import torch
from PIL import Image

from engine.adapters.components.references import picture_key, reference_size
from engine.adapters.families.language_model import cut_rows
from engine.adapters.families.qwen_image import QwenImageModel
from engine.adapters.families.reference_tokens import RESIZE, ReferenceModel
from engine.batching.sample import Conditions, Sample

_TEMPLATE = (
    "<|im_start|>system\nDescribe the key features of the input image (color, shape, size, texture, objects, "
    "background), then explain how the user's text instruction should alter or modify the image. Generate a new image "
    "that meets the user's requirements while maintaining consistency with the original input where appropriate."
    "<|im_end|>\n<|im_start|>user\n{}<|im_end|>\n<|im_start|>assistant\n"
)
_LEFT_OUT = 64
_PICTURE = "<|image_pad|>"


class QwenImageEditModel(ReferenceModel, QwenImageModel):
    """One picture, which the language model sees as large as the first stage does."""

    tokenizers = ("tokenizer", "processor")
    reference_area: ClassVar[int] = 1024 * 1024
    seen_area: ClassVar[int] = 1024 * 1024
    # What stands for a picture in front of the words; `{}` is its number.
    mention: ClassVar[str] = f"<|vision_start|>{_PICTURE}<|vision_end|>"

    def _reference_size(self, size: tuple[int, int]) -> tuple[int, int]:
        return reference_size(size, area_pixels=self.reference_area)

    def _encode_prompts(self, samples: Sequence[Sample]) -> list[list[Conditions]]:
        """Pictures of a job have their words and references in common: those are read once."""
        known: dict[tuple[object, ...], Conditions] = {}
        prompts: list[list[Conditions]] = []
        for sample in samples:
            pictures = sample.params.references
            seen = tuple(map(picture_key, pictures))
            rows: list[Conditions] = []
            for text in self._texts(sample):
                key = text, *seen
                if key not in known:
                    known[key] = self._condition(self._read(text, pictures))
                rows.append(known[key])
            prompts.append(rows)
        return prompts

    def _condition(self, hidden: torch.Tensor) -> Conditions:
        """Uncut: most of its tokens are pictures."""
        text = hidden.to(self._dtype)
        return {"text": text, "mask": torch.ones(len(text), dtype=torch.bool, device=text.device)}

    def _read(self, text: str, pictures: Sequence[Image.Image]) -> torch.Tensor:
        """(tokens, width): hidden states of the pictures and the words."""
        seen = self._parts["processor"](images=[self._look(one) for one in pictures], return_tensors="pt")
        mentions = "".join(self.mention.format(number + 1) for number in range(len(pictures)))
        prompt = _TEMPLATE.format(mentions + text)
        tokens = self._parts["tokenizer"](
            [self._with_room(prompt, seen.image_grid_thw)], padding=True, return_tensors="pt"
        ).to(self._device)
        encoder = self._parts["text_encoder"]
        hidden = encoder(
            input_ids=tokens.input_ids,
            attention_mask=tokens.attention_mask,
            # Without it, patches of a picture stand in a line instead of in rows and columns.
            mm_token_type_ids=(tokens.input_ids == encoder.config.image_token_id).int(),
            pixel_values=seen.pixel_values.to(self._device),
            image_grid_thw=seen.image_grid_thw.to(self._device),
            output_hidden_states=True,
        ).hidden_states[-1]
        return cut_rows(hidden, tokens.attention_mask)[0][_LEFT_OUT:]

    def _look(self, picture: Image.Image) -> Image.Image:
        size = reference_size(picture.size, area_pixels=self.seen_area)
        return picture.convert("RGB").resize(size, RESIZE)

    def _with_room(self, prompt: str, grids: torch.Tensor) -> str:
        """One mark for each token of each picture. `grids` (pictures, 3) are frames, rows and columns of patches."""
        merged = self._parts["processor"].merge_size ** 2
        before, *parts = prompt.split(_PICTURE, len(grids))
        rooms = (_PICTURE * (frames * rows * columns // merged) for frames, rows, columns in grids.tolist())
        return before + "".join(room + part for room, part in zip(rooms, parts, strict=True))


class QwenImageEditPlusModel(QwenImageEditModel):
    """Several pictures, which the words can name by their number."""

    seen_area: ClassVar[int] = 384 * 384
    mention: ClassVar[str] = f"Picture {{}}: <|vision_start|>{_PICTURE}<|vision_end|>"
