"""/imagine --private and /publish: for its person alone, until they show it to everybody, once."""

from dataclasses import replace

import pytest
from sqlalchemy import select, update

from bots.delivery import deliveries
from studio.commands.registry import execute
from studio.commands.results import Accepted, JobPublished
from studio.commands.spec import Call
from studio.db.settings import save_community_rules
from studio.db.tables import JobRow, OutboxRow
from studio.domain.deliveries import DeliveryKind, MessageRef, Subject
from studio.domain.events import JobChanged
from studio.domain.jobs import JobState, JobVisibility
from studio.domain.people import Platform
from studio.domain.settings.communities import CommunityRules
from studio.errors import BadRequestError, CommunityPausedError, NotAllowedError, NotFoundError
from studio.ports import Ports
from tests.support.fakes import someone, somewhere
from tests.support.finished_jobs import paint_job


def call_of(name: str, key: str, *, channel: str = "") -> Call:
    address = replace(somewhere(), channel=channel or somewhere().channel)
    return Call(person=someone(name), address=address, request_key=f"{name}:{key}")


def ask(ports: Ports, call: Call, command: str = "imagine", **values: object) -> Accepted:
    values = values or {"prompt": "a heron", "count": 1, "private": "yes"}
    accepted = execute(ports, call, command, values)
    assert isinstance(accepted, Accepted)
    return accepted


@pytest.fixture
def private(ports: Ports) -> str:
    """A finished private job of Ana's."""
    return paint_job(ports, ask(ports, call_of("ana", "first")).job_id)


def row_of(ports: Ports, job_id: str) -> JobRow:
    with ports.database.read() as session:
        return session.get_one(JobRow, job_id)


def publish(ports: Ports, job_id: str, name: str = "ana") -> None:
    assert isinstance(execute(ports, call_of(name, "publish"), "publish", {"job": job_id}), JobPublished)


def changes(ports: Ports, job_id: str) -> int:
    """How many events tell the front ends to show the job again."""
    with ports.database.read() as session:
        found = session.scalars(select(OutboxRow).where(OutboxRow.kind == JobChanged.__name__))
        return sum(event.payload["job_id"] == job_id for event in found)


def test_published_it_is_there_for_everybody_and_only_once(ports: Ports, private: str) -> None:
    with pytest.raises(NotFoundError):
        execute(ports, call_of("bo", "before"), "show", {"job": private})
    publish(ports, private)
    publish(ports, private)
    execute(ports, call_of("bo", "after"), "show", {"job": private})
    execute(ports, call_of("bo", "star"), "star", {"picture": f"{private}.1"})
    assert row_of(ports, private).visibility == JobVisibility.PUBLISHED
    assert changes(ports, private) == 1


def test_without_the_flag_and_in_a_direct_message_a_job_is_as_ever(ports: Ports) -> None:
    accepted = ask(ports, call_of("ana", "open"), prompt="a heron")
    assert (accepted.private, row_of(ports, accepted.job_id).visibility) == (False, JobVisibility.LISTED)
    call = call_of("ana", "direct")
    address = replace(call.address, platform=Platform.SLACK, channel="D1", private=True)
    accepted = ask(ports, replace(call, address=address))
    assert not accepted.private


@pytest.mark.parametrize("command", ["vary", "reroll"])
def test_what_comes_of_it_is_private_and_belongs_where_it_was_asked_for(
    ports: Ports, private: str, command: str
) -> None:
    subject = Subject(DeliveryKind.JOB, private, Platform.WEB)
    deliveries.record(ports.database, subject, MessageRef(channel="ana's own", message="m1"))
    about = {"job": private} if command == "reroll" else {"picture": f"{private}.1"}
    accepted = ask(ports, call_of("ana", command, channel="ana's own"), command, **about)
    row = row_of(ports, accepted.job_id)
    assert (accepted.private, row.visibility) == (True, JobVisibility.PRIVATE)
    assert row.address["channel"] == somewhere().channel


def test_what_comes_of_a_published_job_is_for_everybody(ports: Ports, private: str) -> None:
    publish(ports, private)
    assert not ask(ports, call_of("ana", "vary"), "vary", picture=f"{private}.1").private


def test_nobody_else_publishes_it(ports: Ports, private: str) -> None:
    with pytest.raises(NotFoundError):
        publish(ports, private, "bo")
    publish(ports, private)
    with pytest.raises(NotAllowedError):
        publish(ports, private, "bo")


def test_what_a_game_hides_is_not_published(ports: Ports, private: str) -> None:
    with ports.database.begin() as session:
        session.execute(update(JobRow).values(visibility=JobVisibility.UNLISTED))
    with pytest.raises(NotAllowedError):
        publish(ports, private)


def test_only_finished_pictures_are_published(ports: Ports, private: str) -> None:
    unfinished = ask(ports, call_of("ana", "second")).job_id
    held = paint_job(ports, ask(ports, call_of("ana", "third")).job_id)
    with ports.database.begin() as session:
        session.execute(update(JobRow).where(JobRow.id == held).values(state=JobState.HELD))
    execute(ports, call_of("ana", "delete"), "delete", {"what": private})
    for job_id in (unfinished, held, private):
        with pytest.raises(BadRequestError):
            publish(ports, job_id)


def test_nothing_is_published_while_the_community_is_paused(ports: Ports, private: str) -> None:
    with ports.database.begin() as session:
        save_community_rules(session, CommunityRules(paused=True), by=someone("mod"))
    with pytest.raises(CommunityPausedError):
        publish(ports, private)


def test_forgotten_before_it_was_published_it_is_gone(ports: Ports, private: str) -> None:
    execute(ports, call_of("ana", "forget"), "forget-me", {"confirm": "yes"})
    with pytest.raises(NotFoundError):
        publish(ports, private)
    assert row_of(ports, private).visibility == JobVisibility.PRIVATE
