"""Textual inversion: words of a prompt that stand for trained embeddings (Gal et al., arXiv:2208.01618)."""

import logging
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file

from engine.adapters.loading.model_parts import LOADING
from engine.catalog.catalog import ModelEntry
from studio.errors import ModelLoadError, NotSupportedError

# How files for two encoders name them, and the suffix of the component in the model's folder.
_ENCODERS = {"clip_l": "", "clip_g": "_2"}

log = logging.getLogger(__name__)


class TextualInversions:
    """The embeddings of one loaded model's catalogue entry, each loaded when a prompt first has its word.

    For the batcher's thread. `build` makes diffusers' own pipeline around the model's networks, which adds the tokens.
    """

    def __init__(self, entry: ModelEntry, build: Callable[[], Any]) -> None:
        self._entry = entry
        self._build = build
        self._patterns = {word: re.compile(rf"(?<!\w){re.escape(word)}(?!\w)") for word in entry.embeddings}
        self._loaded: set[str] = set()

    def load_for(self, text: str) -> None:
        """Load the embeddings of the words in `text`.

        Raises `ModelLoadError` for a file that is missing or no safetensors file, `NotSupportedError` for one that is
        damaged or was made for another model.
        """
        for word, pattern in self._patterns.items():
            if word not in self._loaded and pattern.search(text):
                self._load(word)
                self._loaded.add(word)

    def expand(self, text: str, tokenizer: Any) -> str:
        """The text with all tokens of a word that has several vectors: `word word_1 word_2`."""
        added = tokenizer.get_added_vocab() if self._loaded else {}
        for word in self._loaded:
            count = 1
            while f"{word}_{count}" in added:
                count += 1
            if count > 1:
                tokens = " ".join([word, *(f"{word}_{index}" for index in range(1, count))])
                text = self._patterns[word].sub(lambda _, tokens=tokens: tokens, text)  # type: ignore[misc]
        return text

    def forget(self) -> None:
        self._loaded.clear()

    def _load(self, word: str) -> None:
        path = Path(self._entry.embeddings[word].source)
        if not path.is_file():
            raise ModelLoadError(
                f"The embedding {word} is not on this machine.", reason="missing_addon", file=word
            )
        if path.suffix != ".safetensors":
            raise ModelLoadError(
                f"{path.name} is no .safetensors file. Pickles are not read: they can run code."
            )
        pipeline = self._build()
        try:
            vectors = _read(path)
            for suffix, tensor in vectors.items():
                _check_width(tensor, getattr(pipeline, f"text_encoder{suffix}"))
            with LOADING, torch.inference_mode(False), torch.no_grad():
                for suffix, tensor in vectors.items():
                    pipeline.load_textual_inversion(
                        tensor,
                        token=word,
                        tokenizer=getattr(pipeline, f"tokenizer{suffix}"),
                        text_encoder=getattr(pipeline, f"text_encoder{suffix}"),
                    )
        except Exception as error:  # whatever a library throws at a file of another shape
            log.warning("embedding load failed", extra={"model": self._entry.name, "embedding": word})
            raise NotSupportedError("embedding", model=self._entry.name, name=word) from error


def _read(path: Path) -> Mapping[str, torch.Tensor]:
    """Vectors (n, width) by the suffix of the encoder. Raises `ValueError` for a file of another kind."""
    tensors = load_file(path)
    if tensors.keys() <= _ENCODERS.keys():
        found = {_ENCODERS[name]: tensor for name, tensor in tensors.items()}
    else:
        (tensor,) = tensors.values()
        found = {"": tensor}
    return {suffix: tensor.reshape(-1, tensor.shape[-1]) for suffix, tensor in found.items()}


def _check_width(vectors: torch.Tensor, encoder: Any) -> None:
    width = encoder.get_input_embeddings().weight.shape[-1]
    if vectors.shape[-1] != width:
        raise ValueError(f"vectors of {vectors.shape[-1]} numbers for an encoder of {width}")
