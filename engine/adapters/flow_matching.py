"""What models trained by flow matching have in common: Flux and Stable Diffusion 3."""

from collections.abc import Mapping
from typing import Any, ClassVar

from engine.adapters.stepwise import DenoisingModel
from engine.batching.sample import Sample
from engine.batching.sampling_params import SamplingParams


class FlowMatchingModel(DenoisingModel):
    denoiser: ClassVar[str] = "transformer"
    # Where a scheduler's configuration does not say: how far larger pictures shift the schedule towards noise.
    largest_shift: ClassVar[float] = 1.15

    def _skipped(self, sketch: SamplingParams) -> int:
        return int(max(sketch.steps - min(sketch.steps * sketch.strength, sketch.steps), 0))

    def _timing(self, lane: Sample) -> Mapping[str, Any]:
        if not lane.scheduler.config.get("use_dynamic_shifting"):
            return {}
        return {"mu": self._shift(lane)}

    def _shift(self, lane: Sample) -> float:
        """The schedule's shift for a number of patches; Esser et al., arXiv:2403.03206, section 5.3.2."""
        said = lane.scheduler.config
        patches = (lane.key.width // 2) * (lane.key.height // 2)
        few, many = said.get("base_image_seq_len", 256), said.get("max_image_seq_len", 4096)
        low, high = said.get("base_shift", 0.5), said.get("max_shift", self.largest_shift)
        slope = (high - low) / (many - few)
        shift: float = patches * slope + (low - slope * few)
        return shift
