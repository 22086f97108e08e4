"""The Z-Image layout: Qwen3 reads the words, one stream of tokens for words and picture. Z-Image and Turbo."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import torch

from engine.adapters.components.batch_inputs import BatchRows
from engine.adapters.families.language_model import LanguageModelGuided, cut_rows
from engine.batching.sample import Conditions, Sample
from engine.batching.sampling_params import SamplingParams


class ZImageModel(LanguageModelGuided):
    def load(self) -> None:
        super().load()
        transformer = self._parts["transformer"]
        # Positions of its tokens, which it makes anew in each pass. Recorded passes read them: none is let go.
        transformer.create_coordinate_grid = cache(transformer.create_coordinate_grid)

    def _is_guided(self, params: SamplingParams) -> bool:
        return params.guidance_scale > 0

    def _guidance_factor(self, params: SamplingParams) -> float:
        """Its pipeline adds so much of the difference to the answer to the words; others go this far from nothing."""
        return 1 + params.guidance_scale

    def _encode_texts(self, texts: Sequence[str]) -> list[Conditions]:
        """The language model's last layer but one, without padding."""
        tokens = self._chat(texts, thinks=True)
        hidden = self._parts["text_encoder"](
            input_ids=tokens.input_ids,
            attention_mask=tokens.attention_mask.bool(),
            output_hidden_states=True,
        ).hidden_states[-2]
        return [{"text": row.to(self._dtype)} for row in cut_rows(hidden, tokens.attention_mask)]

    def _timing(self, sample: Sample) -> Mapping[str, Any]:
        timing = super()._timing(sample)
        return {**timing, "sigmas": timing["sigmas"].tolist()}

    def _forward(self, rows: BatchRows) -> torch.Tensor:
        """Its transformer takes lists and masks the padding by itself. It answers with what is to be taken away."""
        words = rows.conditions["text"]
        answer = self._parts["transformer"](
            list(rows.sample[:, :, None]),
            (1000 - rows.timesteps) / 1000,
            [row[:length] for row, length in zip(words, rows.lengths, strict=True)],
            return_dict=False,
        )[0]
        return -torch.stack(answer)[:, :, 0]
