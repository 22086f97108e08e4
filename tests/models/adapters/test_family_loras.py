"""LoRAs over the families whose words a language model reads: each changes its own samples and leaves no trace."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import FluxKontextPipeline

from engine.adapters.families.qwen_image_edit import QwenImageEditPlusModel
from engine.adapters.registry import new_model
from engine.catalog.addons import LoraEntry
from engine.catalog.entries import ModelEntry
from tests.support.stock_pipelines import TOLERANCE, batcher_with, paint_together, params
from tests.support.tiny_addons import save_lora
from tests.support.tiny_editors import noise, save_qwen_image_edit
from tests.support.tiny_models import save_chroma, save_flux
from tests.support.tiny_pipelines import (
    save_flux2_dev,
    save_flux2_klein,
    save_qwen_image,
    save_z_image,
)

pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:`FluxPosEmbed` is deprecated:FutureWarning"),
]

SAVE: dict[str, Callable[[Path], Path]] = {
    "chroma": save_chroma,
    "flux-kontext": partial(save_flux, pipeline=FluxKontextPipeline),
    "flux2": save_flux2_dev,
    "flux2-klein": save_flux2_klein,
    "qwen-image": save_qwen_image,
    "qwen-image-edit-plus": partial(save_qwen_image_edit, pipeline="QwenImageEditPlusPipeline"),
    "z-image": save_z_image,
}


@pytest.mark.thorough("chroma", "flux2-klein", "qwen-image")
@pytest.mark.parametrize("family", SAVE)
def test_a_lora_changes_its_own_samples_and_leaves_no_trace(
    family: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QwenImageEditPlusModel, "reference_area", 32 * 32)
    monkeypatch.setattr(QwenImageEditPlusModel, "seen_area", 32 * 32)
    folder = SAVE[family](tmp_path / "model")
    lora = save_lora(folder, tmp_path / "ink.safetensors", family=family)
    entry = ModelEntry(
        name="tiny",
        source=str(folder),
        family=family,
        dtype="float32",
        loras={"ink": LoraEntry(source=str(lora))},
    )
    model: Any = new_model(entry, folder, device=torch.device("cpu"))
    model.load()
    seen = (noise(1),) if model.layout.can.needs_reference else ()
    params_list = [params(1, references=seen, steps=2, adapters=worn) for worn in ((), (("ink", 0.8),), ())]
    before, ink, after = (
        sample.picture.numpy() for sample in paint_together(batcher_with(model), params_list, model)
    )
    assert np.abs(before - after).max() == 0
    assert np.abs(before - ink).max() > 10 * TOLERANCE
