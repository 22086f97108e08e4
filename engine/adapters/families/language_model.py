"""What families have in common whose words a language model reads: prompts of any length, and no chunks."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import torch

from engine.adapters.components.text_encoding import count_unread
from engine.adapters.flow_matching import FlowMatchingModel
from engine.batching.sample import Conditions, Sample
from studio.parsing.prompt_weights import plain_words


class LanguageModelGuided(FlowMatchingModel):
    """Rows of several lengths share a pass: a family hides the padding from its denoiser, as its pipeline does."""

    networks: tuple[str, ...] = ("text_encoder", "transformer", "vae")
    tokenizers: tuple[str, ...] = ("tokenizer",)
    # What a guided sample keeps away from when nothing is named.
    blank: ClassVar[str] = ""
    most_tokens: ClassVar[int] = 512

    def _pass_key(self, sample: Sample) -> Hashable:
        return None

    def _encode_prompts(self, samples: Sequence[Sample]) -> list[list[Conditions]]:
        texts = [text for sample in samples for text in self._texts(sample)]
        known = self._prompts.find(texts, loras=samples[0].key.adapters)
        return [[known[text] for text in self._texts(sample)] for sample in samples]

    def _texts(self, sample: Sample) -> tuple[str, ...]:
        prompt = plain_words(sample.params.prompt)
        if not sample.guided:
            return (prompt,)
        return plain_words(sample.params.negative_prompt) or self.blank, prompt

    def _count_unread(self, text: str) -> int:
        return count_unread(text, tokenizer=self._parts["tokenizer"], tokens=self.most_tokens)

    def _chat(self, texts: Sequence[str], *, thinks: bool) -> Any:
        """Ids and mask (n, most_tokens) of texts as a person's message in the model's own template."""
        tokenizer = self._parts["tokenizer"]
        messages = [
            tokenizer.apply_chat_template(
                [{"role": "user", "content": text}],
                tokenize=False,
                add_generation_prompt=True,
                enable_thinking=thinks,
            )
            for text in texts
        ]
        return tokenizer(
            messages,
            padding="max_length",
            max_length=self.most_tokens,
            truncation=True,
            return_tensors="pt",
        ).to(self._device)

    def _timing(self, sample: Sample) -> Mapping[str, Any]:
        return {"mu": self._shift(sample), "sigmas": even_sigmas(sample.params.steps)}


def even_sigmas(steps: int) -> np.ndarray:
    """From 1 to 1 / steps: the noise levels of flow matching, before they are shifted."""
    return np.linspace(1.0, 1 / steps, steps)


def cut_rows(hidden: torch.Tensor, mask: torch.Tensor) -> list[torch.Tensor]:
    """Hidden states (n, length, width) → for each row those of its own tokens."""
    return [row[keep] for row, keep in zip(hidden, mask.bool(), strict=True)]
