"""A safety model from a local folder, whichever of the known ones its checkpoint is."""

import json
from collections.abc import Mapping
from pathlib import Path

from PIL import Image

from engine.adapters.safety import llava_guard, shield_gemma

# ShieldGemma's own policies, as categories of the moderation policy.
_SHIELD_GEMMA = {"dangerous": "illegal", "sexual": "sexual", "violence": "violence"}


class LocalGuard:
    """ShieldGemma 2 or LlavaGuard, told apart and loaded at the first picture. Safe for many threads."""

    def __init__(self, folder: Path, *, device: str | None = None) -> None:
        """`device` is one of torch's; None: CUDA where there is any, else the CPU."""
        self._folder = folder
        self._shield_gemma = shield_gemma.ShieldGemma(folder, device=device)
        self._llava_guard = llava_guard.LlavaGuard(folder, device=device)

    def judge(self, image: Image.Image) -> Mapping[str, float]:
        """How likely an RGB picture belongs to each category, from 0 to 1, by the category's name in a policy file.

        Raises ValueError for a folder of another model, and whatever the model raises.
        """
        match read_model_type(self._folder):
            case shield_gemma.MODEL_TYPE:
                found = self._shield_gemma.judge(image)
                return {_SHIELD_GEMMA[policy]: score for policy, score in found.items()}
            case name if name in llava_guard.MODEL_TYPES:
                return self._llava_guard.judge(image)
            case other:
                raise ValueError(
                    f"{self._folder} holds {other or 'no'} model, not ShieldGemma 2 or LlavaGuard"
                )


def read_model_type(folder: Path) -> str:
    """What the checkpoint's ``config.json`` says; empty where there is none."""
    try:
        config = json.loads((folder / "config.json").read_text("utf-8"))
    except (OSError, ValueError):
        return ""
    name = config.get("model_type") if isinstance(config, dict) else None
    return name if isinstance(name, str) else ""
