"""What the whole-call pipelines of diffusers make of guidance, sizes and steps, and which folders are refused."""

import json
from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import pytest
import torch
from diffusers import (
    FluxFillPipeline,
    FluxKontextPipeline,
    StableDiffusionInstructPix2PixPipeline,
)
from diffusers.pipelines.longcat_image import pipeline_longcat_image_edit

from engine.adapters.loading.pipeline_classes import guidance_name
from engine.adapters.loading.unsupported_models import check_runnable
from engine.adapters.registry import new_model
from engine.adapters.whole_pipeline import PipelineModel
from engine.batching.sampling_params import SamplingParams
from engine.catalog.entries import ModelEntry
from studio.errors import ModelLoadError, NotSupportedError
from tests.support.sentences import raises
from tests.support.stock_pipelines import batcher_with, hole, paint_together, picture
from tests.support.tiny_editors import make_longcat, save_pix2pix
from tests.support.tiny_image_encoders import QUIET
from tests.support.tiny_models import (
    save_flux,
)
from tests.support.tiny_pipelines import save_sana_sprint
from tests.support.tiny_whole_models import WHOLE_MODELS

pytestmark = QUIET


def load(folder: Path) -> Any:
    entry = ModelEntry(name="whole", source=str(folder), family="pipeline", dtype="float32")
    model = new_model(entry, folder, device=torch.device("cpu"))
    model.load()
    return model


def params(**changes: Any) -> SamplingParams:
    plain = {"prompt": "a red apple", "seed": 1, "width": 32, "height": 32, "steps": 2, "guidance_scale": 3.0}
    return SamplingParams(**{**plain, **changes})


def painted(model: Any, **changes: Any) -> np.ndarray:
    (sample,) = paint_together(batcher_with(model), [params(**changes)], model)
    return sample.picture.permute(1, 2, 0).numpy()


def count_calls(network: torch.nn.Module) -> list[int]:
    calls: list[int] = []
    network.register_forward_pre_hook(lambda *_: calls.append(1))
    return calls


def test_guidance_of_kontext_is_the_distilled_one_and_calls_its_transformer_once_a_step(
    tmp_path: Path,
) -> None:
    model = load(save_flux(tmp_path, pipeline=FluxKontextPipeline))
    painted(model)
    calls = count_calls(model._pipelines["imagine"].transformer)
    plain, strong = (painted(model, guidance_scale=scale, negative_prompt="fog") for scale in (1.0, 4.0))
    assert len(calls) == 4
    assert np.abs(plain - strong).max() > 1e-5


def test_guidance_of_qwen_image_is_true_guidance() -> None:
    assert guidance_name(diffusers.QwenImagePipeline) == "true_cfg_scale"
    assert guidance_name(diffusers.FluxPipeline) == "guidance_scale"


def test_kontext_paints_the_size_that_was_asked_for(tmp_path: Path) -> None:
    model = load(save_flux(tmp_path, pipeline=FluxKontextPipeline))
    assert painted(model, width=48, height=24).shape == (24, 48, 3)


def test_flux_fill_edits_a_region_and_says_that_it_cannot_do_more(tmp_path: Path) -> None:
    folder = save_flux(tmp_path, pipeline=FluxFillPipeline, in_channels=16 * 2 + 4 * 4 * 4)
    model = load(folder)
    assert painted(model, start=picture(1), mask=hole()).shape == (32, 32, 3)
    with raises(NotSupportedError, match="It can do: edit"):
        model.new_sample(params())


@pytest.mark.parametrize("steps", [1, 2, 4])
def test_sana_sprint_takes_any_number_of_steps(steps: int, tmp_path: Path) -> None:
    assert painted(load(save_sana_sprint(tmp_path)), steps=steps).shape == (32, 32, 3)


def test_instruct_pix2pix_edits_by_words_as_the_stock_pipeline(tmp_path: Path) -> None:
    folder = save_pix2pix(tmp_path)
    stock = StableDiffusionInstructPix2PixPipeline.from_pretrained(folder, safety_checker=None)
    stock.set_progress_bar_config(disable=True)
    wanted = stock(
        "make it winter",
        image=picture(1),
        num_inference_steps=2,
        guidance_scale=3.0,
        generator=torch.Generator().manual_seed(1),
        output_type="np",
    ).images[0]
    model = load(folder)
    found = painted(model, prompt="make it winter", references=(picture(1),))
    assert np.abs(found - wanted).max() < 1e-4
    with raises(NotSupportedError, match="without a picture"):
        model.new_sample(params())


def test_longcat_edits_by_words_as_the_stock_pipeline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = pipeline_longcat_image_edit.calculate_dimensions
    monkeypatch.setattr(
        pipeline_longcat_image_edit, "calculate_dimensions", lambda _area, ratio: sizes(64 * 64, ratio)
    )
    pipeline = make_longcat()
    pipeline.set_progress_bar_config(disable=True)
    options = {"num_inference_steps": 2, "guidance_scale": 3.0, "output_type": "np"}
    generator = torch.Generator().manual_seed(1)
    seen = picture(1, 80, 64)
    wanted = pipeline(seen, "make it winter", generator=generator, **options).images[0]
    monkeypatch.setattr(
        "engine.adapters.loading.unsupported_models.importlib.util.find_spec", lambda name: name
    )
    monkeypatch.setattr(PipelineModel, "_load", lambda *_args, **_parts: pipeline)
    pipeline.vae.save_config(tmp_path / "vae")
    parts = {name: ["any", "Any"] for name in pipeline.components}
    model = load(index_of(tmp_path, {"_class_name": "LongCatImageEditPipeline", **parts}))
    found = painted(model, prompt="make it winter", references=(seen,), width=80, height=64)
    assert np.abs(found - wanted).max() < 1e-4
    with raises(NotSupportedError, match="without a picture"):
        model.new_sample(params())


@pytest.mark.parametrize("name", WHOLE_MODELS)
def test_newer_families_paint_what_their_stock_pipeline_paints(name: str, tmp_path: Path) -> None:
    folder = WHOLE_MODELS[name](tmp_path / "model")
    stock, model = diffusers.DiffusionPipeline.from_pretrained(folder), load(folder)
    stock.set_progress_bar_config(disable=True)
    if name == "hidream":  # It makes one area of every size: a small one here.
        for pipeline in (stock, model._pipelines["imagine"]):
            pipeline.default_sample_size = 8
    wanted = stock(
        "a red apple",
        width=32,
        height=32,
        num_inference_steps=2,
        guidance_scale=3.0,
        generator=torch.Generator().manual_seed(1),
        output_type="np",
    ).images[0]
    found, weaker = painted(model), painted(model, guidance_scale=1.5)
    assert found.shape == (32, 32, 3)
    assert np.abs(found - wanted).max() < 1e-4
    assert np.abs(found - weaker).max() > 1e-5


def index_of(folder: Path, content: dict[str, Any], *, name: str = "model_index.json") -> Path:
    (folder / name).write_text(json.dumps(content))
    return folder


REFINER = {"_class_name": "StableDiffusionXLImg2ImgPipeline", "requires_aesthetics_score": True}
HIDREAM = {
    "_class_name": "HiDreamImagePipeline",
    "text_encoder_4": [None, None],
    "tokenizer_4": [None, None],
    **{
        name: ["transformers", "Any"]
        for name in (
            *("scheduler", "vae", "transformer", "text_encoder", "text_encoder_2", "text_encoder_3"),
            *("tokenizer", "tokenizer_2", "tokenizer_3"),
        )
    },
}


@pytest.mark.parametrize(
    ("index", "family", "reason"),
    [
        (REFINER, "sdxl", "is the refiner of SDXL"),
        (HIDREAM, "pipeline", "lacks text_encoder_4, tokenizer_4"),
        ({"_class_name": "StableDiffusionControlNetPipeline"}, "pipeline", "along a control picture"),
        ({"_class_name": "PipelineOfTomorrow"}, "pipeline", "which diffusers .* does not have"),
    ],
    ids=[
        "the refiner",
        "HiDream without Llama",
        "a pipeline with a ControlNet",
        "a class of a later version",
    ],
)
def test_a_folder_that_cannot_paint_is_refused_with_the_reason(
    index: dict[str, Any], family: str, reason: str, tmp_path: Path
) -> None:
    with raises(ModelLoadError, match=reason):
        check_runnable(index_of(tmp_path, index), family=family)


def test_a_folder_with_a_controlnet_alone_is_refused_with_the_reason(tmp_path: Path) -> None:
    folder = index_of(tmp_path, {"_class_name": "ControlNetModel"}, name="config.json")
    with raises(ModelLoadError, match="is a ControlNet alone"):
        check_runnable(folder, family="auto")


def test_a_model_whose_processor_wants_torchvision_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "engine.adapters.loading.unsupported_models.importlib.util.find_spec", lambda name: None
    )
    index = {
        "_class_name": "LongCatImageEditPipeline",
        "text_processor": ["transformers", "Qwen2VLProcessor"],
    }
    index |= {name: ["x", "Y"] for name in ("scheduler", "vae", "text_encoder", "tokenizer", "transformer")}
    with raises(ModelLoadError, match="pip install torchvision"):
        check_runnable(index_of(tmp_path, index), family="pipeline")
