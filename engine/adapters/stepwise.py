"""What the families that run step by step have in common: prompts, first latents, schedulers, decoding."""

import gc
from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import torch

from engine.adapters.components.batch_inputs import BatchRows, BatchStacker, group_passes, guide
from engine.adapters.components.initial_latents import begin, set_steps
from engine.adapters.components.loras import Loras
from engine.adapters.components.noise_schedulers import Schedulers
from engine.adapters.components.prompt_cache import PromptCache
from engine.adapters.components.references import settle_references
from engine.adapters.components.text_encoding import (
    Encoded,
    clip_length,
    count_unread_clip,
    encode_clip,
    encode_long,
    pad_chunks,
)
from engine.adapters.components.textual_inversion import TextualInversions
from engine.adapters.components.vae import Autoencoder, to_hole, to_pixels
from engine.adapters.loading.model_parts import (
    LoadsNetworks,
    choose_dtype,
    load_network,
    load_part,
    size_bytes,
)
from engine.adapters.loading.reference_pipeline import stock_pipeline
from engine.batching.device.device_profile import DeviceProfile
from engine.batching.sample import BatchKey, Conditions, Sample
from engine.batching.sampling_params import SamplingParams
from engine.catalog.catalog import ModelEntry
from engine.catalog.geometry import read_layout
from engine.catalog.model_files import INDEX, components
from studio.errors import BadParameterError, ModelLoadError, NotSupportedError


class DenoisingModel:
    """Drives one model. A family says which networks it has, how it encodes words and how its denoiser is called.

    `engine/batching/model_protocols.py` says which thread may call what.
    """

    networks: tuple[str, ...]
    denoiser: ClassVar[str] = "unet"
    autoencoder: ClassVar[type[Autoencoder]] = Autoencoder
    tokenizers: tuple[str, ...] = ("tokenizer",)

    def __init__(
        self,
        entry: ModelEntry,
        folder: Path,
        *,
        device: torch.device,
        loads: LoadsNetworks = load_network,
    ) -> None:
        self._loads = loads
        self.name = entry.name
        for part in {*self.networks, *self.tokenizers} - set(components(folder)):
            raise ModelLoadError(f"The model folder {folder.name} names no {part} in its {INDEX}.")
        self.layout = read_layout(folder, denoiser=self.denoiser)
        self._entry = entry
        self._folder = folder
        self._device = device
        self._dtype = choose_dtype(entry.dtype, device)
        self._schedulers = Schedulers(folder)
        self._parts: dict[str, Any] = {}
        self._measured_bytes: int | None = None
        self.profile = DeviceProfile()
        self._stackers = defaultdict[Hashable, BatchStacker](
            partial(
                BatchStacker,
                device=device,
                dtype=self._dtype,
                images=self.denoiser == "unet",
                scale=self._guidance_factor,
            )
        )
        self._prompts = PromptCache(self._encode_texts)
        self._loras = Loras(entry, partial(stock_pipeline, self, folder))
        self._inversions = TextualInversions(entry, partial(stock_pipeline, self, folder))

    # ---- memory

    @property
    def loaded(self) -> bool:
        return bool(self._parts)

    @property
    def memory_bytes(self) -> int:
        return self._measured_bytes or int(self._entry.memory_gib * 2**30)

    def load(self) -> None:
        try:
            networks = {
                name: self._loads(self._folder, name, device=self._device, dtype=self._dtype)
                for name in self.networks
            }
        except torch.OutOfMemoryError as error:
            raise ModelLoadError(
                f"The model {self.name} does not fit into the memory of this device."
            ) from error
        self._autoencoder = self.autoencoder(networks["vae"], device=self._device)
        self._autoencoder.remember_in(self.profile, model=self.name)
        self._measured_bytes = size_bytes(networks.values())
        self._parts = networks | {name: load_part(self._folder, name) for name in self.tokenizers}

    def stock_parts(self) -> dict[str, Any]:
        """The loaded components and a scheduler, for a pipeline of diffusers' own beside this model."""
        return {**self._parts, "scheduler": self._schedulers.new(self._entry.scheduler)}

    def unload(self) -> None:
        self._parts = {}
        self._stackers.clear()
        self._prompts.clear()
        self._loras.forget()
        self._inversions.forget()
        del self._autoencoder
        gc.collect()
        if self._device.type == "cuda":
            torch.cuda.empty_cache()

    # ---- preparation

    def scheduler_name(self, wanted: str | None) -> str:
        return self._schedulers.name(wanted or self._entry.scheduler)

    def new_sample(self, params: SamplingParams) -> Sample:
        grid = self.layout.grid
        if params.width % grid or params.height % grid:
            raise BadParameterError("width", "not_multiples", grid=grid)
        if params.likeness and not self.layout.has_image_encoder:
            raise NotSupportedError(
                "image_prompt", model=self.name, able=("imagine", "vary", "edit", "expand")
            )
        params = settle_references(params, model=self.name, can=self.layout.can)
        sample = Sample(
            model=self,
            params=params,
            key=self._key(params),
            scheduler=self._schedulers.new(params.scheduler or self._entry.scheduler),
            generator=torch.Generator().manual_seed(params.seed),
            timesteps=torch.empty(0),
            guided=self._is_guided(params),
            start=to_pixels(params.start) if params.start else None,
            hole=to_hole(params.mask) if params.mask else None,
        )
        if sample.hole is None and self.layout.repaints:
            sample.hole = torch.ones(1, 1, params.height, params.width)
        set_steps(sample, timing=self._timing(sample), skipped=self._skipped_steps(params))
        return sample

    def prepare(self, samples: Sequence[Sample]) -> None:
        self._loras.apply(samples[0].key.adapters)
        for sample, words in zip(samples, self._encode_prompts(samples), strict=True):
            sample.unread_words = self._count_unread(sample.params.prompt)
            shared = self._shared_conditions(sample)
            pictures = self._picture_conditions(sample)[-len(words) :]
            sample.conditions = tuple(
                {**text, **shared, **seen} for text, seen in zip(words, pictures, strict=True)
            )
        begin(samples, layout=self.layout, autoencoder=self._autoencoder, device=self._device)

    # ---- steps

    def predict(self, samples: Sequence[Sample]) -> Sequence[torch.Tensor]:
        self._loras.apply(samples[0].key.adapters)
        predictions: dict[Sample, torch.Tensor] = {}
        for kind, group in group_passes(samples, self._pass_key).items():
            rows = self._stackers[kind].stack(group)
            answer = self._forward(rows)
            predictions.update(zip(group, guide(rows.guidance, answer, rescale=self._rescale), strict=True))
        return [predictions[sample] for sample in samples]

    def decode(self, samples: Sequence[Sample]) -> Sequence[torch.Tensor]:
        latents = torch.cat([sample.latents for sample in samples if sample.latents is not None])
        return list(self._autoencoder.decode(latents))

    def preview(self, sample: Sample) -> torch.Tensor:
        latents = sample.latents if sample.estimate is None else sample.estimate
        assert latents is not None  # noqa: S101 - a sample that has made a step
        return self._autoencoder.preview(latents)

    # ---- what a family defines

    def _encode_texts(self, texts: Sequence[str]) -> list[Conditions]:
        """Conditions for each text, on the device, in the model's dtype."""
        raise NotImplementedError

    def _forward(self, rows: BatchRows) -> torch.Tensor:
        """The denoiser's answer, of the sample's shape."""
        raise NotImplementedError

    def _is_guided(self, params: SamplingParams) -> bool:
        """Whether an image takes a second row, for the negative prompt."""
        return params.guidance_scale > 1

    def _guidance_factor(self, params: SamplingParams) -> float:
        """How far a guided sample goes from its second row to its first one; 1 is the first one itself."""
        return params.guidance_scale

    # For a family that changes what guidance makes; see `guide`.
    _rescale: Callable[[torch.Tensor, torch.Tensor], torch.Tensor] | None = None

    def _pass_key(self, sample: Sample) -> Hashable:
        """Samples with equal ones share a pass. By the length of their words: a padded row is another picture."""
        return len(sample.conditions[-1]["text"])

    def _without_words(self, known: Mapping[str, Conditions]) -> Conditions:
        """The negative condition when there is no negative prompt."""
        return known[""]

    def _count_unread(self, text: str) -> int:
        """Words at the end of a text that the model cannot take in."""
        tokenizer, encoder = self._parts["tokenizer"], self._parts["text_encoder"]
        expanded = self._inversions.expand(text, tokenizer)
        return count_unread_clip(expanded, tokenizer=tokenizer, length=clip_length(tokenizer, encoder))

    def _shared_conditions(self, sample: Sample) -> Conditions:
        """Conditions of every row of a sample beside its text."""
        return {}

    def _picture_conditions(self, sample: Sample) -> tuple[Conditions, Conditions]:
        """Conditions from the image prompts, for the negative row and for the positive one."""
        return {}, {}

    def _timing(self, sample: Sample) -> Mapping[str, Any]:
        """Options of the scheduler beside the number of steps."""
        return {}

    def _skipped_steps(self, params: SamplingParams) -> int:
        """Steps that a start picture leaves out, as the family's pipeline in diffusers counts them."""
        return params.steps - min(int(params.steps * params.strength), params.steps)

    # ---- shared parts

    def _key(self, params: SamplingParams) -> BatchKey:
        return BatchKey(
            model=self.name,
            width=params.width // self.layout.factor,
            height=params.height // self.layout.factor,
            adapters=params.adapters,
        )

    def _encode_prompts(self, samples: Sequence[Sample]) -> list[list[Conditions]]:
        """For each sample one condition for each of its rows, as `Sample.conditions` has them."""
        texts = [
            text for sample in samples for text in (*self._texts(sample), *([""] if sample.guided else []))
        ]
        for text in texts:
            self._inversions.load_for(text)
        known = self._prompts.find(texts, loras=samples[0].key.adapters)
        return [self._words(sample, known) for sample in samples]

    def _texts(self, sample: Sample) -> tuple[str, ...]:
        params = sample.params
        return (params.negative_prompt, params.prompt) if sample.guided else (params.prompt,)

    def _words(self, sample: Sample, known: Mapping[str, Conditions]) -> list[Conditions]:
        """One for each pass and all of one length: chunks without words fill the shorter one up."""
        words = [known[text] for text in self._texts(sample)]
        if not sample.guided:
            return words
        if not sample.params.negative_prompt:
            words[0] = self._without_words(known)
        blank = known[""] if sample.params.negative_prompt else words[0]
        longest = max(len(condition["text"]) for condition in words)
        return [
            {**condition, "text": pad_chunks(condition["text"], longest, blank["text"])}
            for condition in words
        ]

    def _encode_clip(
        self, texts: Sequence[str], suffix: str = "", *, layer: int | None = None
    ) -> list[Encoded]:
        tokenizer = self._parts[f"tokenizer{suffix}"]
        return encode_clip(
            [self._inversions.expand(text, tokenizer) for text in texts],
            tokenizer=tokenizer,
            encoder=self._parts[f"text_encoder{suffix}"],
            device=self._device,
            layer=layer,
        )

    def _encode_long(self, texts: Sequence[str], suffix: str, *, length: int) -> torch.Tensor:
        return encode_long(
            texts,
            tokenizer=self._parts[f"tokenizer{suffix}"],
            encoder=self._parts[f"text_encoder{suffix}"],
            device=self._device,
            length=length,
        )
