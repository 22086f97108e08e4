"""Compounds, amounts, people and styles in prompts, and what becomes of them."""

from pathlib import Path

import numpy as np
import pytest

from engine.layout_prior import CollageComposer
from engine.layout_prior.cutouts.cutout_styles import STYLES
from engine.layout_prior.language.relations import Relation
from engine.layout_prior.language.vocabulary import GENDERS
from engine.layout_prior.language.vocabulary import STYLES as STYLE_WORDS
from engine.layout_prior.library.cutout_library import Library
from engine.layout_prior.prompt.parser import parse

PRIOR = Path(__file__).parents[3] / "engine/models/thimble/prior"


@pytest.fixture(scope="module")
def collage() -> CollageComposer:
    return CollageComposer.load(PRIOR)


@pytest.fixture(scope="module")
def library(collage: CollageComposer) -> Library:
    return collage.library


@pytest.mark.parametrize(
    ("prompt", "name"),
    [
        ("a school bus", "bus"),
        ("a chocolate cake", "birthday cake"),
        ("a baby elephant", "elephant"),
        ("a slice of watermelon", "watermelon"),
        ("a glass of red wine", "wine glass"),
        ("a piece of cheese", "cheese wedge"),
    ],
)
def test_of_two_nouns_the_one_that_is_meant_is_drawn(library: Library, prompt: str, name: str) -> None:
    (thing,) = parse(prompt, library).things
    assert thing.subjects[0].name == name


def test_nouns_without_an_article_stay_a_list(library: Library) -> None:
    assert [thing.word for thing in parse("cat dog house", library).things] == ["cat", "dog", "house"]


def test_a_group_is_several(library: Library) -> None:
    assert parse("a group of people", library).things[0].count == 4
    assert parse("a pair of cats", library).things[0].count == 2


def test_a_table_is_a_place_to_lie_on_and_a_thing_to_lie_under(library: Library) -> None:
    assert parse("a cake on a table", library).scene == "table"
    under = parse("a cat under a table", library)
    assert (under.scene, under.relations) == (None, ((0, Relation.BELOW, 1),))


def test_what_stands_in_something_is_inside_it(library: Library) -> None:
    assert parse("a bird in a cage", library).relations == ((0, Relation.INSIDE, 1),)


@pytest.mark.parametrize("prompt", ["a doctor", "a nurse", "a person", "a scientist"])
def test_people_of_an_open_prompt_have_every_skin_and_both_genders_about_equally_often(
    collage: CollageComposer, prompt: str
) -> None:
    spec = parse(prompt, collage.library)
    looks = [
        collage.compose_spec(spec, np.random.default_rng(seed), width=64, height=64).chosen[0].looks[0]
        for seed in range(60)
    ]
    for part in ("woman", "man"):
        assert 0.33 < sum(part in look.split() for look in looks) / len(looks) < 0.67
    for skin in ("light", "medium-light", "medium", "medium-dark", "dark"):
        assert 0.07 < sum(look.split()[-1] == skin for look in looks) / len(looks) < 0.36


@pytest.mark.parametrize(
    ("prompt", "gender", "skins"),
    [
        ("a woman firefighter", "woman", ()),
        ("a male nurse", "man", ()),
        ("a black doctor", "", ("dark", "medium-dark")),
        ("a white man", "man", ("light", "medium-light")),
        ("an East Asian female pilot", "woman", ("medium-light", "light")),
    ],
)
def test_a_gender_or_a_skin_that_is_named_is_kept(
    collage: CollageComposer, prompt: str, gender: str, skins: tuple[str, ...]
) -> None:
    spec = parse(prompt, collage.library)
    assert (spec.things[0].gender, spec.things[0].skins, spec.things[0].colour) == (gender, skins, None)
    for seed in range(12):
        sheet = collage.compose_spec(spec, np.random.default_rng(seed), width=64, height=64)
        words = sheet.chosen[0].looks[0].split()
        assert not skins or words[-1] in skins
        assert len(words) < 2 or not gender or words[0] == gender


def test_the_words_for_genders_are_those_of_the_library(library: Library) -> None:
    drawn = {look.split()[0] for subject in library.subjects for look in subject.looks if " " in look}
    assert drawn == set(GENDERS.values())


def test_every_style_that_has_a_word_is_there() -> None:
    assert set(STYLE_WORDS.values()) <= set(STYLES)


@pytest.mark.parametrize("style", sorted(STYLES))
def test_every_style_paints(collage: CollageComposer, style: str) -> None:
    word = next(word for word, meant in STYLE_WORDS.items() if meant == style)
    spec = parse(f"{word} of a cat", collage.library)
    assert (spec.style, [thing.word for thing in spec.things]) == (style, ["cat"])
    usual, styled = (
        np.asarray(collage.compose(prompt, seed=3, width=96, height=96), np.int16)
        for prompt in ("a cat", f"{word} of a cat")
    )
    assert styled.shape == usual.shape
    assert styled.std() > 5


def test_a_line_drawing_has_no_colour(collage: CollageComposer) -> None:
    drawn = np.asarray(collage.compose("line art of a red car", seed=1, width=96, height=96), np.int16)
    assert (drawn.max(-1) - drawn.min(-1)).mean() < 6
