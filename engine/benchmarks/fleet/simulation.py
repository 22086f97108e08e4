"""A day of a fleet in virtual time: the same jobs under three ways to hand them out.

A box paints one job at a time and holds a few models, of which it puts out the one that it used least recently. Among
the jobs that it may take, a box takes those of the lowest priority number first, then the oldest, as the queues do: the
number of jobs that a person has outstanding, 0 to 9.
"""

import heapq
import math
import random
import statistics
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from engine.routing.model_choice import ModelDemand, WorkerState, choose_models

DAY_SECONDS = 86_400.0
_PRIORITIES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedModel:
    """`job_seconds` on one box, `load_seconds` from disk into a card's memory."""

    name: str
    job_seconds: float
    load_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetLoad:
    """`models` by demand: the share of the nth is that of Zipf's law, 1/n. `peak` is the work at the busiest hour, as a
    share of what all boxes can do without loading; at the quietest it is a fifth of that. With `shift_hours` the most
    wanted model becomes the least wanted one that often, as when other communities wake up."""

    models: Sequence[SimulatedModel]
    boxes: int = 8
    slots: int = 2
    peak: float = 0.8
    people: int = 2_000
    hours: float = 24.0
    shift_hours: float | None = None
    seed: int = 1

    def ranks(self, at: float) -> list[SimulatedModel]:
        """The models at a time in seconds, the most wanted first."""
        if self.shift_hours is None:
            return list(self.models)
        turn = int(at / (self.shift_hours * 3600)) % len(self.models)
        return [*self.models[turn:], *self.models[:turn]]

    def shares(self) -> dict[str, float]:
        """Of each model in the jobs of the whole time."""
        turns = 1 if self.shift_hours is None else math.ceil(self.hours / self.shift_hours)
        total: Counter[str] = Counter()
        for turn in range(turns):
            for number, model in enumerate(self.ranks(turn * (self.shift_hours or 0.0) * 3600)):
                total[model.name] += 1 / (number + 1)  # type: ignore[assignment]
        return {name: weight / total.total() for name, weight in total.items()}


@dataclass(frozen=True, slots=True)
class Arrival:
    at: float
    model: str
    person: int


@dataclass(slots=True)
class _Box:
    name: str
    warm: list[str] = field(default_factory=list)  # the one used last comes last
    busy_until: float = 0.0
    loads: int = 0
    busy_seconds: float = 0.0


Chooser = Callable[[_Box, "Fleet"], "frozenset[str] | set[str]"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetFigures:
    """Waits in seconds, from the request to the first stroke: loading is waiting.

    `loads` of models; `busy` is the share of the day for which a box loaded or painted. `model_p95` is by model,
    `light_p95` of people with one job at a time.
    """

    way: str
    p50: float
    p95: float
    p99: float
    loads: int
    busy: float
    light_p95: float
    model_p95: Mapping[str, float]


def arrivals(load: FleetLoad) -> list[Arrival]:
    """A Poisson process whose rate goes up and down once a day; one person in ten asks half of all jobs."""
    generator = random.Random(load.seed)
    weights = [1 / (number + 1) for number in range(len(load.models))]
    share = load.shares()
    seconds = sum(share[model.name] * model.job_seconds for model in load.models)
    most = load.peak * load.boxes / seconds
    found, at, end = [], 0.0, load.hours * 3600
    while (at := at + generator.expovariate(most)) < end:
        rate = 0.6 - 0.4 * math.cos(2 * math.pi * at / DAY_SECONDS)
        if generator.random() > rate:
            continue
        heavy = generator.random() < 0.5
        person = generator.randrange(load.people // 10 if heavy else load.people)
        (model,) = generator.choices(load.ranks(at), weights)
        found.append(Arrival(at, model.name, person))
    return found


class Fleet:
    """Boxes, the jobs that wait, and the way in which boxes choose."""

    def __init__(self, load: FleetLoad, choose: Chooser) -> None:
        self.load = load
        self.models = {model.name: model for model in load.models}
        self.boxes = [_Box(f"box-{number}") for number in range(load.boxes)]
        self.waiting: dict[str, list[tuple[int, int]]] = {name: [] for name in self.models}
        self._choose = choose
        self._jobs: list[Arrival] = []
        self._outstanding: Counter[int] = Counter()
        self._ends: list[tuple[float, int, int]] = []  # when, box, person
        self._waits: list[tuple[float, Arrival, int]] = []

    def run(self, jobs: Sequence[Arrival], *, way: str) -> FleetFigures:
        for number, job in enumerate(jobs):
            self._advance(job.at)
            self._jobs.append(job)
            priority = min(self._outstanding[job.person], _PRIORITIES - 1)
            self._outstanding[job.person] += 1
            heapq.heappush(self.waiting[job.model], (priority, number))
            self._begin_all(job.at)
        self._advance(math.inf)
        return self._figures(way)

    def _advance(self, until: float) -> None:
        while self._ends and self._ends[0][0] <= until:
            at, _, person = heapq.heappop(self._ends)
            self._outstanding[person] -= 1
            self._begin_all(at)

    def _begin_all(self, at: float) -> None:
        """Every box that is free takes a job, and looks again after the others have: what is warm has changed."""
        progress = True
        while progress and any(self.waiting.values()):
            progress = False
            for index, box in enumerate(self.boxes):
                if box.busy_until <= at and self._begin(index, box, at):
                    progress = True

    def _begin(self, index: int, box: _Box, at: float) -> bool:
        heads = [(self.waiting[name][0], name) for name in self._choose(box, self) if self.waiting[name]]
        if not heads:
            return False
        (priority, number), name = min(heads)
        heapq.heappop(self.waiting[name])
        model, job = self.models[name], self._jobs[number]
        loading = 0.0 if name in box.warm else model.load_seconds
        box.loads += name not in box.warm
        box.warm = [*(other for other in box.warm if other != name), name][-self.load.slots :]
        box.busy_until = at + loading + model.job_seconds
        box.busy_seconds += loading + model.job_seconds
        self._waits.append((at + loading - job.at, job, priority))
        heapq.heappush(self._ends, (box.busy_until, index, job.person))
        return True

    def _figures(self, way: str) -> FleetFigures:
        waits = [wait for wait, _, _ in self._waits]
        hundredths = statistics.quantiles(waits, n=100)
        by_model = {
            name: _p95([wait for wait, job, _ in self._waits if job.model == name]) for name in self.models
        }
        busy = sum(box.busy_seconds for box in self.boxes) / (self.load.hours * 3600 * len(self.boxes))
        return FleetFigures(
            way=way,
            p50=hundredths[49],
            p95=hundredths[94],
            p99=hundredths[98],
            loads=sum(box.loads for box in self.boxes),
            busy=busy,
            light_p95=_p95([wait for wait, _, priority in self._waits if priority == 0]),
            model_p95=by_model,
        )


def _p95(waits: Sequence[float]) -> float:
    return statistics.quantiles(waits, n=20)[18] if len(waits) > 1 else math.nan


def serve_all(_box: _Box, fleet: Fleet) -> set[str]:
    """One common queue."""
    return set(fleet.models)


def serve_fixed(load: FleetLoad) -> Chooser:
    """Each slot of each box for good, by the demand of the whole time, which is known beforehand: first one for every
    model, then to that with the most work for each slot."""
    share = load.shares()
    weights = {model.name: model.job_seconds * share[model.name] for model in load.models}
    slots: Counter[str] = Counter()
    served: dict[str, set[str]] = {f"box-{number}": set() for number in range(load.boxes)}
    for slot in range(load.slots):
        for number in range(load.boxes):
            own = served[f"box-{number if slot % 2 == 0 else load.boxes - 1 - number}"]
            free = [name for name in weights if name not in own]
            name = max(free, key=lambda name: (not slots[name], weights[name] / (slots[name] + 1), name))
            own.add(name)
            slots[name] += 1
    return lambda box, _fleet: served[box.name]


def serve_routed(box: _Box, fleet: Fleet) -> frozenset[str]:
    """As `choose_models` says."""
    serves = frozenset(fleet.models)
    states = [
        WorkerState(name=other.name, serves=serves, warm=frozenset(other.warm), slots=fleet.load.slots)
        for other in fleet.boxes
    ]
    demand = {
        name: ModelDemand(
            waiting=len(fleet.waiting[name]), job_seconds=model.job_seconds, load_seconds=model.load_seconds
        )
        for name, model in fleet.models.items()
    }
    return choose_models(box.name, states, demand)


def compare(load: FleetLoad) -> list[FleetFigures]:
    """The same day three times."""
    jobs = arrivals(load)
    ways: dict[str, Chooser] = {
        "one common queue": serve_all,
        "fixed assignment": serve_fixed(load),
        "router": serve_routed,
    }
    return [Fleet(load, choose).run(jobs, way=way) for way, choose in ways.items()]
