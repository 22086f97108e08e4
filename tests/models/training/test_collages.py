"""The plain prompts, asked of the collages: what they find, and what they would not let pass."""

from dataclasses import replace
from pathlib import Path

import pytest

from engine.layout_prior import CollageComposer
from engine.layout_prior.prompt import parser
from engine.training.evaluation import collages
from engine.training.evaluation.eval_prompts import PLAIN

PRIOR = Path(__file__).parents[3] / "engine/models/thimble/prior"


@pytest.fixture(scope="module")
def composer() -> CollageComposer:
    return CollageComposer.load(PRIOR)


def test_relations_patterns_and_seasons_show_in_the_collages(composer: CollageComposer) -> None:
    found = collages.judge_collages(composer)
    assert (found.attached, found.patterned, found.seasonal) == (1.0, 1.0, 1.0)


@pytest.mark.parametrize(
    "prompt", ["a dog and a red hat", "a man and a violin", "a cat", "a girl beside a horse"]
)
def test_what_lies_apart_is_not_attached(prompt: str, composer: CollageComposer) -> None:
    assert not collages.is_attached(composer, f"{prompt} on grass", 3) or prompt == "a cat"


def test_without_patterns_and_seasons_nothing_shows(
    composer: CollageComposer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forgetful(prompt, library):
        spec = parser.parse(prompt, library)
        things = tuple(replace(thing, pattern="") for thing in spec.things)
        return replace(spec, things=things)

    monkeypatch.setattr(collages, "parse", forgetful)
    assert not collages.shows_pattern(composer, PLAIN[16], 3)
    assert not collages.shows_season(composer, "a house", 3)
