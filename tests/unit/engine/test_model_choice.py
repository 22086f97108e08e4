"""Which worker serves which model."""

import itertools
from dataclasses import replace

from engine.benchmarks.fleet.simulation import FleetLoad, SimulatedModel, compare
from engine.routing.model_choice import ModelDemand, WorkerState, choose_models
from engine.routing.worker_figures import MeasuredGenerator, ResidentModels

ALL = frozenset("xyz")


def worker(name: str, warm: str, *, serves: frozenset[str] = ALL, slots: int = 2) -> WorkerState:
    return WorkerState(name=name, serves=serves, warm=frozenset(warm), slots=slots)


def demand(waiting: int, *, job_seconds: float = 10, load_seconds: float = 30) -> ModelDemand:
    return ModelDemand(waiting=waiting, job_seconds=job_seconds, load_seconds=load_seconds)


def chosen(workers: list[WorkerState], **waiting: int) -> dict[str, str]:
    figures = {model: demand(waiting.get(model, 0)) for model in "xyz"}
    return {one.name: "".join(sorted(choose_models(one.name, workers, figures))) for one in workers}


def test_a_worker_serves_what_it_has_while_that_waits_no_longer_than_a_load() -> None:
    workers = [worker("a", "x"), worker("b", "y")]
    assert chosen(workers, x=3, y=3) == {"a": "x", "b": "y"}
    assert chosen(workers, x=4) == {"a": "x", "b": "xy"}


def test_one_worker_at_a_time_loads_a_model_and_the_wait_is_shared_then() -> None:
    workers = [worker("a", "x"), worker("b", "y"), worker("c", "y"), worker("d", "z")]
    found = chosen(workers, x=9)
    assert sum("x" in models for models in found.values()) == 2
    shared = [worker("a", "x"), worker("b", "xy"), worker("c", "xy"), worker("d", "z")]
    assert chosen(shared, x=9) == {"a": "x", "b": "xy", "c": "xy", "d": "z"}


def test_a_model_that_nobody_has_is_loaded_by_the_worker_with_the_least_to_do() -> None:
    workers = [worker("a", "x"), worker("b", "y")]
    assert chosen(workers, x=50, y=2, z=1) == {"a": "x", "b": "yz"}


def test_a_worker_that_is_longer_busy_itself_leaves_the_model_to_those_who_have_it() -> None:
    workers = [worker("a", "x"), worker("b", "y")]
    assert chosen(workers, x=6, y=5) == {"a": "x", "b": "y"}


def test_a_worker_with_room_loads_rather_than_one_that_has_to_put_a_model_out() -> None:
    workers = [worker("a", "x"), worker("b", "yz"), worker("c", "y")]
    assert "x" in chosen(workers, x=9)["c"]


def test_an_idle_worker_loads_rather_than_one_at_work_on_its_last_job() -> None:
    idle_first, busy = [worker("a", "x"), worker("b", "y")], {"a": 0, "b": 0}
    for name in busy:
        workers = [replace(one, free=int(one.name == name)) for one in idle_first]
        assert "z" in chosen(workers, z=1)[name]
    assert (
        sum("z" in models for models in chosen([replace(one, free=0) for one in workers], z=1).values()) == 1
    )


def test_a_worker_takes_no_model_whose_files_it_does_not_have() -> None:
    workers = [worker("a", "x"), worker("b", "y", serves=frozenset("y"))]
    assert chosen(workers, x=90) == {"a": "x", "b": "y"}


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Generator:
    """Takes five seconds for each job."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def generate(self, task: object, **_: object) -> None:
        self._clock.now += 5

    def resident_models(self) -> ResidentModels:
        return ResidentModels(names=frozenset("x"), load_seconds={"x": 12.0})


class Task:
    class request:  # noqa: N801 - as a task has it
        model: str | None = None


def test_a_worker_learns_how_long_its_jobs_take() -> None:
    clock = Clock()
    figures = MeasuredGenerator(Generator(clock), default_model="x", clock=clock)
    assert figures.job_seconds("x") == 10
    figures.generate(Task())
    assert (figures.job_seconds("x"), figures.load_seconds("x"), figures.running) == (5, 12, 0)


def test_a_days_demand_waits_far_less_than_in_one_queue_and_about_as_long_as_by_the_best_plan() -> None:
    models = [
        SimulatedModel(name=name, job_seconds=seconds, load_seconds=4 * seconds)
        for name, seconds in zip("abcd", itertools.cycle((4, 9)), strict=False)
    ]
    load = FleetLoad(models=models, boxes=4, slots=1, peak=0.7, hours=8)
    common, fixed, routed = compare(load)
    assert routed.p95 < common.p95 / 5
    assert routed.p95 < 2 * fixed.p95
    assert routed.loads < common.loads / 5
    shifting = FleetLoad(models=models, boxes=4, slots=1, peak=0.7, hours=8, shift_hours=2)
    _, fixed, routed = compare(shifting)
    assert routed.p95 < fixed.p95
