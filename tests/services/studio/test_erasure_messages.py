"""Messages that show something of a forgotten person or a deleted picture are rendered again."""

from datetime import timedelta

from bots.delivery.deliveries import record
from studio.clock import now
from studio.db import outbox
from studio.db.tables import JobRow
from studio.domain.deliveries import DeliveryKind, MessageRef, Subject
from studio.domain.events import CaseChanged, JobChanged, PictureChanged
from studio.domain.people import Platform
from studio.ports import Ports
from tests.support import account_erasure
from tests.support.account_erasure import ask, forget, painted
from tests.support.finished_jobs import paint_job

instance = account_erasure.instance


def test_every_message_that_shows_something_of_them_is_rendered_again(instance: Ports):
    """What was made from their pictures, also from those that they deleted before, and what they starred."""
    origins = [painted(instance, "ana") for _ in range(2)]
    children = [
        paint_job(instance, ask(instance, "bo", "vary", picture=f"{origin}.1").job_id) for origin in origins
    ]
    waiting = ask(instance, "cy", "vary", picture=f"{origins[0]}.2").job_id
    starred, others = painted(instance, "bo"), painted(instance, "bo")
    ask(instance, "ana", "star", picture=f"{starred}.1")
    ask(instance, "ana", "delete", what=origins[1])
    instance.events.published.clear()
    forget(instance)
    rendered = {
        event.job_id for event in instance.events.published if isinstance(event, JobChanged | PictureChanged)
    }
    assert {*children, waiting, starred, *origins} <= rendered
    assert others not in rendered


def test_every_message_that_shows_words_of_a_deleted_picture_is_rendered_again(instance: Ports):
    origin = painted(instance, "ana")
    child = paint_job(instance, ask(instance, "bo", "vary", picture=f"{origin}.1").job_id)
    grandchild = paint_job(instance, ask(instance, "bo", "vary", picture=f"{child}.1").job_id)
    case = reported_message(instance, grandchild)
    instance.events.published.clear()
    ask(instance, "ana", "delete", what=f"{origin}.1")
    changed = [event for event in instance.events.published if isinstance(event, JobChanged | CaseChanged)]
    assert changed == [
        JobChanged(job_id=child, platform=Platform.WEB),
        CaseChanged(case_id=case, platform=Platform.WEB),
    ]


def reported_message(instance: Ports, job: str) -> str:
    """A case that has a message on the desk's channel."""
    case = ask(instance, "ana", "report", picture=f"{job}.1").case.id
    message_ref = MessageRef(channel="desk", message="m1")
    record(instance.database, Subject(DeliveryKind.CASE, case, Platform.WEB), message_ref)
    return case


def test_a_decided_case_quotes_no_deleted_picture(instance: Ports):
    origin = painted(instance, "ana", "a secluded thought")
    child = ask(instance, "bo", "remix", picture=f"{origin}.1", prompt="an owl").job_id
    case = reported_message(instance, paint_job(instance, child))
    ask(instance, "ana", "delete", what=origin)
    assert instance.desk.read(case).prompts == ("an owl", "a secluded thought")
    ask(instance, "mod", "review", case=case, decision="approve")
    assert instance.desk.read(case).prompts == ("an owl",)


def test_many_messages_are_rendered_again_one_a_second(instance: Ports):
    origin = painted(instance, "ana")
    children = {
        paint_job(instance, ask(instance, "bo", "vary", picture=f"{origin}.1", count=1).job_id)
        for _ in range(30)
    }
    instance.events.published.clear()
    before = now()
    forget(instance)
    at_once = told_of(instance, children)
    assert len(at_once) == 19  # and her own message
    outbox.send_unsent(instance.database, instance.events, before=now())
    assert told_of(instance, children) == at_once
    outbox.send_unsent(instance.database, instance.events, before=before + timedelta(seconds=6))
    assert 22 <= len(told_of(instance, children)) <= 25
    outbox.send_unsent(instance.database, instance.events, before=before + timedelta(minutes=1))
    assert told_of(instance, children) == children


def told_of(instance: Ports, jobs: set[str]) -> set[str]:
    return {event.job_id for event in instance.events.published if isinstance(event, JobChanged)} & jobs


def test_a_job_of_a_chat_that_has_no_message_gets_none(instance: Ports):
    origin = painted(instance, "ana")
    child = paint_job(instance, ask(instance, "bo", "vary", picture=f"{origin}.1").job_id)
    with instance.database.begin() as session:
        session.get_one(JobRow, child).platform = "discord"
    instance.events.published.clear()
    forget(instance)
    assert told_of(instance, {child}) == set()
