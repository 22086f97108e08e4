"""The shipped catalogue says what each model is for, and the page about it is true."""

from pathlib import Path

import pytest

from engine.adapters.registry import FAMILIES
from engine.catalog.addons import ADDONS, addon_sources
from engine.catalog.capabilities import capabilities_of
from engine.catalog.catalog import ModelCatalogue
from engine.catalog.checkpoint_detection import _FAMILIES, WHOLE_CALLS
from engine.catalog.entries import ModelEntry
from engine.catalog.model_table import model_page
from studio.domain.requests import STRUCTURES

ENTRIES = ModelCatalogue.load().entries
PAGE = Path(__file__).parents[3] / "docs" / "models.md"


def test_the_page_is_that_of_the_catalogue() -> None:
    again = "python -m engine.catalog.model_table > docs/models.md"
    assert PAGE.read_text(encoding="utf-8") == model_page(ENTRIES), again


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_every_model_has_a_purpose_a_licence_and_a_known_family(entry: ModelEntry) -> None:
    assert entry.purpose
    assert entry.licence != "unknown"
    assert entry.family in FAMILIES


@pytest.mark.parametrize(
    "entry", [entry for entry in ENTRIES if entry.family != WHOLE_CALLS], ids=lambda entry: entry.name
)
def test_an_entry_promises_what_the_pipelines_of_its_family_can_do(entry: ModelEntry) -> None:
    promised = entry.edits_by_words, entry.takes_references
    classes = [pipeline for pipeline, family in _FAMILIES.items() if family == entry.family]
    assert classes
    for can in map(capabilities_of, classes):
        assert (can.edits_by_words, can.takes_references) == promised


def test_a_model_of_an_administrator_has_its_row_too() -> None:
    page = model_page([ModelEntry(name="ours", source="/ours", family="pipeline", licence="ours; see there")])
    assert page.endswith("| `ours`: ours |  | ours | 4 GiB | 512×512 | 25 | whole | no | none | none |\n")


@pytest.mark.parametrize("name", ["stable-diffusion-1-5", "sdxl"])
def test_the_shipped_catalogue_can_follow_structures_and_take_references(name: str) -> None:
    entry = next(entry for entry in ENTRIES if entry.name == name)
    assert set(entry.controlnets) == set(STRUCTURES)
    assert entry.ip_adapter is not None
    assert all(source.count("/") >= 1 for source in addon_sources(entry, ADDONS))
    assert "unknown" not in addon_sources(entry, ADDONS).values()
