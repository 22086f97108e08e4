"""Words of a prompt that stand for trained embeddings, named in the catalogue."""

from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from engine.adapters.registry import new_model
from engine.batching.model_protocols import Model
from engine.catalog.addons import EmbeddingEntry
from engine.catalog.catalog import ModelEntry
from engine.catalog.entries import read_entries
from studio.errors import ConfigurationError, ModelLoadError, NotSupportedError
from tests.support.stock_pipelines import TOLERANCE, batcher_with, difference, paint_together, params
from tests.support.tiny_models import save_sd, save_sdxl

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
WIDTH = 32


def vectors(count: int, seed: int = 0, width: int = WIDTH) -> torch.Tensor:
    return torch.randn(count, width, generator=torch.Generator().manual_seed(seed)) * 0.3


def load(folder: Path, family: str = "sd", **files: Path) -> Model:
    entry = ModelEntry(
        name="tiny",
        source=str(folder),
        family=family,
        width=32,
        height=32,
        dtype="float32",
        embeddings={word: EmbeddingEntry(source=str(path)) for word, path in files.items()},
    )
    model = new_model(entry, folder, device=torch.device("cpu"))
    model.load()
    return model


def stock(pipeline: Any, **options: Any) -> np.ndarray:
    pipeline.set_progress_bar_config(disable=True)
    image: np.ndarray = pipeline(
        width=32,
        height=32,
        num_inference_steps=5,
        guidance_scale=4.0,
        generator=torch.Generator().manual_seed(100),
        output_type="np",
        **options,
    ).images[0]
    return image


@pytest.mark.parametrize("count", [1, 3], ids=["one vector", "three vectors"])
def test_a_word_stands_for_its_vectors_in_prompt_and_negative_prompt(count: int, tmp_path: Path) -> None:
    folder, file = save_sd(tmp_path / "sd"), tmp_path / "blob.safetensors"
    save_file({"emb_params": vectors(count)}, file)
    model = load(folder, blobstyle=file)
    wanted = params(0, prompt="a cat in blobstyle, red", negative_prompt="fog, blobstyle")
    plain = params(0, prompt="a cat, red", negative_prompt="fog")
    with_word, without = paint_together(batcher_with(model), [wanted, plain], model)

    pipeline = diffusers.StableDiffusionPipeline.from_pretrained(folder, requires_safety_checker=False)
    alone = stock(pipeline, prompt=plain.prompt, negative_prompt=plain.negative_prompt)
    pipeline.load_textual_inversion({"blobstyle": vectors(count)}, token="blobstyle")
    image = stock(pipeline, prompt=wanted.prompt, negative_prompt=wanted.negative_prompt)
    assert difference(with_word, image) < TOLERANCE
    assert difference(without, alone) < TOLERANCE


def test_a_file_for_two_encoders_changes_both(tmp_path: Path) -> None:
    folder, file = save_sdxl(tmp_path / "xl"), tmp_path / "both.safetensors"
    tensors = {"clip_l": vectors(2), "clip_g": vectors(2, seed=1)}
    save_file(tensors, file)
    model = load(folder, "sdxl", blobstyle=file)
    wanted = params(0, prompt="a cat in blobstyle")
    (sample,) = paint_together(batcher_with(model), [wanted], model)

    pipeline = diffusers.StableDiffusionXLPipeline.from_pretrained(folder)
    pipeline.load_textual_inversion({"blobstyle": tensors["clip_l"]}, token="blobstyle")
    pipeline.load_textual_inversion(
        {"blobstyle": tensors["clip_g"]},
        token="blobstyle",
        tokenizer=pipeline.tokenizer_2,
        text_encoder=pipeline.text_encoder_2,
    )
    assert difference(sample, stock(pipeline, prompt=wanted.prompt)) < TOLERANCE


@pytest.mark.parametrize(
    ("tensors", "suffix", "error"),
    [
        ({"emb_params": vectors(1, width=48)}, ".safetensors", NotSupportedError),
        ({"one": vectors(1), "two": vectors(1)}, ".safetensors", NotSupportedError),
        ({"emb_params": vectors(1)}, ".pt", ModelLoadError),
        (None, ".safetensors", ModelLoadError),
    ],
    ids=["another width", "two unknown tensors", "a pickle", "no file"],
)
def test_a_wrong_file_ends_only_the_tasks_that_name_its_word(
    tensors: dict[str, torch.Tensor] | None, suffix: str, error: type[Exception], tmp_path: Path
) -> None:
    file = tmp_path / f"wrong{suffix}"
    if tensors is not None:
        save_file(tensors, file)
    model = load(save_sd(tmp_path / "sd"), wrongword=file)
    bad, good = paint_together(batcher_with(model), [params(0, prompt="a wrongword cat"), params(1)], model)
    assert good.picture is not None
    assert bad.picture is None
    with pytest.raises(error):
        bad.group.wait()  # type: ignore[union-attr]


def test_the_catalogue_names_embeddings_by_their_words(tmp_path: Path) -> None:
    catalogue = tmp_path / "models.toml"
    catalogue.write_text('[m]\nsource = "/m"\nfamily = "sd"\n[m.embeddings]\nblob = "/e/blob.safetensors"\n')
    assert read_entries(catalogue)["m"].embeddings == {"blob": EmbeddingEntry(source="/e/blob.safetensors")}
    catalogue.write_text('[m]\nsource = "/m"\nfamily = "sd"\n[m.embeddings]\n"Two Words" = "/e"\n')
    with pytest.raises(ConfigurationError, match=r"embeddings\.Two Words"):
        read_entries(catalogue)
