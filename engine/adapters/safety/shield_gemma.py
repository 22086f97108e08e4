"""ShieldGemma 2 from a local folder: how likely a picture breaks each of the three policies that it was trained on.

The folder is a download of a ShieldGemma 2 checkpoint with its processor, as `transformers` saves both. Nothing is
fetched over the network.
"""

import threading
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from PIL import Image

POLICIES = ("dangerous", "sexual", "violence")  # the checkpoint's own names
MODEL_TYPE = "shieldgemma2"


class ShieldGemma:
    """Loaded at the first picture. Safe for many threads, which take turns."""

    def __init__(self, folder: Path, *, device: str | None = None) -> None:
        """`device` is one of torch's; None: CUDA where there is any, else the CPU."""
        self._folder = folder
        self._device = device
        self._lock = threading.Lock()

    def judge(self, image: Image.Image) -> Mapping[str, float]:
        """The probability, from 0 to 1, that an RGB picture breaks each of `POLICIES`.

        Raises ValueError for a folder of another model or an answer that is none, and whatever transformers raises for
        one that it cannot load.
        """
        import torch

        with self._lock, torch.inference_mode():
            processor, model = self._loaded
            inputs = processor(images=[image], policies=list(POLICIES), return_tensors="pt").to(model.device)
            probabilities = model(**inputs).probabilities[:, 0].float().tolist()
        if len(probabilities) != len(POLICIES) or not all(0 <= share <= 1 for share in probabilities):
            raise ValueError("ShieldGemma answered with no probabilities")
        return dict(zip(POLICIES, map(float, probabilities), strict=True))

    @cached_property
    def _loaded(self) -> tuple[Any, Any]:
        import torch
        from transformers import AutoConfig, ShieldGemma2ForImageClassification, ShieldGemma2Processor

        config = AutoConfig.from_pretrained(self._folder, local_files_only=True)
        if config.model_type != MODEL_TYPE:
            raise ValueError(f"{self._folder} holds a {config.model_type} model, not {MODEL_TYPE}")
        device = self._device or ("cuda" if torch.cuda.is_available() else "cpu")
        dtype = torch.bfloat16 if device.startswith("cuda") else torch.float32
        processor = ShieldGemma2Processor.from_pretrained(self._folder, local_files_only=True)
        model = ShieldGemma2ForImageClassification.from_pretrained(
            self._folder, dtype=dtype, local_files_only=True
        )
        return processor, model.to(device).eval()
