"""Getting a model with one command: from a hub, from one file of a model site, as few-step models are named."""

import importlib
import json
import os
import shutil
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from typer.testing import CliRunner, Result

from chatelier.cli.main import app
from engine.adapters.registry import new_model
from engine.batching.model_protocols import StepwiseModel
from engine.batching.sampling_params import SamplingParams
from engine.catalog.catalog import ModelCatalogue, ModelEntry, read_entries
from engine.catalog.defaults.native_defaults import defaults_of
from engine.catalog.sources.gguf_header import read_tensor_names
from engine.catalog.sources.hub import FetchPlan
from engine.performance_settings import Quantise, Speed
from studio.errors import ConfigurationError, ModelLoadError
from tests.support.hub_server import Hub, hub_server
from tests.support.tiny_checkpoints import save_checkpoint
from tests.support.tiny_models import save_flux, save_sd
from tests.support.tiny_pipelines import save_z_image

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CHATELIER_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "home"


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_sd(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture
def hub(saved: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    with hub_server(saved) as hub:
        use(hub, monkeypatch)
        yield hub


def use(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """As HF_ENDPOINT does it, which is read once for a process."""
    place = f"{hub.address}/{{repo_id}}/resolve/{{revision}}/{{filename}}"
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", hub.address)
    monkeypatch.setattr("huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE", place)


def run(*words: str) -> Result:
    return CliRunner().invoke(app, ["models", *words], catch_exceptions=True)


def added(home: Path, name: str) -> ModelEntry:
    return read_entries(home / "models.toml")[name]


def paint(entry: ModelEntry) -> torch.Tensor:
    model = new_model(entry, Path(entry.source), device=torch.device("cpu"))
    model.load()
    sample = model.new_sample(
        SamplingParams(prompt="a fox", seed=1, width=32, height=32, steps=2, guidance_scale=2.0)
    )
    assert isinstance(model, StepwiseModel)
    with torch.inference_mode():
        model.prepare([sample])
        while not sample.finished:
            sample.advance(model.predict([sample])[0])
        return model.decode([sample])[0]


# ---- from a hub


def test_a_hub_model_is_added_by_its_name_alone_and_pulled(home: Path, hub: Hub) -> None:
    result = run("add", "owner/tiny")
    assert result.exit_code == 0, result.output
    entry = added(home, "tiny")
    assert (entry.source, entry.family, entry.licence, entry.on_hub) == ("owner/tiny", "sd", "openrail", True)
    assert not any("safetensors" in path for path in hub.asked if path.startswith("GET"))
    assert run("check", "tiny").exit_code == 1  # nothing but its configuration was fetched
    pulled = run("pull", "tiny")
    assert pulled.exit_code == 0, pulled.output
    assert "to fetch of" in pulled.output
    assert "licence openrail" in pulled.output
    assert run("check", "tiny").exit_code == 0
    assert "0 MiB to fetch" in run("pull", "tiny").output


def test_controlnets_are_fetched_when_they_are_asked_for(home: Path, hub: Hub) -> None:
    home.mkdir(exist_ok=True)
    (home / "models.toml").write_text(
        '[tiny]\nsource = "owner/tiny"\nfamily = "sd"\n'
        '[tiny.controlnets]\nedges = { source = "owner/tiny/unet", licence = "ours" }\n'
        '[tiny.ip_adapter]\nsource = "owner/other/a.safetensors"\nencoder = "owner/other/encoder"\n'
    )
    catalogue = ModelCatalogue.load(home / "models.toml", state=home / "models")
    entry = catalogue.find("tiny")
    pulled = run("pull", "tiny")
    assert pulled.exit_code == 0, pulled.output
    assert "Without ip-adapter: chatelier models pull tiny --with ip-adapter" in pulled.output
    assert not any("/other/" in path for path in hub.asked)
    assert run("check", "tiny").exit_code == 0  # what a model does without is no problem
    pulled = run("pull", "tiny", "--with", "controlnets")
    assert "owner/tiny/unet: 0 MiB to fetch" in pulled.output
    assert "licence ours" in pulled.output
    assert catalogue.structures(entry) == ("edges",)
    assert run("pull", "tiny", "--with", "gold").exit_code == 1
    assert run("pull", "tiny", "--with", "ip-adapter").exit_code == 1  # the hub has no such repository


def test_a_pull_that_was_cut_off_goes_on_where_it_was(
    home: Path, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.catalog.sources.resumable.LARGE_BYTES", 500_000)
    run("add", "owner/tiny")
    hub.cut_bytes = 60_000
    assert run("pull", "tiny").exit_code != 0
    assert run("check", "tiny").exit_code == 1
    hub.cut_bytes = None
    hub.ranges.clear()
    assert run("pull", "tiny").exit_code == 0
    assert run("check", "tiny").exit_code == 0
    assert hub.ranges == ["bytes=300000-"]  # five times 60,000 bytes came the first time


def test_what_does_not_fit_onto_the_disk_is_not_fetched(
    home: Path, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("add", "owner/tiny")
    monkeypatch.setattr("engine.catalog.sources.hub._free_bytes", lambda folder: 1000)
    hub.asked.clear()
    result = run("pull", "tiny")
    assert result.exit_code != 0
    assert not any(path.startswith("GET") and "/resolve/" in path for path in hub.asked)
    assert not FetchPlan(size_bytes=9, missing_bytes=9, free_bytes=9, licence="").fits


@pytest.mark.parametrize(
    "content", ["not json", '{"_class_name": 7}', '{"_class_name": "HiDreamImagePipeline"}', None]
)
def test_a_repository_that_is_no_model_ends_in_one_sentence(
    content: str | None, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "foreign"
    folder.mkdir()
    (folder / "pytorch_model.bin").write_bytes(b"\x80\x04cos\nsystem\n(S'touch /tmp/owned'\ntR.")
    if content is not None:
        (folder / "model_index.json").write_text(content)
    with hub_server(folder) as hub:
        use(hub, monkeypatch)
        result = run("add", "owner/tiny")
        if result.exit_code == 0:
            result = run("check", "tiny")
    assert result.exit_code == 1
    assert "Traceback" not in result.output
    assert not any("pytorch_model.bin" in path for path in hub.asked)


# ---- one file


def register(home: Path, name: str, folder: Path, family: str) -> None:
    """A model of the kind that is here already."""
    home.mkdir(exist_ok=True)
    with (home / "models.toml").open("a") as file:
        file.write(f'["{name}"]\nsource = "{folder}"\nfamily = "{family}"\ndtype = "float32"\n')


def test_a_model_sites_file_needs_one_command_once_a_model_of_its_kind_is_here(
    saved: Path, home: Path, tmp_path: Path
) -> None:
    register(home, "kind", save_sd(tmp_path / "kind", seed=5), "sd")
    file = save_checkpoint(saved, tmp_path / "Dream Lightning v2.safetensors")
    result = run("add", str(file), "--dtype", "float32")
    assert result.exit_code == 0, result.output
    entry = added(home, "dream-lightning-v2")
    assert (entry.family, entry.steps, entry.guidance_scale, entry.scheduler) == ("sd", 4, 1.0, "euler")
    plain = ModelEntry(name="plain", source=str(saved), family="sd", dtype="float32", scheduler="euler")
    assert float((paint(entry) - paint(plain)).abs().max()) < 1e-6


def save_denoiser(folder: Path, path: Path, *, prefix: str = "model.diffusion_model.") -> Path:
    """The denoiser of a Z-Image folder in one file, named as its first release names the tensors."""
    tensors: dict[str, torch.Tensor] = {}
    for file in (folder / "transformer").glob("*.safetensors"):
        for name, tensor in load_file(file).items():
            tensors[f"{prefix}{name}"] = tensor
    save_file(tensors, path)
    return path


def test_a_file_with_a_denoiser_alone_takes_the_rest_from_a_folder(home: Path, tmp_path: Path) -> None:
    wanted, companion = save_z_image(tmp_path / "wanted"), save_z_image(tmp_path / "companion")
    for file in (companion / "transformer").glob("*.safetensors"):
        save_file({name: torch.zeros_like(tensor) for name, tensor in load_file(file).items()}, file)
    register(home, "kind", companion, "z-image")
    file = save_denoiser(wanted, tmp_path / "zTurbo-v1.safetensors", prefix="")
    result = run("add", "mine", str(file), "--config", "kind", "--dtype", "float32")
    assert result.exit_code == 0, result.output
    entry = added(home, "mine")
    assert (entry.source, entry.denoiser, entry.family) == (str(companion), str(file), "z-image")
    plain = ModelEntry(name="plain", source=str(wanted), family="z-image", dtype="float32")
    assert float((paint(entry) - paint(plain)).abs().max()) < 1e-6
    catalogue = ModelCatalogue([entry, ModelEntry(name="kind", source=str(companion), family="z-image")])
    assert catalogue.hash(entry) != catalogue.hash(catalogue.find("kind"))
    for weights in (companion / "transformer").glob("*.safetensors"):
        weights.unlink()
    assert catalogue.check(entry) == companion  # the folder's own denoiser is not needed
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(ModelLoadError, match="truncated"):
        catalogue.check(entry)


def test_a_denoiser_of_another_size_is_refused(home: Path, tmp_path: Path) -> None:
    register(home, "kind", save_flux(tmp_path / "kind"), "flux")
    file = tmp_path / "big.safetensors"
    save_file({f"double_blocks.{number}.img_attn.x": torch.zeros(1) for number in range(19)}, file)
    result = run("add", "big", str(file))
    assert result.exit_code == 1
    assert "is a checkpoint of Flux" in str(result.output) + str(result.exception)


# ---- GGUF


def gguf(tensors: dict[str, tuple[int, ...]], *, values: bytes = b"", count: int = 0) -> bytes:
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), count) + values
    for name, sizes in tensors.items():
        text = name.encode()
        head += struct.pack("<Q", len(text)) + text + struct.pack("<I", len(sizes))
        head += b"".join(struct.pack("<Q", size) for size in sizes) + struct.pack("<IQ", 0, 0)
    return head + bytes(64)


def test_the_tensors_of_a_gguf_file_are_read_without_its_package(tmp_path: Path) -> None:
    path = tmp_path / "a.gguf"
    text = struct.pack("<Q", 1) + b"k"
    values = text + struct.pack("<IQ", 8, 4) + b"flux" + text + struct.pack("<IIQ", 9, 4, 2) + b"\x00" * 8
    path.write_bytes(gguf({"double_blocks.0.img_attn.qkv.weight": (64, 192)}, values=values, count=2))
    assert read_tensor_names(path) == {"double_blocks.0.img_attn.qkv.weight": (64, 192)}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"GGUF",
        b"GGUF" + struct.pack("<IQQ", 3, 2**63, 0),
        b"GGUF" + struct.pack("<IQQ", 3, 1, 2**62),
        b"GGUF" + struct.pack("<IQQ", 99, 0, 0),
        b"GGUF" + struct.pack("<IQQQ", 3, 1, 0, 2**60),
        gguf({"a": (1,)}, values=struct.pack("<QI", 0, 77), count=1),
        gguf({"a": (1,)}, values=struct.pack("<QIIQ", 0, 9, 9, 1), count=1),
        gguf({"double_blocks.0.x": (64, 192)})[:60],
    ],
)
def test_a_hostile_gguf_file_ends_in_one_sentence(content: bytes, home: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.gguf"
    path.write_bytes(content)
    with pytest.raises(ConfigurationError, match="damaged"):
        read_tensor_names(path)
    result = run("add", str(path))
    assert result.exit_code == 1
    assert not (home / "models.toml").exists()


def test_a_gguf_file_needs_its_package_and_says_so(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name, *_: None if name == "gguf" else object())
    register(home, "kind", save_flux(tmp_path / "kind", guidance=False), "flux")
    path = tmp_path / "a.gguf"
    path.write_bytes(gguf({"double_blocks.0.img_attn.qkv.weight": (64, 192)}))
    result = run("add", str(path), "--config", "kind")
    assert result.exit_code == 1
    assert "pip install gguf" in result.output + str(result.exception)


def test_a_quantised_denoiser_paints_nearly_the_same(home: Path, tmp_path: Path) -> None:
    written = importlib.import_module("gguf")
    folder = save_z_image(tmp_path / "kind")
    register(home, "kind", folder, "z-image")
    writer = written.GGUFWriter(str(tmp_path / "small.gguf"), "z-image")
    for file in (folder / "transformer").glob("*.safetensors"):
        for name, tensor in load_file(file).items():
            numbers = tensor.float().numpy()
            if name.endswith("weight") and numbers.ndim == 2 and numbers.shape[1] % 32 == 0:
                packed = written.quants.quantize(numbers, written.GGMLQuantizationType.Q8_0)
                writer.add_tensor(name, packed, raw_dtype=written.GGMLQuantizationType.Q8_0)
            else:
                writer.add_tensor(name, numbers)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    result = run("add", str(tmp_path / "small.gguf"), "--dtype", "float32")
    assert result.exit_code == 0, result.output
    plain = ModelEntry(name="plain", source=str(folder), family="z-image", dtype="float32")
    difference = float((paint(added(home, "small")) - paint(plain)).abs().max())
    assert 0 < difference < 0.05


def test_a_model_is_quantised_by_its_entry(tmp_path: Path) -> None:
    folder = save_z_image(tmp_path / "kind")

    def size(quantise: str, usual: Quantise) -> int:
        entry = ModelEntry(name="m", source=str(folder), family="z-image", dtype="float32", quantise=quantise)
        speed = Speed(fuse=False, compile=False, overlap=False, quantise=usual)
        model = new_model(entry, folder, device=torch.device("cpu"), speed=speed)
        model.load()
        return model.memory_bytes

    plain = size("auto", Quantise.OFF)
    assert size("off", Quantise.INT8) == plain
    assert size("int8", Quantise.OFF) == size("auto", Quantise.INT8) < plain


# ---- how a model is used


def write(folder: Path, **files: dict[str, Any]) -> Path:
    for name, content in files.items():
        path = folder / name.replace("__", "/")
        path = path.with_name(f"{path.name}.json")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content))
    return folder


def test_few_step_models_are_known_by_their_files(tmp_path: Path) -> None:
    def found(family: str, **files: Any) -> tuple[int, float, str | None]:
        shutil.rmtree(tmp_path / "m", ignore_errors=True)
        defaults = defaults_of(family, folder=write(tmp_path / "m", **files), name="plain")
        return defaults.steps, defaults.guidance_scale, defaults.scheduler

    lcm = {"scheduler__scheduler_config": {"_class_name": "LCMScheduler"}}
    turbo = {"_class_name": "EulerAncestralDiscreteScheduler", "timestep_spacing": "trailing"}
    assert found("sd", model_index={}) == (25, 7.5, None)
    assert found("sd", model_index={}, **lcm, unet__config={"time_cond_proj_dim": 256}) == (4, 8.5, "lcm")
    assert found("sdxl", model_index={}, **lcm) == (4, 1.0, "lcm")
    assert found("sdxl", model_index={}, scheduler__scheduler_config=turbo) == (2, 0.0, None)
    assert found("flux", model_index={}, transformer__config={"guidance_embeds": False}) == (4, 0.0, None)
    assert found("flux", model_index={}, transformer__config={"guidance_embeds": True}) == (28, 3.5, None)
    assert found("flux2-klein", model_index={"is_distilled": True}) == (4, 1.0, None)


@pytest.mark.parametrize(
    ("family", "name", "steps", "guidance"),
    [
        ("sdxl", "DreamShaperXL_Lightning_v2", 4, 1.0),
        ("sdxl", "realvisxl-v5-hyper", 8, 1.0),
        ("z-image", "Tongyi-MAI/Z-Image-Turbo", 8, 0.0),
        ("flux", "flux1-schnell-fp8", 4, 0.0),
        ("sd", "absoluteReality_lcm", 4, 1.0),
        ("sdxl", "turbocharged-cats", 30, 6.0),
        ("sd", "hypernetwork", 25, 7.5),
    ],
)
def test_few_step_models_are_known_by_their_names(
    family: str, name: str, steps: int, guidance: float
) -> None:
    found = defaults_of(family, folder=None, name=name)
    assert (found.steps, found.guidance_scale) == (steps, guidance)


def test_what_is_said_counts_before_what_is_read(saved: Path, home: Path) -> None:
    assert run("add", str(saved), "--steps", "7", "--guidance", "2.5", "--memory", "3").exit_code == 0
    entry = added(home, "tiny")
    assert (entry.steps, entry.guidance_scale, entry.memory_gib) == (7, 2.5, 3.0)
    assert os.sep in entry.source
