"""The Stable Diffusion layout: CLIP text encoder, UNet, AutoencoderKL. 1.x, 2.x, Turbo, LCM, inpainting, Thimble."""

import gc
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from engine.easel.lane import BatchKey, Conditions, Lane
from engine.model_catalog import ModelEntry
from engine.painters.autoencoder import Autoencoder, to_hole, to_pixels
from engine.painters.beginnings import begin, set_steps
from engine.painters.layout import read_layout
from engine.painters.painter import Sketch
from engine.painters.prompts import PromptCache
from engine.painters.rows import Stacker, guide
from engine.painters.schedulers import Schedulers
from engine.painters.weights import choose_dtype, load_network, load_part, size_bytes
from studio.errors import BadParameter, ModelBroken, NotSupported


class StableDiffusionPainter:
    """Drives one model of the layout. See `Painter` for who may call what from where."""

    def __init__(self, entry: ModelEntry, folder: Path, *, device: torch.device) -> None:
        self.name = entry.name
        self.layout = read_layout(folder)
        self._entry = entry
        self._folder = folder
        self._device = device
        self._dtype = choose_dtype(entry.dtype, device)
        self._schedulers = Schedulers(folder)
        self._networks: dict[str, Any] = {}
        self._measured_bytes: int | None = None
        self._stacker = Stacker(device=device, dtype=self._dtype)
        self._prompts = PromptCache(self._encode_texts)
        self._distilled = self._read_distilled()

    # ---- memory

    @property
    def loaded(self) -> bool:
        return bool(self._networks)

    @property
    def memory_bytes(self) -> int:
        return self._measured_bytes or int(self._entry.memory_gib * 2**30)

    def load(self) -> None:
        try:
            networks = self._load_networks()
        except torch.OutOfMemoryError as error:
            raise ModelBroken(
                f"The model {self.name} does not fit into the memory of this device."
            ) from error
        self._autoencoder = Autoencoder(networks["vae"], device=self._device)
        self._measured_bytes = size_bytes(
            network for name, network in networks.items() if name != "tokenizer"
        )
        self._networks = networks

    def unload(self) -> None:
        self._networks = {}
        self._stacker.forget()
        self._prompts.forget()
        del self._autoencoder
        gc.collect()
        if self._device.type == "cuda":
            torch.cuda.empty_cache()

    def _load_networks(self) -> dict[str, Any]:
        names = ("text_encoder", "unet", "vae")
        networks = {
            name: load_network(self._folder, name, device=self._device, dtype=self._dtype) for name in names
        }
        return networks | {"tokenizer": load_part(self._folder, "tokenizer")}

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
        texts = [text for lane in lanes for text in self._texts(lane)]
        known = self._prompts.find(texts)
        for lane in lanes:
            lane.conditions = tuple({**known[text], **self._extras(lane)} for text in self._texts(lane))
        begin(lanes, layout=self.layout, autoencoder=self._autoencoder, device=self._device)

    # ---- steps

    def predict(self, lanes: Sequence[Lane]) -> Sequence[torch.Tensor]:
        rows = self._stacker.stack(lanes)
        answer = self._networks["unet"](
            rows.sample,
            rows.timesteps,
            encoder_hidden_states=rows.conditions["text"],
            timestep_cond=rows.conditions.get("guidance"),
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

    # ---- words

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

    def _encode_texts(self, texts: Sequence[str]) -> list[Conditions]:
        tokenizer, encoder = self._networks["tokenizer"], self._networks["text_encoder"]
        tokens = tokenizer(
            list(texts),
            padding="max_length",
            max_length=min(tokenizer.model_max_length, encoder.config.max_position_embeddings),
            truncation=True,
            return_tensors="pt",
        )
        masked = getattr(encoder.config, "use_attention_mask", False)
        mask = tokens.attention_mask.to(self._device) if masked else None
        hidden = encoder(tokens.input_ids.to(self._device), attention_mask=mask)[0].to(self._dtype)
        return [{"text": each} for each in hidden]

    def _read_distilled(self) -> int | None:
        """Width of the guidance embedding of a model that has guidance distilled into it, else None."""
        from engine.model_folders import read_json

        width = read_json(self._folder / "unet" / "config.json").get("time_cond_proj_dim")
        return int(width) if width else None

    def _extras(self, lane: Lane) -> Conditions:
        if not self._distilled:
            return {}
        embedded = embed_guidance(lane.sketch.guidance_scale - 1, width=self._distilled)
        return {"guidance": embedded.to(self._device, self._dtype)}


def embed_guidance(scale: float, *, width: int) -> torch.Tensor:
    """(width,); sinusoids of 1000 × scale, as in Meng et al., arXiv:2210.03142, and latent consistency models."""
    half = width // 2
    frequencies = torch.exp(
        torch.arange(half, dtype=torch.float32) * -(torch.log(torch.tensor(10000.0)) / (half - 1))
    )
    angles = scale * 1000.0 * frequencies
    embedded = torch.cat([torch.sin(angles), torch.cos(angles)])
    return torch.nn.functional.pad(embedded, (0, width - 2 * half))
