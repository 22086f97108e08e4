"""The bundled model reads nouns of six more languages, and says when it knows none of a prompt's words."""

import pytest

from engine.catalog.bundled_notes import bundled_notes
from engine.catalog.catalog import MODELS, ModelCatalogue
from engine.layout_prior.composer import CollageComposer
from engine.layout_prior.language.translation import LANGUAGES
from engine.layout_prior.library.cutout_library import Library
from engine.layout_prior.prompt.parser import parse
from engine.layout_prior.prompt.scene_spec import SceneSpec
from studio.coded_text import coded, from_stored, to_stored

LIBRARY = Library(MODELS / "thimble/prior")
COLLAGE = CollageComposer(LIBRARY)


def spec(prompt: str) -> SceneSpec:
    return parse(prompt, LIBRARY)


@pytest.mark.parametrize(
    ("prompt", "english"),
    [
        ("ein roter Fuchs im Schnee", "a red fox in the snow"),
        ("zwei Katzen auf einem Tisch", "two cats on a table"),
        ("drei grüne Äpfel", "three green apples"),
        ("Ein Boot auf dem Meer bei Sonnenuntergang", "a boat on the sea at sunset"),
        ("un zorro rojo en la nieve", "a red fox in the snow"),
        ("dos gatos negros bajo un árbol", "two black cats under a tree"),
        ("dos gatos negros bajo un arbol", "two black cats under a tree"),
        ("trois chats noirs devant un château", "three black cats in front of a castle"),
        ("l'ours et le renard dans la forêt", "the bear and the fox in the forest"),
        ("des chevaux sur la plage", "three horses on the beach"),
        ("due gatti neri nella foresta", "two black cats in the forest"),
        ("un castello", "a castle"),
        ("um gato preto na praia", "a black cat on the beach"),
        ("três cães e um avião no céu", "three dogs and an airplane in the sky"),
        ("赤い狐と青い鳥", "a red fox and a blue bird"),
        ("ねこ", "cat"),
        ("雪の中のキツネ", "fox in snow"),
    ],
)
def test_a_prompt_in_another_language_asks_for_the_same_things(prompt: str, english: str) -> None:
    def told(scene: SceneSpec) -> list[tuple[object, ...]]:
        return [(thing.subjects, thing.count, thing.colour, thing.size) for thing in scene.things]

    assert told(spec(prompt)) == told(spec(english))
    assert (spec(prompt).scene, spec(prompt).time) == (spec(english).scene, spec(english).time)


@pytest.mark.parametrize(
    "prompt",
    [
        "a red fox in the snow",
        "banana",
        "two robots on the sofa",
        "no",
        "",
        "🦊🦊",
        "a taxi in die city",
    ],
)
def test_english_is_never_translated(prompt: str) -> None:
    words = tuple(prompt.split())
    assert LIBRARY.translator.translate(words) == words


@pytest.mark.parametrize(
    ("prompt", "unknown"),
    [
        ("zorgle", "zorgle"),
        ("a zorgle in the forest", "zorgle"),
        ("a blorf and a zorgle", "blorf, zorgle"),
        ("ein Zorgel im Wald", "zorgel"),
        ("*zorgle* and a @blorf `frob`", "zorgle, blorf, frob"),
    ],
)
def test_words_that_nothing_answers_to_are_named(prompt: str, unknown: str) -> None:
    expected = coded("model_remark.unknown_words", model="Thimble", words=tuple(unknown.split(", ")))
    assert COLLAGE.remark(prompt, model="Thimble") == to_stored(expected)


@pytest.mark.parametrize("prompt", ["красная лиса в лесу", "מכונית אדומה", "czerwony kogut wieczorem"])
def test_a_language_that_is_not_read_is_answered_with_those_that_are(prompt: str) -> None:
    expected = coded("model_remark.other_language", model="Thimble", languages=LANGUAGES)
    assert COLLAGE.remark(prompt, model="Thimble") == to_stored(expected)


@pytest.mark.parametrize(
    "prompt", ["a fox and a zorgle", "a sunset over a quiet sea", "", "🦊", "ein Fuchs", "猫"]
)
def test_nothing_is_said_where_a_noun_is_known(prompt: str) -> None:
    assert not COLLAGE.remark(prompt, model="Thimble")


def test_the_bundled_model_says_what_it_is() -> None:
    note = bundled_notes(ModelCatalogue.load())["thimble"]
    assert from_stored(note) == (coded("model_remark.demo", model="Thimble", things=1000),)
