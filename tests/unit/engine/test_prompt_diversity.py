"""Who is shown where a prompt does not say: everybody equally often, and nobody where it is said."""

from collections import Counter
from dataclasses import replace
from math import sqrt

import pytest

from engine.generation.prompt_diversity import _words, diversify, diversify_task
from engine.generation_task import GenerationTask
from engine.imaging.codecs.recipe_metadata import from_json, to_json, to_parameters
from studio.domain.requests import Operation, PaintRequest
from tests.support.recipes import PLAIN

SEEDS = range(6000)


def chi_square(counts, choices):
    """How far counts are from equal shares, in standard deviations of a chi-square of as many degrees (Fisher)."""
    expected = sum(counts.values()) / len(choices)
    square = sum((counts[choice] - expected) ** 2 / expected for choice in choices)
    return sqrt(2 * square) - sqrt(2 * (len(choices) - 1) - 1)


def added(prompt, seed=3):
    return diversify(prompt, seed=seed).added_words


@pytest.fixture(scope="module")
def many():
    return [added("a portrait of a doctor", seed).rsplit(" ", 1) for seed in SEEDS]


def test_every_origin_is_shown_equally_often(many):
    assert chi_square(Counter(origin for origin, _ in many), _words().origins) < 3


def test_every_gender_is_shown_equally_often(many):
    assert chi_square(Counter(gender for _, gender in many), _words().genders) < 3


def test_origin_and_gender_have_nothing_to_do_with_each_other(many):
    both = [(origin, gender) for origin in _words().origins for gender in _words().genders]
    assert chi_square(Counter(map(tuple, many)), both) < 3


def test_the_seeds_of_one_job_differ():
    assert len({added("a doctor", seed) for seed in range(100, 108)}) > 3


def test_the_test_would_notice_a_favourite(many):
    unfair = Counter({origin: 900 + 200 * (at == 0) for at, origin in enumerate(_words().origins)})
    assert chi_square(unfair, _words().origins) > 3


def test_the_same_seed_always_draws_the_same():
    assert diversify("a doctor", seed=3).prompt == "a European female doctor"


@pytest.mark.parametrize(
    ("prompt", "wanted"),
    [
        ("a doctor", "a {} doctor"),
        ("An engineer in the snow", "{A} engineer in the snow"),
        (
            "a portrait of a smiling old doctor, oil painting",
            "a portrait of a {} smiling old doctor, oil painting",
        ),
        ("a software engineer", "a {} software engineer"),
        ("a woman with a dog", "a {} woman with a dog"),
        ("a woman in a black dress", "a {} woman in a black dress"),
        ("a CEO at a desk", "a {} CEO at a desk"),
        ("people in a park", "{} people in a park"),
        ("a crowd of students", "a crowd of {} students"),
        ("A worker. A dog.", "{A} worker. A dog."),
        ("happy firefighter", "{} happy firefighter"),
        ('a teacher writes "a doctor" on the wall', 'a {} teacher writes "a doctor" on the wall'),
    ],
)
@pytest.mark.parametrize("seed", range(8))
def test_words_are_put_before_whom_they_speak_of(prompt, wanted, seed):
    found = diversify(prompt, seed=seed)
    words = found.added_words
    vowel = words[0] in "AEI" and not words.startswith("European")
    shown = wanted.replace("{A}", ("An " if vowel else "A ") + words)
    shown = shown.replace("a {}", ("an " if vowel else "a ") + words).replace("{}", words)
    assert words
    assert found.prompt == shown


def test_each_of_several_is_drawn_by_itself():
    assert len({*added("a teacher, a student and a nurse", 5).split(", ")}) > 1
    assert added("a teacher, a student, a nurse and a cook").count(",") == 2  # three at most


@pytest.mark.parametrize(
    "prompt",
    [
        # said
        "a female doctor", "a black woman", "a japanese chef", "a woman with dark-skinned hands", "an asian man",
        "a young white man", "two indian farmers", "a Kenyan runner",
        # named
        "Albert Einstein as a teacher", "a portrait of Frida Kahlo as a doctor", "doctor who in space", "iron man",
        "the girl with a pearl earring", "a doctor named Maria", "a spider man on a roof",
        # historic
        "a medieval doctor", "a roman soldier", "a soldier in 1943", "a 19th century teacher", "a viking family",
        "a king and a farmer", "a cowboy and a nurse",
        # animals
        "a cat doctor", "a doctor fish", "a dog dressed as a nurse", "a fox as a teacher", "a lion like a guard",
        "a nurse shark", "a bear", "three sheep",
        # things and others
        "a red apple", "a castle on a hill", "a statue of a woman", "a robot teacher", "a doctor's office",
        "a baby bottle", "a snowman", "an alien scientist", "a toy soldier", "a man made of snow", "", "🍎",
        "a sign that says “a doctor”",
        # nobody
        "a street without people", "a beach, no people", "nobody, not a person",
        # another language
        "une femme devant la mer", "ein Arzt im Schnee", "一位医生",
    ],
)  # fmt: skip
def test_nothing_is_added_where_it_is_said_or_nobody_is_shown(prompt):
    for seed in range(5):
        assert diversify(prompt, seed=seed).prompt == prompt
        assert added(prompt, seed) == ""


def test_any_text_comes_through_whole():
    for text in (
        "a doctor " * 200,
        "(((a doctor)))",
        "a doctor\u202e",
        "doctor" * 500,
        "a\ndoctor\n",
        "{} a doctor {0}",
    ):
        found = diversify(text, seed=1)
        without = found.prompt
        for words in found.added_words.split(", "):
            without = without.replace(f"{words} ", "", 1) if words else without
        assert without.replace("an ", "a ") == text.replace("an ", "a ")


# ---- orders and recipes


def order_of(**values):
    request = PaintRequest(operation=Operation.IMAGINE, seed=3, prompt="a doctor", count=4)
    return GenerationTask(job_id="k3v9m2p4qx7a", person="ana", request=replace(request, **values))


def test_each_picture_of_a_job_gets_words_of_its_own():
    order, words = diversify_task(order_of())
    assert [order.request.prompt_of(at) for at in range(4)] == [
        diversify("a doctor", seed=3 + at).prompt for at in range(4)
    ]
    assert words == tuple(added("a doctor", 3 + at) for at in range(4))
    assert order.request.prompt == "a doctor"


def test_pictures_that_start_from_others_are_left_alone():
    order = order_of(operation=Operation.VARY)
    assert diversify_task(order) == (order, ("",) * 4)


def test_alternatives_keep_their_order():
    order, words = diversify_task(order_of(prompts=("a doctor", "an apple")))
    assert [bool(word) for word in words] == [True, False, True, False]
    assert order.request.prompt_of(3) == "an apple"


def test_the_recipe_says_what_was_added():
    recipe = replace(PLAIN, prompt="a doctor", added_words="South Asian female")
    assert from_json(to_json(recipe)) == recipe
    assert "Added words: South Asian female" in to_parameters(recipe)
    assert "Added words" not in to_parameters(replace(recipe, added_words=""))
