"""Calling a UNet: Stable Diffusion 1.x and 2.x, SDXL, Thimble."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from engine.adapters.components.batch_inputs import BatchRows
from engine.adapters.components.ip_adapter import IpAdapter
from engine.adapters.control.controlnets import ControlNets
from engine.adapters.loading.model_parts import LoadsNetworks, load_network, size_bytes
from engine.adapters.stepwise import DenoisingModel
from engine.batching.sample import Conditions, Sample
from engine.batching.sampling_params import SamplingParams
from engine.catalog.addons import IpAdapterEntry, is_on_hub
from engine.catalog.catalog import ModelEntry
from engine.catalog.model_files import INDEX, read_json
from studio.domain.requests import STRUCTURES
from studio.errors import NotSupportedError

# Conditions from the pictures of a sample, in the order of the IP-Adapter's two sets of tokens.
_SEEN = ("likeness", "styles")


class UNetModel(DenoisingModel):
    """A family defines the text encoders and the further conditions of its UNet."""

    def __init__(
        self,
        entry: ModelEntry,
        folder: Path,
        *,
        device: torch.device,
        loads: LoadsNetworks = load_network,
    ) -> None:
        super().__init__(entry, folder, device=device, loads=loads)
        # Width of the guidance embedding of a model that has guidance distilled into it, else None.
        self._distilled: int | None = read_json(folder / "unet" / "config.json").get("time_cond_proj_dim")
        # Its pipeline spreads all steps over the part of the schedule that a strength leaves.
        self._is_consistency_model = _pipeline_name(folder).startswith("LatentConsistency")
        self._ip_adapter: IpAdapter | None = None
        self._controlnets = ControlNets(entry.controlnets, model=entry.name, device=device, dtype=self._dtype)
        here = tuple(kind for kind in STRUCTURES if _is_here(entry, kind))
        self.layout = replace(self.layout, structures=here)
        # Without the adapter's files, variations start from the picture itself.
        adapter = entry.ip_adapter
        if adapter is not None and not (is_on_hub(adapter.source) or is_on_hub(adapter.encoder)):
            self.layout = replace(self.layout, has_image_encoder=True, has_ip_adapter=True)

    def load(self) -> None:
        super().load()
        if self._entry.ip_adapter is not None and self.layout.has_image_encoder:
            try:
                self._load_ip_adapter(self._entry.ip_adapter)
            except Exception:
                self.unload()
                raise

    def _load_ip_adapter(self, entry: IpAdapterEntry) -> None:
        unet = self._parts["unet"]
        self._ip_adapter = IpAdapter(entry, unet, model=self.name, device=self._device, dtype=self._dtype)
        self._measured_bytes = (self._measured_bytes or 0) + size_bytes(self._ip_adapter.networks)

    def unload(self) -> None:
        super().unload()
        self._ip_adapter = None
        self._controlnets.forget()

    @property
    def memory_bytes(self) -> int:
        return super().memory_bytes + self._controlnets.memory_bytes

    def new_sample(self, params: SamplingParams) -> Sample:
        if missing := [one.kind for one in params.controls if one.kind not in self.layout.structures]:
            raise NotSupportedError("structure", model=self.name, kind=missing[0])
        return super().new_sample(params)

    def prepare(self, samples: Sequence[Sample]) -> None:
        super().prepare(samples)
        for sample in samples:
            self._controlnets.prepare(sample, self._parts["unet"])

    def predict(self, samples: Sequence[Sample]) -> Sequence[torch.Tensor]:
        if self._ip_adapter is not None:
            self._ip_adapter.open(
                likeness=any(sample.params.likeness for sample in samples),
                styles=any(sample.params.styles for sample in samples),
            )
        return super().predict(samples)

    def _forward(self, rows: BatchRows) -> torch.Tensor:
        words = rows.conditions["text"]
        seen = [rows.conditions[name][:, None] for name in _SEEN if name in rows.conditions]
        added = self._added_conditions(rows.conditions)
        found = self._controlnets.residuals(rows, channels=self.layout.latent_channels, added=added)
        answer: torch.Tensor = self._parts["unet"](
            rows.sample,
            rows.timesteps,
            encoder_hidden_states=(words, seen) if seen else words,
            timestep_cond=rows.conditions.get("guidance"),
            added_cond_kwargs=added,
            down_block_additional_residuals=found.down if found else None,
            mid_block_additional_residual=found.middle if found else None,
            return_dict=False,
        )[0]
        return answer

    def _added_conditions(self, conditions: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor] | None:
        """Further conditions for the UNet, taken from the stacked rows."""
        return None

    def _is_guided(self, params: SamplingParams) -> bool:
        return params.guidance_scale > 1 and not self._distilled

    def _timing(self, sample: Sample) -> Mapping[str, Any]:
        if sample.start is None or not self._spreads_steps(sample.params):
            return {}
        return {"strength": min(sample.params.strength, 1.0)}

    def _skipped_steps(self, params: SamplingParams) -> int:
        return 0 if self._spreads_steps(params) else super()._skipped_steps(params)

    def _spreads_steps(self, params: SamplingParams) -> bool:
        return self._is_consistency_model and self.scheduler_name(params.scheduler) == "lcm"

    def _picture_conditions(self, sample: Sample) -> tuple[Conditions, Conditions]:
        if self._ip_adapter is None:
            return {}, {}
        pictures = (sample.params.likeness, sample.params.styles)
        away, towards = zip(*map(self._ip_adapter.tokens, pictures), strict=True)
        return dict(zip(_SEEN, away, strict=True)), dict(zip(_SEEN, towards, strict=True))

    def _shared_conditions(self, sample: Sample) -> Conditions:
        if not self._distilled:
            return {}
        embedded = embed_guidance(sample.params.guidance_scale - 1, width=self._distilled)
        return {"guidance": embedded.to(self._device, self._dtype)}


def _is_here(entry: ModelEntry, kind: str) -> bool:
    controlnet = entry.controlnets.get(kind)
    return controlnet is not None and Path(controlnet.source).expanduser().is_dir()


def _pipeline_name(folder: Path) -> str:
    return str(read_json(folder / INDEX)["_class_name"])


def embed_guidance(scale: float, *, width: int) -> torch.Tensor:
    """(width,); sinusoids of 1000 × scale, as in Meng et al., arXiv:2210.03142, and latent consistency models."""
    half = width // 2
    step = torch.log(torch.tensor(10000.0)) / (half - 1)
    angles = scale * 1000.0 * torch.exp(torch.arange(half, dtype=torch.float32) * -step)
    embedded = torch.cat([torch.sin(angles), torch.cos(angles)])
    return torch.nn.functional.pad(embedded, (0, width - 2 * half))
