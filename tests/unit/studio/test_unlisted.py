"""An unlisted or private job is its person's alone, for every reader of jobs and pictures."""

from collections.abc import Callable

import pytest
from sqlalchemy import select, update

from bots.presentation.compose.answers import compose_answer
from bots.presentation.message import Message
from bots.queries.job_view import load_job_view
from bots.queries.starboard_entry import load_starboard_entry
from bots.web.queries.picture_details import load_details
from studio.commands.completion.finders import FINDERS, FINDERS_BY_KIND, earlier_prompts
from studio.commands.parameter_values import Kind
from studio.commands.registry import CATALOG, execute
from studio.commands.results import Accepted, Attribution, Family
from studio.commands.spec import Call, CommandSpec
from studio.db.tables import JobRow
from studio.domain.identifiers import picture_id
from studio.domain.jobs import JobVisibility
from studio.domain.provenance import Traces
from studio.errors import NotFoundError
from studio.ports import Ports
from studio.services.visibility import Audience, find_picture
from tests.support.fakes import FakeExaminer, someone, somewhere
from tests.support.finished_jobs import paint_job
from tests.support.message_text import text_of
from tests.support.web_client import WebServer


def call_of(name: str, key: str, *, moderator: bool = False) -> Call:
    return Call(person=someone(name, moderator=moderator), address=somewhere(), request_key=f"{name}:{key}")


@pytest.fixture(params=[JobVisibility.UNLISTED, JobVisibility.PRIVATE])
def secret(ports: Ports, request: pytest.FixtureRequest) -> str:
    """A job of Ana's that is unlisted, or private."""
    accepted = execute(ports, call_of("ana", "first"), "imagine", {"prompt": "a heron", "count": 1})
    assert isinstance(accepted, Accepted)
    paint_job(ports, accepted.job_id)
    set_visibility(ports, accepted.job_id, request.param)
    return accepted.job_id


def set_visibility(ports: Ports, job_id: str, visibility: JobVisibility) -> None:
    with ports.database.begin() as session:
        session.execute(update(JobRow).where(JobRow.id == job_id).values(visibility=visibility))


NAMING = [
    (spec.name, parameter.name)
    for spec in CATALOG.values()
    for parameter in spec.parameters
    if parameter.kind in (Kind.PICTURE, Kind.JOB) or parameter.name == "what"
]


def values_naming(job_id: str, spec: CommandSpec, name: str) -> dict[str, object]:
    """A command's required values, one of which names the job or its picture."""
    by_kind = {Kind.TEXT: "a stork", Kind.JOB: job_id, Kind.PICTURE: f"{job_id}.1"}
    needed = [parameter for parameter in spec.parameters if parameter.required or parameter.name == name]
    values: dict[str, object] = {found.name: by_kind[found.kind] for found in needed}
    return {**values, "what": job_id} if name == "what" else values


@pytest.mark.parametrize(("command", "name"), NAMING)
def test_its_ids_resolve_for_nobody_else_in_any_command(
    ports: Ports, secret: str, command: str, name: str
) -> None:
    spec = CATALOG[command]
    values = values_naming(secret, spec, name)
    with pytest.raises(NotFoundError):
        execute(ports, call_of("bo", command), command, values)
    if command not in ("cancel", "delete"):  # a moderator may stop and remove what they cannot see
        with pytest.raises(NotFoundError):
            execute(ports, call_of("mo", command, moderator=True), command, values)


def test_its_own_person_finds_it(ports: Ports, secret: str) -> None:
    execute(ports, call_of("ana", "own"), "show", {"job": secret})


def test_not_even_its_own_person_gives_it_a_star(ports: Ports, secret: str) -> None:
    with pytest.raises(NotFoundError):
        execute(ports, call_of("ana", "star"), "star", {"picture": f"{secret}.1"})


def test_lists_say_a_turn_instead_of_its_words(ports: Ports) -> None:
    accepted = execute(ports, call_of("ana", "waits"), "imagine", {"prompt": "a heron", "count": 1})
    assert isinstance(accepted, Accepted)
    set_visibility(ports, accepted.job_id, JobVisibility.UNLISTED)
    queue = text_of(compose_answer(execute(ports, call_of("ana", "queue"), "queue", {})) or Message(parts=()))
    paint_job(ports, accepted.job_id)
    done = compose_answer(execute(ports, call_of("ana", "history"), "history", {})) or Message(parts=())
    assert ("a turn" in queue, "heron" in queue) == (True, False)
    assert ("a turn" in text_of(done), "heron" in text_of(done)) == (True, False)
    assert not done.buttons


def test_nobody_else_is_offered_it_or_its_words(ports: Ports, secret: str) -> None:
    finders: list[Callable[..., object]] = [*FINDERS.values(), *FINDERS_BY_KIND.values(), earlier_prompts]
    with ports.database.read() as session:
        offered = [find(session, call_of("bo", "suggest"), CATALOG["vary"]) for find in finders]
    assert secret not in str(offered)
    assert "heron" not in str(offered)


def test_no_query_of_a_front_end_gives_it_to_others(ports: Ports, secret: str) -> None:
    picture, bo = picture_id(secret, 1), someone("bo")
    with ports.database.read() as session:
        with pytest.raises(NotFoundError):
            find_picture(session, picture, Audience.of_person(bo))
        with pytest.raises(NotFoundError):
            load_details(session, picture, bo)
    with pytest.raises(NotFoundError):
        load_job_view(ports.database, secret, viewer=bo)
    assert load_starboard_entry(ports.database, picture)[0] is None


def test_it_is_left_out_of_family_trees_and_of_what_a_file_tells(ports: Ports, secret: str) -> None:
    accepted = execute(ports, call_of("ana", "child"), "vary", {"picture": f"{secret}.1", "count": 1})
    assert isinstance(accepted, Accepted)
    child = paint_job(ports, accepted.job_id)
    set_visibility(ports, child, JobVisibility.LISTED)
    family = execute(ports, call_of("bo", "tree"), "lineage", {"picture": f"{child}.1"})
    assert isinstance(family, Family)
    assert [relative.picture.id for relative in family.relatives] == [f"{child}.1"]
    assert isinstance(ports.examiner, FakeExaminer)
    ports.examiner.traces = Traces(mark=f"{secret}.1")
    told_to_bo = execute(ports, call_of("bo", "whose"), "whose", {"image": ports.examiner.traces})
    assert isinstance(told_to_bo, Attribution)
    assert told_to_bo.picture is None


def test_the_web_shows_it_to_its_person_only(ports: Ports, web_server: WebServer) -> None:
    ana, bo = web_server.guest("ana"), web_server.guest("bo")
    job_id = ana.say("a heron --count 1")["job"]
    paint_job(ports, job_id)
    set_visibility(ports, job_id, JobVisibility.UNLISTED)
    paths = (f"/view/{job_id}.1", f"/pictures/{job_id}.1.png", f"/thumbnails/{job_id}.1", f"/jobs/{job_id}")
    assert [ana.client.get(path).status_code for path in paths] == [200] * 4
    assert [bo.client.get(path).status_code for path in paths] == [404] * 4
    assert job_id not in bo.disconnect_and_come_back().wall


def test_what_a_gathering_shows_is_listed_but_not_on_the_feed(ports: Ports, web_server: WebServer) -> None:
    ana, bo = web_server.guest("ana"), web_server.guest("bo")
    job_id = ana.say("a heron --count 1")["job"]
    paint_job(ports, job_id)
    set_visibility(ports, job_id, JobVisibility.IN_GATHERING)
    assert bo.client.get(f"/view/{job_id}.1").status_code == 200
    assert job_id not in bo.disconnect_and_come_back().wall
    with ports.database.read() as session:
        assert session.scalars(select(JobRow.visibility)).all() == [JobVisibility.IN_GATHERING]
