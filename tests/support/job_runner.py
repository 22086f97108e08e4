"""A job runner with a generator played by the test."""

import pytest
from PIL import Image
from sqlalchemy import select

from engine.generation_task import GeneratedImage, Progress
from engine.jobs.job_runner import JobRunner
from engine.jobs.leases import LeaseKeeper
from studio.commands.registry import execute
from studio.db import queries
from studio.db.tables import LedgerRow
from studio.errors import (
    JobCancelledError,
)
from tests.support.recipes import recipe_of
from tests.support.worker_context import worker_context


class Brush:
    """An atelier that paints plain pictures, or does what `act` says in the middle of it."""

    def __init__(self):
        self.orders = []
        self.act = lambda order, cancelled: None
        self.early = ()  # the pictures that are finished before `act`, counted from 0

    def generate(self, order, *, on_progress, cancelled, on_picture=None):
        self.orders.append(order)
        on_progress(Progress(step=1, steps=2, preview=Image.new("RGB", (32, 32), "red")))
        for index in self.early:
            if index not in order.done:
                on_picture(index, painted(order, index))
        self.act(order, cancelled)
        if cancelled():
            raise JobCancelledError
        on_progress(Progress(step=2, steps=2))
        return [painted(order, index) for index in range(order.request.count) if index not in order.done]


def painted(order, index):
    colour = (index * 40, 90, 120)
    recipe = recipe_of(order.request, index, width=48, height=48, parents=())
    return GeneratedImage(image=Image.new("RGB", (48, 48), colour), recipe=recipe)


@pytest.fixture
def brush():
    return Brush()


@pytest.fixture
def leases(ports):
    return LeaseKeeper(ports.database, worker="w1", lease_seconds=30)


@pytest.fixture
def work(ports, brush, leases):
    return JobRunner(
        worker_context(ports),
        generator=brush,
        leases=leases,
    )


@pytest.fixture
def job(ports, call):
    return execute(ports, call, "imagine", {"prompt": "a red apple", "seed": 7}).job_id


def read(ports, job):
    with ports.database.read() as session:
        return queries.find_job(session, job), queries.pictures_of_job(session, job)


def entries(ports, job):
    with ports.database.read() as session:
        rows = session.scalars(select(LedgerRow).where(LedgerRow.job_id == job))
        return {row.kind: row.amount for row in rows}


def ends(ports, job):
    return [event.state for event in ports.events.published if getattr(event, "state", None)]
