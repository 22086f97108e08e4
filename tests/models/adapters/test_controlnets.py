"""Pictures that follow edges, depth or pose: each sample its own maps, as diffusers' pipelines paint them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import pytest
import torch
from PIL import Image

from engine.batching.model_protocols import Model
from engine.batching.sampling_params import ControlMap, SamplingParams
from engine.catalog.addons import ControlNetEntry
from studio.errors import ModelLoadError, NotSupportedError
from tests.models.adapters.test_addons import far, hand_in, load, painted, params, picture
from tests.support.sentences import raises
from tests.support.tiny_addons import save_controlnet
from tests.support.tiny_models import save_sd, save_sdxl

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

TOLERANCE = 1e-4
SCALE = 0.7  # of the entry's network for depth
KINDS = ("edges", "depth")


def control(kind: str, seed: int, amount: float = 1.0) -> ControlMap:
    return ControlMap(kind=kind, picture=picture(seed).resize((32, 32)), amount=amount)


class Setup:
    def __init__(self, family: str, place: Path) -> None:
        self.family = family
        self.folder = (save_sd if family == "sd" else save_sdxl)(place / family)
        self.folders = {
            kind: save_controlnet(place / f"{family}-{kind}", self.folder, seed=number)
            for number, kind in enumerate(KINDS)
        }
        scales = {"edges": 1.0, "depth": SCALE}
        self.entries = {
            kind: ControlNetEntry(source=str(folder), scale=scales[kind])
            for kind, folder in self.folders.items()
        }

    def stock(self, inputs: SamplingParams) -> np.ndarray:
        """The plain pipeline where nothing is followed, the one with ControlNets else."""
        kinds = [one.kind for one in inputs.controls]
        kind: Any = getattr(diffusers, self._class_name(bool(kinds), bool(inputs.start)))
        extra: dict[str, Any] = (
            {"requires_safety_checker": False} if self.family == "sd" else {"add_watermarker": False}
        )
        if kinds:
            networks = [diffusers.ControlNetModel.from_pretrained(self.folders[one]) for one in kinds]
            extra["controlnet"] = networks
        pipeline = kind.from_pretrained(self.folder, **extra)
        pipeline.set_progress_bar_config(disable=True)
        maps: list[Image.Image] = [one.picture for one in inputs.controls]
        options: dict[str, Any] = {}
        if kinds:
            options["controlnet_conditioning_scale"] = [
                one.amount * self.entries[one.kind].scale for one in inputs.controls
            ]
        if inputs.start:
            options |= {"image": inputs.start, "strength": inputs.strength}
            options |= {"control_image": maps} if kinds else {}
        elif kinds:
            options["image"] = maps
        size = {} if inputs.start and not kinds else {"width": inputs.width, "height": inputs.height}
        result: np.ndarray = pipeline(
            inputs.prompt,
            num_inference_steps=inputs.steps,
            guidance_scale=inputs.guidance_scale,
            generator=torch.Generator().manual_seed(inputs.seed),
            output_type="np",
            **size,
            **options,
        ).images[0]
        return result

    def _class_name(self, follows: bool, starts: bool) -> str:
        name = "StableDiffusion" if self.family == "sd" else "StableDiffusionXL"
        return f"{name}{'ControlNet' if follows else ''}{'Img2Img' if starts else ''}Pipeline"


@pytest.fixture(scope="module", params=["sd", "sdxl"])
def setup(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Setup:
    return Setup(request.param, tmp_path_factory.mktemp("control"))


@pytest.fixture
def model(setup: Setup) -> Iterator[Model]:
    model = load(setup.folder, setup.family, controlnets=setup.entries)
    yield model
    model.unload()


def mixed_params() -> list[SamplingParams]:
    """With one map, with two, with none, without guidance, and with a picture to start from."""
    return [
        params(1, controls=(control("edges", 1),)),
        params(2),
        params(3, controls=(control("edges", 2, 0.5), control("depth", 3, 1.4))),
        params(4, controls=(control("depth", 4),), guidance_scale=1.0),
        params(5, controls=(control("edges", 5),), start=picture(6).resize((32, 32)), strength=0.7),
    ]


@pytest.mark.thorough("sd")
def test_samples_joined_in_one_pass_are_those_of_the_stock_pipelines(setup: Setup, model: Model) -> None:
    for inputs, group in zip(mixed_params(), hand_in(model, *mixed_params()), strict=True):
        distance = far(painted(group), setup.stock(inputs))
        print(f"{setup.family} joined {[one.kind for one in inputs.controls]}: {distance:.2e}")
        assert distance < TOLERANCE


@pytest.mark.thorough("sd")
def test_each_alone_is_that_of_the_stock_pipeline_and_follows_its_map(setup: Setup, model: Model) -> None:
    plain = painted(hand_in(model, params(1))[0])
    for inputs in mixed_params()[::2]:
        (group,) = hand_in(model, inputs)
        distance = far(painted(group), setup.stock(inputs))
        print(f"{setup.family} alone {[one.kind for one in inputs.controls]}: {distance:.2e}")
        assert distance < TOLERANCE
    followed = painted(hand_in(model, params(1, controls=(control("edges", 1),)))[0])
    assert far(plain, followed) > 0.02


def test_a_sample_without_a_map_is_the_same_beside_one_with_a_map(setup: Setup, model: Model) -> None:
    beside = hand_in(model, params(1), params(2, controls=(control("edges", 1),)))[0]
    without = hand_in(model, params(1), params(2))[0]
    assert far(painted(beside), painted(without)) == 0.0


def test_the_networks_count_as_memory_once_they_are_used(setup: Setup, model: Model) -> None:
    before = model.memory_bytes
    hand_in(model, params(1))
    assert model.memory_bytes == before
    painted(hand_in(model, params(1, controls=(control("edges", 1),)))[0])
    assert model.memory_bytes > before


def test_a_kind_that_the_entry_does_not_name_is_refused(setup: Setup, model: Model) -> None:
    assert model.layout.structures == ("depth", "edges")
    with raises(NotSupportedError, match="tiny cannot follow the pose of a picture"):
        model.new_sample(params(1, controls=(control("pose", 1),)))


@pytest.mark.parametrize(
    ("file", "sentence"), [("damaged", "missing or damaged"), ("other", "another model")]
)
def test_a_wrong_network_ends_its_own_task_with_a_sentence(file: str, sentence: str, tmp_path: Path) -> None:
    folder = save_sd(tmp_path / "sd")
    source = save_controlnet(tmp_path / "other", save_sdxl(tmp_path / "xl"))
    if file == "damaged":
        (source / "diffusion_pytorch_model.safetensors").write_bytes(b"no weights at all")
    model = load(folder, controlnets={"edges": ControlNetEntry(source=str(source))})
    wrong, right = hand_in(model, params(1, controls=(control("edges", 1),)), params(2))
    with pytest.raises(ModelLoadError, match=sentence):
        wrong.wait()
    assert painted(right).shape == (32, 32, 3)
