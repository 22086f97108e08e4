"""A worker's services, as the ports of a test have them."""

from typing import Any

from engine.jobs.context import WorkerContext
from studio.ports import Ports


def worker_context(ports: Ports, **others: Any) -> WorkerContext:
    """`others` replace a service, or name the worker."""
    values: dict[str, Any] = {
        "name": "w1",
        "database": ports.database,
        "store": ports.store,
        "gate": ports.gate,
        "events": ports.events,
        "queue": ports.queue,
        "rules": ports.rules,
    }
    return WorkerContext(**(values | others))
