"""The arithmetic of `chatelier bench load`, and what its loopback platforms report."""

import json
from dataclasses import asdict
from typing import cast

import pytest
from PIL import Image
from websockets.asyncio.client import ClientConnection

from chatelier.benchmarks.load.figures import (
    FrontendFigures,
    Growth,
    LoadFigures,
    Spread,
    percentile,
    slope_of,
)
from chatelier.benchmarks.load.people import WebRoom, share_out
from chatelier.benchmarks.load.requests import Requests
from chatelier.benchmarks.load.sleeping_generator import STEPS, SleepingGenerator
from chatelier.benchmarks.loopback.platform import number_of, prompt_of, report_message
from chatelier.benchmarks.web_client import WebClient
from engine.generation_task import GenerationTask, Progress
from studio.domain.requests import Operation, PaintRequest
from studio.errors import JobCancelledError


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(
    ("share", "value"), [(0.5, 50.0), (0.95, 95.0), (0.99, 99.0), (1.0, 100.0), (0.0, 1.0)]
)
def test_a_percentile_is_the_nearest_rank(share: float, value: float) -> None:
    assert percentile([float(number) for number in range(1, 101)], share) == value


def test_percentiles_of_nothing_are_none_and_of_one_value_that_value() -> None:
    assert Spread.of([]) == Spread(p50=None, p95=None, p99=None, slowest=None)
    assert str(Spread.of([])) == "none"
    assert Spread.of([0.25]) == Spread(p50=0.25, p95=0.25, p99=0.25, slowest=0.25)


def test_growth_is_a_slope_after_the_warm_up() -> None:
    rises_first = [(float(at), float(min(at, 30))) for at in range(0, 91, 10)]
    steady = Growth.of(rises_first)
    assert (steady.start, steady.end) == (0.0, 30.0)
    assert steady.per_minute == pytest.approx(0.0)
    leaks = Growth.of([(1000.0 + at, 200 + at / 60) for at in range(0, 91, 10)])
    assert leaks.per_minute == pytest.approx(1.0)


def test_no_slope_without_three_moments() -> None:
    assert slope_of([(0.0, 1.0), (1.0, 2.0)]) is None
    assert slope_of([(1.0, 1.0), (1.0, 2.0), (1.0, 3.0)]) is None
    assert Growth.of([(0.0, 7.0)]) == Growth(start=7.0, end=7.0, per_minute=None)


def test_what_people_saw_becomes_figures_of_their_front_end() -> None:
    clock = Clock()
    requests = Requests(clock)
    assert not requests.are_acknowledged("slack")
    first, second, third = (requests.begin("slack") for _ in range(3))
    clock.now += 0.1
    for request in (first, second, third):
        assert not requests.are_acknowledged("slack")
        requests.acknowledge(request.number)
    assert requests.are_acknowledged("slack")
    clock.now += 0.4
    requests.show(first.number)
    clock.now += 1.5
    requests.end(first.number)
    requests.end(first.number, failed=True)  # the first end counts
    requests.end(second.number, failed=True)
    figures = FrontendFigures.of([first, second, third], processor_seconds=0.06)
    assert figures.acknowledged.p99 == pytest.approx(0.1)
    assert figures.shown.p50 == pytest.approx(0.5)
    assert figures.pictures.slowest == pytest.approx(2.0)
    assert (figures.requests, figures.failed, figures.unanswered) == (3, 1, 1)
    assert figures.processor_ms == pytest.approx(20.0)
    assert requests.ended_between(100.0, 200.0) == 1
    assert requests.ended_between(100.0, 101.0) == 0
    assert list(requests.asked_since(100.5)) == []


def test_people_are_shared_out_evenly() -> None:
    people = share_out(7, ("discord", "slack", "web"))
    numbers = [sum(person.frontend == name for person in people) for name in ("discord", "slack", "web")]
    assert numbers == [3, 2, 2]
    assert [person.index for person in people if person.frontend == "discord"] == [0, 1, 2]


def test_a_message_tells_whether_its_job_goes_on() -> None:
    requests = Requests()
    running, done, refused = (requests.begin("discord") for _ in range(3))
    report_message(requests, running.number, '{"custom_id": "c1:cancel:j1"}', pictures=True)
    report_message(requests, done.number, '{"custom_id": "c1:reroll:j1"}', pictures=True)
    report_message(requests, refused.number, "{}", pictures=False)
    assert running.shown_at is not None
    assert running.ended_at is None
    assert (done.failed, refused.failed) == (False, True)
    assert refused.ended_at is not None


def test_a_request_is_recognised_by_its_prompt() -> None:
    assert number_of(f"**{prompt_of(17)}**, by @Ana") == 17
    assert number_of("a red fox") is None


def test_the_table_says_only_what_was_measured() -> None:
    figures = LoadFigures(people=3, workers=1, database="SQLite", cores=2, load_average=0.5)
    assert len(figures.rows()) == 2
    assert asdict(figures)["sustained"] is None


def task(count: int) -> GenerationTask:
    request = PaintRequest(operation=Operation.IMAGINE, prompt="a red fox", count=count, seed=7)
    return GenerationTask(job_id="j1", person="web:room:ana", request=request)


def test_the_sleeping_generator_takes_a_large_cards_time() -> None:
    slept: list[float] = []
    heard: list[Progress] = []
    generator = SleepingGenerator(pass_seconds=0.03, row_seconds=0.002, side_pixels=32, sleep=slept.append)
    images = generator.generate(task(2), on_progress=heard.append, cancelled=lambda: False)
    assert slept == pytest.approx([0.03 + 4 * 0.002] * STEPS)
    assert [progress.step for progress in heard] == list(range(1, STEPS + 1))
    assert [generated.recipe.seed for generated in images] == [7, 8]
    assert [generated.image.size for generated in images] == [(32, 32)] * 2
    assert len({Image.Image.tobytes(generated.image) for generated in images}) == 2


def test_a_cancelled_job_leaves_the_sleeping_card() -> None:
    slept: list[float] = []
    generator = SleepingGenerator(pass_seconds=1, row_seconds=1, side_pixels=32, sleep=slept.append)
    with pytest.raises(JobCancelledError):
        generator.generate(task(1), on_progress=lambda _: None, cancelled=lambda: True)
    generator.generate(task(1), on_progress=lambda _: None, cancelled=lambda: False)
    assert slept == [3.0] * (1 + STEPS)


def test_of_many_visitors_one_reads_the_cards_that_everybody_sees() -> None:
    requests = Requests()
    room = WebRoom(requests)
    first, second = (WebClient(socket=cast("ClientConnection", None), address="", headers={}) for _ in "ab")
    room.visitors = [first, second]
    request = requests.begin("web")
    card = {"id": "j1", "state": "queued", "html": prompt_of(request.number)}
    room.hear(second, json.dumps({"type": "cards", "cards": [card]}))
    room.hear(second, json.dumps({"type": "waiting", "jobs": {"id": 1}}))
    assert request.shown_at is None
    room.hear(first, json.dumps({"type": "cards", "cards": [card]}))
    assert request.shown_at is not None
    assert request.ended_at is None
    room.hear(first, json.dumps({"type": "cards", "cards": [card | {"state": "done"}]}))
    assert (request.ended.is_set(), request.failed) == (True, False)


def test_an_answer_without_a_job_ends_the_visitors_request() -> None:
    requests = Requests()
    room = WebRoom(requests)
    visitor = WebClient(socket=cast("ClientConnection", None), address="", headers={})
    room.visitors = [visitor]
    taken, refused = requests.begin("web"), requests.begin("web")
    room.wishes = {"taken": taken.number, "refused": refused.number}
    room.hear(visitor, json.dumps({"type": "answer", "id": "taken", "job": "j1"}))
    room.hear(visitor, json.dumps({"type": "answer", "id": "refused", "text": "Too many."}))
    assert taken.acknowledged_at is not None
    assert taken.ended_at is None
    assert refused.failed
    assert room.wishes == {}
