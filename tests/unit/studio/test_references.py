"""References on /imagine: named by id with weights, or attached; which models take them, and who is asked."""

from dataclasses import replace

import pytest

from studio.commands.command_line import parse_phrase
from studio.commands.registry import CATALOG, execute
from studio.commands.spec import Call
from studio.db import queries
from studio.domain.jobs import Job
from studio.domain.requests import ReferenceKind, Source
from studio.errors import BadParameterError, NotAllowedError, NotFoundError, NotSupportedError
from studio.ports import Ports, RunnableModel
from tests.support.fakes import someone
from tests.support.finished_jobs import paint_job
from tests.support.sentences import raises

PLAIN = RunnableModel(name="thimble")
KONTEXT = RunnableModel(name="kontext", takes_references=1)
ADAPTED = RunnableModel(name="sdxl", takes_references=4, weighs_references=True)


def again(call: Call, mark: str = "2") -> Call:
    return replace(call, request_key=mark)


def job_of(ports: Ports, job_id: str) -> Job:
    with ports.database.read() as session:
        return queries.find_job(session, job_id)


@pytest.fixture
def fox(ports: Ports, call: Call) -> str:
    """The id of a job with four pictures, where all models are at hand."""
    ports.options.known_models = (PLAIN, KONTEXT, ADAPTED)
    return paint_job(ports, execute(ports, call, "imagine", {"prompt": "a red fox"}).job_id)


def imagine(ports: Ports, call: Call, **values: object) -> Job:
    values = {"prompt": "a castle", "model": "sdxl", **values}
    return job_of(ports, execute(ports, again(call, f"key{hash(str(values))}"), "imagine", values).job_id)


def test_references_are_kept_with_their_weights_and_are_parents(ports: Ports, call: Call, fox: str) -> None:
    job = imagine(ports, call, ref=f"{fox}.2:0.8, {fox}.3", sref=f"{fox}.1")
    found = [(source.picture_id, source.reference, source.weight) for source in job.request.references]
    assert found == [
        (f"{fox}.2", ReferenceKind.SUBJECT, 0.8),
        (f"{fox}.3", ReferenceKind.SUBJECT, 1.0),
        (f"{fox}.1", ReferenceKind.STYLE, 1.0),
    ]
    assert job.request.starts == ()
    assert ports.gate.admissions[-1].lineage_prompts == ("a red fox",) * 3
    assert job.origin_job_id is None


def test_an_attached_image_may_be_a_reference_beside_its_doubts(ports: Ports, call: Call, fox: str) -> None:
    image = Source(key="a.png", shows_person=True, as_mask_key="m.png", width=64, height=64)
    (source,) = imagine(ports, call, image=image, role="style").request.sources
    assert (source.reference, source.shows_person, source.as_mask_key) == (ReferenceKind.STYLE, True, None)
    (start,) = imagine(ports, call, image=image, ref=f"{fox}.1").request.starts
    assert start.key == "a.png"


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"model": "thimble", "ref": "{}.1"}, r"thimble cannot use .* Models that can: kontext, sdxl"),
        ({"model": "kontext", "ref": "{}.1 {}.2"}, "kontext takes at most 1 picture at once"),
        ({"model": "kontext", "ref": "{}.1:0.5"}, r"kontext cannot weigh .* Models that can: sdxl"),
        ({"ref": "{}.1 {}.2 {}.3", "sref": "{}.1 {}.2"}, "At most 4 references"),
        ({"ref": "{}.1 {}.2 {}.3 {}.1 {}.2"}, "At most 4 references"),
        ({"ref": "https://example.org/a.png"}, "by their ids"),
        ({"ref": "{}.1:3"}, "between 0.05 and 2"),
        ({"ref": "{}.1:nan"}, "between 0.05 and 2"),
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


def test_a_model_says_so_where_no_other_takes_references(ports: Ports, call: Call, fox: str) -> None:
    ports.options.known_models = (PLAIN,)
    with raises(BadParameterError, match="nor can any other here"):
        imagine(ports, call, model="thimble", ref=f"{fox}.1")


def test_nobody_builds_on_the_pictures_of_one_who_does_not_want_that(
    ports: Ports, call: Call, fox: str
) -> None:
    execute(ports, again(call, "3"), "settings", {"remix": "nobody"})
    bo = replace(call, person=someone("bo"))
    with raises(NotAllowedError, match="does not want others"):
        imagine(ports, bo, ref=f"{fox}.1")
    with raises(NotAllowedError, match="does not want others"):
        imagine(ports, bo, sref=f"{fox}.1")


def test_a_picture_that_is_not_there_is_no_reference(ports: Ports, call: Call, fox: str) -> None:
    with raises(NotFoundError, match="was not found"):
        imagine(ports, call, ref="k3v9m2p4qx7a.2")


@pytest.mark.parametrize("first", ["k3v9m2p4qx7a.1", "9k3v9m2p4qx7.1:0.8"])
def test_a_style_by_id_is_ours_and_one_by_address_or_number_is_another_tools(first: str) -> None:
    _, values = parse_phrase(f"/imagine a castle --sref {first}, k3v9m2p4qx7a.3 --seed 7")
    assert values == {"prompt": "a castle", "sref": f"{first}, k3v9m2p4qx7a.3", "seed": "7"}
    for foreign in ("--sref https://example.org/a.png", "--sref 1234567"):
        _, values = parse_phrase(f"/imagine a castle {foreign} --seed 7")
        assert values == {"prompt": f"a castle {foreign}", "seed": "7"}


def test_a_model_that_paints_nothing_without_a_picture_is_refused_at_once(
    ports: Ports, call: Call, fox: str
) -> None:
    editor = RunnableModel(name="editor", edits_by_words=True, takes_references=1, needs_reference=True)
    ports.options.known_models = (PLAIN, editor)
    values = {"prompt": "a castle", "model": "editor"}
    with raises(NotSupportedError, match="editor cannot imagine without a picture"):
        execute(ports, again(call), "imagine", values)
    with raises(NotSupportedError, match="editor cannot imagine without a picture"):
        CATALOG["imagine"].check(ports, call, CATALOG["imagine"].build(**values))
    job = imagine(ports, call, model="editor", ref=f"{fox}.1")
    assert job.request.model == "editor"
