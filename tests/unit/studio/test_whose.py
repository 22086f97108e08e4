"""Who made this? What the records say of a file, and to whom."""

from dataclasses import replace

import pytest

from bots.texts.provenance.attribution import NOTHING
from studio.clock import now
from studio.commands.pictures.whose import find_reported
from studio.commands.registry import execute
from studio.commands.results import Attribution
from studio.db.tables import PictureRow
from studio.domain.jobs import JobState
from studio.domain.provenance import Trace, Traces, likeness
from studio.errors import BadParameterError, RateLimitedError
from studio.services.upload_intake import examine_upload
from tests.support.fakes import someone
from tests.support.finished_jobs import paint_job
from tests.support.message_text import answer_text
from tests.support.sentences import raises

LOOKS = "f0" * 32
STRANGE = "k3v9m2p4qx7a.2"


def shifted(fingerprint, bits):
    """Another fingerprint, so many bits away."""
    return f"{int(fingerprint, 16) ^ ((1 << bits) - 1):064x}"


@pytest.fixture
def picture(ports, call):
    """The first picture of a job of Ana's."""
    job_id = execute(ports, call, "imagine", {"prompt": "a red apple", "count": 1}).job_id
    paint_job(ports, job_id)
    with ports.database.begin() as session:
        session.get_one(PictureRow, f"{job_id}.1").perceptual_hash = LOOKS
    return f"{job_id}.1"


@pytest.fixture
def ask(ports, call):
    def ask(traces, *, person=None):
        caller = replace(call, person=person or someone("bo"), request_key="ask")
        return execute(ports, caller, "whose", {"image": traces})

    return ask


def said(answer):
    return answer_text(answer)


@pytest.mark.parametrize("field", ["credentials", "mark", "named"])
def test_a_picture_is_known_by_each_of_its_traces(ask, picture, field):
    answer = ask(Traces(**{field: picture}))
    assert (answer.known, answer.picture_id) == (True, picture)
    assert answer.by == {"named": "text"}.get(field, field)
    assert answer.person.display_name == "Ana"
    assert "Painted by @Ana" in said(answer)
    assert "“a red apple”" in said(answer)


def test_a_picture_is_known_by_its_looks(ask, picture):
    answer = ask(Traces(fingerprint=shifted(LOOKS, 31)))
    assert (answer.by, answer.picture_id) == (Trace.LIKENESS, picture)
    assert answer.similarity == pytest.approx(1 - 31 / 256)
    assert "Recognised only by how it looks. It is 88% similar to the picture in the records." in said(answer)


@pytest.mark.parametrize("field", ["mark", "named"])
def test_a_mark_on_a_picture_that_looks_different_names_nobody(ask, picture, field):
    answer = ask(Traces(**{field: picture}, fingerprint=shifted(LOOKS, 32)))
    assert (answer.known, answer.person, answer.looks_different) == (False, None, True)
    assert "looks different" in said(answer)
    assert "Ana" not in said(answer)
    assert ask(Traces(**{field: picture}, fingerprint=shifted(LOOKS, 31))).person.display_name == "Ana"


def test_a_signature_names_its_maker_whatever_it_looks_like_and_without_a_percentage(ask, picture):
    answer = ask(Traces(credentials=picture, fingerprint=shifted(LOOKS, 90)))
    assert (answer.person.display_name, answer.similarity) == ("Ana", None)
    assert "%" not in said(answer)


def test_a_mirrored_or_turned_copy_is_compared_too(ask, picture):
    other = shifted(LOOKS, 128)
    assert ask(Traces(fingerprint=other, views=(other, shifted(LOOKS, 4)))).by is Trace.LIKENESS
    marked = ask(Traces(mark=picture, fingerprint=other, views=(shifted(LOOKS, 4),)))
    assert (marked.by, marked.similarity) == (Trace.MARK, pytest.approx(1 - 4 / 256))
    assert ask(Traces(mark=picture, fingerprint=other, turned=(shifted(LOOKS, 56),))).known
    assert not ask(Traces(mark=picture, fingerprint=other, turned=(shifted(LOOKS, 57),))).known


def test_what_looks_otherwise_is_not_taken_for_it(ask, picture):
    answer = ask(Traces(fingerprint=shifted(LOOKS, 32)))
    assert (answer.known, said(answer)) == (False, NOTHING)


def test_of_several_the_likest_is_told(ports, call, ask, picture):
    other = execute(ports, replace(call, request_key="2"), "imagine", {"prompt": "a pear", "count": 1}).job_id
    paint_job(ports, other)
    with ports.database.begin() as session:
        session.get_one(PictureRow, f"{other}.1").perceptual_hash = shifted(LOOKS, 9)
    assert ask(Traces(fingerprint=shifted(LOOKS, 7))).picture_id == f"{other}.1"


def test_the_surest_trace_that_the_records_know_counts(ask, picture):
    assert ask(Traces(credentials=STRANGE, mark=picture, named=STRANGE)).by is Trace.MARK


def test_another_community_learns_that_it_was_made_here_and_no_more(ask, picture):
    answer = ask(Traces(mark=picture), person=someone("eve", community="elsewhere"))
    assert (answer.known, answer.person, answer.picture) == (True, None, None)
    assert "Ana" not in said(answer)
    assert "apple" not in said(answer)


def test_what_was_painted_in_private_is_told_to_those_who_are_there(ports, call, ask):
    there = replace(call.address, channel="D1", private=True)
    private = replace(call, address=there, request_key="private")
    job_id = execute(ports, private, "imagine", {"prompt": "a secret", "count": 1}).job_id
    paint_job(ports, job_id)
    with ports.database.begin() as session:
        session.get_one(PictureRow, f"{job_id}.1").perceptual_hash = LOOKS
    assert "secret" not in said(ask(Traces(mark=f"{job_id}.1")))
    assert not ask(Traces(fingerprint=LOOKS)).known
    for caller in (replace(private, person=someone("bo")), call):
        answer = execute(
            ports, replace(caller, request_key="ask"), "whose", {"image": Traces(fingerprint=LOOKS)}
        )
        assert "a secret" in said(answer)


def test_looks_are_compared_within_a_community_only(ask, picture):
    assert not ask(Traces(fingerprint=LOOKS), person=someone("eve", community="elsewhere")).known


def test_a_deleted_picture_is_named_without_its_words(ports, call, ask, picture):
    execute(ports, replace(call, request_key="3"), "delete", {"what": picture})
    answer = ask(Traces(credentials=picture))
    assert (answer.known, answer.deleted, answer.picture) == (True, True, None)
    assert "deleted since" in said(answer)
    assert "apple" not in said(answer)


def test_what_was_never_shown_is_not_told(ports, call, ask):
    job_id = execute(ports, call, "imagine", {"prompt": "a pear", "count": 1}).job_id
    paint_job(ports, job_id, state=JobState.HELD)
    assert not ask(Traces(mark=f"{job_id}.1")).known


def test_an_id_that_nobody_knows_is_told_as_a_claim(ask):
    answer = ask(Traces(mark=STRANGE))
    assert (answer.known, answer.picture_id) == (False, STRANGE)
    assert f"as {STRANGE}; the records here do not have that picture" in said(answer)


def test_a_file_without_traces_says_nothing(ask):
    assert said(ask(Traces())) == NOTHING


def test_foreign_credentials_and_tampering_are_told():
    foreign = said(Attribution(known=False, signed_by="Elsewhere", software="brush 1"))
    assert "brush 1 made it" in foreign
    assert "name Elsewhere" in foreign
    assert "changed after it was signed" in said(Attribution(known=False, tampered=True))


def test_without_a_file_there_is_nothing_to_say(ports, call):
    with raises(BadParameterError, match="Attach the picture"):
        execute(ports, call, "whose", {})


def test_no_file_is_opened_beyond_the_limit_of_lookups(ports, monkeypatch):
    def refuse(person):
        raise RateLimitedError(retry_after_seconds=60)

    monkeypatch.setattr(ports.gate, "admit_upload", refuse)
    with pytest.raises(RateLimitedError):
        examine_upload(ports, someone("ana"), b"file")
    assert ports.examiner.examined == []


def test_a_file_is_only_looked_at(ports):
    before = dict(ports.store.blobs)
    assert examine_upload(ports, someone("ana"), b"file") == Traces()
    assert (ports.store.blobs, ports.examiner.examined) == (before, [b"file"])


def test_likeness_is_a_share_of_bits():
    assert likeness(LOOKS, LOOKS) == 1
    assert likeness("0" * 64, "f" * 64) == 0


def test_a_reported_file_is_a_hidden_picture_or_the_next_that_is_there(ports, call, picture):
    again = replace(call, request_key="again")
    job_id = execute(ports, again, "imagine", {"prompt": "a red apple", "count": 1}).job_id
    paint_job(ports, job_id)
    other = f"{job_id}.1"
    traces = Traces(mark=picture, fingerprint=LOOKS)
    with ports.database.begin() as session:
        session.get_one(PictureRow, other).perceptual_hash = shifted(LOOKS, 2)
        row = session.get_one(PictureRow, picture)
        row.deleted_at, row.hidden_by = now(), "a case"
        session.flush()
        assert find_reported(session, traces) == picture
        row.hidden_by = None
        session.flush()
        assert find_reported(session, traces) == other
        session.get_one(PictureRow, other).deleted_at = now()
        session.flush()
        assert find_reported(session, traces) is None
