"""Which models there are, whether they are whole, and what is said when not."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from engine.catalog.addons import IpAdapterEntry, LoraEntry
from engine.catalog.catalog import ModelCatalogue, ModelEntry, read_entries, write_entry
from engine.catalog.model_files import check, weights_hash, whole
from studio.errors import BadParameterError, ConfigurationError, ModelLoadError
from tests.support.sentences import raises
from tests.support.tiny_models import save_sd


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_sd(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture
def folder(saved: Path, tmp_path: Path) -> Path:
    """A copy to damage."""
    import shutil

    return Path(shutil.copytree(saved, tmp_path / "tiny"))


def test_the_catalogue_and_the_client_load_no_torch() -> None:
    modules = "engine.catalog.catalog, engine.generation_task"
    program = f"import sys, {modules}; assert not {{'torch', 'diffusers'}} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)


def test_the_bundled_model_comes_first() -> None:
    catalogue = ModelCatalogue.load()
    assert catalogue.names[0] == "thimble"
    assert catalogue.folder(catalogue.find("thimble")).is_dir()


def test_what_is_listed_of_the_bundled_model_is_what_its_recipes_say() -> None:
    from engine.generation.prepare_inputs import steps_for
    from engine.layout_prior.layout_prior import load_prior
    from studio.domain.requests import Operation, PaintRequest

    catalogue = ModelCatalogue.load()
    entry = catalogue.find("thimble")
    prior = load_prior(catalogue.folder(entry))
    assert prior is not None
    request = PaintRequest(operation=Operation.IMAGINE, prompt="a boat", seed=1)
    assert steps_for(request, entry=entry, prior=prior, strength=prior.strength) == entry.steps
    assert prior.guidance_scale == entry.guidance_scale


def test_every_entry_has_a_model() -> None:
    from engine.adapters.registry import FAMILIES

    assert {entry.family for entry in ModelCatalogue.load().entries} <= set(FAMILIES)


def test_an_unknown_model_is_answered_with_those_there_are() -> None:
    with raises(BadParameterError, match="thimble"):
        ModelCatalogue.load().find("mona-lisa")


def test_an_administrators_file_adds_and_changes(tmp_path: Path) -> None:
    extra = tmp_path / "models.toml"
    extra.write_text('[ours]\nsource = "/models/ours"\nfamily = "sd"\n[thimble]\nsteps = 12\n')
    catalogue = ModelCatalogue.load(extra)
    assert catalogue.find("ours").width == 512
    assert (catalogue.find("thimble").steps, catalogue.find("thimble").family) == (12, "sd")


def test_all_that_is_wrong_with_a_catalogue_is_said_at_once(tmp_path: Path) -> None:
    extra = tmp_path / "models.toml"
    extra.write_text(
        '[ours]\nsource = "/x"\nsteps = "many"\nwidth = 0\ndtype = "int4"\ncolour = "red"\nprice = inf\n'
    )
    with pytest.raises(ConfigurationError) as raised:
        ModelCatalogue.load(extra)
    for part in (
        "needs a family",
        "steps must be a int",
        "width must be greater",
        "dtype must be",
        "field colour",
        "price must be at most",
    ):
        assert part in str(raised.value)


def test_a_catalogue_that_is_no_toml_is_said_so(tmp_path: Path) -> None:
    extra = tmp_path / "models.toml"
    extra.write_text("[ours\n")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        ModelCatalogue.load(extra)


def test_an_entry_that_was_written_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "home" / "models.toml"
    first = ModelEntry(name='a "quoted" name', source="C:\\models", family="sd", guidance_scale=0.0)
    write_entry(path, first)
    write_entry(path, ModelEntry(name="other", source="/o", family="sd", scheduler="euler a"))
    entries = read_entries(path)
    assert entries[first.name] == first
    assert entries["other"].scheduler == "euler a"


def test_writing_an_entry_keeps_what_others_only_change(tmp_path: Path) -> None:
    path = tmp_path / "models.toml"
    path.write_text("[thimble]\nsteps = 12\n")
    write_entry(path, ModelEntry(name="ours", source="/o", family="sd"))
    assert ModelCatalogue.load(path).find("thimble").steps == 12


def test_a_hub_model_that_is_not_here_says_how_to_fetch_it(tmp_path: Path) -> None:
    entry = ModelEntry(name="far", source="somebody/far-away", family="sd")
    with raises(ModelLoadError, match="chatelier models pull far"):
        ModelCatalogue([entry], state=tmp_path).folder(entry)


def test_without_a_connection_a_pull_is_one_clear_sentence(tmp_path: Path) -> None:
    entry = ModelEntry(name="far", source="somebody/far-away", family="sd")
    with raises(ModelLoadError, match="hub does not answer"):
        ModelCatalogue([entry], state=tmp_path).pull(entry)


def test_a_whole_folder_passes(folder: Path) -> None:
    check(folder)


@pytest.mark.parametrize(
    "missing",
    [
        "model_index.json",
        "unet/config.json",
        "unet/diffusion_pytorch_model.safetensors",
        "text_encoder/model.safetensors",
        "scheduler/scheduler_config.json",
    ],
)
def test_what_is_missing_is_named(missing: str, folder: Path) -> None:
    (folder / missing).unlink()
    with raises(ModelLoadError, match=missing.split("/")[0]):
        check(folder)


@pytest.mark.parametrize("name", ["unet/config.json", "model_index.json", "scheduler/scheduler_config.json"])
def test_a_broken_configuration_is_named(name: str, folder: Path) -> None:
    (folder / name).write_text("{")
    with raises(ModelLoadError, match=name):
        check(folder)


def test_truncated_weights_are_named(folder: Path) -> None:
    weights = folder / "vae" / "diffusion_pytorch_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-10])
    with raises(ModelLoadError, match=r"vae/diffusion_pytorch_model\.safetensors"):
        check(folder)


def test_a_missing_shard_is_named(folder: Path) -> None:
    index = {"weight_map": {"a": "diffusion_pytorch_model.safetensors", "b": "part-00002.safetensors"}}
    (folder / "unet" / "diffusion_pytorch_model.safetensors.index.json").write_text(json.dumps(index))
    with raises(ModelLoadError, match="unet/part-00002"):
        check(folder)


@pytest.mark.parametrize("content", [b"", b"1234567", b"\xff" * 40, b"\x02\0\0\0\0\0\0\0[]"])
def test_rubbish_is_no_safetensors_file(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    path.write_bytes(content)
    assert not whole(path)


def test_the_hash_follows_the_weights_and_nothing_else(folder: Path) -> None:
    before = weights_hash(folder)
    (folder / "README.md").write_text("a word")
    assert weights_hash(folder) == before
    weights = folder / "unet" / "diffusion_pytorch_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x77")
    assert weights_hash(folder) != before


def test_a_hash_is_remembered_across_starts(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = tmp_path / "hashes.json"
    first = weights_hash(folder, memory=memory)
    monkeypatch.setattr("engine.catalog.model_files._hashes", {})
    monkeypatch.setattr(
        "engine.catalog.model_files._digest", lambda *_: pytest.fail("the weights were read again")
    )
    assert weights_hash(folder, memory=memory) == first


EXTRAS = """
[ours]
source = "/srv/ours"
family = "sd"

[ours.loras]
ink = "/srv/ink.safetensors"
pixel = { source = "someone/loras/pixel.safetensors", weight = 1, trigger = "pixel art" }

[ours.ip_adapter]
source = "/srv/adapter.safetensors"
encoder = "/srv/encoder"

[upscalers]
sharp = "/srv/sharp.pth"
"""


def test_an_entry_names_loras_an_ip_adapter_and_the_file_upscalers(tmp_path):
    file = tmp_path / "models.toml"
    file.write_text(EXTRAS)
    catalogue = ModelCatalogue.load(file)
    entry = catalogue.find("ours")
    assert entry.loras["ink"] == LoraEntry(source="/srv/ink.safetensors")
    assert entry.loras["pixel"] == LoraEntry(
        source="someone/loras/pixel.safetensors", weight=1.0, trigger="pixel art"
    )
    assert entry.ip_adapter == IpAdapterEntry(source="/srv/adapter.safetensors", encoder="/srv/encoder")
    assert {"sharp", "anime"} <= set(catalogue.upscalers)
    problems = " ".join(catalogue.extras_problems(entry))
    for name in ("ink.safetensors", "pixel.safetensors", "adapter.safetensors", "encoder"):
        assert f"{name} is not on this machine." in problems


def test_extras_come_back_as_they_were_written(tmp_path):
    file = tmp_path / "models.toml"
    file.write_text(EXTRAS)
    before = ModelCatalogue.load(file)
    write_entry(file, before.find("ours"))
    after = ModelCatalogue.load(file)
    assert after.find("ours") == before.find("ours")
    assert after.upscalers == before.upscalers


def test_bundled_upscalers_are_found_by_name_and_unknown_ones_name_the_others(tmp_path):
    (tmp_path / "models.toml").write_text(EXTRAS)
    catalogue = ModelCatalogue.load(tmp_path / "models.toml")
    assert catalogue.upscaler("anime") == "realesr-animevideov3-x4"
    with raises(BadParameterError, match="there are anime, sharp"):
        catalogue.upscaler("/etc/passwd")
    with raises(ModelLoadError, match=r"sharp\.pth is not on this machine"):
        catalogue.upscaler("sharp")


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ("loras = 3", "loras must be a table of tables"),
        ("loras = { ink = { weight = 1 } }", "loras.ink needs its source"),
        ("loras = { ink = { source = 3 } }", "loras.ink.source must be a str"),
        ('loras = { "Ink 2" = "/a" }', "must be a name in small letters"),
        ('ip_adapter = { source = "/a" }', "ip_adapter needs its encoder"),
        ('ip_adapter = { source = "/a", encoder = "/b", size = 3 }', "unknown field size"),
        ("upscalers = 3", "unknown field upscalers"),
    ],
)
def test_what_is_wrong_with_extras_is_named(table, sentence, tmp_path):
    file = tmp_path / "models.toml"
    file.write_text(f'[ours]\nsource = "/a"\nfamily = "sd"\n{table}\n')
    with pytest.raises(ConfigurationError, match=sentence):
        ModelCatalogue.load(file)
