"""What a model does with pictures beside its words: found by its folder, else what the catalogue says."""

import json
from pathlib import Path

import diffusers
import pytest

from engine.catalog.capabilities import _BY_CLASS, PLAIN, capabilities_of
from engine.catalog.catalog import ModelCatalogue
from engine.catalog.entries import ModelEntry, read_entries, write_entry
from engine.catalog.model_availability import runnable_models

EDITOR = ModelEntry(name="editor", source="/nowhere", family="auto", edits_by_words=True, takes_references=2)


def folder_of(path: Path, pipeline: str) -> Path:
    path.mkdir()
    (path / "model_index.json").write_text(json.dumps({"_class_name": pipeline}))
    return path


@pytest.mark.parametrize("pipeline", _BY_CLASS)
def test_every_pipeline_with_capabilities_is_one_of_diffusers(pipeline: str) -> None:
    assert hasattr(diffusers, pipeline)
    can = capabilities_of(pipeline)
    assert can != PLAIN
    assert can.edits_by_words == bool(can.takes_references)


def test_an_ordinary_pipeline_neither_edits_by_words_nor_takes_references() -> None:
    assert capabilities_of("StableDiffusionPipeline") == capabilities_of("of another version")
    assert not capabilities_of("StableDiffusionPipeline").takes_references


def test_the_folder_of_a_model_says_what_it_can_do(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "model", "Flux2KleinPipeline")
    entry = ModelEntry(name="klein", source=str(folder), family="auto")
    can = ModelCatalogue([entry]).capabilities(entry)
    assert (can.edits_by_words, can.takes_references, can.needs_reference) == (True, 4, False)


def test_a_model_that_is_not_here_can_do_what_its_entry_says(tmp_path: Path) -> None:
    write_entry(tmp_path / "models.toml", EDITOR)
    entry = read_entries(tmp_path / "models.toml")["editor"]
    can = ModelCatalogue([entry]).capabilities(entry)
    assert (can.edits_by_words, can.takes_references) == (True, 2)


def test_front_ends_hear_of_a_runnable_model_what_it_can_do(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "model", "QwenImageEditPlusPipeline")
    entry = ModelEntry(name="editor", source=str(folder), family="auto", price=2.5)
    (model,) = runnable_models(ModelCatalogue([entry]))
    assert (model.edits_by_words, model.takes_references, model.price) == (True, 3, 2.5)
