"""Pipelines that make one area of every size: what comes out is known beforehand."""

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
from diffusers.pipelines.longcat_image.pipeline_longcat_image_edit import calculate_dimensions
from PIL import Image

from engine.catalog.capabilities import capabilities_of
from engine.catalog.catalog import ModelEntry
from engine.catalog.geometry import Layout, read_any_layout, size_of_area
from engine.generation.prepare_inputs import prepare_inputs
from engine.generation_task import GenerationTask
from studio.domain.requests import Operation, PaintRequest

AREA = 1024 * 1024
ENTRY = ModelEntry(name="fixed", source="/any", family="pipeline", width=1024, height=1024)
LAYOUT = Layout(
    factor=8,
    grid=16,
    multiple=32,
    latent_channels=16,
    input_channels=16,
    sample_pixels=1024,
    can=capabilities_of("HiDreamImagePipeline"),
)


def as_hidream_does_it(width: int, height: int) -> tuple[int, int]:
    scale = math.sqrt(AREA / (width * height))
    return int(width * scale // 16 * 16), int(height * scale // 16 * 16)


@pytest.mark.parametrize("ratio", [0.25, 0.5, 0.66, 0.75, 1.0, 1.33, 1.5, 1.78, 2.39, 4.0])
def test_the_pipeline_makes_the_same_size_of_its_own_answer(ratio: float) -> None:
    size = size_of_area(AREA, ratio, multiple=16)
    assert as_hidream_does_it(*size) == size
    assert size[0] / size[1] == pytest.approx(ratio, rel=0.06)


@pytest.mark.parametrize("size", [(640, 480), (1000, 1000), (4000, 1000), (333, 777), (2048, 1152)])
def test_longcat_makes_the_size_of_its_answer_that_inputs_have(size: tuple[int, int]) -> None:
    layout = replace(LAYOUT, can=capabilities_of("LongCatImageEditPipeline"))
    request = PaintRequest(operation=Operation.EDIT, seed=5, prompt="make it winter")
    task = GenerationTask(job_id="j", person="p", request=request, sources=[Image.new("RGB", size)])
    inputs = prepare_inputs(task, 0, entry=ENTRY, layout=layout, prior=None)
    assert calculate_dimensions(AREA, inputs.width / inputs.height) == (inputs.width, inputs.height)
    assert inputs.width / inputs.height == pytest.approx(size[0] / size[1], rel=0.06)
    assert AREA <= inputs.width * inputs.height < 1.06 * AREA


@pytest.mark.parametrize(
    ("wishes", "size"),
    [
        ({}, (1024, 1024)),
        ({"width": 512, "height": 512}, (1024, 1024)),
        ({"aspect": "16:9"}, size_of_area(AREA, 16 / 9, multiple=16)),
    ],
)
def test_inputs_have_the_size_that_comes_out(wishes: dict[str, object], size: tuple[int, int]) -> None:
    request = PaintRequest(operation=Operation.IMAGINE, seed=5, prompt="a boat", **wishes)  # type: ignore[arg-type]
    task = GenerationTask(job_id="j", person="p", request=request)
    inputs = prepare_inputs(task, 0, entry=ENTRY, layout=LAYOUT, prior=None)
    assert (inputs.width, inputs.height) == size


@pytest.mark.parametrize(
    ("pipeline", "first_stage", "grid"),
    [
        ("GlmImagePipeline", {"block_out_channels": [8, 8, 8, 8]}, 32),
        ("QwenImage21Pipeline", {}, 32),
        ("HunyuanImagePipeline", {"spatial_compression_ratio": 32, "block_out_channels": [8] * 5}, 64),
        ("Lumina2Pipeline", {"block_out_channels": [8, 8, 8, 8]}, 16),
    ],
)
def test_sizes_are_multiples_that_a_pipeline_neither_refuses_nor_cuts(
    pipeline: str, first_stage: dict[str, object], grid: int, tmp_path: Path
) -> None:
    (tmp_path / "vae").mkdir()
    (tmp_path / "vae" / "config.json").write_text(json.dumps(first_stage))
    index = {"_class_name": pipeline, "vae": ["diffusers", "AutoencoderKL"]}
    (tmp_path / "model_index.json").write_text(json.dumps(index))
    layout = read_any_layout(tmp_path)
    request = PaintRequest(operation=Operation.IMAGINE, seed=5, prompt="a boat", width=1000, height=720)
    task = GenerationTask(job_id="j", person="p", request=request)
    inputs = prepare_inputs(task, 0, entry=ENTRY, layout=layout, prior=None)
    assert layout.grid == grid
    assert inputs.width % grid == inputs.height % grid == 0
