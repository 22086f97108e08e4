"""One file of each family: a whole model, or a denoiser whose companions are in a folder; and what a file says."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import EulerAncestralDiscreteScheduler
from safetensors.torch import load_file, save_file
from typer.testing import CliRunner

from chatelier.cli.main import app
from engine.adapters.registry import new_model
from engine.batching.model_protocols import StepwiseModel
from engine.batching.sampling_params import SamplingParams
from engine.catalog.catalog import ModelEntry, read_entries
from engine.catalog.checkpoint_detection import checkpoint_family, is_denoiser_alone
from engine.catalog.defaults.checkpoint_traits import CheckpointTraits, read_traits
from studio.errors import ConfigurationError
from tests.support.tiny_checkpoints import save_checkpoint, save_whole
from tests.support.tiny_denoiser_files import (
    name_flux,
    name_plainly,
    name_sd3,
    save_denoiser,
    scale_widths,
)
from tests.support.tiny_models import save_chroma, save_flux, save_sd, save_sd3, save_sdxl
from tests.support.tiny_pipelines import save_flux2_klein, save_qwen_image

pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:`FluxPosEmbed` is deprecated:FutureWarning"),
]
PREFIX = "model.diffusion_model."


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CHATELIER_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    scale_widths(monkeypatch)
    return tmp_path / "home"


def add(home: Path, file: Path, config: Path) -> ModelEntry:
    words = ["models", "add", "mine", str(file), "--config", str(config), "--dtype", "float32"]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, (result.output, result.exception)
    return read_entries(home / "models.toml")["mine"]


def paint(entry: ModelEntry) -> torch.Tensor:
    model = new_model(entry, Path(entry.source), device=torch.device("cpu"))
    model.load()
    sample = model.new_sample(
        SamplingParams(prompt="a red apple", seed=1, width=32, height=32, steps=1, guidance_scale=2.0)
    )
    assert isinstance(model, StepwiseModel)
    with torch.inference_mode():
        model.prepare([sample])
        sample.advance(model.predict([sample])[0])
        return model.decode([sample])[0]


def shift_weights(folder: Path, *parts: str) -> None:
    """Other weights in some parts of a folder, so that what comes from it is seen."""
    for part in parts:
        for file in (folder / part).glob("*.safetensors"):
            save_file({name: tensor + 0.5 for name, tensor in load_file(file).items()}, file)


def with_identity(folder: Path) -> Path:
    """Files of Stable Diffusion 3 have no projection of their first encoder, which is the identity."""
    file = next((folder / "text_encoder").glob("*.safetensors"))
    tensors = load_file(file)
    tensors["text_projection.weight"] = torch.eye(tensors["text_projection.weight"].shape[0])
    save_file(tensors, file, metadata={"format": "pt"})
    return folder


@pytest.mark.parametrize("family", ["sdxl", "sd3", "flux"])
def test_a_whole_checkpoint_of_each_family_paints_what_its_folder_paints(
    family: str, home: Path, tmp_path: Path
) -> None:
    saves: dict[str, Callable[[Path], Path]] = {
        "sdxl": lambda folder: save_sdxl(folder, second_width=16),
        "sd3": lambda folder: with_identity(save_sd3(folder, second_width=8)),
        "flux": save_flux,
    }
    wanted = saves[family](tmp_path / "wanted")
    file = save_whole(wanted, tmp_path / "mine.safetensors", family=family)
    other = Path(shutil.copytree(wanted, tmp_path / "other"))
    shift_weights(other, "vae", "unet", "transformer", "text_encoder", "text_encoder_2", "text_encoder_3")
    entry = add(home, file, other)
    assert (entry.family, entry.denoiser, entry.source) == (family, None, str(home / "models" / "mine"))
    plain = ModelEntry(name="plain", source=str(wanted), family=family, dtype="float32")
    assert float((paint(entry) - paint(plain)).abs().max()) < 1e-6


@pytest.mark.parametrize(
    ("family", "save", "name", "prefix"),
    [
        ("flux", save_flux, name_flux, ""),
        ("flux2-klein", save_flux2_klein, name_flux, PREFIX),
        ("chroma", save_chroma, name_flux, ""),
        ("qwen-image", save_qwen_image, name_plainly, PREFIX),
        ("sd3", save_sd3, name_sd3, PREFIX),
        ("sdxl", save_sdxl, name_plainly, ""),
    ],
)
def test_a_denoiser_of_each_family_takes_the_rest_from_a_folder(
    family: str, save: Any, name: Any, prefix: str, home: Path, tmp_path: Path
) -> None:
    wanted = save(tmp_path / "wanted")
    file = save_denoiser(wanted, tmp_path / "mine.safetensors", name=name, prefix=prefix)
    assert (checkpoint_family(file), is_denoiser_alone(file)) == (family, True)
    other = Path(shutil.copytree(wanted, tmp_path / "other"))
    shift_weights(other, "unet", "transformer")
    entry = add(home, file, other)
    assert (entry.family, entry.denoiser, entry.source) == (family, str(file), str(other))
    plain = ModelEntry(name="plain", source=str(wanted), family=family, dtype="float32")
    assert float((paint(entry) - paint(plain)).abs().max()) < 1e-6


# ---- what a file says of itself


def write(path: Path, *names: str, **metadata: str) -> Path:
    save_file({name: torch.zeros(1) for name in names}, path, metadata=metadata)
    return path


def test_a_file_says_how_its_model_is_used(tmp_path: Path) -> None:
    def traits(*names: str, **metadata: str) -> CheckpointTraits:
        return read_traits(write(tmp_path / "a.safetensors", *names, **metadata))

    assert traits("input_blocks.0.0.weight") == CheckpointTraits()
    assert traits("time_embedding.cond_proj.weight").embeds_guidance
    assert traits("double_blocks.0.x", "guidance_in.in_layer.weight").takes_guidance is True
    assert traits("double_blocks.0.x").takes_guidance is False
    vs = traits("input_blocks.0.0.weight", "v_pred", "ztsnr")
    assert (vs.v_prediction, vs.zero_snr) == (True, True)
    metadata = {"modelspec.prediction_type": "v", "modelspec.title": "Ours Turbo"}
    assert traits("x", **metadata) == CheckpointTraits(v_prediction=True, title="Ours Turbo")


def test_a_file_with_a_plain_name_is_used_as_its_tensors_say(home: Path, tmp_path: Path) -> None:
    lcm = save_sd(tmp_path / "lcm", guidance_embedding=8)
    file = save_denoiser(lcm, tmp_path / "plain.safetensors", name=name_plainly)
    entry = add(home, file, lcm)
    assert (entry.steps, entry.guidance_scale, entry.scheduler) == (4, 8.5, "lcm")
    schnell = save_flux(tmp_path / "schnell", guidance=False)
    entry = add(
        home, save_denoiser(schnell, tmp_path / "plain2.safetensors", name=name_flux, prefix=""), schnell
    )
    assert (entry.steps, entry.guidance_scale) == (4, 0.0)


def test_a_model_that_predicts_v_is_painted_so(home: Path, tmp_path: Path) -> None:
    options = {
        "prediction_type": "v_prediction",
        "rescale_betas_zero_snr": True,
        "timestep_spacing": "trailing",
    }
    wanted = save_sdxl(tmp_path / "wanted", second_width=16, **options)
    file = save_whole(wanted, tmp_path / "mine.safetensors", family="sdxl")
    save_file({**load_file(file), "v_pred": torch.zeros(1), "ztsnr": torch.zeros(1)}, file)
    # Configured like a model that predicts noise.
    entry = add(home, file, save_sdxl(tmp_path / "other", second_width=16, seed=5))
    scheduler = json.loads((Path(entry.source) / "scheduler" / "scheduler_config.json").read_text())
    assert scheduler["prediction_type"] == "v_prediction"
    plain = ModelEntry(name="plain", source=str(wanted), family="sdxl", dtype="float32")
    assert float((paint(entry) - paint(plain)).abs().max()) < 1e-6


def test_a_denoiser_that_predicts_v_needs_a_folder_whose_scheduler_does(home: Path, tmp_path: Path) -> None:
    folder = save_sd(tmp_path / "noise")
    file = save_denoiser(folder, tmp_path / "mine.safetensors", name=name_plainly)
    save_file({**load_file(file), "v_pred": torch.zeros(1)}, file)
    result = CliRunner().invoke(app, ["models", "add", "mine", str(file), "--config", str(folder)])
    assert isinstance(result.exception, ConfigurationError)
    assert "predicts v" in str(result.exception)


@pytest.mark.parametrize(("few_first", "name"), [(True, "plain"), (False, "plain-turbo")])
def test_a_file_is_configured_like_a_model_of_as_many_steps(
    few_first: bool, name: str, home: Path, tmp_path: Path
) -> None:
    home.mkdir()
    usual = save_sd(tmp_path / "usual")
    few = Path(shutil.copytree(usual, tmp_path / "few"))
    turbo = EulerAncestralDiscreteScheduler(timestep_spacing="trailing", steps_offset=1)
    turbo.save_pretrained(few / "scheduler")
    index = json.loads((few / "model_index.json").read_text())
    index["scheduler"] = ["diffusers", "EulerAncestralDiscreteScheduler"]
    (few / "model_index.json").write_text(json.dumps(index))
    order = [few, usual] if few_first else [usual, few]
    tables = [f'[{folder.name}]\nsource = "{folder}"\nfamily = "sd"\n' for folder in order]
    (home / "models.toml").write_text("".join(tables))
    file = save_checkpoint(usual, tmp_path / f"{name}.safetensors")
    assert CliRunner().invoke(app, ["models", "add", str(file)]).exit_code == 0
    entry = read_entries(home / "models.toml")[name]
    assert entry.steps == (25 if few_first else 2)


def test_a_controlnet_in_one_file_is_named_as_what_it_is(tmp_path: Path) -> None:
    file = write(tmp_path / "a.safetensors", "control_model.input_blocks.0.0.weight")
    with pytest.raises(ConfigurationError, match="is a ControlNet"):
        checkpoint_family(file)
