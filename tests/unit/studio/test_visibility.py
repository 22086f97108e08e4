"""What was painted in a private place."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from bots.presentation.compose.parts.pictures import credit
from bots.presentation.spans import plain_text
from bots.queries.job_view import load_job_view, load_job_views
from bots.web.queries.job_cards import load_jobs
from bots.web.queries.picture_details import load_details
from studio.commands.registry import execute
from studio.commands.results import Accepted, Family
from studio.commands.spec import Call
from studio.db.identities import linked_identities
from studio.db.identities.people import lock_person
from studio.db.tables import CaseRow
from studio.domain.people import Address, Person, Platform
from studio.domain.verdicts import Ruling, Verdict
from studio.errors import NotFoundError
from studio.ports import Ports
from tests.support.case_sim import with_desk
from tests.support.fakes import FakeGate, someone
from tests.support.finished_jobs import paint_job

SECRET = Address(platform=Platform.WEB, community="room", channel="secret", private=True)
OPEN = Address(platform=Platform.WEB, community="room", channel="main")


def call_of(name: str, address: Address, key: str, *, moderator: bool = False) -> Call:
    return Call(person=someone(name, moderator=moderator), address=address, request_key=key)


@pytest.fixture
def secret(ports: Ports) -> str:
    """A job of Ana's in a private place."""
    execute(ports, call_of("ana", SECRET, "first"), "imagine", {"prompt": "a red fox", "count": 1})
    return paint_job(ports, _newest(ports))


def _newest(ports: Ports) -> str:
    from studio.db.tables import JobRow

    with ports.database.read() as session:
        return session.query(JobRow).order_by(JobRow.created_at.desc()).first().id  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("command", "values"),
    [
        ("show", {"job": "{job}"}),
        ("vary", {"picture": "{job}.1"}),
        ("star", {"picture": "{job}.1"}),
        ("lineage", {"picture": "{job}.1"}),
        ("report", {"picture": "{job}.1"}),
        ("delete", {"what": "{job}"}),
    ],
)
def test_it_is_not_there_for_somebody_elsewhere(
    ports: Ports, secret: str, command: str, values: dict[str, str]
) -> None:
    named = {name: value.format(job=secret) for name, value in values.items()}
    with pytest.raises(NotFoundError):
        execute(ports, call_of("bo", OPEN, "elsewhere"), command, named)
    with pytest.raises(NotFoundError):
        execute(ports, call_of("bo", replace(SECRET, channel="other"), "other"), command, named)


def test_it_is_there_for_those_who_are_there_and_for_its_own_person_everywhere(
    ports: Ports, secret: str
) -> None:
    execute(ports, call_of("bo", SECRET, "there"), "show", {"job": secret})
    execute(ports, call_of("ana", OPEN, "own"), "show", {"job": secret})


def test_a_moderator_removes_it_without_looking(ports: Ports, secret: str) -> None:
    moderator = call_of("mo", OPEN, "looking", moderator=True)
    with pytest.raises(NotFoundError):
        execute(ports, moderator, "show", {"job": secret})
    execute(ports, moderator, "delete", {"what": secret})


def test_a_family_tree_leaves_out_what_was_painted_in_private(ports: Ports, secret: str) -> None:
    execute(ports, call_of("ana", OPEN, "child"), "vary", {"picture": f"{secret}.1", "count": 1})
    child = paint_job(ports, _newest(ports))

    def seen(call: Call) -> list[str]:
        family = execute(ports, call, "lineage", {"picture": f"{child}.1"})
        assert isinstance(family, Family)
        return [relative.picture.id for relative in family.relatives]

    assert seen(call_of("bo", OPEN, "bo")) == [f"{child}.1"]
    assert seen(call_of("ana", OPEN, "ana")) == [f"{secret}.1", f"{child}.1"]


def test_a_family_tree_leaves_out_what_was_painted_in_another_community(ports: Ports) -> None:
    """Ana builds on Bo's picture, and takes hers along to where she goes by another name."""
    execute(ports, call_of("bo", OPEN, "first"), "imagine", {"prompt": "a red fox", "count": 1})
    first = paint_job(ports, _newest(ports))
    ana = call_of("ana", OPEN, "second")
    execute(ports, ana, "vary", {"picture": f"{first}.1", "count": 1})
    second = paint_job(ports, _newest(ports))
    away = replace(OPEN, community="other")
    there = Call(person=someone("ana2", community="other"), address=away, request_key="third")
    offered = execute(ports, ana, "link", {})
    execute(ports, there, "link", {"code": offered.code})  # type: ignore[union-attr]
    execute(ports, there, "vary", {"picture": f"{second}.1", "count": 1})
    third = f"{paint_job(ports, _newest(ports))}.1"

    def seen(call: Call) -> list[str]:
        family = execute(ports, call, "lineage", {"picture": third})
        assert isinstance(family, Family)
        with ports.database.read() as session:
            details = load_details(session, third, call.person)
        beside = {ancestor.picture_id for ancestor in details.ancestors}
        assert beside | {third} == {relative.picture.id for relative in family.relatives}
        return [relative.picture.id for relative in family.relatives]

    stranger = replace(there, person=someone("cy", community="other"))
    assert seen(stranger) == [third]
    assert seen(there) == [f"{second}.1", third]


def test_a_picture_that_is_taken_along_leaves_its_words_in_the_private_place(
    ports: Ports, secret: str
) -> None:
    edited = {"picture": f"{secret}.1", "prompt": "a hat", "region": "A1"}
    answer = execute(ports, call_of("ana", OPEN, "taken"), "edit", edited)
    assert isinstance(answer, Accepted)
    (origin,) = load_job_view(ports.database, answer.job_id).origins
    assert (origin.prompt, origin.own) == ("", True)


def test_what_others_wrote_in_another_community_is_not_told_in_this_one(ports: Ports) -> None:
    instance = with_desk(ports)
    here = {name: someone(name) for name in ("ana", "bo")}
    away = someone("ana", community="away")

    def made(person: Person, command: str, **values: object) -> str:
        address = replace(OPEN, community=person.community)
        call = Call(person=person, address=address, request_key=f"{person.key}:{command}")
        answer = execute(instance, call, command, {"count": 1, **values})
        assert isinstance(answer, Accepted)
        return answer.job_id

    fox = paint_job(instance, made(here["bo"], "imagine", prompt="a secret fox"))
    owl = paint_job(instance, made(here["ana"], "remix", picture=f"{fox}.1", prompt="an owl"))
    with instance.database.begin() as session:
        lock_person(session, away)
        linked_identities.link(session, here["ana"].key, away.key)
    assert isinstance(instance.gate, FakeGate)
    instance.gate.verdict = Verdict(ruling=Ruling.HOLD, rule="r", category="c")
    held = made(away, "vary", picture=f"{owl}.1")
    with instance.database.read() as session:
        case = session.scalars(select(CaseRow.id)).one()
    assert instance.desk.read(case).prompts == ("an owl", "an owl")
    (origin,) = load_job_view(instance.database, held).origins
    assert (origin.prompt, origin.own) == ("", True)
    with instance.database.read() as session:
        (view,) = load_job_views(session, load_jobs(session, [held]))
    assert plain_text(credit(view, lambda _: "/")) == f"by @{away.display_name}, from their own picture"
    assert [origin.picture_id for origin in view.origins] == [""]
