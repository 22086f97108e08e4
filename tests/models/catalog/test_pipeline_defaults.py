"""How a model that runs in whole calls is used when nobody says it: as its pipeline class in diffusers is called."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from chatelier.cli.admin.model_commands.sources import native_defaults, native_pixels
from chatelier.cli.main import app
from engine.catalog.catalog import read_entries
from engine.catalog.checkpoint_detection import WHOLE_CALLS, family_of
from tests.support.tiny_pipelines import save_pixart

_KL = {"_class_name": "AutoencoderKL", "block_out_channels": [128, 256, 512, 512], "sample_size": 1024}
_QWEN = {"temperal_downsample": [False, True, True], "z_dim": 16}
_DC = {"encoder_block_out_channels": [128, 256, 512, 512, 1024, 1024]}
_T5 = {"text_encoder": ["transformers", "T5EncoderModel"], "tokenizer": ["transformers", "T5TokenizerFast"]}


def write(folder: Path, own: str, *, parts: dict[str, dict[str, Any]], index: dict[str, Any]) -> Path:
    """The configurations of a model without its weights, as they are fetched from a hub first."""
    networks = {name: ["diffusers", "ModelMixin"] for name in parts}
    folder.mkdir(parents=True)
    (folder / "model_index.json").write_text(json.dumps({"_class_name": own, **networks, **index}))
    for name, config in parts.items():
        (folder / name).mkdir()
        (folder / name / "config.json").write_text(json.dumps(config))
    return folder


@pytest.mark.parametrize(
    ("own", "parts", "wanted"),
    [
        ("Krea2Pipeline", {"vae": _QWEN, "transformer": {}}, (28, 4.5, 1024)),
        ("FluxFillPipeline", {"vae": _KL, "transformer": {"in_channels": 384}}, (50, 30.0, 1024)),
        ("HiDreamImagePipeline", {"vae": _KL, "transformer": {}}, (50, 5.0, 1024)),
        ("OvisImagePipeline", {"vae": _KL, "transformer": {}}, (50, 5.0, 1024)),
        ("Lumina2Pipeline", {"vae": _KL, "transformer": {"sample_size": 128}}, (30, 4.0, 1024)),
        ("SanaSprintPipeline", {"vae": _DC, "transformer": {"sample_size": 32}}, (2, 4.5, 1024)),
        ("SanaPipeline", {"vae": _DC, "transformer": {"sample_size": 16}}, (20, 4.5, 512)),
        ("PixArtSigmaPipeline", {"vae": _KL, "transformer": {"sample_size": 256}}, (20, 4.5, 2048)),
        ("LongCatImageEditPipeline", {"vae": _KL, "transformer": {}}, (50, 4.5, 1024)),
        ("NoSuchPipeline", {"vae": _KL}, (25, 7.5, 1024)),
    ],
)
def test_a_model_of_whole_calls_is_used_as_its_class_is_called(
    own: str, parts: dict[str, dict[str, Any]], wanted: tuple[int, float, int], tmp_path: Path
) -> None:
    folder = write(tmp_path / "plain", own, parts=parts, index=_T5)
    assert family_of(folder) == WHOLE_CALLS
    found = native_defaults(folder, WHOLE_CALLS, name="plain")
    assert (found.steps, found.guidance_scale, native_pixels(folder, WHOLE_CALLS)) == wanted
    assert found.scheduler is None


def test_a_consistency_model_of_whole_calls_keeps_its_own_scheduler(tmp_path: Path) -> None:
    folder = write(tmp_path / "lcm", "PixArtAlphaPipeline", parts={"vae": _KL, "transformer": {}}, index={})
    (folder / "scheduler").mkdir()
    (folder / "scheduler" / "scheduler_config.json").write_text('{"_class_name": "LCMScheduler"}')
    found = native_defaults(folder, WHOLE_CALLS, name="plain")
    assert (found.steps, found.guidance_scale, found.scheduler) == (4, 1.0, None)


def test_a_model_is_added_with_its_price(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHATELIER_HOME", str(tmp_path))
    folder = save_pixart(tmp_path / "plain")
    result = CliRunner().invoke(app, ["models", "add", "big", str(folder), "--price", "2.5"])
    assert result.exit_code == 0, result.output
    assert "20 steps, guidance 4.5, 2.5 times the usual credits" in result.output
    entry = read_entries(tmp_path / "models.toml")["big"]
    assert (entry.steps, entry.guidance_scale, entry.price) == (20, 4.5, 2.5)
    assert CliRunner().invoke(app, ["models", "add", "big", str(folder), "--price", "0"]).exit_code == 2
