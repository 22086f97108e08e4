"""The credentials that an upload brings along are kept in those of the pictures that are made from it."""

import io
import json
from dataclasses import replace

import pytest
from PIL import Image

from engine.jobs.postprocessing import credential_sources
from moderation.provenance.c2pa_credentials import CredentialSigner, offline_context, read_credentials
from moderation.provenance.certificates import ensure_chain
from moderation.provenance.examiner import ProvenanceExaminer
from moderation.provenance.manifest_assertions import PictureClaim
from studio.domain.provenance import CredentialSource, SourceRole
from studio.domain.requests import Operation, PaintRequest, Source
from studio.errors import ExaminationError
from studio.parsing.png_chunks import UPLOAD_CREDENTIALS, add_chunk, read_chunk
from studio.services.upload_intake import accept_upload

PICTURE, OTHER = "k3v9m2p4qx7a.2", "b3v9m2p4qx7b.1"
EXAMINER = ProvenanceExaminer(list)


def png(colour=(10, 90, 60)):
    out = io.BytesIO()
    Image.new("RGB", (64, 64), colour).save(out, "PNG")
    return out.getvalue()


@pytest.fixture(scope="module")
def chain(tmp_path_factory):
    return ensure_chain(tmp_path_factory.mktemp("home") / "provenance", organization="The atelier")


@pytest.fixture(scope="module")
def upload(tmp_path_factory):
    """A file with the credentials of another studio."""
    other = ensure_chain(tmp_path_factory.mktemp("other") / "provenance", organization="Elsewhere")
    return CredentialSigner(other).sign(png(), PictureClaim(picture_id=OTHER, operation=Operation.IMAGINE))


def manifests(signed, chain):
    import c2pa

    with c2pa.Reader("image/png", io.BytesIO(signed), context=offline_context(chain.certificates)) as reader:
        store = json.loads(reader.json())
    return store, store["manifests"][store["active_manifest"]]


def sign(chain, operation, *sources):
    claim = PictureClaim(picture_id=PICTURE, operation=operation, sources=sources)
    return CredentialSigner(chain).sign(png((200, 10, 10)), claim)


def source_of(data, role=SourceRole.PARENT):
    return CredentialSource(role=role, uploaded=True, credentials=EXAMINER.extract_credentials(data))


@pytest.mark.parametrize(
    ("role", "relationship", "operation"),
    [
        (SourceRole.PARENT, "parentOf", Operation.EDIT),
        (SourceRole.COMPONENT, "componentOf", Operation.BLEND),
        (SourceRole.INPUT, "inputTo", Operation.IMAGINE),
    ],
)
def test_they_are_an_ingredient_with_a_manifest_of_their_own(chain, upload, role, relationship, operation):
    signed = sign(chain, operation, source_of(upload, role))
    store, manifest = manifests(signed, chain)
    assert store["validation_state"] == "Trusted"
    assert len(store["manifests"]) == 2
    (ingredient,) = manifest["ingredients"]
    assert ingredient["relationship"] == relationship
    issuer = store["manifests"][ingredient["active_manifest"]]["signature_info"]["issuer"]
    assert issuer == "Elsewhere"
    found = read_credentials(signed, "PNG", trusted=chain.certificates)
    assert found is not None
    assert (found.ours, found.intact, found.picture_id) == (True, True, PICTURE)


def test_two_uploads_are_two_and_the_same_one_twice_is_named_twice(chain, upload):
    once, again = source_of(upload, SourceRole.COMPONENT), source_of(upload, SourceRole.COMPONENT)
    plain = CredentialSource(role=SourceRole.COMPONENT, uploaded=False)
    store, manifest = manifests(sign(chain, Operation.BLEND, once, again, plain), chain)
    assert store["validation_state"] == "Trusted"
    assert len(manifest["ingredients"]) == 3
    assert sum("active_manifest" in ingredient for ingredient in manifest["ingredients"]) == 1


@pytest.mark.parametrize("stored", [b"junk", b"{}", b'{"label": 1}', b"[]"])
def test_what_was_damaged_in_the_store_is_left_out(chain, stored):
    source = CredentialSource(role=SourceRole.PARENT, uploaded=True, credentials=stored)
    store, manifest = manifests(sign(chain, Operation.EDIT, source), chain)
    assert store["validation_state"] == "Trusted"
    assert len(manifest["ingredients"]) == 1


def test_archives_that_are_none_are_left_out(chain, upload):
    packed = json.loads(source_of(upload).credentials)
    broken = json.dumps(packed | dict.fromkeys(("parent", "component", "input"), "anVuaw==")).encode()
    source = replace(source_of(upload), credentials=broken)
    store, manifest = manifests(sign(chain, Operation.EDIT, source), chain)
    assert store["validation_state"] == "Trusted"
    assert len(manifest["ingredients"]) == 1


@pytest.mark.parametrize("data", [png(), b"c2pa", b"", png() + b"c2pa"])
def test_of_a_file_without_any_nothing_is_kept(data):
    assert EXAMINER.extract_credentials(data) == b""


def test_they_travel_inside_the_stored_upload(ports, call, chain, upload):
    ports.examiner.credentials = EXAMINER.extract_credentials(upload)
    source = accept_upload(ports, call.person, upload)
    stored = ports.store.get(source.key)
    assert read_chunk(stored, UPLOAD_CREDENTIALS) == ports.examiner.credentials
    assert Image.open(io.BytesIO(stored)).convert("RGB").getpixel((3, 3)) == (10, 90, 60)
    request = PaintRequest(operation=Operation.EDIT, seed=1, sources=(source,))
    (named,) = credential_sources(request, ports.store)
    assert named.credentials == ports.examiner.credentials
    gone = replace(request, sources=(Source(key="pictures/00/gone.png"),))
    assert credential_sources(gone, ports.store)[0].credentials == b""


def test_an_upload_is_taken_in_without_them_where_they_cannot_be_read(ports, call, upload):
    ports.examiner.credentials_error = ExaminationError()
    stored = ports.store.get(accept_upload(ports, call.person, upload).key)
    assert read_chunk(stored, UPLOAD_CREDENTIALS) == b""


def test_a_chunk_needs_a_complete_png():
    assert read_chunk(add_chunk(png(), b"ckCr", b"x"), b"ckCr") == b"x"
    assert read_chunk(png()[:40], b"ckCr") == b""
    for data in (b"", b"\x89PNG\r\n\x1a\n", png()[:-12]):
        with pytest.raises(ValueError, match="complete"):
            add_chunk(data, b"ckCr", b"x")
