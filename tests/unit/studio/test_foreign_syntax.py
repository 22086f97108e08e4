"""What other tools' users type is not painted as words, and they are told how it is written here, once."""

import pytest
from sqlalchemy import select

from bots.texts.coded.sentences import say_stored
from studio.commands.command_line import parse_phrase
from studio.commands.registry import execute
from studio.commands.spec import Call
from studio.db import queries
from studio.db.tables import JobRow, NoticeRow
from studio.parsing.foreign_syntax import without_foreign_syntax
from studio.ports import Ports
from tests.support.fakes import someone, somewhere


def imagine(ports: Ports, text: str, person: str = "ana") -> str:
    """The prompt that reaches the workers."""
    spec, values = parse_phrase(text)
    call = Call(person=someone(person), address=somewhere(), request_key=f"{person}:{text}")
    answer = execute(ports, call, spec.name, values)
    with ports.database.read() as session:
        return queries.job_of(session.get_one(JobRow, answer.job_id)).request.prompt


def notices(ports: Ports) -> list[str]:
    with ports.database.read() as session:
        return [
            say_stored(row.text) for row in session.scalars(select(NoticeRow).order_by(NoticeRow.written_at))
        ]


@pytest.mark.parametrize(
    ("typed", "prompt", "kinds"),
    [
        ("a fox --v 6.1 --stylize 250 --tile", "a fox", ["flags"]),
        ("a fox --v6 in the snow", "a fox in the snow", ["flags"]),
        ("a fox --sref https://example.org/a.png", "a fox", ["flags"]),
        ("a fox <lora:ink:0.8>", "a fox", ["lora"]),
        ("a fox —v 6", "a fox", ["flags"]),
        ("hot:: dog::2", "hot, dog,", ["parts"]),
        ("a fox <hypernet:old:1>", "a fox", ["networks"]),
        ("a fox BREAK snow", "a fox, snow", ["break"]),
        ("a [fox:cat:0.5]", "a [fox:cat:0.5]", ["editing"]),
        ("a [fox|cat]", "a [fox|cat]", ["editing"]),
        ("a __colour__ fox", "a __colour__ fox", ["wildcards"]),
    ],
)
def test_other_tools_syntax_is_named_and_not_painted(typed: str, prompt: str, kinds: list[str]) -> None:
    words, hints = without_foreign_syntax(typed)
    assert (words, [hint.code for hint in hints]) == (prompt, [f"hint.{kind}" for kind in kinds])


@pytest.mark.parametrize(
    "text",
    [
        "a (red:1.3) fox",
        "std::vector in chalk",
        "a sign [closed]",
        "TAKE A BREAK TODAY",
        "a break at noon",
        "at 10:30",
        "fox --versus 2 cats",
        "a —raw— edge",
        "a  fox",
    ],
)
def test_words_that_only_resemble_it_stay_as_they_are(text: str) -> None:
    assert without_foreign_syntax(text) == (text, [])


def test_a_flag_of_another_tool_is_left_out_among_flags_of_ours(ports: Ports) -> None:
    assert imagine(ports, "/imagine a fox --v 6 --seed 7 --stylize 100") == "a fox"


def test_each_kind_of_hint_reaches_a_person_once(ports: Ports) -> None:
    imagine(ports, "/imagine a fox --v 6")
    imagine(ports, "/imagine a cat --stylize 100")
    assert len(notices(ports)) == 1
    imagine(ports, "/imagine a cat BREAK a fox --v 6")
    imagine(ports, "/imagine a cat --v 6", person="ben")
    hints = notices(ports)
    assert [text.split()[0] for text in hints] == ["Flags", "BREAK", "Flags"]


def test_words_of_a_form_are_read_like_typed_ones(ports: Ports, call: Call) -> None:
    done = execute(ports, call, "imagine", {"prompt": "a fox —v 6"})
    with ports.database.read() as session:
        assert queries.job_of(session.get_one(JobRow, done.job_id)).request.prompt == "a fox"
    assert notices(ports)[0].startswith("Flags")
