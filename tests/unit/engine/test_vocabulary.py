"""What the layout prior reads out of a prompt."""

from pathlib import Path

import pytest

from engine.generation.prompt_diversity import diversify
from engine.layout_prior.language.relations import Relation
from engine.layout_prior.language.vocabulary import COUNT_MAX
from engine.layout_prior.library.cutout_library import Library
from engine.layout_prior.prompt.parser import THINGS_MAX, parse

PRIOR = Path(__file__).parents[3] / "engine/models/thimble/prior"


@pytest.fixture(scope="module")
def library() -> Library:
    return Library(PRIOR)


def test_the_number_the_colour_and_the_size_belong_to_the_thing_after_them(library: Library) -> None:
    (thing,) = parse("three big purple elephants", library).things
    assert (thing.count, thing.colour, thing.subjects[0].name) == (3, "purple", "elephant")
    assert thing.size > 1


def test_a_digit_counts_like_its_word(library: Library) -> None:
    assert parse("4 dogs", library).things[0].count == parse("four dogs", library).things[0].count == 4


def test_a_plural_without_a_number_is_several(library: Library) -> None:
    assert parse("cats", library).things[0].count > 1
    assert parse("glasses", library).things[0].count == 1
    assert parse("headphones", library).things[0].count == 1


def test_a_huge_number_is_as_many_as_fit(library: Library) -> None:
    assert parse("999999999999 cats", library).things[0].count == COUNT_MAX


def test_a_colour_that_is_part_of_the_name_is_not_painted_again(library: Library) -> None:
    assert parse("a green apple", library).things[0].subjects[0].name == "green apple"
    assert parse("a green apple", library).things[0].colour is None
    blue = parse("a blue apple", library).things[0]
    assert (blue.subjects[0].name, blue.colour) == ("red apple", "blue")


@pytest.mark.parametrize(
    "words",
    [
        "on a blue background",
        "blue background",
        "against a blue wall",
        "with a blue background",
        "background is blue",
    ],
)
def test_the_background_takes_its_colour_and_the_thing_keeps_its_own(library: Library, words: str) -> None:
    spec = parse(f"a red star {words}", library)
    assert (spec.background, spec.things[0].colour, len(spec.things)) == ("blue", "red", 1)


@pytest.mark.parametrize(
    ("words", "relation"),
    [
        ("to the left of", Relation.LEFT),
        ("right of", Relation.RIGHT),
        ("above", Relation.ABOVE),
        ("under", Relation.BELOW),
        ("in front of", Relation.FRONT),
        ("behind", Relation.BEHIND),
        ("on top of", Relation.ON),
        ("sitting on", Relation.ON),
        ("next to", Relation.BESIDE),
        ("wearing", Relation.WEARING),
    ],
)
def test_position_words_relate_the_things_around_them(
    library: Library, words: str, relation: Relation
) -> None:
    assert parse(f"a cat {words} a hat", library).relations == ((0, relation, 1),)


@pytest.mark.parametrize(
    ("words", "scene", "time"),
    [
        ("on grass at night", "grass", "night"),
        ("in the snow", "snow", None),
        ("on the beach at sunset", "beach", "sunset"),
        ("on a wooden table", "table", None),
        ("on the moon", "moonscape", None),
        ("in outer space", "space", None),
        ("in the city in the rain", "city", "rain"),
        ("in the living room", "room", None),
    ],
)
def test_scene_words_are_the_place_and_not_a_thing(
    library: Library, words: str, scene: str, time: str | None
) -> None:
    spec = parse(f"two dogs {words}", library)
    assert (spec.scene, spec.time) == (scene, time)
    assert [thing.count for thing in spec.things] == [2]


def test_an_orange_is_a_fruit_and_an_orange_cat_is_a_cat(library: Library) -> None:
    assert parse("an orange", library).things[0].subjects[0].name == "tangerine"
    cat = parse("an orange cat", library).things[0]
    assert (cat.word, cat.colour) == ("cat", "orange")


def test_words_that_praise_are_not_things(library: Library) -> None:
    spec = parse(
        "a beautiful majestic dragon, trending on artstation, 8k, masterpiece, best quality", library
    )
    assert [thing.word for thing in spec.things] == ["dragon"]


def test_what_is_not_wanted_is_left_out(library: Library) -> None:
    assert [thing.word for thing in parse("a dog without a hat", library).things] == ["dog"]


def test_every_emoji_of_the_library_names_its_own_subject(library: Library) -> None:
    for subject in library.subjects:
        if len(subject.emoji.replace("\ufe0f", "")) == 1:
            assert subject in parse(subject.emoji, library).things[0].subjects


def test_repeated_emoji_are_counted(library: Library) -> None:
    spec = parse("🐱🐱🌙", library)
    assert [thing.count for thing in spec.things] == [2, 1]


def test_a_misspelt_word_finds_its_neighbour(library: Library) -> None:
    assert parse("an elefant", library).things[0].subjects[0].name == "elephant"


def test_a_word_nobody_knows_still_becomes_a_thing(library: Library) -> None:
    (thing,) = parse("a zxqvwk", library).things
    assert (thing.word, thing.subjects) == ("zxqvwk", ())


def test_thirty_common_things_are_found_by_their_plain_names(library: Library) -> None:
    words = (
        "apple banana cat dog horse cow pig fish bird tree flower sun moon star house car bus train boat plane "
        "bicycle ball book cup chair bed hat shoe key clock robot rocket guitar cake pizza"
    )
    for word in words.split():
        (thing,) = parse(f"a {word}", library).things
        assert thing.subjects, word


def test_no_more_things_are_taken_than_fit(library: Library) -> None:
    crowd = parse("a cat and a dog and a cow and a pig and a bird and a fish and a bee", library)
    assert len(crowd.things) == THINGS_MAX


def test_words_added_about_people_change_no_thing_no_number_and_no_place(library: Library) -> None:
    for prompt in (
        "a doctor in the snow",
        "two apples and a teacher",
        "a woman with a red hat",
        "people in a park",
    ):
        for seed in range(12):
            plain, added = (parse(text, library) for text in (prompt, diversify(prompt, seed=seed).prompt))
            things = [
                [(thing.subjects, thing.count, thing.colour) for thing in spec.things]
                for spec in (plain, added)
            ]
            assert things[0] == things[1]
            assert (plain.scene, plain.relations) == (added.scene, added.relations)
