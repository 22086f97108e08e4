"""The overview as figures for Prometheus, read from the database at each scrape."""

from collections.abc import Callable, Iterator

from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily

from studio.errors import DatabaseUnavailableError
from studio.operations.overview import Overview

_HOME = ("platform", "community")


class OverviewCollector:
    """Yields nothing while the database is away, so that the figures show a gap and not a zero."""

    def __init__(self, load: Callable[[], Overview]) -> None:
        self._load = load

    def describe(self) -> Iterator[Metric]:
        """Nothing: registering it reads nothing."""
        yield from ()

    def collect(self) -> Iterator[Metric]:
        try:
            overview = self._load()
        except DatabaseUnavailableError:
            return
        waiting = GaugeMetricFamily("chatelier_jobs_waiting", "Jobs that wait.", labels=_HOME)
        painting = GaugeMetricFamily("chatelier_jobs_painting", "Jobs being painted.", labels=_HOME)
        waited = GaugeMetricFamily(
            "chatelier_wait_p95_seconds", "Wait of the last hour, 95th percentile.", labels=_HOME
        )
        ended = GaugeMetricFamily(
            "chatelier_jobs_ended_last_hour", "Jobs that ended in the last hour.", labels=(*_HOME, "state")
        )
        for load in overview.communities:
            home = (load.platform, load.community)
            waiting.add_metric(home, load.waiting)
            painting.add_metric(home, load.painting)
            if load.wait_p95_seconds is not None:
                waited.add_metric(home, load.wait_p95_seconds)
            for state, jobs in load.ended.items():
                ended.add_metric((*home, state), jobs)
        of_worker = GaugeMetricFamily(
            "chatelier_worker_painting", "Jobs that a worker is painting.", labels=("worker",)
        )
        devices = GaugeMetricFamily(
            "chatelier_worker_devices", "Devices that a worker announced.", labels=("worker",)
        )
        of_worker_ended = GaugeMetricFamily(
            "chatelier_worker_ended_last_hour",
            "Jobs of a worker that ended in the last hour.",
            labels=("worker", "state"),
        )
        of_worker_waited = GaugeMetricFamily(
            "chatelier_worker_wait_p95_seconds",
            "Wait of the last hour's jobs of a worker, 95th percentile.",
            labels=("worker",),
        )
        for worker in overview.workers:
            if worker.wait_p95_seconds is not None:
                of_worker_waited.add_metric((worker.name,), worker.wait_p95_seconds)
            for state, jobs in worker.ended.items():
                of_worker_ended.add_metric((worker.name, state), jobs)
            of_worker.add_metric((worker.name,), worker.painting)
            devices.add_metric((worker.name,), len(worker.devices))
        oldest = GaugeMetricFamily(
            "chatelier_oldest_wait_seconds",
            "How long the first job that waits for a model has waited.",
            labels=("model",),
        )
        for model in overview.models:
            oldest.add_metric((model.name,), model.oldest_wait_seconds)
        yield from (
            waiting,
            painting,
            waited,
            ended,
            of_worker,
            of_worker_ended,
            of_worker_waited,
            devices,
            oldest,
        )
