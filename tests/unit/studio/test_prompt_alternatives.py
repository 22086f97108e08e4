"""Words with alternatives: what they stand for, how many pictures they ask for, and what is wrong with them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation.rules.prompt.subject import PromptSubject
from studio.commands.registry import execute
from studio.commands.spec import Call
from studio.db.queries import job_of
from studio.db.tables import JobRow
from studio.domain.requests import Operation, PaintRequest
from studio.errors import BadParameterError
from studio.parsing.prompt_alternatives import MOST, spread
from studio.parsing.text_cleaning import point_at
from studio.ports import Ports
from tests.support.sentences import raises


@pytest.mark.parametrize(
    ("text", "prompts"),
    [
        ("a red bird", ["a red bird"]),
        ("a {red,blue} bird", ["a red bird", "a blue bird"]),
        ("{red, blue} {bird,fish}", ["red bird", "red fish", "blue bird", "blue fish"]),
        ("a {,red} bird", ["a bird", "a red bird"]),
        ("a {red} bird", ["a red bird"]),
        ("a {red,red} bird", ["a red bird"]),
        (r"a \{b\} {c,d\,e}", ["a {b} c", "a {b} d,e"]),
    ],
)
def test_words_stand_for_these_prompts(text: str, prompts: list[str]) -> None:
    assert list(spread(text)) == prompts


@pytest.mark.parametrize(
    ("text", "wrong", "reason"),
    [
        ("a {red,blue bird", "{", "never closed"),
        ("a red} bird", "}", "closes nothing"),
        ("a {red,{light,dark} blue} bird", "{", "inside braces"),
        ("a { , } bird", "{ , }", "nothing between"),
        ("{a,b,c} {d,e,f} g", "{a,b,c}", "9 different"),
    ],
)
def test_an_error_points_at_the_part_that_is_wrong(text: str, wrong: str, reason: str) -> None:
    with raises(BadParameterError, match=reason) as caught:
        spread(text)
    start, end = caught.value.span
    assert caught.value.text[start:end] == wrong
    line, carets = point_at(caught.value.text, caught.value.span).split("\n")
    assert line[carets.index("^") :].startswith(wrong)


@given(st.text(alphabet="ab{},\\ ", max_size=40))
def test_any_words_are_a_few_prompts_or_a_sentence(text: str) -> None:
    prompts, span = ("",), (0, 0)
    try:
        prompts = spread(text)
    except BadParameterError as error:
        span = error.span
    assert 0 <= span[0] <= span[1] <= len(text)
    assert 1 <= len(prompts) <= MOST


def test_carets_stand_under_wide_letters() -> None:
    text = "赤い鳥 --sed 4"
    line, carets = point_at(text, (4, 9)).split("\n")
    assert line == text
    assert carets == " " * 7 + "^^^^^"


def test_a_long_text_is_cut_around_the_part_that_is_wrong() -> None:
    text = "a " * 100 + "{b" + " c" * 100
    line, carets = point_at(text, (200, 201)).split("\n")
    assert len(line) < 70
    assert line[carets.index("^")] == "{"


def request_of(ports: Ports, call: Call, **values: object) -> PaintRequest:
    accepted = execute(ports, call, "imagine", values)
    with ports.database.read() as session:
        return job_of(session.get_one(JobRow, accepted.job_id)).request  # type: ignore[union-attr]


def test_each_alternative_is_one_picture(ports: Ports, call: Call) -> None:
    request = request_of(ports, call, prompt="a {red,blue,green} bird")
    assert request.count == 3
    assert [request.prompt_of(index) for index in range(3)] == ["a red bird", "a blue bird", "a green bird"]
    assert request.prompt == "a {red,blue,green} bird"


def test_more_pictures_than_alternatives_begin_again(ports: Ports, call: Call) -> None:
    request = request_of(ports, call, prompt="a {red,blue} bird", count=3)
    assert [request.prompt_of(index) for index in range(3)] == ["a red bird", "a blue bird", "a red bird"]


def test_fewer_pictures_than_alternatives_are_refused(ports: Ports, call: Call) -> None:
    with raises(BadParameterError, match="3 alternatives"):
        request_of(ports, call, prompt="a {red,blue,green} bird", count=2)


def test_the_policy_judges_every_alternative() -> None:
    request = PaintRequest(
        operation=Operation.IMAGINE, seed=1, prompt="a {red,bad}word", prompts=("a redword", "a badword")
    )
    subject = PromptSubject.of_request(request)
    assert [reading.text for reading in subject.every_reading] == ["a redword", "a badword"]
    assert subject.wished == ("a redword", "a badword")
