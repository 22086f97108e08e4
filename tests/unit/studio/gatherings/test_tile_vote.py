"""The smallest gathering: a vote on the pictures of a job."""

from collections.abc import Iterator

import pytest

from studio.domain.gatherings import PartState
from studio.domain.jobs import JobState
from studio.errors import BadRequestError
from studio.errors.gatherings import GatheringRefusedError, Refusal
from studio.ports import Ports
from tests.support.gatherings import Table, tables


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
