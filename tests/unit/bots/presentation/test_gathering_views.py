"""What the messages of gatherings tell, and what they keep to themselves."""

import io
from collections.abc import Iterator

import pytest
from PIL import Image

from bots.interactions.error_messages import message_of
from bots.presentation.compose.answers import compose_answer
from bots.presentation.compose.gatherings.registry import find_presenter
from bots.presentation.compose.gatherings.remarks import compose_remark
from bots.presentation.interaction_router import Panel
from bots.presentation.message import Button as ButtonShown
from bots.presentation.message import Message
from bots.presentation.subject_lookup import load_panel
from bots.queries.gathering_view import GatheringView, load_gathering_view
from studio.commands.button_ids import Action, Button
from studio.domain.events import GatheringRemark
from studio.domain.gatherings import PartState
from studio.domain.jobs import JobState
from studio.domain.people import Platform
from studio.errors.gatherings import GatheringRefusedError
from studio.ports import Ports
from tests.support.gathering_samples import (
    GATHERING_ID,
    sample_gathering,
    sample_gathering_view,
    sample_part,
)
from tests.support.gatherings import Table, tables
from tests.support.message_text import text_of

WORDS = "a lantern"


@pytest.fixture
def table(ports: Ports, monkeypatch: pytest.MonkeyPatch) -> Iterator[Table]:
    yield from tables(ports, monkeypatch)


@pytest.fixture
def vote(table: Table) -> str:
    return table.open("ana", "pick", job=table.finish_job("ana"), lasts="10m")


def view_of(table: Table, gathering_id: str, reader: str = "zoe") -> GatheringView:
    return load_gathering_view(
        table.ports.database, gathering_id, reader=table.person(reader), channel=table.address.channel
    )


def message_of_gathering(table: Table, gathering_id: str) -> Message:
    view = view_of(table, gathering_id)
    return find_presenter(view.gathering.kind).message(view)


def buttons_of(message: Message) -> list[ButtonShown]:
    return [button for row in message.rows for button in row.buttons]


def test_votes_are_hidden_until_they_are_counted(table: Table, vote: str) -> None:
    for name, part in (("bo", 2), ("cy", 2), ("di", 3)):
        table.act(name, "vote", vote, part=part)
    running = view_of(table, vote)
    assert (running.votes, running.voters, running.chose) == ({}, 3, ())
    table.act("ana", "skip", vote)
    assert view_of(table, vote).votes == {2: 2, 3: 1}


def test_a_late_press_says_so_and_leads_to_what_there_is_now(table: Table, vote: str) -> None:
    table.act("bo", "vote", vote, part=2)
    table.act("ana", "skip", vote)
    with pytest.raises(GatheringRefusedError) as late:
        table.act("cy", "vote", vote, part=2, round=1)
    answer = message_of(late.value)
    (button,) = buttons_of(answer)
    assert (button.action, button.target, button.verb) == (Action.GATHER_SHOW, vote, "open")
    press = Button(action=Action.GATHER_SHOW, job_id=vote, verb="open", round=0)
    shown = load_panel(table.ports, Panel(job_id=vote, index=0, press=press), table.person("cy"))
    assert "Number 2 won" in text_of(shown)


def test_pictures_that_the_menu_of_branches_has_no_room_for_are_named_by_generation_and_number() -> None:
    press = Button(action=Action.GATHER_ASK, job_id=GATHERING_ID, verb="branch", round=1)

    def fields(count: int) -> list[tuple[str, int, bool]]:
        parts = tuple(sample_part(ordinal) for ordinal in range(1, count + 1))
        form = find_presenter("evolution").form(
            sample_gathering_view("evolution", "voting", parts=parts), press
        )
        return [(field.name, len(field.choices), field.required) for field in form.fields]

    assert fields(25) == [("part", 25, True)]
    assert fields(26) == [("part", 25, False), ("words", 0, False)]


@pytest.mark.parametrize(
    ("kind", "rules", "sentence"),
    [
        ("mural", {"size": "3x3"}, "Cell B1"),
        ("evolution", {}, "Generation 1, number 2"),
        ("contest", {}, "Part 2"),
    ],
)
def test_what_a_moderator_removed_is_said_in_its_thread(
    kind: str, rules: dict[str, str], sentence: str
) -> None:
    gathering = sample_gathering(kind, "open", rules=rules)
    view = sample_gathering_view(kind, "open", gathering=gathering)
    remark = GatheringRemark(
        gathering_id=gathering.id, platform=Platform.WEB, code="removed", values={"part": 2}, number=1
    )
    assert text_of(compose_remark(view, remark, None)) == f"A moderator removed {sentence}."


def test_of_a_held_part_nobody_reads_the_words(table: Table) -> None:
    mural = table.open("ana", "mural", theme="a quiet sea", size="2x2")
    table.finish_jobs(mural)
    table.act("ana", "first", mural, part=1)
    table.act("bo", "paint", mural, part=2, words=WORDS)
    table.finish_jobs(mural, JobState.HELD)
    assert table.parts(mural)[1].state is PartState.HELD
    text = text_of(message_of_gathering(table, mural))
    assert "1 cell waits for a moderator" in text
    assert WORDS not in text


def test_who_joins_is_told_that_others_build_on_what_they_make(table: Table) -> None:
    game = table.open("ana", "telephone", players=3)
    answer = compose_answer(table.act("bo", "join", game))
    assert answer is not None
    assert "The others may build on what you make here" in text_of(answer)


def test_what_is_open_here_is_listed_with_a_way_in(table: Table, vote: str) -> None:
    listed = compose_answer(table.ask("bo", "gather"))
    assert listed is not None
    (button,) = buttons_of(listed)
    assert (button.action, button.target, button.verb) == (Action.GATHER_SHOW, vote, "open")


def test_a_forgotten_persons_cell_of_a_finished_mural_is_a_named_grey_tile(table: Table) -> None:
    mural = table.open("ana", "mural", theme="a quiet sea", size="2x2")
    table.finish_jobs(mural)
    table.act("ana", "first", mural, part=1)
    table.act("bo", "paint", mural, part=2, words=WORDS)
    table.finish_jobs(mural)
    table.act("bo", "first", mural, part=2)
    table.act("ana", "end", mural)
    table.ask("bo", "forget-me", confirm="yes")
    table.sweep()
    view = view_of(table, mural)
    (forgotten,) = [found for found in view.parts if found.part.ordinal == 2]
    assert (forgotten.part.state, forgotten.picture) == (PartState.SET, None)
    drawn = find_presenter("mural").draw(table.ports, view, 2**20)["map"]
    with Image.open(io.BytesIO(drawn.data)) as image:
        tile = image.convert("RGB").crop((image.width // 2, 0, image.width, image.height // 2))
    colours = tile.getcolors(2**16)
    assert colours
    assert max(colours)[1] == (228, 223, 213)
    assert len(colours) > 2  # "removed" is written there
