"""The Qwen-Image layout: Qwen2.5-VL reads the words, a multimodal transformer with true guidance."""

from collections.abc import Sequence
from typing import ClassVar

import torch

from engine.adapters.acceleration.upload_cache import UploadCache
from engine.adapters.components.batch_inputs import BatchRows
from engine.adapters.families.language_model import LanguageModelGuided, cut_rows
from engine.adapters.families.qwen_autoencoder import QwenAutoencoder
from engine.adapters.flux import pack, unpack
from engine.batching.sample import Conditions, Sample

# The model was trained with this around its words; the first tokens, up to the words, are left out.
_TEMPLATE = (
    "<|im_start|>system\nDescribe the image by detailing the color, shape, size, texture, quantity, text, "
    "spatial relationships of the objects and background:<|im_end|>\n"
    "<|im_start|>user\n{}<|im_end|>\n<|im_start|>assistant\n"
)
_LEFT_OUT = 34
_MOST_READ = 1024


class QwenImageModel(LanguageModelGuided):
    autoencoder = QwenAutoencoder
    blank: ClassVar[str] = " "

    def load(self) -> None:
        super().load()
        transformer = self._parts["transformer"]
        self._uploads = UploadCache(transformer.img_in, transformer.pos_embed)

    def _encode_texts(self, texts: Sequence[str]) -> list[Conditions]:
        tokens = self._parts["tokenizer"](
            [_TEMPLATE.format(text) for text in texts],
            max_length=_MOST_READ + _LEFT_OUT,
            padding=True,
            truncation=True,
            return_tensors="pt",
        ).to(self._device)
        hidden = self._parts["text_encoder"](
            input_ids=tokens.input_ids, attention_mask=tokens.attention_mask, output_hidden_states=True
        ).hidden_states[-1]
        return [self._condition(row[_LEFT_OUT:]) for row in cut_rows(hidden, tokens.attention_mask)]

    def _condition(self, hidden: torch.Tensor) -> Conditions:
        text = hidden[: self.most_tokens].to(self._dtype)
        return {"text": text, "mask": torch.ones(len(text), dtype=torch.bool, device=text.device)}

    def predict(self, samples: Sequence[Sample]) -> Sequence[torch.Tensor]:
        try:
            return super().predict(samples)
        finally:
            self._uploads.end()

    def _forward(self, rows: BatchRows) -> torch.Tensor:
        _, _, height, width = rows.sample.shape
        tokens = pack(rows.sample)
        references = rows.conditions.get("references")
        seen = tokens if references is None else torch.cat([tokens, references], dim=1)
        sizes = [
            (1, down // 2, across // 2) for across, down in ((width, height), *rows.samples[0].key.references)
        ]
        answer = self._parts["transformer"](
            hidden_states=seen,
            timestep=rows.timesteps / 1000,
            encoder_hidden_states=rows.conditions["text"],
            # Without padding its pipeline gives no mask either.
            encoder_hidden_states_mask=rows.conditions["mask"] if len(set(rows.lengths)) > 1 else None,
            img_shapes=[sizes] * len(tokens),
            return_dict=False,
        )[0]
        return unpack(answer[:, : tokens.shape[1]], height, width)

    @staticmethod
    def _rescale(there: torch.Tensor, guided: torch.Tensor) -> torch.Tensor:
        """Guidance turns the answer of a patch, and leaves it as long as the answer to the words alone."""
        _, _, height, width = guided.shape
        patches = pack(guided)
        wanted, found = (
            torch.linalg.vector_norm(part, dim=-1, keepdim=True) for part in (pack(there), patches)
        )
        return unpack(patches * (wanted / found), height, width)
