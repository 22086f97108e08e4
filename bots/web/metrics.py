"""Prometheus metrics of the web front end."""

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram, generate_latest


class WebMetrics:
    """Each app has its own registry, so that one process may run several apps, as tests do."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.registry.register(REGISTRY)  # what the rest of the process counts, such as verdicts and strikes
        self.sockets = Gauge("chatelier_web_sockets", "Open sockets.", registry=self.registry)
        self.commands = Counter(
            "chatelier_web_wishes_total",
            "Commands that people sent.",
            ["kind", "outcome"],
            registry=self.registry,
        )
        self.answer_seconds = Histogram(
            "chatelier_web_answer_seconds",
            "From a command to its answer.",
            buckets=(0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 3),
            registry=self.registry,
        )
        self.uploads = Counter("chatelier_web_uploads_total", "Uploads.", ["outcome"], registry=self.registry)

    def text(self) -> bytes:
        return generate_latest(self.registry)
