"""Weights in brackets: what is a weight, what is text, and which words a model reads."""

import pytest

from studio.parsing.prompt_weights import joined_words, plain_words, read_weights


@pytest.mark.parametrize(
    ("prompt", "fragments"),
    [
        ("a fox", [("a fox", 1.0)]),
        ("", []),
        ("a (red:1.3) fox", [("a ", 1.0), ("red", 1.3), (" fox", 1.0)]),
        ("(red:1,3)", [("red", 1.3)]),
        ("((red:1.5) fox:2)", [("red", 3.0), (" fox", 2.0)]),
        (r"\(red:1.3\) fox", [("(red:1.3) fox", 1.0)]),
        (r"(fate \(series\):1.2)", [("fate (series)", 1.2)]),
        ("a (small) fox", [("a (small) fox", 1.0)]),
        ("(a (small) fox:0.5)", [("a (small) fox", 0.5)]),
        ("in (16:9) at (10:30) (:3)", [("in (16:9) at (10:30) (:3)", 1.0)]),
        ("(red:9)", [("(red:9)", 1.0)]),
        ("((red:1.3", [("((red:1.3", 1.0)]),
        ("red:1.3)", [("red:1.3)", 1.0)]),
    ],
)
def test_brackets_with_a_number_are_weights_and_all_others_are_text(
    prompt: str, fragments: list[tuple[str, float]]
) -> None:
    assert [(fragment.text, fragment.weight) for fragment in read_weights(prompt)] == fragments


@pytest.mark.parametrize(
    ("prompt", "plain"),
    [
        ("n(o:1)te", "n o te"),
        ("(ab:1)(cd:1)", "ab cd"),
        ("ⓝ(ote:1)", "ⓝ ote"),
        ("n\u0308(ote:1)🦊", "n\u0308 ote 🦊"),
    ],
)
def test_a_bracket_with_a_weight_never_joins_two_halves_of_a_word(prompt: str, plain: str) -> None:
    assert plain_words(prompt).split() == plain.split()


@pytest.mark.parametrize(
    ("prompt", "joined"),
    [
        ("n(o:1)te", "note"),
        ("(n(o:1,2)t: .5 )e", "note"),
        ("(ab:1)(cd:1) (e)", "abcd (e)"),
        (r"a \(small:1\) fox", "a (small:1) fox"),
        ("in (16:9) at (10:30)", "in (16:9) at (10:30)"),
    ],
)
def test_a_person_reads_no_space_where_a_weight_stands_inside_a_word(prompt: str, joined: str) -> None:
    assert joined_words(prompt) == joined


def test_brackets_in_any_number_of_brackets_are_read_and_their_weights_stay_numbers() -> None:
    deep = "(" * 2000 + "red:0)" + " fox:3)" * 1999
    assert plain_words(deep) == "red" + " fox" * 1999
    weights = [fragment.weight for fragment in read_weights(deep)]
    assert weights[0] == 0
    assert set(weights[1:]) == {3.0}
