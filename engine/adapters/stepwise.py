"""What the families that are driven step by step have in common: words, first latents, schedulers, pictures."""

import gc
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import torch

from engine.adapters.components.batch_inputs import BatchRows, BatchStacker, guide
from engine.adapters.components.initial_latents import begin, set_steps
from engine.adapters.components.loras import Loras, Worn
from engine.adapters.components.noise_schedulers import Schedulers
from engine.adapters.components.prompt_cache import PromptCache
from engine.adapters.components.text_encoding import (
    Encoded,
    clip_length,
    count_unread_clip,
    encode_clip,
    encode_long,
)
from engine.adapters.components.vae import Autoencoder, to_hole, to_pixels
from engine.adapters.runtime.loading import LoadsNetworks, choose_dtype, load_network, load_part, size_bytes
from engine.adapters.runtime.reference_pipeline import stock_pipeline
from engine.batching.sample import BatchKey, Conditions, Sample
from engine.batching.sampling_params import SamplingParams
from engine.catalog.catalog import ModelEntry
from engine.catalog.geometry import read_layout
from engine.catalog.model_files import INDEX, components
from studio.errors import BadParameterError, ModelLoadError, NotSupportedError
from studio.runtime.bounded_dict import BoundedDict

# With LoRA weights on, words mean something else: a cache for each set of them that was worn lately.
_WARDROBE = 8


class DenoisingModel:
    """Drives one model. A family says which networks it has, how it encodes words and how its denoiser is called.

    See `Painter` for who may call what from where.
    """

    networks: tuple[str, ...]
    denoiser: ClassVar[str] = "unet"
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
        # By the length of the words: a pass takes rows of one length only, and a padded row would be another picture.
        self._stackers = defaultdict[int, BatchStacker](
            partial(BatchStacker, device=device, dtype=self._dtype, images=self.denoiser == "unet")
        )
        self._prompts: BoundedDict[Worn, PromptCache] = BoundedDict(_WARDROBE)
        self._loras = Loras(entry, partial(stock_pipeline, self, folder))

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
        self._autoencoder = Autoencoder(networks["vae"], device=self._device)
        self._measured_bytes = size_bytes(networks.values())
        self._parts = networks | {name: load_part(self._folder, name) for name in self.tokenizers}

    def stock_parts(self) -> dict[str, Any]:
        """The loaded components and a scheduler, for a pipeline of diffusers' own beside this painter."""
        return {**self._parts, "scheduler": self._schedulers.new(self._entry.scheduler)}

    def unload(self) -> None:
        self._parts = {}
        self._stackers.clear()
        self._prompts.clear()
        self._loras.forget()
        del self._autoencoder
        gc.collect()
        if self._device.type == "cuda":
            torch.cuda.empty_cache()

    # ---- a lane's beginning

    def scheduler_name(self, wanted: str | None) -> str:
        return self._schedulers.name(wanted or self._entry.scheduler)

    def sketch(self, sketch: SamplingParams) -> Sample:
        grid = self.layout.grid
        if sketch.width % grid or sketch.height % grid:
            raise BadParameterError("width", f"and height must be multiples of {grid} for this model.")
        if sketch.likeness and not self.layout.has_eyes:
            raise NotSupportedError(
                model=self.name, operation="see pictures", instead="imagine, vary, edit and expand"
            )
        lane = Sample(
            painter=self,
            sketch=sketch,
            key=self._key(sketch),
            scheduler=self._schedulers.new(sketch.scheduler or self._entry.scheduler),
            generator=torch.Generator().manual_seed(sketch.seed),
            timesteps=torch.empty(0),
            guided=self._is_guided(sketch),
            start=to_pixels(sketch.start) if sketch.start else None,
            hole=to_hole(sketch.mask) if sketch.mask else None,
        )
        if lane.hole is None and self.layout.repaints:
            lane.hole = torch.ones(1, 1, sketch.height, sketch.width)
        set_steps(lane, timing=self._timing(lane), skipped=self._skipped(sketch))
        return lane

    def prepare(self, lanes: Sequence[Sample]) -> None:
        worn = lanes[0].key.adapters
        self._loras.wear(worn)
        known = self._cache(worn).find(
            text for lane in lanes for text in (*self._texts(lane), *([""] if lane.guided else []))
        )
        for lane in lanes:
            lane.unread_words = self._count_unread(lane.sketch.prompt)
            shared = self._shared_conditions(lane)
            words = self._words(lane, known)
            pictures = self._picture_conditions(lane)[-len(words) :]
            lane.conditions = tuple(
                {**each, **shared, **seen} for each, seen in zip(words, pictures, strict=True)
            )
        begin(lanes, layout=self.layout, autoencoder=self._autoencoder, device=self._device)

    # ---- steps

    def predict(self, lanes: Sequence[Sample]) -> Sequence[torch.Tensor]:
        self._loras.wear(lanes[0].key.adapters)
        predictions: dict[Sample, torch.Tensor] = {}
        for length, some in _by_length(lanes).items():
            rows = self._stackers[length].stack(some)
            predictions.update(zip(some, guide(some, self._forward(rows)), strict=True))
        return [predictions[lane] for lane in lanes]

    def decode(self, lanes: Sequence[Sample]) -> Sequence[torch.Tensor]:
        latents = torch.cat([lane.latents for lane in lanes if lane.latents is not None])
        return list(self._autoencoder.decode(latents))

    def preview(self, lane: Sample) -> torch.Tensor:
        latents = lane.latents if lane.estimate is None else lane.estimate
        assert latents is not None  # noqa: S101 - a lane that has made a step
        return self._autoencoder.preview(latents)

    # ---- what a family says

    def _encode_texts(self, texts: Sequence[str]) -> list[Conditions]:
        """Conditions for each text, on the device, in the model's dtype."""
        raise NotImplementedError

    def _forward(self, rows: BatchRows) -> torch.Tensor:
        """The denoiser's answer, of the sample's shape."""
        raise NotImplementedError

    def _is_guided(self, sketch: SamplingParams) -> bool:
        """Whether a picture takes a second row, for the words to keep away from."""
        return sketch.guidance_scale > 1

    def _without_words(self, known: Mapping[str, Conditions]) -> Conditions:
        """What guidance leads away from when a person names nothing to avoid."""
        return known[""]

    def _count_unread(self, text: str) -> int:
        """Words at the end of a text that the model cannot take in."""
        tokenizer, encoder = self._parts["tokenizer"], self._parts["text_encoder"]
        return count_unread_clip(text, tokenizer=tokenizer, length=clip_length(tokenizer, encoder))

    def _shared_conditions(self, lane: Sample) -> Conditions:
        """What every row of a lane is told beside its words."""
        return {}

    def _picture_conditions(self, lane: Sample) -> tuple[Conditions, Conditions]:
        """What the pictures of a sketch's likeness say, for the row that keeps away and the one that goes towards."""
        return {}, {}

    def _timing(self, lane: Sample) -> Mapping[str, Any]:
        """What the scheduler wants to know beside the number of steps."""
        return {}

    def _skipped(self, sketch: SamplingParams) -> int:
        """Steps that a start picture leaves out, as the family's pipeline in diffusers counts them."""
        return sketch.steps - min(int(sketch.steps * sketch.strength), sketch.steps)

    # ---- shared parts

    def _cache(self, worn: Worn) -> PromptCache:
        cache = self._prompts.setdefault(worn, PromptCache(self._encode_texts))
        self._prompts.move_to_end(worn)
        return cache

    def _key(self, sketch: SamplingParams) -> BatchKey:
        return BatchKey(
            model=self.name,
            width=sketch.width // self.layout.factor,
            height=sketch.height // self.layout.factor,
            adapters=sketch.adapters,
        )

    def _texts(self, lane: Sample) -> tuple[str, ...]:
        sketch = lane.sketch
        return (sketch.negative_prompt, sketch.prompt) if lane.guided else (sketch.prompt,)

    def _words(self, lane: Sample, known: Mapping[str, Conditions]) -> list[Conditions]:
        """One for each pass and all of one length: chunks without words fill the shorter one up."""
        words = [known[text] for text in self._texts(lane)]
        if not lane.guided:
            return words
        if not lane.sketch.negative_prompt:
            words[0] = self._without_words(known)
        blank = known[""] if lane.sketch.negative_prompt else words[0]
        longest = max(len(each["text"]) for each in words)
        return [_lengthened(each, longest, blank["text"]) for each in words]

    def _encode_clip(
        self, texts: Sequence[str], suffix: str = "", *, layer: int | None = None
    ) -> list[Encoded]:
        return encode_clip(
            texts,
            tokenizer=self._parts[f"tokenizer{suffix}"],
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


def _lengthened(words: Conditions, length: int, blank: torch.Tensor) -> Conditions:
    missing = (length - len(words["text"])) // len(blank)
    return {**words, "text": torch.cat([words["text"], *[blank] * missing])} if missing else words


def _by_length(lanes: Sequence[Sample]) -> dict[int, list[Sample]]:
    """Lanes whose words take as many tokens."""
    groups: dict[int, list[Sample]] = {}
    for lane in lanes:
        groups.setdefault(len(lane.conditions[-1]["text"]), []).append(lane)
    return groups
