"""The FLUX.2 layout: dev, with guidance distilled into it, and klein, whose words Qwen3 reads."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar

import torch
from diffusers.pipelines.flux2.pipeline_flux2_klein import compute_empirical_mu
from diffusers.pipelines.flux2.system_messages import SYSTEM_MESSAGE
from PIL import Image

from engine.adapters.components.batch_inputs import BatchRows
from engine.adapters.families.flux2_autoencoder import Flux2Autoencoder
from engine.adapters.families.language_model import LanguageModelGuided, even_sigmas
from engine.adapters.families.reference_tokens import RESIZE, ReferenceModel
from engine.batching.sample import BatchKey, Conditions, Sample
from engine.batching.sampling_params import SamplingParams
from engine.catalog.catalog import ModelEntry
from engine.catalog.model_files import INDEX, read_json

# Of a reference; larger ones are made smaller.
_MOST_PIXELS = 1024 * 1024
# Between the moments at which the references stand, after the picture's own 0.
_TIME_BETWEEN = 10


class Flux2Model(ReferenceModel, LanguageModelGuided):
    """What dev and klein have in common. Padding belongs to the words: every text is as long."""

    autoencoder = Flux2Autoencoder
    layers: ClassVar[tuple[int, ...]]

    def _encode_texts(self, texts: Sequence[str]) -> list[Conditions]:
        """Three of the language model's layers side by side."""
        tokens = self._tokenise(texts)
        states = self._parts["text_encoder"](
            input_ids=tokens["input_ids"].to(self._device),
            attention_mask=tokens["attention_mask"].to(self._device),
            output_hidden_states=True,
            use_cache=False,
        ).hidden_states
        words = torch.cat([states[layer] for layer in self.layers], dim=-1).to(self._dtype)
        return [{"text": row} for row in words]

    def _tokenise(self, texts: Sequence[str]) -> Mapping[str, torch.Tensor]:
        raise NotImplementedError

    def _timing(self, sample: Sample) -> Mapping[str, Any]:
        tokens, steps = sample.key.width * sample.key.height, sample.params.steps
        timing: dict[str, Any] = {"mu": compute_empirical_mu(image_seq_len=tokens, num_steps=steps)}
        if sample.scheduler.config.get("use_flow_sigmas"):
            return timing
        return {**timing, "sigmas": even_sigmas(steps)}

    def _key(self, params: SamplingParams) -> BatchKey:
        """Each of its cells is a token; elsewhere four cells are one."""
        return replace(super()._key(params), usual_cells=4)

    def _tokens(self, latents: torch.Tensor) -> torch.Tensor:
        return latents.flatten(2).transpose(1, 2)

    def _reference_size(self, size: tuple[int, int]) -> tuple[int, int]:
        grid = self.layout.grid
        width, height = _shrink(size)
        return max(grid, width // grid * grid), max(grid, height // grid * grid)

    def _fit_reference(self, picture: Image.Image) -> Image.Image:
        """Cut to the grid around its middle."""
        shrunk = _shrink(picture.size)
        seen = picture.convert("RGB")
        if shrunk != picture.size:
            seen = seen.resize(shrunk, RESIZE)
        width, height = self._reference_size(picture.size)
        left, top = (shrunk[0] - width) // 2, (shrunk[1] - height) // 2
        return seen.crop((left, top, left + width, top + height))

    def _forward(self, rows: BatchRows) -> torch.Tensor:
        tokens = self._tokens(rows.sample)
        references = rows.conditions.get("references")
        seen = tokens if references is None else torch.cat([tokens, references], dim=1)
        answer, *_ = self._call(rows, seen, torch.cat([self._own_ids(rows), self._reference_ids(rows)]))
        return unpack_cells(answer[:, : tokens.shape[1]], rows.sample)

    def _call(self, rows: BatchRows, seen: torch.Tensor, ids: torch.Tensor, **options: Any) -> Any:
        """What the transformer answers, first its tokens (n, tokens, c)."""
        words = rows.conditions["text"]
        return self._parts["transformer"](
            hidden_states=seen,
            timestep=rows.timesteps / 1000,
            guidance=rows.conditions.get("guidance"),
            encoder_hidden_states=words,
            txt_ids=word_ids(words.shape[1], self._device),
            img_ids=ids,
            return_dict=False,
            **options,
        )

    def _own_ids(self, rows: BatchRows) -> torch.Tensor:
        height, width = rows.sample.shape[2:]
        return cell_ids(0, height, width, self._device)

    def _reference_ids(self, rows: BatchRows) -> torch.Tensor:
        found = [
            cell_ids(_TIME_BETWEEN * (number + 1), height, width, self._device)
            for number, (width, height) in enumerate(rows.samples[0].key.references)
        ]
        return torch.cat(found) if found else cell_ids(0, 0, 0, self._device)


class Flux2DevModel(Flux2Model):
    """Words to avoid have no effect. Mistral reads the words."""

    layers = (10, 20, 30)

    def _is_guided(self, params: SamplingParams) -> bool:
        return False

    def _shared_conditions(self, sample: Sample) -> Conditions:
        guidance = torch.tensor(sample.params.guidance_scale, device=self._device)
        return {**super()._shared_conditions(sample), "guidance": guidance}

    def _tokenise(self, texts: Sequence[str]) -> Mapping[str, torch.Tensor]:
        messages = [[_message("system", SYSTEM_MESSAGE), _message("user", text)] for text in texts]
        tokens: Mapping[str, torch.Tensor] = self._parts["tokenizer"].apply_chat_template(
            messages,
            add_generation_prompt=False,
            tokenize=True,
            return_dict=True,
            return_tensors="pt",
            padding="max_length",
            truncation=True,
            max_length=self.most_tokens,
        )
        return tokens


class Flux2KleinModel(Flux2Model):
    layers = (9, 18, 27)

    def __init__(self, entry: ModelEntry, folder: Path, **options: Any) -> None:
        super().__init__(entry, folder, **options)
        self._is_distilled = bool(read_json(folder / INDEX).get("is_distilled", False))

    def _is_guided(self, params: SamplingParams) -> bool:
        return params.guidance_scale > 1 and not self._is_distilled

    def _tokenise(self, texts: Sequence[str]) -> Mapping[str, torch.Tensor]:
        tokens: Mapping[str, torch.Tensor] = self._chat(texts, thinks=False)
        return tokens


def _message(role: str, text: str) -> dict[str, Any]:
    # Its processor takes [IMG] for a picture.
    return {"role": role, "content": [{"type": "text", "text": text.replace("[IMG]", "")}]}


def _shrink(size: tuple[int, int]) -> tuple[int, int]:
    width, height = size
    if width * height <= _MOST_PIXELS:
        return size
    scale = math.sqrt(_MOST_PIXELS / (width * height))
    return int(width * scale), int(height * scale)


def unpack_cells(tokens: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    """(n, h · w, c) → (n, c, h, w), of the shape of `like`."""
    return tokens.transpose(1, 2).reshape(like.shape)


@lru_cache(maxsize=4)
def word_ids(length: int, device: torch.device) -> torch.Tensor:
    """(length, 4) on the device: moment, row and column 0, and the place among the words."""
    ids = torch.zeros(length, 4, dtype=torch.long)
    ids[:, 3] = torch.arange(length)
    return ids.to(device)


@lru_cache(maxsize=32)
def cell_ids(moment: int, height: int, width: int, device: torch.device) -> torch.Tensor:
    """(height · width, 4) on the device: moment, row and column of each cell, and 0. Uploaded once for a size."""
    ids = torch.cartesian_prod(
        torch.tensor([moment]), torch.arange(height), torch.arange(width), torch.tensor([0])
    )
    return ids.to(device)
