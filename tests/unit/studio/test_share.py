"""/share: a public link that its owner takes back, and what it never shows."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import event, update

from studio.commands.pictures.share import find_credited, find_shared
from studio.commands.registry import execute
from studio.commands.results import PictureShared
from studio.commands.spec import Call
from studio.db.tables import JobRow
from studio.domain.jobs import JobVisibility
from studio.errors import BannedError, NotAllowedError, NotFoundError
from studio.ports import Ports
from tests.support.fakes import someone, somewhere
from tests.support.finished_jobs import paint_job

WEB = "https://paint.example.org"


@pytest.fixture
def instance(ports: Ports) -> Ports:
    return replace(ports, web_url=WEB)


@pytest.fixture
def job(instance: Ports, call: Call) -> str:
    return paint_job(instance, execute(instance, call, "imagine", {"prompt": "a fox", "count": 2}).job_id)


def asks(name: str, *, moderator: bool = False, community: str = "room") -> Call:
    person = someone(name, moderator=moderator, community=community)
    return Call(person=person, address=somewhere(community), request_key=f"share:{name}")


def share(ports: Ports, call: Call, picture: str, do: str = "link") -> str:
    """The token of the link."""
    shared = execute(ports, call, "share", {"picture": picture, "do": do})
    assert isinstance(shared, PictureShared)
    return shared.url.removeprefix(f"{WEB}/s/")


def statements_of(ports: Ports, picture: str) -> list[str]:
    """What the database is asked for the names."""
    found = find_shared(ports, share(ports, asks("dora"), picture))
    asked: list[str] = []

    def listen(*arguments: Any) -> None:
        asked.append(arguments[2])

    event.listen(ports.database.engine, "before_cursor_execute", listen)
    try:
        find_credited(ports, *found)
    finally:
        event.remove(ports.database.engine, "before_cursor_execute", listen)
    return [statement for statement in asked if statement != "BEGIN"]


def change_job(ports: Ports, job: str, **values: object) -> None:
    with ports.database.begin() as session:
        session.execute(update(JobRow).where(JobRow.id == job).values(**values))


def test_a_picture_has_one_link_until_it_is_taken_back(instance: Ports, call: Call, job: str) -> None:
    token = share(instance, call, f"{job}.1")
    assert share(instance, call, f"{job}.1") == token
    assert find_shared(instance, token)[0].id == f"{job}.1"
    assert share(instance, call, f"{job}.1", "stop") == ""
    with pytest.raises(NotFoundError):
        find_shared(instance, token)
    assert share(instance, call, f"{job}.1") != token


def test_those_whose_pictures_it_was_made_from_are_named_to_strangers(
    instance: Ports, call: Call, job: str
) -> None:
    """Without those who keep theirs to themselves, deleted it, were banned or had themselves forgotten."""

    def remix(name: str, picture: str) -> str:
        found = execute(instance, asks(name), "remix", {"picture": picture, "prompt": f"of {name}"})
        return f"{paint_job(instance, found.job_id)}.1"  # type: ignore[union-attr]

    def credited(picture: str) -> list[str]:
        found = find_shared(instance, share(instance, asks("dora"), picture))
        return [person.display_name for person in find_credited(instance, *found)]

    bo = remix("bo", f"{job}.1")
    picture = remix("dora", remix("cy", bo))
    first = call.person.display_name
    assert credited(picture) == ["Cy", "Bo", first]
    assert len(statements_of(instance, picture)) <= 2
    change_job(instance, job, spoiler=True)
    assert credited(picture) == ["Cy", "Bo"]
    execute(instance, asks("bo"), "delete", {"what": bo})
    assert credited(picture) == ["Cy"]
    execute(instance, asks("cy"), "forget-me", {"confirm": "yes"})
    assert credited(picture) == []


def test_others_share_nothing_and_moderators_take_back(instance: Ports, call: Call, job: str) -> None:
    token = share(instance, call, f"{job}.1")
    for somebody in (asks("bo"), asks("mo", moderator=True)):
        with pytest.raises(NotAllowedError):
            execute(instance, somebody, "share", {"picture": f"{job}.1"})
    with pytest.raises(NotAllowedError):
        share(instance, asks("bo"), f"{job}.1", "stop")
    with pytest.raises(NotFoundError):
        share(instance, asks("mo", moderator=True, community="elsewhere"), f"{job}.1", "stop")
    share(instance, asks("mo", moderator=True), f"{job}.1", "stop")
    with pytest.raises(NotFoundError):
        find_shared(instance, token)


@pytest.mark.parametrize("hidden", [{"spoiler": True}, {"visibility": JobVisibility.UNLISTED}])
def test_what_is_hidden_is_not_shared(
    instance: Ports, call: Call, job: str, hidden: dict[str, object]
) -> None:
    change_job(instance, job, **hidden)
    with pytest.raises(NotAllowedError):
        share(instance, call, f"{job}.1")


def test_a_picture_that_becomes_hidden_is_not_shown(instance: Ports, call: Call, job: str) -> None:
    token = share(instance, call, f"{job}.1")
    change_job(instance, job, spoiler=True)
    with pytest.raises(NotFoundError):
        find_shared(instance, token)


def test_without_an_address_of_the_web_front_end_nothing_is_shared(
    ports: Ports, call: Call, job: str
) -> None:
    with pytest.raises(NotAllowedError):
        share(ports, call, f"{job}.1")


def test_a_deleted_picture_and_a_forgotten_person_are_not_shown(
    instance: Ports, call: Call, job: str
) -> None:
    first, second = share(instance, call, f"{job}.1"), share(instance, call, f"{job}.2")
    execute(instance, call, "delete", {"what": f"{job}.1"})
    with pytest.raises(NotFoundError):
        find_shared(instance, first)
    assert find_shared(instance, second)
    execute(instance, call, "forget-me", {"confirm": "yes"})
    with pytest.raises(NotFoundError):
        find_shared(instance, second)


def test_nothing_of_a_banned_person_is_shown(instance: Ports, call: Call, job: str) -> None:
    token = share(instance, call, f"{job}.1")
    instance.gate.welcome_error = BannedError()  # type: ignore[attr-defined]
    with pytest.raises(BannedError):
        find_shared(instance, token)
