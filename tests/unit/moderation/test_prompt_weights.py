"""Weights in brackets hide nothing: a prompt is judged as it is typed and as models read it."""

import base64
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation.policy.categories import Category
from moderation.policy.policy import default_policy
from moderation.rules.prompt import PromptSubject
from moderation.rules.prompt.listed_words import ListedWords
from moderation.rules.prompt.meaning import Meaning
from moderation.rules.prompt.minors import Minors
from moderation.rules.prompt.names import Names
from moderation.rules.prompt.people import People
from moderation.rules.prompt.topics import default_topics
from moderation.rules.prompt_judge import PromptJudge
from moderation.text.normalization import fold_text, read, without_weights
from moderation.text.prompt_classifier import ClassifierScores
from moderation.text.word_lists import PlainWords
from moderation.text.word_segmentation import WORD
from studio.domain.verdicts import Ruling
from studio.parsing.prompt_weights import joined_words, plain_words, read_weights

WORDS = PlainWords.of(["marmalade", "small lantern", "jar of plum jam"])
LISTED = ListedWords(words=WORDS, harmless=frozenset({"marmalade cat"}))
NAMES = Names({"ada example": (Category.PERSON, "Ada Example")})
PROMPT_JUDGE = PromptJudge(rules=[LISTED, Minors(), NAMES, *default_topics()], policy=default_policy())
REFUSED = [
    "a marmalade on toast",
    "one Small, lantern",
    "a jar of plum jam",
    "ein ｍаrmalade",
    "a nude child",
]
TOUCHING = [
    "mar(malade:1)",
    "(mar:1.2)malade",
    "(mar:1)(malade:1)",
    "m((a:1.1)rm:0.5)alade",
    "ma(rm: ,5 )alade",
]


@pytest.mark.parametrize("prompt", TOUCHING)
def test_a_weight_inside_a_word_does_not_split_it(prompt: str) -> None:
    finding = LISTED.judge(PromptSubject(prompt=f"a jar, {prompt} in it"))
    assert finding is not None
    assert finding.ruling is Ruling.REFUSE


@pytest.mark.parametrize(
    "prompt",
    [
        "a (small:1.3) lantern",
        "a (small:1,3) (lantern:.5)",
        "small(lantern:1)",
        "(small:2)lantern",
        "((small:1.2) lantern:1.1)",
        "((small:1.2)(lantern:1.1):1.3)",
        "smaⓛⓛ(lantern:1)",
        "a (jar:1.1) (of:1.2) (plum:1.3) (jam:1.4)",
        r"a (jar of:1.3) \(plum\) jam",
        "a (jar:1)of(plum:1)jam",
    ],
)
def test_a_weight_between_the_words_of_a_phrase_does_not_part_them(prompt: str) -> None:
    assert LISTED.judge(PromptSubject(prompt=prompt)) is not None


@pytest.mark.parametrize(
    "prompt", ["a (nude:1.3) chil(dren:1)", "na(ked:1.1) chil(dren:1.2)", "(naked:1.1) teen(ager:1.2)"]
)
def test_the_core_reads_through_weights(prompt: str) -> None:
    finding = Minors().judge(PromptSubject(prompt=prompt))
    assert finding is not None
    assert finding.category is Category.MINORS


@pytest.mark.parametrize("prompt", ["(Ada:1.2) Example", "A(da:1) Ex(ample:1.4)"])
def test_names_are_found_through_weights(prompt: str) -> None:
    assert NAMES.judge(PromptSubject(prompt=f"a portrait of {prompt}")) is not None


@pytest.mark.parametrize(
    "subject",
    [
        PromptSubject(prompt="a cat", negative="mar(malade:1)"),
        PromptSubject(prompt="a cat", style="mar(malade:1)"),
        PromptSubject(prompt="warmer", lineage=("mar(malade:1)",)),
        PromptSubject(prompt="a {mar,b}(malade:1)", alternatives=("a mar(malade:1)", "a b(malade:1)")),
    ],
    ids=["negative prompt", "style", "ancestor", "alternatives"],
)
def test_every_text_of_a_request_is_read_without_its_weights(subject: PromptSubject) -> None:
    assert LISTED.judge(subject) is not None


@pytest.mark.parametrize(
    "prompt",
    [
        "a (red:1.3) fox",
        "a lantern, (tall:1.2) and (small:1.1)",
        "a (marmalade:1.2) cat",
        "(masterpiece:1.2)(best quality:1.2) sunset",
        "in (16:9) at (10:30)",
        "nude, (aged:1.2) wood, (thirty:1.1) years old",
    ],
)
def test_weights_accuse_nobody(prompt: str) -> None:
    assert PROMPT_JUDGE.judge(PromptSubject(prompt=prompt)).allows


def test_a_word_put_together_from_pieces_is_not_excused_by_a_phrase_elsewhere() -> None:
    assert LISTED.judge(PromptSubject(prompt="a marmalade cat, (ripe:1)mar(malade:1)")) is not None


def test_a_word_that_is_read_in_the_text_as_typed_only_is_not_taken_for_harmless() -> None:
    encoded = base64.b64encode(b"marmalade").decode()  # with the hyphen beside it, it would be other digits
    assert LISTED.judge(PromptSubject(prompt=f"a cat -({encoded}:1.2)")) is not None


@pytest.mark.parametrize("prompt", ["a fox", "a fox (small)", "in (16:9)", "((a fox", "a fox :1.3)"])
def test_a_prompt_without_weights_is_read_once(prompt: str) -> None:
    assert not without_weights(prompt)


def test_weights_do_not_make_a_long_prompt_too_long_to_be_read() -> None:
    assert not read("a (red:1.3) fox in the snow, " * 30).cut
    assert not read("(red:1.3)(fox:1.2)(snow:1.1), " * 30).cut


def test_more_pieces_without_a_space_than_are_put_together_are_not_passed_over_in_silence() -> None:
    assert read("a(b:1)" * 140).cut


# ---- what it means, and who is named


class Listener:
    """Answers harm for texts that hold some words, and remembers what it was asked."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def judge(self, texts: Sequence[str]) -> list[ClassifierScores]:
        self.texts += texts
        return [
            ClassifierScores(
                harm=0.95 if "storm at sea" in text else 0.05, category=Category.VIOLENCE, chance=0.9
            )
            for text in texts
        ]


@pytest.mark.parametrize(
    "subject",
    [
        PromptSubject(prompt="a (storm:1.3) at (sea:1.2)"),
        PromptSubject(prompt="a st(orm:1) at s(ea:1)"),
        PromptSubject(prompt="a (5t0rm:1.2) at sea"),
        PromptSubject(prompt="paint it", lineage=("a (storm:1.3) at (sea:1.2)",)),
        PromptSubject(prompt="a sea", negative="a (storm:1.3) at sea", inverted=True),
    ],
    ids=["phrase", "halves", "digits", "ancestor", "inverted negative prompt"],
)
def test_what_words_mean_together_is_read_without_their_weights(subject: PromptSubject) -> None:
    finding = Meaning(Listener()).judge(subject)
    assert finding is not None
    assert finding.score > 0.9  # what several steps say together counts a little less


def test_what_words_mean_is_read_as_typed_too() -> None:
    listener = Listener()
    Meaning(listener).judge(PromptSubject(prompt="a (red:1.3) fox"))
    assert listener.texts == ["a (red:1.3) fox", "a red fox"]


@pytest.mark.parametrize("prompt", ["(Ada:1.2) (Example:1.2)", "A(da:1) Ex(ample:1)"])
def test_a_named_person_is_recognised_through_weights(prompt: str) -> None:
    rule = People(Listener(), find=lambda text: ["Ada Example"] if "Ada Example" in text else [])
    assert rule.judge(PromptSubject(prompt=prompt)) is not None


# ---- any weights around any pieces


WEIGHTS = st.sampled_from([":1)", ":1.3)", ":0,5)", ": .7 )", ":2.9)", ":0)"])


@st.composite
def wrapped(draw: st.DrawFn, text: str, depth: int = 3) -> str:
    """The text with weights around some of its pieces, and around pieces of these."""
    pieces = []
    cuts = sorted(draw(st.sets(st.integers(0, len(text)), max_size=4)) | {0, len(text)})
    for start, end in pairwise(cuts):
        piece = text[start:end]
        if depth and piece.strip() and draw(st.booleans()):
            pieces.append(f"({draw(wrapped(piece, depth - 1))}{draw(WEIGHTS)}")
        else:
            pieces.append(piece)
    return "".join(pieces)


WRAPPED = st.sampled_from(REFUSED).flatmap(wrapped)


@given(WRAPPED)
def test_a_refused_prompt_is_refused_with_any_weights(prompt: str) -> None:
    for subject in (
        PromptSubject(prompt=prompt),
        PromptSubject(prompt="a cat", style=prompt),
        PromptSubject(prompt="a cat", negative=prompt, inverted=True),
    ):
        assert PROMPT_JUDGE.judge(subject).ruling is Ruling.REFUSE


@given(st.sampled_from(REFUSED).flatmap(lambda text: st.tuples(st.just(text), wrapped(text))))
def test_without_its_weights_a_prompt_is_the_text_that_they_were_put_into(texts: tuple[str, str]) -> None:
    text, weighted = texts
    assert joined_words(weighted) == text


@given(WRAPPED)
def test_the_words_that_a_text_encoder_gets_are_among_those_that_are_judged(prompt: str) -> None:
    given_words = " ".join(word for piece in read_weights(prompt) for word in piece.text.split())
    folded = tuple(fold_text(given_words).split())
    words = read(prompt).words
    assert words[: len(folded)] == folded
    assert tuple(WORD.findall(fold_text(plain_words(prompt)))) == folded
