"""The private tray of pictures for a blend."""

from datetime import timedelta

import pytest

from studio.commands.gathering_results import Tray
from studio.commands.registry import execute
from studio.commands.results import Accepted, Answer
from studio.commands.spec import Call
from studio.db.tables import CollectedRow, JobRow
from studio.domain.requests import Source
from studio.errors import BadParameterError, BadRequestError, NotFoundError
from studio.ports import Ports
from tests.support.fakes import someone, somewhere
from tests.support.finished_jobs import paint_job

UPLOAD = Source(key="fake/upload.png", width=64, height=64)


def ask(ports: Ports, command: str, who: str = "ana", **values: object) -> Answer:
    key = f"{who} {command} {values}"
    return execute(ports, Call(person=someone(who), address=somewhere(), request_key=key), command, values)


@pytest.fixture
def job(ports: Ports) -> str:
    accepted = ask(ports, "imagine", prompt="a red fox", count=4)
    assert isinstance(accepted, Accepted)
    return paint_job(ports, accepted.job_id)


def tray(ports: Ports, who: str = "ana", **values: object) -> Tray:
    shown = ask(ports, "collect", who, **values)
    assert isinstance(shown, Tray)
    return shown


def test_collected_pictures_are_blended_in_their_order_and_leave_the_tray(ports: Ports, job: str) -> None:
    tray(ports, picture=f"{job}.3")
    tray(ports, picture=f"{job}.1")
    assert len(tray(ports, image=UPLOAD).items) == 3
    accepted = ask(ports, "blend", collected="yes")
    assert isinstance(accepted, Accepted)
    with ports.database.read() as session:
        sources = session.get_one(JobRow, accepted.job_id).request["sources"]
    assert [source.get("picture_id") for source in sources] == [f"{job}.3", f"{job}.1", None]
    assert tray(ports).items == ()


def test_a_tray_is_its_persons_alone(ports: Ports, job: str) -> None:
    tray(ports, picture=f"{job}.1")
    assert tray(ports, "bo").items == ()


def test_a_picture_is_collected_once(ports: Ports, job: str) -> None:
    assert tray(ports, picture=f"{job}.1").added
    again = tray(ports, picture=f"{job}.1")
    assert (again.added, len(again.items)) == (False, 1)


def test_it_holds_five(ports: Ports, job: str) -> None:
    for index in (1, 2, 3, 4):
        tray(ports, picture=f"{job}.{index}")
    tray(ports, image=UPLOAD)
    with pytest.raises(BadRequestError):
        tray(ports, image=Source(key="fake/another.png", width=64, height=64))
    assert len(tray(ports).items) == 5
    assert tray(ports, do="empty").items == ()


def test_one_picture_is_too_few_to_blend(ports: Ports, job: str) -> None:
    tray(ports, picture=f"{job}.1")
    with pytest.raises(BadParameterError):
        ask(ports, "blend", collected="yes")


def test_a_picture_that_is_deleted_meanwhile_is_left_out(ports: Ports, job: str) -> None:
    tray(ports, picture=f"{job}.1")
    tray(ports, picture=f"{job}.2")
    ask(ports, "delete", what=f"{job}.1")
    assert [name for name, _ in tray(ports).items] == [f"{job}.2"]
    tray(ports, picture=f"{job}.3")
    accepted = ask(ports, "blend", collected="yes")
    assert isinstance(accepted, Accepted)
    with pytest.raises(NotFoundError):
        tray(ports, picture=f"{job}.1")


def test_what_was_collected_long_ago_is_gone_before_its_file_may_be(ports: Ports) -> None:
    tray(ports, image=UPLOAD)
    with ports.database.begin() as session:
        session.query(CollectedRow).one().added_at -= timedelta(hours=13)
    assert tray(ports).items == ()
