"""The smallest gathering: a vote on the pictures of a job."""

from collections.abc import Iterator

import pytest

from bots.presentation.compose.gatherings.tile_vote import compose_tile_vote
from bots.queries.gathering_view import load_gathering_view
from studio.domain.gatherings import PartState
from studio.domain.jobs import JobState
from studio.errors import BadRequestError
from studio.errors.gatherings import GatheringRefusedError, Refusal
from studio.ports import Ports
from tests.support.gatherings import Table, tables
from tests.support.message_text import text_of


@pytest.fixture
def table(ports: Ports, monkeypatch: pytest.MonkeyPatch) -> Iterator[Table]:
    yield from tables(ports, monkeypatch)


@pytest.fixture
def vote(table: Table) -> str:
    return table.open("ana", "pick", job=table.finish_job("ana"), lasts="10m")


def test_the_picture_with_most_votes_is_upscaled_for_the_host(table: Table, vote: str) -> None:
    for name, part in (("bo", 2), ("cy", 2), ("di", 3)):
        table.act(name, "vote", vote, part=part)
    table.clock.pass_by(minutes=11)
    table.sweep()
    assert table.gathering(vote).state == "upscaling"
    (job_id,) = table.jobs(vote)
    table.finish_jobs(vote)
    assert table.gathering(vote).state == "done"
    upscaled = table.parts(vote)[-1]
    assert (upscaled.state, upscaled.job, upscaled.person_key) == (PartState.SET, job_id, "web:room:ana")


def test_one_person_has_one_vote_and_may_take_it_back(table: Table, vote: str) -> None:
    table.act("bo", "vote", vote, part=1)
    table.act("bo", "vote", vote, part=2)
    table.act("cy", "vote", vote, part=3)
    table.act("cy", "vote", vote, part=3)
    table.act("ana", "skip", vote)
    assert table.gathering(vote).data["winner"] == 2


@pytest.mark.parametrize(("parts", "by_lot"), [((2, 2, 3), False), ((2, 3), True)])
def test_a_tie_that_a_lot_decided_is_said_to_be_one(
    table: Table, vote: str, parts: tuple[int, ...], by_lot: bool
) -> None:
    for name, part in zip(("bo", "cy", "di"), parts, strict=False):
        table.act(name, "vote", vote, part=part)
    table.act("ana", "skip", vote)
    assert table.gathering(vote).data["lot"] is by_lot
    assert table.remarks(vote) == ["won_by_lot" if by_lot else "won"]
    view = load_gathering_view(table.ports.database, vote)
    assert ("a lot decided" in text_of(compose_tile_vote(view))) is by_lot


def test_without_votes_nothing_is_upscaled(table: Table, vote: str) -> None:
    table.clock.pass_by(minutes=11)
    table.sweep()
    assert (table.gathering(vote).state, table.jobs(vote)) == ("done", [])


def test_a_vote_after_the_end_says_that_it_is_over(table: Table, vote: str) -> None:
    table.clock.pass_by(minutes=11)
    table.sweep()
    with pytest.raises(GatheringRefusedError) as refused:
        table.act("bo", "vote", vote, part=1, round=1)
    assert refused.value.reason == Refusal.OVER


def test_a_job_with_one_picture_leaves_nothing_to_vote_on(table: Table) -> None:
    with pytest.raises(BadRequestError):
        table.open("ana", "pick", job=table.finish_job("ana", count=1))


@pytest.mark.parametrize("state", [JobState.FAILED, JobState.REFUSED])
def test_an_upscale_that_fails_ends_the_vote_with_its_winner(
    table: Table, vote: str, state: JobState
) -> None:
    table.act("bo", "vote", vote, part=4)
    table.act("ana", "skip", vote)
    table.finish_jobs(vote, state)
    assert (table.gathering(vote).state, table.gathering(vote).data["winner"]) == ("done", 4)
