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

    def _skipped_steps(self, params: SamplingParams) -> int:
        return int(max(params.steps - min(params.steps * params.strength, params.steps), 0))

    def _timing(self, sample: Sample) -> Mapping[str, Any]:
        if not sample.scheduler.config.get("use_dynamic_shifting"):
            return {}
        return {"mu": self._shift(sample)}

    def _shift(self, sample: Sample) -> float:
        """The schedule's shift for a number of patches; Esser et al., arXiv:2403.03206, section 5.3.2."""
        config = sample.scheduler.config
        patches = (sample.key.width // 2) * (sample.key.height // 2)
        few, many = config.get("base_image_seq_len", 256), config.get("max_image_seq_len", 4096)
        low, high = config.get("base_shift", 0.5), config.get("max_shift", self.largest_shift)
        slope = (high - low) / (many - few)
        shift: float = patches * slope + (low - slope * few)
        return shift
