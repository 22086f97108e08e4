"""What the families with a UNet have in common: Stable Diffusion 1.x and 2.x, SDXL, Thimble."""

import gc
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import torch

from engine.easel.lane import BatchKey, Conditions, Lane
from engine.model_catalog import ModelEntry
from engine.model_folders import read_json
from engine.painters.autoencoder import Autoencoder, to_hole, to_pixels
from engine.painters.beginnings import begin, set_steps
from engine.painters.layout import read_layout
from engine.painters.painter import Sketch
from engine.painters.prompts import PromptCache
from engine.painters.rows import Stacker, guide
from engine.painters.schedulers import Schedulers
from engine.painters.weights import choose_dtype, load_network, load_part, size_bytes
from studio.errors import BadParameter, ModelBroken, NotSupported


class UNetPainter:
    """Drives one model. A family says which networks it has, how it encodes words and what else its UNet is told.

    See `Painter` for who may call what from where.
    """

    networks: ClassVar[tuple[str, ...]]
    tokenizers: ClassVar[tuple[str, ...]] = ("tokenizer",)

    def __init__(self, entry: ModelEntry, folder: Path, *, device: torch.device) -> None:
        self.name = entry.name
        self.layout = read_layout(folder)
        self._entry = entry
        self._folder = folder
        self._device = device
        self._dtype = choose_dtype(entry.dtype, device)
        self._schedulers = Schedulers(folder)
        self._parts: dict[str, Any] = {}
        self._measured_bytes: int | None = None
        self._stacker = Stacker(device=device, dtype=self._dtype)
        self._prompts = PromptCache(self._encode_texts)
        # Width of the guidance embedding of a model that has guidance distilled into it, else None.
        self._distilled: int | None = read_json(folder / "unet" / "config.json").get("time_cond_proj_dim")

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
                name: load_network(self._folder, name, device=self._device, dtype=self._dtype)
                for name in self.networks
            }
        except torch.OutOfMemoryError as error:
            raise ModelBroken(
                f"The model {self.name} does not fit into the memory of this device."
            ) from error
        self._autoencoder = Autoencoder(networks["vae"], device=self._device)
        self._measured_bytes = size_bytes(networks.values())
        self._parts = networks | {name: load_part(self._folder, name) for name in self.tokenizers}

    def unload(self) -> None:
        self._parts = {}
        self._stacker.forget()
        self._prompts.forget()
        del self._autoencoder
        gc.collect()
        if self._device.type == "cuda":
            torch.cuda.empty_cache()

    # ---- a lane's beginning

    def scheduler_name(self, wanted: str | None) -> str:
        return self._schedulers.name(wanted or self._entry.scheduler)

    def sketch(self, sketch: Sketch) -> Lane:
        factor = self.layout.factor
        if sketch.width % factor or sketch.height % factor:
            raise BadParameter("width", f"and height must be multiples of {factor} for this model.")
        if sketch.adapters:
            raise NotSupported(model=self.name, operation="use adapters")
        lane = Lane(
            painter=self,
            sketch=sketch,
            key=self._key(sketch),
            scheduler=self._schedulers.new(sketch.scheduler or self._entry.scheduler),
            generator=torch.Generator().manual_seed(sketch.seed),
            timesteps=torch.empty(0),
            guided=sketch.guidance_scale > 1 and not self._distilled,
            start=to_pixels(sketch.start) if sketch.start else None,
            hole=to_hole(sketch.mask) if sketch.mask else None,
        )
        if lane.hole is None and self.layout.repaints:
            lane.hole = torch.ones(1, 1, sketch.height, sketch.width)
        set_steps(lane)
        return lane

    def prepare(self, lanes: Sequence[Lane]) -> None:
        known = self._prompts.find(text for lane in lanes for text in self._texts(lane))
        for lane in lanes:
            shared = self._shared_conditions(lane)
            words = [known[text] for text in self._texts(lane)]
            if lane.guided and not lane.sketch.negative_prompt:
                words[0] = self._without_words(known)
            lane.conditions = tuple({**each, **shared} for each in words)
        begin(lanes, layout=self.layout, autoencoder=self._autoencoder, device=self._device)

    # ---- steps

    def predict(self, lanes: Sequence[Lane]) -> Sequence[torch.Tensor]:
        rows = self._stacker.stack(lanes)
        answer = self._parts["unet"](
            rows.sample,
            rows.timesteps,
            encoder_hidden_states=rows.conditions["text"],
            timestep_cond=rows.conditions.get("guidance"),
            added_cond_kwargs=self._added(rows.conditions),
            return_dict=False,
        )[0]
        return guide(lanes, answer)

    def decode(self, lanes: Sequence[Lane]) -> Sequence[torch.Tensor]:
        latents = torch.cat([lane.latents for lane in lanes if lane.latents is not None])
        return list(self._autoencoder.decode(latents))

    def preview(self, lane: Lane) -> torch.Tensor:
        latents = lane.latents if lane.estimate is None else lane.estimate
        assert latents is not None  # noqa: S101 - a lane that has made a step
        return self._autoencoder.preview(latents)

    # ---- what a family says

    def _encode_texts(self, texts: Sequence[str]) -> list[Conditions]:
        """Conditions for each text, on the device, in the model's dtype."""
        raise NotImplementedError

    def _added(self, conditions: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor] | None:
        """Further conditions for the UNet, taken from the stacked rows."""
        raise NotImplementedError

    def _without_words(self, known: Mapping[str, Conditions]) -> Conditions:
        """What guidance leads away from when a person names nothing to avoid."""
        return known[""]

    def _shared_conditions(self, lane: Lane) -> Conditions:
        """What every row of a lane is told beside its words."""
        if not self._distilled:
            return {}
        embedded = embed_guidance(lane.sketch.guidance_scale - 1, width=self._distilled)
        return {"guidance": embedded.to(self._device, self._dtype)}

    # ---- shared parts

    def _key(self, sketch: Sketch) -> BatchKey:
        return BatchKey(
            model=self.name,
            width=sketch.width // self.layout.factor,
            height=sketch.height // self.layout.factor,
            adapters=sketch.adapters,
        )

    def _texts(self, lane: Lane) -> tuple[str, ...]:
        sketch = lane.sketch
        return (sketch.negative_prompt, sketch.prompt) if lane.guided else (sketch.prompt,)

    def _tokens(self, texts: Sequence[str], *, tokenizer: str, encoder: str) -> Any:
        """Ids and attention mask (n, length), cut to what the encoder can take."""
        cutter = self._parts[tokenizer]
        most = self._parts[encoder].config.max_position_embeddings
        return cutter(
            list(texts),
            padding="max_length",
            max_length=min(cutter.model_max_length, most),
            truncation=True,
            return_tensors="pt",
        ).to(self._device)


def embed_guidance(scale: float, *, width: int) -> torch.Tensor:
    """(width,); sinusoids of 1000 × scale, as in Meng et al., arXiv:2210.03142, and latent consistency models."""
    half = width // 2
    frequencies = torch.exp(
        torch.arange(half, dtype=torch.float32) * -(torch.log(torch.tensor(10000.0)) / (half - 1))
    )
    angles = scale * 1000.0 * frequencies
    embedded = torch.cat([torch.sin(angles), torch.cos(angles)])
    return torch.nn.functional.pad(embedded, (0, width - 2 * half))
