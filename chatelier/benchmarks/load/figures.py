"""The figures of `chatelier bench load`, and the arithmetic behind them."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from chatelier.benchmarks.load.requests import Request

_WARM_UP_SHARE = 1 / 3  # of a measurement: caches fill, connections are opened


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Percentiles in seconds; None where nothing was measured."""

    p50: float | None
    p95: float | None
    p99: float | None
    slowest: float | None

    @classmethod
    def of(cls, seconds: Iterable[float]) -> "Spread":
        ordered = sorted(seconds)
        p50, p95, p99, slowest = (percentile(ordered, share) for share in (0.5, 0.95, 0.99, 1.0))
        return cls(p50=p50, p95=p95, p99=p99, slowest=slowest)

    def __str__(self) -> str:
        if self.p50 is None or self.p95 is None or self.p99 is None:
            return "none"
        return f"p50 {self.p50:.3f}, p95 {self.p95:.3f}, p99 {self.p99:.3f} s"


def percentile(ordered: Sequence[float], share: float) -> float | None:
    """The smallest value that `share` of all values do not exceed (nearest rank); `ordered` ascends."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else None


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontendFigures:
    """Of one front end. `processor_ms` is its process' time for each request, from the request to the pictures.

    `acknowledging_seconds` is that for all requests together, until the last one of many at once was acknowledged.
    """

    requests: int
    acknowledged: Spread
    shown: Spread  # the job's message
    pictures: Spread
    failed: int
    unanswered: int  # without pictures or a reason when the measurement ended
    processor_ms: float | None = None
    acknowledging_seconds: float | None = None

    @classmethod
    def of(cls, requests: Sequence[Request], *, processor_seconds: float | None = None) -> "FrontendFigures":
        per_request = (
            processor_seconds * 1000 / len(requests) if processor_seconds is not None and requests else None
        )
        return cls(
            requests=len(requests),
            acknowledged=Spread.of(_since_asked(requests, "acknowledged_at")),
            shown=Spread.of(_since_asked(requests, "shown_at")),
            pictures=Spread.of(_since_asked(requests, "ended_at")),
            failed=sum(request.failed for request in requests),
            unanswered=sum(request.ended_at is None for request in requests),
            processor_ms=per_request,
        )

    def rows(self, name: str) -> Iterator[tuple[str, str]]:
        yield f"{name}: acknowledged ({self.requests})", str(self.acknowledged)
        if self.acknowledging_seconds is not None:
            yield "  processor time until all are", f"{self.acknowledging_seconds:.2f} s"
        yield "  the job's message", str(self.shown)
        yield "  the pictures", str(self.pictures)
        if self.processor_ms is not None:
            yield "  processor time of the front end for each request", f"{self.processor_ms:.1f} ms"
        if self.failed or self.unanswered:
            yield "  failed, not ended", f"{self.failed}, {self.unanswered}"


def _since_asked(requests: Sequence[Request], moment: str) -> Iterator[float]:
    for request in requests:
        at: float | None = getattr(request, moment)
        if at is not None:
            yield at - request.asked_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """`per_minute` is the slope of a straight line through the values after the warm-up, by least squares."""

    start: float
    end: float
    per_minute: float | None  # None: too few values

    @classmethod
    def of(cls, series: Sequence[tuple[float, float]]) -> "Growth":
        """`series` are moments in seconds, ascending, with values; at least one."""
        since = series[0][0] + (series[-1][0] - series[0][0]) * _WARM_UP_SHARE
        later = [(at, value) for at, value in series if at >= since]
        slope = slope_of(later)
        return cls(start=series[0][1], end=series[-1][1], per_minute=None if slope is None else slope * 60)


def slope_of(points: Sequence[tuple[float, float]]) -> float | None:
    """By least squares; None for fewer than three points, or all of one moment."""
    if len(points) < 3:
        return None
    mean_x, mean_y = (sum(values) / len(points) for values in zip(*points, strict=True))
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / spread if spread else None


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseTime:
    """For each job, by `source`. `processor_ms` is of SQLite inside our processes, or of PostgreSQL's own."""

    source: str
    statements: float
    statement_ms: float
    processor_ms: float | None

    def __str__(self) -> str:
        processor = "" if self.processor_ms is None else f", {self.processor_ms:.1f} ms of processor time"
        return f"{self.statements:.0f} statements, {self.statement_ms:.1f} ms ({self.source}){processor}"


def share_by_job(before: Mapping[str, float], after: Mapping[str, float], jobs: int) -> dict[str, float]:
    """Milliseconds of processor time for each job, by program, from sums in seconds. Workers count together."""
    shares: dict[str, float] = {}
    for name, seconds in after.items() if jobs else ():
        program = "workers" if name.startswith("worker") else name
        shares[program] = shares.get(program, 0.0) + (seconds - before.get(name, 0.0)) * 1000 / jobs
    return shares


def _describe_shares(processor_ms: Mapping[str, float], cores: int) -> Iterator[tuple[str, str]]:
    total = sum(processor_ms.values())
    if total:
        parts = ", ".join(f"{name} {share:.1f}" for name, share in processor_ms.items())
        yield "processor time of a job, in ms", f"{total:.1f}: {parts}"
        yield (
            f"  so that {cores} cores without other load do at most",
            f"{cores * 1000 / total:.1f} jobs a second",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Sustained:
    """People who ask again as soon as they have their picture. `processor_ms` is for each job, by program."""

    seconds: float
    jobs_per_second: float
    processor_ms: dict[str, float]
    frontends: dict[str, FrontendFigures]
    memory_mib: dict[str, Growth]
    queues: dict[str, Growth]  # numbers of messages and entries
    database: DatabaseTime | None
    load_average: float  # of one minute, at its end

    def rows(self, cores: int) -> Iterator[tuple[str, str]]:
        yield (
            f"over {self.seconds:.0f} s: jobs a second through the front ends",
            f"{self.jobs_per_second:.1f}",
        )
        yield from _describe_shares(self.processor_ms, cores)
        for name, figures in self.frontends.items():
            yield from figures.rows(name)
        if self.database is not None:
            yield "database time of a job", str(self.database)
        for name, growth in self.memory_mib.items():
            yield f"memory of {name}", _describe(growth, "MiB")
        for name, growth in self.queues.items():
            yield name, _describe(growth, "")
        yield "load average of the machine", f"{self.load_average:.1f}"


def _describe(growth: Growth, unit: str) -> str:
    slope = "" if growth.per_minute is None else f", {growth.per_minute:+.1f} a minute"
    return f"{growth.start:.0f} → {growth.end:.0f} {unit}{slope}".replace(" ,", ",")


@dataclass(frozen=True, slots=True, kw_only=True)
class Drain:
    """Jobs that wait when the workers begin, without front ends."""

    jobs: int
    jobs_per_second: float | None  # None: the workers did not end them
    submit_ms: float  # processor time of the submitting thread for each
    processor_ms: dict[str, float]  # for each, by program, without the submission
    database: DatabaseTime | None

    def rows(self, cores: int) -> Iterator[tuple[str, str]]:
        rate = "not ended" if self.jobs_per_second is None else f"{self.jobs_per_second:.1f}"
        yield f"{self.jobs} waiting jobs without front ends: jobs a second", rate
        yield from _describe_shares(self.processor_ms, cores)
        yield "  processor time of a submission", f"{self.submit_ms:.1f} ms"
        if self.database is not None:
            yield "  database time of a job", str(self.database)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadFigures:
    """None: interrupted before it was measured. `own_delay` is how late this process' own event loop was."""

    people: int
    workers: int
    database: str
    cores: int
    load_average: float  # of one minute, before anything was started
    at_once: dict[str, FrontendFigures] | None = None
    sustained: Sustained | None = None
    drain: Drain | None = None
    own_delay: Spread | None = None

    def rows(self) -> list[tuple[str, str]]:
        rows = [
            ("cores, load average before", f"{self.cores}, {self.load_average:.1f}"),
            ("database, worker processes", f"{self.database}, {self.workers}"),
        ]
        if self.at_once:
            rows.append((f"{self.people} people at once", ""))
            for name, figures in self.at_once.items():
                rows += figures.rows(name)
        if self.sustained:
            rows += self.sustained.rows(self.cores)
        if self.drain:
            rows += self.drain.rows(self.cores)
        if self.own_delay:
            rows.append(("delay of this measurement itself", str(self.own_delay)))
        return rows
