"""Mural: cells next to painted ones, one owner each, and what they are asked to show."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from studio.domain.gatherings import Gathering, Part, PartState
from studio.domain.jobs import JobState
from studio.errors.gatherings import GatheringRefusedError
from studio.gatherings.kinds.mural_grid import MuralGrid, fit_cell
from studio.ports import Ports
from tests.support.gathering_machine import Driver, machine_of
from tests.support.gatherings import Table, tables

MIDDLE, RIGHT, BELOW, CORNER = 5, 6, 8, 1  # of three by three


@pytest.fixture
def table(ports: Ports, monkeypatch: pytest.MonkeyPatch) -> Iterator[Table]:
    yield from tables(ports, monkeypatch)


@pytest.fixture
def mural(table: Table) -> str:
    """Three by three, with Ana's first cell painted."""
    gathering_id = table.open("ana", "mural", theme="a quiet sea", size="3x3")
    table.finish_jobs(gathering_id)
    table.act("ana", "first", gathering_id, part=MIDDLE)
    return gathering_id


def paint(table: Table, name: str, mural: str, part: int, words: str = "a boat", **values: object) -> str:
    """Paint a cell up to its end; the code of what came of it."""
    code: str = table.act(name, "paint", mural, part=part, words=words, **values).code  # type: ignore[union-attr]
    table.finish_jobs(mural)
    if cell(table, mural, part).state is PartState.CHOOSING:
        table.act(name, "first", mural, part=part)
    return code


def cell(table: Table, mural: str, number: int) -> Part:
    return table.parts(mural)[number - 1]


def refusal(table: Table, name: str, verb: str, mural: str, **values: object) -> str:
    with pytest.raises(GatheringRefusedError) as refused:
        table.act(name, verb, mural, **values)
    return str(refused.value.reason)


# ---- which cells are open


def test_cells_have_letters_and_numbers() -> None:
    grid = MuralGrid.of("6x4")
    assert [grid.name(number) for number in (1, 6, 7, 24)] == ["A1", "F1", "A2", "F4"]
    assert grid.name(grid.middle) == "C2"
    assert sorted(grid.name(number) for number in grid.beside(1)) == ["A2", "B1"]


def test_the_first_cell_is_painted_from_the_theme_in_the_hosts_name(table: Table) -> None:
    gathering_id = table.open("ana", "mural", theme="a quiet sea", size="3x3")
    (job,) = table.jobs(gathering_id)
    request = table.request(job)
    assert (request["prompt"], request["count"], request["operation"]) == ("a quiet sea", 2, "imagine")
    assert cell(table, gathering_id, MIDDLE).state is PartState.GENERATING


def test_a_picture_can_be_the_first_cell(table: Table) -> None:
    picture = f"{table.finish_job('ana', count=1)}.1"
    gathering_id = table.open("ana", "mural", theme="a quiet sea", size="3x3", start=picture)
    assert cell(table, gathering_id, MIDDLE).picture == picture
    assert paint(table, "bo", gathering_id, RIGHT) == "painting"


def test_only_cells_beside_a_painted_one_are_open(table: Table, mural: str) -> None:
    assert refusal(table, "bo", "paint", mural, part=CORNER, words="a boat") == "not_open"
    assert paint(table, "bo", mural, RIGHT) == "painting"
    assert cell(table, mural, RIGHT).state is PartState.SET


def test_a_first_cell_that_failed_is_the_hosts(table: Table) -> None:
    gathering_id = table.open("ana", "mural", theme="a quiet sea", size="3x3")
    table.finish_jobs(gathering_id, JobState.FAILED)
    table.clock.pass_by(minutes=6)
    table.sweep()
    assert refusal(table, "bo", "paint", gathering_id, part=MIDDLE, words="a boat") == "first_is_hosts"
    assert paint(table, "ana", gathering_id, MIDDLE) == "painting"


# ---- one owner each


def test_who_comes_second_is_offered_the_next_cell_for_five_minutes(table: Table, mural: str) -> None:
    table.act("bo", "paint", mural, part=RIGHT, words="a boat")
    outcome = table.act("cy", "paint", mural, part=RIGHT, words="a whale")
    assert (outcome.code, outcome.values["taken"]) == ("offered", "C2")  # type: ignore[union-attr]
    offered = next(part for part in table.parts(mural) if part.state is PartState.OFFERED)
    assert offered.ordinal != RIGHT
    assert (offered.human, offered.text) == (table.person("cy").key, "a whale")
    assert refusal(table, "di", "paint", mural, part=CORNER, words="a gull") == "not_open"
    table.clock.pass_by(minutes=6)
    table.sweep()
    assert cell(table, mural, offered.ordinal).state is PartState.FREE


def test_an_offered_cell_is_painted_by_the_person_it_was_offered_to(table: Table, mural: str) -> None:
    table.act("bo", "paint", mural, part=RIGHT, words="a boat")
    table.act("cy", "paint", mural, part=RIGHT, words="a whale")
    offered = next(part for part in table.parts(mural) if part.state is PartState.OFFERED)
    assert paint(table, "cy", mural, offered.ordinal, "a whale") == "painting"
    assert cell(table, mural, offered.ordinal).human == table.person("cy").key


def test_refused_words_leave_the_claim_for_five_minutes(table: Table, mural: str) -> None:
    table.act("bo", "paint", mural, part=RIGHT, words="a boat")
    table.finish_jobs(mural, JobState.REFUSED)
    assert (cell(table, mural, RIGHT).state, cell(table, mural, RIGHT).text) == (PartState.CLAIMED, "")
    table.clock.pass_by(minutes=6)
    table.sweep()
    assert cell(table, mural, RIGHT).state is PartState.FREE


def test_nobody_has_two_cells_in_work(table: Table, mural: str) -> None:
    table.act("bo", "paint", mural, part=RIGHT, words="a boat")
    assert refusal(table, "bo", "paint", mural, part=BELOW, words="a boat") == "busy"


def test_nobody_paints_more_than_a_quarter(table: Table, mural: str) -> None:
    for part in (RIGHT, BELOW):
        paint(table, "bo", mural, part)
    assert refusal(table, "bo", "paint", mural, part=4, words="a boat") == "quarter"


def test_people_wait_after_a_cell_only_while_three_take_part(table: Table) -> None:
    gathering_id = table.open("ana", "mural", theme="a quiet sea", size="4x4", cooldown="10m")
    table.finish_jobs(gathering_id)
    table.act("ana", "first", gathering_id, part=6)
    paint(table, "bo", gathering_id, 7)
    assert paint(table, "bo", gathering_id, 8) == "painting"
    paint(table, "cy", gathering_id, 10)
    assert refusal(table, "bo", "paint", gathering_id, part=11, words="a boat") == "cooldown"
    table.clock.pass_by(minutes=11)
    assert paint(table, "bo", gathering_id, 11) == "painting"
    table.clock.pass_by(minutes=61)
    paint(table, "cy", gathering_id, 12)
    assert paint(table, "cy", gathering_id, 9) == "painting"


# ---- candidates


def test_of_two_candidates_one_is_chosen(table: Table, mural: str) -> None:
    table.act("bo", "paint", mural, part=RIGHT, words="a boat")
    table.finish_jobs(mural)
    assert refusal(table, "cy", "second", mural, part=RIGHT) == "late"
    table.act("bo", "second", mural, part=RIGHT)
    assert str(cell(table, mural, RIGHT).picture).endswith(".2")


def test_without_a_choice_within_ten_minutes_it_is_the_first(table: Table, mural: str) -> None:
    table.act("bo", "paint", mural, part=RIGHT, words="a boat")
    table.finish_jobs(mural)
    table.clock.pass_by(minutes=11)
    table.sweep()
    assert cell(table, mural, RIGHT).state is PartState.SET
    assert str(cell(table, mural, RIGHT).picture).endswith(".1")


# ---- what is painted


def test_a_cell_goes_on_from_its_neighbours(table: Table, mural: str) -> None:
    paint(table, "bo", mural, RIGHT, "a red boat")
    paint(table, "cy", mural, BELOW, "a whale", option="softly")
    request = table.request(table.jobs(mural)[-1])
    neighbours = [cell(table, mural, number).picture for number in (MIDDLE, RIGHT)]
    pictures = [source["picture_id"] for source in request["sources"]]
    assert pictures == [*neighbours, neighbours[0]]  # the first one lends its colours, too
    assert request["mural_cell"] == {
        "places": [[0, -1], [1, -1], [0, 0]],
        "words": "a whale",
        "softly": True,
    }
    assert request["prompt"] == "a quiet sea, a whale, a red boat"
    assert (request["width"], request["height"]) == (64, 64)
    assert request["pixels"] == 64 * 96


def test_something_new_takes_less_of_the_neighbours_words(table: Table, mural: str) -> None:
    paint(table, "bo", mural, RIGHT, "one two three four five six seven eight nine")
    paint(table, "cy", mural, 3, "a gull", option="new")
    request = table.request(table.jobs(mural)[-1])
    assert request["prompt"] == "a quiet sea, a gull, one two three four"
    assert request["mural_cell"]["words"] == "a quiet sea, a gull"
    assert request["mural_cell"]["softly"] is False


def test_cells_descend_from_their_neighbours(table: Table, mural: str) -> None:
    paint(table, "bo", mural, RIGHT)
    answer = table.ask("bo", "lineage", picture=cell(table, mural, RIGHT).picture)
    assert cell(table, mural, MIDDLE).picture in str(answer)


def test_cells_have_the_shape_of_the_first_picture() -> None:
    assert fit_cell(256, 256) == (256, 256)
    assert fit_cell(4096, 2048) == (1024, 512)


# ---- taking back


def test_a_cell_is_taken_back_within_ten_minutes(table: Table, mural: str) -> None:
    paint(table, "bo", mural, RIGHT)
    table.act("bo", "undo", mural)
    assert cell(table, mural, RIGHT).state is PartState.FREE
    paint(table, "bo", mural, RIGHT)
    table.clock.pass_by(minutes=11)
    assert refusal(table, "bo", "undo", mural) == "undo_late"


def test_a_cell_stays_once_a_neighbour_is_painted(table: Table, mural: str) -> None:
    paint(table, "bo", mural, RIGHT)
    table.clock.pass_by(seconds=1)
    paint(table, "cy", mural, 3)
    assert refusal(table, "bo", "undo", mural) == "undo_built_on"
    table.ask("mo", "gather", moderator=True, do="remove", id=mural, part=RIGHT)
    assert cell(table, mural, RIGHT).state is PartState.FREE


def test_a_deleted_picture_frees_its_cell(table: Table, mural: str) -> None:
    paint(table, "bo", mural, RIGHT)
    table.ask("bo", "delete", what=cell(table, mural, RIGHT).picture)
    table.sweep()
    assert cell(table, mural, RIGHT).state is PartState.FREE


# ---- the end


def test_the_last_cell_makes_it_full(table: Table) -> None:
    gathering_id = table.open("ana", "mural", theme="a quiet sea", size="2x2", cooldown="1m")
    table.finish_jobs(gathering_id)
    table.act("ana", "first", gathering_id, part=1)
    for name, part in (("bo", 2), ("cy", 3), ("di", 4)):
        paint(table, name, gathering_id, part)
    gathering = table.gathering(gathering_id)
    assert (gathering.state, gathering.is_over) == ("full", True)


def test_it_ends_by_its_clock_with_the_cells_it_has(table: Table, mural: str) -> None:
    table.clock.pass_by(days=8)
    table.sweep()
    assert table.gathering(mural).is_over
    assert cell(table, mural, MIDDLE).state is PartState.SET


# ---- random histories


def _open_mural(table: Table, host: str) -> str:
    return table.open(host, "mural", theme="a quiet sea", size="2x2", ends="1h")


def _chosen(_gathering: Gathering, parts: list[Part], _number: int) -> Mapping[str, Any]:
    """The cell of whoever chooses."""
    return {
        "part": next((part.ordinal for part in parts if part.state is PartState.CHOOSING), 1),
    }


TestHistories = machine_of(Driver(open=_open_mural, values={"first": _chosen, "second": _chosen}))
