"""What anybody may learn about where a file comes from."""

import pytest

from bots.presentation.compose.provenance.verification import compose_verification, verification_data
from bots.presentation.plain_text import plain_lines
from studio.commands.pictures.origin_verification import verify_origin
from studio.commands.registry import execute
from studio.commands.spec import Call
from studio.db.tables import PictureRow
from studio.domain.provenance import GenerationClaim, Origin, Trace, Traces
from tests.support.fakes import someone, somewhere
from tests.support.finished_jobs import paint_job

LOOKS = "0" * 64
OTHER_LOOKS = "f" * 64


@pytest.fixture
def picture(ports):
    call = Call(person=someone("ana"), address=somewhere(), request_key="1")
    job_id = execute(ports, call, "imagine", {"prompt": "a red apple", "count": 1}).job_id
    paint_job(ports, job_id)
    with ports.database.begin() as session:
        session.get(PictureRow, f"{job_id}.1").perceptual_hash = LOOKS
    return f"{job_id}.1"


def verified(ports, **traces):
    with ports.database.read() as session:
        return verify_origin(Traces(**traces), session)


def test_a_mark_whose_picture_is_in_the_records_was_made_here(ports, picture):
    found = verified(ports, mark=picture, fingerprint=LOOKS)
    assert (found.origin, found.by, found.recorded, found.similarity) == (Origin.HERE, Trace.MARK, True, 1.0)
    text = "\n".join(plain_lines(compose_verification(found)))
    assert picture in text
    assert "it can be copied onto another picture" in text
    assert "Ana" not in text
    assert "red apple" not in text


def test_a_mark_on_a_picture_that_looks_different_is_doubtful(ports, picture):
    found = verified(ports, mark=picture, fingerprint=OTHER_LOOKS)
    assert found.origin is Origin.DOUBTFUL
    assert "It looks different from that picture: only 0%" in " ".join(verification_data(found)["certain"])


@pytest.mark.parametrize(
    ("traces", "origin"),
    [
        ({"credentials": "k3v9m2p4qx7a.1"}, Origin.HERE),
        ({"mark": "k3v9m2p4qx7a.1"}, Origin.ELSEWHERE),
        ({"named": "k3v9m2p4qx7a.1"}, Origin.ELSEWHERE),
        ({"generation": GenerationClaim.METADATA}, Origin.ELSEWHERE),
        ({"generation": GenerationClaim.CREDENTIALS, "signed_by": "A camera"}, Origin.ELSEWHERE),
        ({"software": "chatelier 1"}, Origin.ELSEWHERE),
        ({"signed_by": "A camera"}, Origin.UNKNOWN),
        ({}, Origin.UNKNOWN),
    ],
)
def test_a_file_without_a_record_is_judged_by_what_it_says(ports, traces, origin):
    found = verified(ports, **traces)
    assert found.origin is origin
    data = verification_data(found)
    assert data["origin"] == origin
    assert data["uncertain"]
    assert all("{" not in sentence for sentence in (*data["certain"], *data["uncertain"]))


def test_text_that_names_a_picture_counts_only_with_its_looks(ports, picture):
    assert verified(ports, named=picture, fingerprint=LOOKS).origin is Origin.HERE
    assert verified(ports, named=picture, fingerprint=OTHER_LOOKS).origin is Origin.ELSEWHERE
    assert verified(ports, named=picture).origin is Origin.ELSEWHERE


def test_looks_alone_are_not_told_to_strangers(ports, picture):
    assert verified(ports, fingerprint=LOOKS).origin is Origin.UNKNOWN
