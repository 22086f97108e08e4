"""ControlNets: a picture's edges, depth or pose beside the words (Zhang et al., arXiv:2302.05543).

diffusers' pipelines give every picture of a batch the same map and the same scale. Here each sample has its own. The
network runs for the rows that have a map; the others get zeros, to which the UNet adds exactly nothing. So all of them
share the UNet's forward pass.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import ControlNetModel
from PIL import Image
from torch import nn

from engine.adapters.components.batch_inputs import BatchRows
from engine.adapters.loading.model_parts import LOADING, memory_format, quiet, size_bytes
from engine.batching.sample import Control, Sample
from engine.catalog.addons import ControlNetEntry
from engine.catalog.model_files import loaded_weights
from studio.errors import ModelLoadError

# What must be equal for its answers to fit into a UNet.
_SHAPE = (
    "in_channels",
    "block_out_channels",
    "layers_per_block",
    "cross_attention_dim",
    "addition_embed_type",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Residuals:
    """What the UNet adds to the outputs of its levels, from the highest down, and of its middle; a row for each."""

    down: tuple[torch.Tensor, ...]
    middle: torch.Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stack:
    """The rows with a map of one kind, while the same samples stay together: nothing is uploaded at a step."""

    samples: tuple[Sample, ...]
    index: torch.Tensor | None  # None: all rows
    maps: torch.Tensor
    scales: torch.Tensor


class ControlNets:
    """The networks of one model by kind, each loaded when a sample first asks for it. For the batcher's thread."""

    def __init__(
        self, entries: Mapping[str, ControlNetEntry], *, model: str, device: torch.device, dtype: torch.dtype
    ) -> None:
        self._entries = entries
        self._model = model
        self._device, self._dtype = device, dtype
        self._networks: dict[str, Any] = {}
        self._embeddings: dict[str, nn.Module] = {}
        self._stacks: dict[str, _Stack] = {}

    @property
    def memory_bytes(self) -> int:
        return size_bytes([*self._networks.values(), *self._embeddings.values()])

    def forget(self) -> None:
        self._networks, self._embeddings, self._stacks = {}, {}, {}

    def prepare(self, sample: Sample, unet: Any) -> None:
        """Encode the maps of a sample, once for all its steps. Raises `ModelLoadError`."""
        controls = []
        for control in sample.params.controls:
            if control.kind not in self._networks:
                self._load(control.kind, unet)
            pixels = to_map(control.picture).to(self._device, self._dtype)
            scale = self._entries[control.kind].scale * control.amount
            embedded = self._embeddings[control.kind](pixels)
            controls.append(Control(kind=control.kind, embedded=embedded, scale=scale))
        sample.controls = tuple(controls)

    def residuals(
        self, rows: BatchRows, *, channels: int, added: Mapping[str, torch.Tensor] | None
    ) -> Residuals | None:
        """None where no row has a map. Of the input the first `channels` are latents."""
        kinds = dict.fromkeys(control.kind for sample in rows.samples for control in sample.controls)
        total: Residuals | None = None
        for kind in kinds:
            total = self._add(total, self._answer(kind, rows, channels, added), rows, self._stacks[kind])
        return total

    def _answer(
        self, kind: str, rows: BatchRows, channels: int, added: Mapping[str, torch.Tensor] | None
    ) -> list[torch.Tensor]:
        stack = self._stack(kind, rows)

        def pick(value: torch.Tensor) -> torch.Tensor:
            return value if stack.index is None else value.index_select(0, stack.index)

        down, middle = self._networks[kind](
            pick(rows.sample[:, :channels]),
            pick(rows.timesteps),
            encoder_hidden_states=pick(rows.conditions["text"]),
            controlnet_cond=stack.maps,
            added_cond_kwargs=None if added is None else {name: pick(one) for name, one in added.items()},
            return_dict=False,
        )
        return [answer * stack.scales for answer in (*down, middle)]

    def _stack(self, kind: str, rows: BatchRows) -> _Stack:
        known = self._stacks.get(kind)
        if known is not None and known.samples == rows.samples:
            return known
        of_rows = [*rows.samples, *(rows.samples[place] for place in rows.guidance.guided)]
        found = [
            (place, control)
            for place, sample in enumerate(of_rows)
            for control in sample.controls
            if control.kind == kind
        ]
        places = [place for place, _ in found]
        scales = torch.tensor([control.scale for _, control in found], device=self._device, dtype=self._dtype)
        self._stacks[kind] = _Stack(
            samples=rows.samples,
            index=torch.tensor(places, device=self._device) if len(places) < len(of_rows) else None,
            maps=torch.cat([control.embedded for _, control in found]),
            scales=scales.view(-1, 1, 1, 1),
        )
        return self._stacks[kind]

    def _add(
        self, total: Residuals | None, answers: Sequence[torch.Tensor], rows: BatchRows, stack: _Stack
    ) -> Residuals:
        if stack.index is not None:
            answers = [
                answer.new_zeros(len(rows.sample), *answer.shape[1:]).index_copy_(0, stack.index, answer)
                for answer in answers
            ]
        if total is not None:
            answers = [one + other for one, other in zip((*total.down, total.middle), answers, strict=True)]
        return Residuals(down=tuple(answers[:-1]), middle=answers[-1])

    def _load(self, kind: str, unet: Any) -> None:
        folder = Path(self._entries[kind].source).expanduser()
        quiet()
        try:
            with LOADING:
                network = ControlNetModel.from_pretrained(
                    folder,
                    torch_dtype=self._dtype,
                    use_safetensors=True,
                    variant=loaded_weights(folder)[0],
                )
                network.requires_grad_(False).eval()
                network.to(device=self._device, memory_format=memory_format(network))
        except torch.OutOfMemoryError:
            raise
        except Exception as error:  # whatever a library throws at a damaged file
            raise ModelLoadError(
                f"The ControlNet for {kind} of the model {self._model} is missing or damaged."
            ) from error
        self._require_fit(kind, network.config, unet.config)
        # Maps are encoded once for a sample instead of once for every step.
        self._embeddings[kind] = network.controlnet_cond_embedding
        network.controlnet_cond_embedding = nn.Identity()
        self._networks[kind] = network

    def _require_fit(self, kind: str, config: Any, unet: Any) -> None:
        differs = any(_plain(config.get(name)) != _plain(unet.get(name)) for name in _SHAPE[1:])
        ours = config.get("in_channels") in {unet.get("in_channels"), unet.get("out_channels")}
        if differs or not ours:
            raise ModelLoadError(f"The ControlNet for {kind} was made for another model than {self._model}.")
        if (
            config.get("global_pool_conditions")
            or config.get("controlnet_conditioning_channel_order") != "rgb"
        ):
            raise ModelLoadError(
                f"The ControlNet for {kind} of the model {self._model} is of an unknown kind."
            )


def _plain(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def to_map(picture: Image.Image) -> torch.Tensor:
    """RGB → (1, 3, height, width) in [0, 1]."""
    pixels = np.asarray(picture.convert("RGB"), dtype=np.float32) / 255
    return torch.from_numpy(pixels).permute(2, 0, 1)[None].contiguous()
