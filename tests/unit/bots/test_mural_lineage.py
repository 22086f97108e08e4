"""A finished mural descends from its cells, and names everybody who painted one."""

import io
from collections.abc import Iterator
from dataclasses import replace

import pytest
from PIL import Image

from bots.presentation.compose.answers import compose_answer
from bots.presentation.interaction_router import Panel
from bots.presentation.message import Small
from bots.presentation.spans import plain_text
from bots.presentation.subject_lookup import load_panel
from studio.commands.button_ids import Action, Button
from studio.commands.results import Family
from studio.db.tables import JobRow
from studio.ports import Ports
from studio.serialization import to_data
from tests.support.gatherings import Table, tables


@pytest.fixture
def table(ports: Ports, monkeypatch: pytest.MonkeyPatch) -> Iterator[Table]:
    yield from tables(ports, monkeypatch)


def open_mural(table: Table) -> str:
    """Two by two, with Ana's first cell painted."""
    mural = table.open("ana", "mural", theme="a quiet sea", size="2x2")
    table.finish_jobs(mural)
    table.act("ana", "first", mural, part=1)
    return mural


def paint(table: Table, name: str, mural: str, part: int) -> None:
    table.act(name, "paint", mural, part=part, words="a boat")
    table.finish_jobs(mural)
    table.act(name, "first", mural, part=part)


def family_of(table: Table, mural: str, part: int) -> Family:
    answer = table.ask("bo", "lineage", picture=table.parts(mural)[part - 1].picture)
    assert isinstance(answer, Family)
    return answer


def test_its_parents_are_its_cells_and_everybody_is_named(table: Table) -> None:
    mural = open_mural(table)
    for name, part in (("bo", 3), ("cy", 2)):
        paint(table, name, mural, part)
    assert family_of(table, mural, 3).wholes == ()
    table.act("ana", "end", mural)
    family = family_of(table, mural, 3)
    (whole,) = family.wholes
    assert (whole.gathering.id, whole.ordinal) == (mural, 3)
    assert [person.user_id for person in whole.people] == ["ana", "cy", "bo"]  # by their cells
    shown = compose_answer(family)
    assert shown is not None
    (button,) = shown.rows[-1].buttons
    assert (button.target, button.verb) == (mural, "lineage")


def test_it_is_drawn_with_the_names_below_the_cells(table: Table) -> None:
    mural = open_mural(table)
    paint(table, "bo", mural, 3)
    table.act("ana", "end", mural)
    press = Button(action=Action.GATHER_SHOW, job_id=mural, verb="lineage", round=1)
    panel = load_panel(table.ports, Panel(job_id=mural, index=0, press=press), table.person("bo"))
    credits = [plain_text(part.spans) for part in panel.parts if isinstance(part, Small)]
    assert credits == ["@Ana: A1", "@Bo: A2"]
    (image,) = panel.files
    with Image.open(io.BytesIO(image.data)) as drawn:
        assert drawn.format == "PNG"


def test_that_of_a_private_channel_is_not_told_elsewhere(table: Table) -> None:
    secret = replace(table, address=replace(table.address, channel="secret", private=True))
    mural = open_mural(secret)
    secret.act("ana", "end", mural)
    # Who entered a picture of elsewhere: the cell itself may be seen, the mural may not.
    picture = secret.parts(mural)[0].picture
    assert picture
    with table.ports.database.begin() as session:
        session.get_one(JobRow, picture.partition(".")[0]).address = to_data(table.address)
    assert [whole.gathering.id for whole in family_of(secret, mural, 1).wholes] == [mural]
    assert family_of(table, mural, 1).wholes == ()
