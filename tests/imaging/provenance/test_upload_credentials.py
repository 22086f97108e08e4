"""What the credentials of an upload said is named by those of the pictures that are made from it, and no more of it."""

import base64
import io
import json
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from engine.jobs.postprocessing import credential_sources
from moderation.provenance.c2pa_credentials import CredentialSigner, offline_context, read_credentials
from moderation.provenance.certificates import ensure_chain
from moderation.provenance.examiner import ProvenanceExaminer
from moderation.provenance.manifest_assertions import UPLOAD_KEY, PictureClaim
from moderation.provenance.upload_credentials import UploadCredentials
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
def test_they_are_summed_up_in_its_ingredient(chain, upload, role, relationship, operation):
    signed = sign(chain, operation, source_of(upload, role))
    store, manifest = manifests(signed, chain)
    assert store["validation_state"] == "Trusted"
    assert len(store["manifests"]) == 1
    (ingredient,) = manifest["ingredients"]
    assert ingredient["relationship"] == relationship
    summary = ingredient["metadata"][UPLOAD_KEY]
    assert summary["claimGenerator"] == "Chatelier"
    assert summary["digitalSourceType"].endswith("/trainedAlgorithmicMedia")
    assert summary["validationState"] == "Valid"
    found = read_credentials(signed, "PNG", trusted=chain.certificates)
    assert found is not None
    assert (found.ours, found.intact, found.picture_id) == (True, True, PICTURE)


def photo_with_thumbnail_and_place():
    """The upload, and the thumbnail that its credentials hold, as an ordinary camera or editor writes them."""
    import c2pa

    small = io.BytesIO()
    Image.new("RGB", (48, 48), (220, 0, 0)).save(small, "JPEG")
    place = {"@context": {"exif": "http://ns.adobe.com/exif/1.0/"}, "exif:GPSLatitude": "48,12.3456N"}
    author = {"@context": "https://schema.org", "@type": "CreativeWork", "author": [{"name": "Mary Maker"}]}
    definition = {
        "claim_generator_info": [{"name": "Some Editor", "version": "1"}],
        "title": "holiday.png",
        "thumbnail": {"format": "image/jpeg", "identifier": "thumbnail.jpg"},
        "assertions": [
            {"label": "stds.exif", "data": place, "kind": "Json"},
            {"label": "stds.schema-org.CreativeWork", "data": author, "kind": "Json"},
        ],
    }
    elsewhere = ensure_chain(Path(tempfile.mkdtemp()) / "provenance", organization="Elsewhere")
    out = io.BytesIO()
    info = c2pa.C2paSignerInfo(
        alg=c2pa.C2paSigningAlg[elsewhere.algorithm.upper()],
        sign_cert=elsewhere.certificates.encode(),
        private_key=elsewhere.key.encode(),
        ta_url=None,
    )
    with c2pa.Signer.from_info(info) as signer, c2pa.Builder(definition, offline_context()) as builder:
        builder.add_resource("thumbnail.jpg", io.BytesIO(small.getvalue()))
        builder.sign(signer, "image/png", io.BytesIO(png((220, 0, 0))), out)
    return out.getvalue(), small.getvalue()


PRIVATE = (b"48,12.3456N", b"Mary Maker", b"holiday.png", b"Elsewhere", b"\xff\xd8\xff")


def test_neither_its_pixels_nor_its_place_nor_its_people_are_published(chain):
    photo, thumbnail = photo_with_thumbnail_and_place()
    assert thumbnail in photo
    assert all(word in photo for word in PRIVATE)
    signed = sign(chain, Operation.EDIT, source_of(photo))
    assert thumbnail not in signed
    assert not [word for word in PRIVATE if word in signed]
    _, manifest = manifests(signed, chain)
    (ingredient,) = manifest["ingredients"]
    assert ingredient["metadata"][UPLOAD_KEY]["claimGenerator"] == "Some Editor"


def test_whole_credentials_that_earlier_versions_kept_are_not_signed(chain):
    import c2pa

    photo, thumbnail = photo_with_thumbnail_and_place()
    label, archive = "upload-0123456789abcdef", io.BytesIO()
    named = {"title": "An uploaded picture", "relationship": "parentOf", "instance_id": label, "label": label}
    with c2pa.Builder({"assertions": []}, offline_context()) as builder:
        builder.add_ingredient(named, "image/png", io.BytesIO(photo))
        builder.write_ingredient_archive(label, archive)
    encoded = base64.b64encode(archive.getvalue()).decode()
    stored = json.dumps({"label": label, **dict.fromkeys(SourceRole, encoded)}).encode()
    signed = sign(
        chain, Operation.EDIT, CredentialSource(role=SourceRole.PARENT, uploaded=True, credentials=stored)
    )
    assert thumbnail not in signed
    assert not [word for word in PRIVATE if word in signed]
    store, manifest = manifests(signed, chain)
    assert store["validation_state"] == "Trusted"
    assert len(manifest["ingredients"]) == 1


def test_two_uploads_are_two_ingredients(chain, upload):
    once, again = source_of(upload, SourceRole.COMPONENT), source_of(upload, SourceRole.COMPONENT)
    plain = CredentialSource(role=SourceRole.COMPONENT, uploaded=False)
    store, manifest = manifests(sign(chain, Operation.BLEND, once, again, plain), chain)
    assert store["validation_state"] == "Trusted"
    assert sum("metadata" in ingredient for ingredient in manifest["ingredients"]) == 2


SUMMARY = {"format": "image/png", "generator": "Camera", "source_type": "", "state": "Valid"}


@pytest.mark.parametrize(
    "changed",
    [{"format": "x"}, {"generator": "a" * 81}, {"generator": 1}, {"source_type": "x"}, {"state": ["x"]}],
)
def test_a_summary_that_was_tampered_with_is_none(changed):
    assert UploadCredentials.from_bytes(json.dumps(SUMMARY).encode()) is not None
    assert UploadCredentials.from_bytes(json.dumps(SUMMARY | changed).encode()) is None


@pytest.mark.parametrize("stored", [b"junk", b"{}", b'{"label": 1}', b"[]"])
def test_what_was_damaged_in_the_store_is_left_out(chain, stored):
    source = CredentialSource(role=SourceRole.PARENT, uploaded=True, credentials=stored)
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
