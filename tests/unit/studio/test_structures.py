"""Structure on /imagine: a pose, a depth or edges to follow, by a picture's id or an attached image."""

from dataclasses import replace

import pytest

from studio.commands.registry import CATALOG, execute
from studio.commands.spec import Call
from studio.db import queries
from studio.domain.jobs import Job
from studio.domain.requests import STRUCTURES, ReferenceKind, Source
from studio.errors import BadParameterError, NotAllowedError
from studio.ports import Ports, RunnableModel
from tests.support.fakes import someone
from tests.support.finished_jobs import paint_job
from tests.support.sentences import raises

PLAIN = RunnableModel(name="thimble")
EDGED = RunnableModel(name="sd", structures=("edges",))
ABLE = RunnableModel(name="sdxl", structures=tuple(STRUCTURES), takes_references=4, weighs_references=True)


def again(call: Call, mark: str = "2") -> Call:
    return replace(call, request_key=mark)


@pytest.fixture
def fox(ports: Ports, call: Call) -> str:
    """The id of a job with four pictures, where all models are at hand."""
    ports.options.known_models = (PLAIN, EDGED, ABLE)
    return paint_job(ports, execute(ports, call, "imagine", {"prompt": "a red fox"}).job_id)


def imagine(ports: Ports, call: Call, **values: object) -> Job:
    values = {"prompt": "a castle", "model": "sdxl", **values}
    job_id = execute(ports, again(call, f"key{hash(str(values))}"), "imagine", values).job_id
    with ports.database.read() as session:
        return queries.find_job(session, job_id)


def test_pictures_to_follow_are_parents_with_a_weight_beside_references(
    ports: Ports, call: Call, fox: str
) -> None:
    job = imagine(ports, call, pose=f"{fox}.2:0.8", edges=f"{fox}.3", sref=f"{fox}.1")
    found = [(source.picture_id, source.reference, source.weight) for source in job.request.structures]
    assert found == [(f"{fox}.2", ReferenceKind.POSE, 0.8), (f"{fox}.3", ReferenceKind.EDGES, 1.0)]
    assert [source.picture_id for source in job.request.references] == [f"{fox}.1"]
    assert job.request.starts == ()
    assert ports.gate.admissions[-1].lineage_prompts == ("a red fox",) * 3


def test_an_attached_image_may_be_followed_and_keeps_its_doubts(ports: Ports, call: Call, fox: str) -> None:
    image = Source(key="a.png", shows_person=True, width=64, height=32)
    (source,) = imagine(ports, call, image=image, role="depth").request.sources
    assert (source.reference, source.shows_person) == (ReferenceKind.DEPTH, True)


def test_a_picture_to_follow_brings_its_frame_along(ports: Ports, call: Call, fox: str) -> None:
    execute(ports, again(call, "own"), "settings", {"aspect": "3:2"})
    image = Source(key="a.png", width=64, height=32)
    assert imagine(ports, call, edges=f"{fox}.1").request.aspect is None
    assert imagine(ports, call, image=image, role="pose").request.aspect is None
    assert imagine(ports, call, ref=f"{fox}.1").request.aspect == "3:2"
    assert imagine(ports, call, edges=f"{fox}.1", aspect="1:1").request.aspect == "1:1"


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (
            {"model": "thimble", "edges": "{}.1"},
            r"thimble cannot follow the edges .* Models that can: sd, sdxl",
        ),
        ({"model": "sd", "pose": "{}.1"}, r"sd cannot follow the pose .* Models that can: sdxl"),
        ({"edges": "{}.1 {}.2"}, "Name one picture for the edges"),
        ({"depth": "my house"}, "by their ids"),
        ({"depth": "{}.1:9"}, "between 0.05 and 2"),
    ],
)
def test_what_cannot_be_is_refused_before_anybody_sees_it(
    ports: Ports, call: Call, fox: str, values: dict[str, str], sentence: str
) -> None:
    values = {name: value.replace("{}", fox) for name, value in values.items()}
    spec = CATALOG["imagine"]
    with raises(BadParameterError, match=sentence):
        spec.check(ports, call, spec.read({"prompt": "a castle", "model": "sdxl", **values}))
    with raises(BadParameterError, match=sentence):
        imagine(ports, call, **values)


def test_an_image_and_a_picture_of_one_kind_are_one_too_many(ports: Ports, call: Call, fox: str) -> None:
    image = Source(key="a.png", width=64, height=32)
    with raises(BadParameterError, match="Name one picture for the pose"):
        imagine(ports, call, image=image, role="pose", pose=f"{fox}.1")


def test_a_model_says_so_where_no_other_can(ports: Ports, call: Call, fox: str) -> None:
    ports.options.known_models = (PLAIN,)
    with raises(BadParameterError, match="nor can any other here"):
        imagine(ports, call, model="thimble", pose=f"{fox}.1")


def test_nobody_follows_the_picture_of_one_who_does_not_want_that(ports: Ports, call: Call, fox: str) -> None:
    execute(ports, again(call, "3"), "settings", {"remix": "nobody"})
    bo = replace(call, person=someone("bo"))
    with raises(NotAllowedError, match="does not want others"):
        imagine(ports, bo, pose=f"{fox}.1")


def test_discord_has_room_for_all_options() -> None:
    assert len(CATALOG["imagine"].parameters) <= 25
