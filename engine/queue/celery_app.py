"""The Celery application: one task that carries a job's id, and the maintenance."""

from collections.abc import Iterable
from typing import Any

from celery import Celery
from kombu import Queue

from engine.queue import redis_transport
from studio.redis_address import RedisAddress

PAINT_TASK = "chatelier.paint"
SWEEP_TASK = "chatelier.sweep"
CHORES_TASK = "chatelier.chores"
PAINT_QUEUE = "paint"
MAINTENANCE_QUEUE = "house"
PRIORITIES = 10  # 0 is served first
SWEEP_EVERY_SECONDS = 5.0
CHORES_EVERY_SECONDS = 3600.0


def queue_of(model: str) -> str:
    """Where the jobs of one model wait, when models have queues of their own."""
    return f"{PAINT_QUEUE}.{model}"


def make_app(redis_url: str, *, models: Iterable[str] = ()) -> Celery:
    """A Celery application on Redis, JSON only. Lost messages are the sweeper's business, not Celery's.

    `models` are those with queues of their own.
    """
    redis_transport.register()
    own = [Queue(queue_of(model)) for model in models]
    address = RedisAddress.parse(redis_url)
    app = Celery("chatelier", broker=address.broker_url, set_as_current=False)
    app.conf.update(
        task_serializer="json",
        accept_content=["json"],
        task_ignore_result=True,
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        task_create_missing_queues=False,
        task_default_queue=PAINT_QUEUE,
        task_queues=[Queue(PAINT_QUEUE), Queue(MAINTENANCE_QUEUE), *own],
        worker_prefetch_multiplier=1,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        worker_send_task_events=False,
        broker_connection_retry_on_startup=True,
        broker_channel_error_retry=True,  # of a server that refuses to write, as its disk is full
        broker_use_ssl=dict(address.tls) if address.tls is not None else None,
        broker_transport_options=_transport_options("round_robin" if own else "priority")
        | address.broker_options,
        beat_schedule={"sweep": _sweep_schedule(), "chores": _chores_schedule()},
        timezone="UTC",
    )
    return app


def _transport_options(order: str) -> dict[str, Any]:
    """`order` is among queues, for messages of one priority: in turn, or always the same first."""
    return {
        "priority_steps": list(range(PRIORITIES)),
        "queue_order_strategy": order,
        # A message that its worker never acknowledged comes back after this; the sweeper is far quicker.
        "visibility_timeout": 3600,
        "socket_timeout": 10,
        "socket_connect_timeout": 3,
        "socket_keepalive": True,
        "health_check_interval": 15,
    }


def _chores_schedule() -> dict[str, Any]:
    options = {"queue": MAINTENANCE_QUEUE, "expires": CHORES_EVERY_SECONDS}
    return {"task": CHORES_TASK, "schedule": CHORES_EVERY_SECONDS, "options": options}


def _sweep_schedule() -> dict[str, Any]:
    # A sweep that waited longer than a period is stale: the next one does its work.
    options = {"queue": MAINTENANCE_QUEUE, "expires": SWEEP_EVERY_SECONDS}
    return {"task": SWEEP_TASK, "schedule": SWEEP_EVERY_SECONDS, "options": options}
