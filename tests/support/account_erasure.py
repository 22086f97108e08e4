"""An instance with several people, and everything that it keeps of them."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import select

from studio.commands.registry import execute
from studio.commands.spec import Call
from studio.db.tables import Base
from studio.ports import Ports
from tests.support.case_sim import with_desk
from tests.support.fakes import fake_ports, someone, somewhere
from tests.support.finished_jobs import paint_job

_calls = iter(range(10_000))


@pytest.fixture
def instance(database_url: str) -> Iterator[Ports]:
    made = with_desk(fake_ports(database_url))
    yield made
    made.database.close()


def ask(instance: Ports, name: str, command: str, **values: object):
    person = someone(name, moderator=name == "mod")
    call = Call(
        person=person,
        address=replace(somewhere(), token=f"{name}-secret"),
        request_key=f"{name}:{next(_calls)}",
    )
    return execute(instance, call, command, values)


def painted(instance: Ports, name: str, prompt: str = "a secluded thought", **values: object) -> str:
    return paint_job(instance, ask(instance, name, "imagine", prompt=prompt, **{"count": 2, **values}).job_id)


def everything(instance: Ports, *but: str) -> str:
    """All rows of all tables but some, as text."""
    with instance.database.read() as session:
        return "\n".join(
            f"{table.name}: {tuple(row)}"
            for table in Base.metadata.sorted_tables
            if table.name not in but
            for row in session.execute(select(table))
        )


def forget(instance: Ports, name: str = "ana"):
    return ask(instance, name, "forget-me", confirm="yes")


def link(instance: Ports, name: str, other: str) -> None:
    ask(instance, other, "link", code=ask(instance, name, "link").code)
