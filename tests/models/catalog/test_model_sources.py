"""What administrators give as a model: folders of any family and variant, checkpoints in one file, hubs, rubbish."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import DiffusionPipeline
from safetensors.torch import load_file, save_file

from engine.adapters.registry import new_model
from engine.batching.model_protocols import StepwiseModel, WholeCallModel
from engine.batching.sampling_params import SamplingParams
from engine.catalog.addons import LoraEntry
from engine.catalog.catalog import ModelCatalogue, ModelEntry, read_entries
from engine.catalog.checkpoint_detection import adapter_kind, check_lora, read_header
from engine.catalog.model_files import check
from studio.errors import ConfigurationError, ModelLoadError
from tests.support.sentences import raises
from tests.support.tiny_addons import save_lora
from tests.support.tiny_checkpoints import save_checkpoint
from tests.support.tiny_editors import save_qwen_image_edit
from tests.support.tiny_models import save_flux, save_sd, save_sd3, save_sdxl
from tests.support.tiny_pipelines import save_flux2_klein, save_pixart, save_z_image

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

SAVE = {
    "sd": save_sd,
    "sdxl": save_sdxl,
    "sd3": save_sd3,
    "flux": save_flux,
    "flux2-klein": save_flux2_klein,
    "z-image": save_z_image,
    "pipeline": save_pixart,
}


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_sd(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CHATELIER_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "home"


def add(name: str, source: str, **options: Any) -> None:
    """As `chatelier models add` does it."""
    from chatelier.cli.admin.model_commands.add import add as command

    given: dict[str, Any] = {
        "family": "auto",
        "title": "",
        "purpose": "",
        "width": None,
        "height": None,
        "steps": 2,
        "guidance": 2.0,
        "scheduler": None,
        "dtype": "float32",
        "licence": "unknown",
        "memory": 1.0,
        "revision": None,
        "config": None,
        "quantise": "auto",
        "price": 1.0,
        "edits_by_words": False,
    }
    command(name, source, **{**given, **options})


def added(home: Path, name: str) -> ModelEntry:
    return read_entries(home / "models.toml")[name]


def model_of(entry: ModelEntry) -> Any:
    """Checked and loaded, as a worker does it."""
    folder = ModelCatalogue([entry]).check(entry)
    model = new_model(entry, folder, device=torch.device("cpu"))
    model.load()
    return model


def paint(entry: ModelEntry, **changes: Any) -> torch.Tensor:
    model = model_of(entry)
    sample = model.new_sample(
        SamplingParams(prompt="a fox", seed=1, width=32, height=32, steps=2, guidance_scale=2.0, **changes)
    )
    with torch.inference_mode():
        if isinstance(model, WholeCallModel):
            model.generate([sample], lambda step: True)
            assert sample.picture is not None
            return sample.picture
        assert isinstance(model, StepwiseModel)
        model.prepare([sample])
        while not sample.finished:
            sample.advance(model.predict([sample])[0])
        return model.decode([sample])[0]


@pytest.mark.parametrize("family", SAVE)
def test_the_family_is_read_from_the_folder(family: str, home: Path, tmp_path: Path) -> None:
    add("ours", str(SAVE[family](tmp_path / "ours")))
    entry = added(home, "ours")
    assert entry.family == family
    assert paint(entry).shape == (3, 32, 32)


def test_another_family_than_the_folders_is_refused_by_name(home: Path, tmp_path: Path) -> None:
    folder = save_sdxl(tmp_path / "big")
    with pytest.raises(ConfigurationError, match=r"family sdxl .*family = \"sdxl\""):
        add("big", str(folder), family="sd")
    entry = ModelEntry(name="big", source=str(folder), family="sd")
    with raises(ModelLoadError, match="family sdxl"):
        ModelCatalogue([entry]).check(entry)


@pytest.mark.parametrize(
    ("file", "content", "reason"),
    [
        ("config.json", {"_class_name": "FluxControlNetModel"}, "is a ControlNet alone"),
        (
            "model_index.json",
            {"_class_name": "StableDiffusionXLImg2ImgPipeline", "requires_aesthetics_score": True},
            "is the refiner of SDXL",
        ),
        ("model_index.json", {"_class_name": "HiDreamImagePipeline"}, "lacks scheduler"),
        ("model_index.json", {"_class_name": "StableDiffusionPipeline"}, "names no"),
    ],
    ids=["a ControlNet", "the refiner", "parts that a pipeline needs", "parts that a family needs"],
)
def test_a_folder_that_cannot_paint_is_refused_when_it_is_added(
    file: str, content: dict[str, Any], reason: str, home: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "ours"
    (folder / "unet").mkdir(parents=True)
    (folder / "vae").mkdir()
    (folder / file).write_text(json.dumps(content))
    with pytest.raises(ConfigurationError, match=reason):
        add("ours", str(folder))
    assert not (home / "models.toml").exists()


def test_a_relative_folder_is_kept_as_an_absolute_one(saved: Path, home: Path, tmp_path: Path) -> None:
    shutil.copytree(saved, tmp_path / "ours")
    for name, source in (("one", "ours"), ("two", "./ours")):
        add(name, source)
        assert added(home, name).source == str(tmp_path / "ours")


def test_a_folder_that_is_there_wins_over_a_hub_name(saved: Path, home: Path, tmp_path: Path) -> None:
    shutil.copytree(saved, tmp_path / "somebody" / "ours")
    add("ours", "somebody/ours")
    assert not added(home, "ours").on_hub
    add("theirs", "somebody/theirs")
    assert added(home, "theirs").on_hub
    assert added(home, "theirs").family == "auto"


def test_a_catalogue_names_folders_relative_to_itself(
    saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(saved, tmp_path / "home" / "somebody" / "ours")
    catalogue = tmp_path / "home" / "models.toml"
    catalogue.write_text(
        '[a]\nsource = "./somebody/ours"\nfamily = "sd"\n[b]\nsource = "somebody/ours"\nfamily = "sd"\n'
    )
    monkeypatch.chdir("/")
    assert {entry.source for entry in read_entries(catalogue).values()} == {
        str(tmp_path / "home" / "somebody" / "ours")
    }


@pytest.mark.thorough("sd-fp16", "pipeline-ema-only")
@pytest.mark.parametrize("variant", ["fp16", "bf16", "fp32", "ema-only"])
@pytest.mark.parametrize("family", ["sd", "pipeline"])
def test_any_variant_of_the_weights_loads(variant: str, family: str, saved: Path, tmp_path: Path) -> None:
    pipeline = DiffusionPipeline.from_pretrained(saved, safety_checker=None)
    pipeline.save_pretrained(tmp_path / "ours", variant=variant)
    entry = ModelEntry(name="ours", source=str(tmp_path / "ours"), family=family, dtype="float32")
    plain = ModelEntry(name="ours", source=str(saved), family=family, dtype="float32")
    assert float((paint(entry) - paint(plain)).abs().max()) < 1e-6


def _rename(folder: Path, name: str) -> None:
    path = folder / "unet" / "diffusion_pytorch_model.safetensors"
    path.rename(path.with_name(name))


def _pickle(folder: Path) -> None:
    path = folder / "unet" / "diffusion_pytorch_model.safetensors"
    torch.save(load_file(path), path.with_suffix(".bin"))
    path.unlink()


@pytest.mark.parametrize(
    "damage",
    [
        _pickle,
        lambda folder: _rename(folder, "weights.safetensors"),
        lambda folder: _rename(folder, "model.bin"),
    ],
    ids=["a pickle", "another name", "another name and kind"],
)
def test_what_loading_would_not_load_does_not_pass_the_check(
    damage: Callable[[Path], None], saved: Path, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(saved, tmp_path / "ours"))
    damage(folder)
    with raises(ModelLoadError, match=r"no \.safetensors weights in unet"):
        check(folder)
    entry = ModelEntry(name="ours", source=str(folder), family="sd")
    with pytest.raises(ModelLoadError):
        new_model(entry, folder, device=torch.device("cpu")).load()


def test_a_processor_has_its_configuration_in_either_file(tmp_path: Path) -> None:
    folder = save_qwen_image_edit(tmp_path, pipeline="QwenImageEditPlusPipeline")
    old, new = folder / "processor/preprocessor_config.json", folder / "processor/processor_config.json"
    new.write_text(json.dumps({"image_processor": json.loads(old.read_text())}))
    old.unlink()
    entry = ModelEntry(name="ours", source=str(folder), family="auto", dtype="float32")
    assert model_of(entry).loaded
    new.unlink()
    with raises(ModelLoadError, match="lacks the file processor/"):
        check(folder)


def test_an_index_that_names_too_little_does_not_pass_the_check(saved: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(saved, tmp_path / "ours"))
    index = json.loads((folder / "model_index.json").read_text())
    del index["tokenizer"]
    (folder / "model_index.json").write_text(json.dumps(index))
    entry = ModelEntry(name="ours", source=str(folder), family="sd")
    with raises(ModelLoadError, match="names no tokenizer"):
        new_model(entry, folder, device=torch.device("cpu"))


def test_a_checkpoint_in_one_file_paints_what_its_folder_paints(
    saved: Path, home: Path, tmp_path: Path
) -> None:
    file = save_checkpoint(saved, tmp_path / "mine.safetensors")
    # The configuration comes from a folder with other weights.
    add("mine", str(file), config=str(save_sd(tmp_path / "other", seed=5)))
    plain = ModelEntry(name="plain", source=str(saved), family="sd", dtype="float32")
    entry = added(home, "mine")
    assert entry.family == "sd"
    assert Path(entry.source) == home / "models" / "mine"
    assert float((paint(entry) - paint(plain)).abs().max()) < 1e-6


@pytest.mark.thorough("other", "mine.part")
@pytest.mark.parametrize("name", ["hub", "configurations", "other", "mine.part"])
def test_a_checkpoint_replaces_no_folder_but_its_own(
    name: str, saved: Path, home: Path, tmp_path: Path
) -> None:
    file = save_checkpoint(saved, tmp_path / "mine.safetensors")
    other_weights = home / "models" / name / "weights"
    other_weights.parent.mkdir(parents=True)
    other_weights.write_text("of somebody else")
    with pytest.raises(ConfigurationError, match=name):
        add(name, str(file), config=str(saved))
    assert other_weights.read_text() == "of somebody else"
    add("mine", str(file), config=str(saved))
    add("mine", str(file), config=str(saved))  # its own


def test_what_a_checkpoint_lacks_comes_from_the_configurations_folder(
    saved: Path, home: Path, tmp_path: Path
) -> None:
    file = save_checkpoint(saved, tmp_path / "mine.safetensors", without=("vae",))
    add("mine", str(file), config=str(saved))
    plain = ModelEntry(name="plain", source=str(saved), family="sd", dtype="float32")
    assert float((paint(added(home, "mine")) - paint(plain)).abs().max()) < 1e-6


def test_a_checkpoint_without_a_configuration_is_refused_with_the_command_that_takes_it(
    saved: Path, home: Path, tmp_path: Path
) -> None:
    file = save_checkpoint(saved, tmp_path / "mine.safetensors")
    with pytest.raises(ConfigurationError) as raised:
        add("mine", str(file))
    assert f"chatelier models add mine {file} --config stable-diffusion-1-5" in str(raised.value)
    assert "chatelier models pull stable-diffusion-1-5" in str(raised.value)
    assert not (home / "models.toml").exists()


def test_a_configuration_with_pickles_alone_is_not_read(saved: Path, home: Path, tmp_path: Path) -> None:
    file = save_checkpoint(saved, tmp_path / "mine.safetensors")
    config = Path(shutil.copytree(saved, tmp_path / "other"))
    _pickle(config)
    with pytest.raises(ConfigurationError, match="unet as a pickle"):
        add("mine", str(file), config=str(config))


def test_a_configuration_that_does_not_fit_is_one_sentence(saved: Path, home: Path, tmp_path: Path) -> None:
    file = save_checkpoint(saved, tmp_path / "mine.safetensors")
    other = save_sd(tmp_path / "other", latent_channels=8)
    with pytest.raises(ConfigurationError, match="does not fit the configuration"):
        add("mine", str(file), config=str(other))
    assert not list((home / "models").glob("*"))


@pytest.mark.parametrize(
    ("name", "marks", "says"),
    [
        ("a.gguf", (), "has no readable GGUF header"),
        ("a.ckpt", (), "is a pickle"),
        ("a.txt", (), "is no model"),
        ("a.safetensors", ("lora_unet_down.lora_down.weight",), "is a LoRA"),
        ("a.safetensors", ("lora_unet_down.hada_w1_a",), "is a LoHa"),
        ("a.safetensors", ("conditioner.embedders.0.x",), "Stable Diffusion XL, .*--config sdxl"),
        ("a.safetensors", ("double_blocks.0.x",), "Flux, .*--config flux-schnell"),
        ("a.safetensors", ("joint_blocks.0.x",), "Stable Diffusion 3, .*--config sd3-medium"),
        ("a.safetensors", ("something",), "is no checkpoint of"),
        ("a.safetensors", None, "is damaged"),
    ],
)
def test_a_file_is_named_as_what_it_is(
    name: str, marks: tuple[str, ...] | None, says: str, home: Path, tmp_path: Path
) -> None:
    path = tmp_path / name
    if marks:
        save_file({mark: torch.zeros(1) for mark in marks}, path)
    else:
        path.write_bytes(b"no header")
    with pytest.raises(ConfigurationError, match=says):
        add("mine", str(path))


@pytest.mark.parametrize(
    ("mark", "kind"), [("hada_w1_a", "LoHa"), ("lokr_w1", "LoKr"), ("oft_blocks", "OFT")]
)
def test_adapters_that_are_no_loras_are_named_as_what_they_are(mark: str, kind: str, tmp_path: Path) -> None:
    path = tmp_path / "ink.safetensors"
    save_file({f"lora_unet_down_blocks_0.{mark}": torch.zeros(1)}, path)
    with raises(ModelLoadError, match=f"is a {kind}, not a LoRA"):
        check_lora(path)


def test_a_pickle_is_never_laid_over_a_model(tmp_path: Path) -> None:
    path = tmp_path / "ink.bin"
    torch.save({"x": torch.zeros(1)}, path)
    with raises(ModelLoadError, match="Pickles are not read"):
        check_lora(path)


@pytest.mark.parametrize("dora", [False, True], ids=["LoRA", "DoRA"])
def test_loras_and_doras_are_laid_over_a_model(dora: bool, saved: Path, tmp_path: Path) -> None:
    path = save_lora(saved, tmp_path / "ink.safetensors", dora=dora)
    check_lora(path)
    entry = ModelEntry(
        name="ours",
        source=str(saved),
        family="sd",
        dtype="float32",
        loras={"ink": LoraEntry(source=str(path))},
    )
    plain, inked = paint(entry), paint(entry, adapters=(("ink", 1.0),))
    assert float((plain - inked).abs().max()) > 1e-4
    assert adapter_kind(read_header(path)) == ("DoRA" if dora else "LoRA")
