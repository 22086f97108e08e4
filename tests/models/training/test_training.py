"""The training of the bundled model, on plain shapes and a few steps."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import StableDiffusionPipeline
from safetensors.torch import load_file

from engine.layout_prior import CollageComposer
from engine.training.__main__ import train
from engine.training.data.captions import Captions
from engine.training.run import Run
from engine.training.stages.autoencoder import new_autoencoder, reconstruction_loss, to_tensor
from engine.training.stages.checkpoint import Average, load_state, save_state
from engine.training.stages.config import TINY, Route
from engine.training.stages.objectives import FOCUS, FOCUS_BELOW, draw_steps
from engine.training.stages.training_loop import TrainingLoop, TrainingSettings, half_wave

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("thimble")
    Run(out, TINY).go(0)
    return out


def test_a_miniature_run_ends_in_a_model_that_stock_diffusers_paints_with(trained: Path) -> None:
    pipeline = StableDiffusionPipeline.from_pretrained(
        trained / "model", torch_dtype=torch.float32, local_files_only=True
    )
    pipeline.set_progress_bar_config(disable=True)
    (picture,) = pipeline(
        "a red circle", num_inference_steps=2, guidance_scale=2.0, width=64, height=64
    ).images
    assert picture.size == (64, 64)
    assert pipeline.tokenizer.model_max_length == pipeline.text_encoder.config.max_position_embeddings


def test_the_weights_on_disk_are_half_precision_safetensors(trained: Path) -> None:
    assert not list((trained / "model").rglob("*.bin"))
    for part in ("vae", "unet"):
        weights = load_file(trained / f"model/{part}/diffusion_pytorch_model.safetensors")
        assert {tensor.dtype for tensor in weights.values()} == {torch.float16}


def test_the_library_of_a_run_composes(trained: Path) -> None:
    collage = CollageComposer.load(trained / "model/prior")
    assert collage.library.find_named("circles")
    assert collage.compose("two red circles on a blue background", seed=1, width=64, height=64).size == (
        64,
        64,
    )


@pytest.mark.thorough
def test_a_run_goes_on_where_it_was_left(trained: Path) -> None:
    state = trained / "checkpoints/denoiser.pt"
    assert torch.load(state, weights_only=True)["step"] == TINY.steps
    Run(trained, replace(TINY, steps=TINY.steps + 1)).go(0)
    assert torch.load(state, weights_only=True)["step"] == TINY.steps + 1


def test_the_end_to_end_route_ends_in_a_model_that_needs_no_library(tmp_path: Path) -> None:
    Run(tmp_path, replace(TINY, steps=1), route=Route.END_TO_END).go(0)
    assert not (tmp_path / "model/prior").exists()
    pipeline = StableDiffusionPipeline.from_pretrained(
        tmp_path / "model", torch_dtype=torch.float32, local_files_only=True
    )
    pipeline.set_progress_bar_config(disable=True)
    assert pipeline.scheduler.config.prediction_type == "flow_prediction"
    (picture,) = pipeline("a ring", num_inference_steps=2, guidance_scale=3.0, width=64, height=64).images
    assert picture.size == (64, 64)


def test_an_interrupted_run_keeps_what_it_has_learnt(tmp_path: Path) -> None:
    def stop(stage: str, share: float, detail: str) -> None:
        if stage == "Denoiser":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Run(tmp_path, TINY, tick=stop).go(0)
    assert torch.load(tmp_path / "checkpoints/denoiser.pt", weights_only=True)["step"] == 1


def test_the_command_does_not_overwrite_a_run(trained: Path) -> None:
    with pytest.raises(SystemExit, match="--resume"):
        train(out=trained, tiny=True)


def test_an_untrained_autoencoder_already_shows_a_thumbnail() -> None:
    torch.manual_seed(0)
    autoencoder = new_autoencoder(widths=(32, 40, 40, 48), sample_size=64)
    left, right = np.full((64, 32, 3), (220, 60, 40)), np.full((64, 32, 3), (30, 90, 200))
    wanted = to_tensor(np.concatenate([left, right], 1)[None].astype(np.uint8), torch.device("cpu"))
    with torch.no_grad():
        made = autoencoder(wanted).sample
    assert reconstruction_loss(made[..., 8:24], wanted[..., 8:24]) < 0.25


def test_a_checkpoint_brings_everything_back(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = torch.nn.Linear(3, 2)
    average = Average(model, decay=0.9)
    average.update(model)
    save_state(tmp_path / "state.pt", 5, model=model, average=average)
    other = torch.nn.Linear(3, 2)
    other_average = Average(other, decay=0.9)
    assert load_state(tmp_path / "state.pt", model=other, average=other_average) == 5
    assert torch.equal(other.weight, model.weight)
    assert other_average.updates == 1


def test_most_steps_are_those_of_repainting() -> None:
    torch.manual_seed(0)
    steps = draw_steps(4000, torch.device("cpu"))
    assert int(steps.min()) >= 0
    assert int(steps.max()) <= 999
    assert abs(float((steps < 1000 * FOCUS_BELOW).float().mean()) - FOCUS) < 0.04


def test_captions_of_one_seed_are_the_same(trained: Path) -> None:
    library = CollageComposer.load(trained / "model/prior").library
    one, again = Captions(library, seed=4), Captions(library, seed=4)
    assert [one.draw() for _ in range(50)] == [again.draw() for _ in range(50)]


class TestCourse:
    def course(self, folder: Path, **changes: float) -> TrainingLoop:
        torch.manual_seed(0)
        return TrainingLoop(
            torch.nn.Linear(2, 1),
            folder / "state.pt",
            TrainingSettings(peak=0.1, warm_up=2, fall=half_wave, decay=0.5, **changes),
        )

    def loss_of(self, course: TrainingLoop) -> Callable[[], torch.Tensor]:
        """It shall answer 1."""
        return lambda: (course.module(torch.ones(4, 2)) - 1).square().mean()

    def test_it_learns_and_its_average_follows(self, tmp_path: Path) -> None:
        course, losses = self.course(tmp_path), list[tuple[int, float]]()
        course.learn(
            self.loss_of(course), minutes=0, steps=30, tick=lambda step, loss, _: losses.append((step, loss))
        )
        assert [step for step, _ in losses] == list(range(1, 31))
        assert losses[-1][1] < 0.1 * losses[0][1]
        course.average.copy_to(course.module)
        assert float(self.loss_of(course)()) < 0.1 * losses[0][1]

    def test_it_goes_on_and_ends_where_it_should(self, tmp_path: Path) -> None:
        for until, expected in ((3, 3), (5, 5), (4, 5)):
            course = self.course(tmp_path)
            course.learn(self.loss_of(course), minutes=0, steps=until)
            assert course.step == self.course(tmp_path).step == expected

    def test_no_time_is_no_step(self, tmp_path: Path) -> None:
        course = self.course(tmp_path)
        course.learn(self.loss_of(course), minutes=0)
        assert course.step == 0

    def test_on_the_way_everything_is_kept_before_it_is_told(self, tmp_path: Path) -> None:
        course, on_save = self.course(tmp_path), list[int]()

        def tell(step: int, _loss: float, _share: float) -> None:
            on_save.append(step)
            assert self.course(tmp_path).step == step

        course.learn(self.loss_of(course), minutes=0, steps=2, on_save=tell, save_seconds=-1)
        assert on_save == [1, 2]
