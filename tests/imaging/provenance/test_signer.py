"""Signature, mark and credentials on the copies that people get, and what a file tells about itself."""

import io
import json
import stat
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from PIL import Image

from engine.imaging.codecs.recipe_metadata import read_recipe, write_recipe
from moderation.provenance.c2pa_credentials import CredentialSigner, read_credentials
from moderation.provenance.certificates import KEY_FILE, ROOT_KEY_FILE, ensure_chain, make_chain, read_chain
from moderation.provenance.examiner import ProvenanceExaminer
from moderation.provenance.manifest_assertions import PictureClaim
from moderation.provenance.provenance_pipeline import ImageSigner, SignerSettings
from moderation.provenance.visible_signature import sign_visibly
from moderation.provenance.watermark.robustness import as_jpeg, photograph
from moderation.provenance.watermark.watermark import find
from studio.clock import now
from studio.domain.requests import Operation
from studio.errors import BadImageError, ConfigurationError, SigningError
from tests.support.recipes import PLAIN
from tests.support.sentences import raises

PICTURE = "k3v9m2p4qx7a.2"
RECIPE = replace(PLAIN, width=256, height=256, software="chatelier test")


@pytest.fixture(scope="module")
def chain(tmp_path_factory):
    return ensure_chain(tmp_path_factory.mktemp("home") / "provenance", organization="The atelier")


@pytest.fixture(scope="module")
def master():
    return photograph(256, seed=1)


def signed_by(signer, master, operation=Operation.IMAGINE):
    marked = signer.mark(master, picture_id=PICTURE)
    png = write_recipe(marked, RECIPE, picture_id=PICTURE)
    return signer.certify(png, picture_id=PICTURE, operation=operation)


@pytest.fixture(scope="module")
def copy(chain, master):
    return signed_by(ImageSigner(SignerSettings(), notary=CredentialSigner(chain)), master)


def pixels(data):
    return Image.open(io.BytesIO(data)).convert("RGB")


def as_png(picture):
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def examine(data, chain=None):
    return ProvenanceExaminer(lambda: [chain] if chain else []).examine(data, png=as_png(pixels(data)))


# ---- the copy


def test_a_copy_tells_of_itself_in_every_way(copy, chain):
    traces = examine(copy, chain)
    assert (traces.credentials, traces.mark, traces.named) == (PICTURE, PICTURE, PICTURE)
    assert traces.signed_by == "The atelier"
    assert traces.software == "chatelier test"
    assert not traces.tampered


def test_the_recipe_stays_in_the_copy(copy):
    assert read_recipe(copy) == RECIPE


def test_a_jpeg_of_the_copy_still_carries_the_mark(copy, chain):
    out = io.BytesIO()
    as_jpeg(pixels(copy), 60).save(out, "JPEG", quality=60)
    traces = examine(out.getvalue(), chain)
    assert (traces.credentials, traces.mark, traces.named) == (None, PICTURE, None)


def test_the_signature_is_in_the_lower_right_corner_and_nowhere_else():
    plain = Image.new("RGB", (1024, 768), (30, 90, 60))
    changed = Image.composite(Image.new("L", plain.size, 255), Image.new("L", plain.size), _difference(plain))
    left, top, right, bottom = changed.getbbox()
    assert left > 0.9 * 1024
    assert top > 0.85 * 768
    assert (right, bottom) <= (1024, 768)


def _difference(plain):
    from PIL import ImageChops

    return (
        ImageChops.difference(plain, sign_visibly(plain)).convert("L").point(lambda value: 255 * (value > 0))
    )


@pytest.mark.parametrize("ground", [(0, 0, 0), (255, 255, 255), (128, 128, 128), (200, 40, 40)])
@pytest.mark.parametrize("side", [256, 1024])
def test_the_signature_can_be_read_on_any_ground(ground, side):
    signed = sign_visibly(Image.new("L", (side, side), ground[0]).convert("RGB"))
    corner = signed.crop((int(side * 0.88), int(side * 0.88), side, side)).convert("L")
    low, high = corner.getextrema()
    assert high - low > 90


def test_what_is_switched_off_is_left_out(chain, master):
    only_mark = ImageSigner(SignerSettings(signature=False), notary=None)
    traces = examine(signed_by(only_mark, master, Operation.VARY), chain)
    assert (traces.credentials, traces.mark) == (None, PICTURE)
    only_credentials = ImageSigner(
        SignerSettings(signature=False, mark=False), notary=CredentialSigner(chain)
    )
    signed = signed_by(only_credentials, master, Operation.VARY)
    assert examine(signed, chain).mark is None
    assert examine(signed, chain).credentials == PICTURE
    assert pixels(signed).tobytes() == master.tobytes()


def test_pictures_signed_side_by_side_each_carry_their_own_id(chain):
    signer = ImageSigner(SignerSettings(), notary=None)
    wanted = {
        f"k3v9m2p4qx7a.{index}": photograph(side, seed=3) for index, side in ((1, 256), (2, 256), (3, 400))
    }
    with ThreadPoolExecutor(3) as hands:
        signed = hands.map(lambda picture_id: signer.mark(wanted[picture_id], picture_id=picture_id), wanted)
        assert [find(picture) for picture in signed] == list(wanted)


@pytest.mark.parametrize("ground", [0, 128, 255])
def test_the_label_is_in_the_lower_left_corner_where_it_is_wanted(ground):
    plain = Image.new("RGB", (512, 384), (ground,) * 3)
    unlabelled = ImageSigner(SignerSettings(signature=False, mark=False), notary=None)
    labelled = ImageSigner(SignerSettings(signature=False, mark=False, label=True), notary=None)
    assert unlabelled.mark(plain, picture_id=PICTURE).tobytes() == plain.tobytes()
    shown = labelled.mark(plain, picture_id=PICTURE).convert("L")
    low, high = shown.crop((0, 350, 60, 384)).getextrema()
    assert high - low > 90
    assert shown.crop((60, 0, 512, 384)).getextrema() == (ground, ground)


# ---- when signing fails


class BrokenNotary:
    def sign(self, png, description):
        raise RuntimeError("no ink")


def test_a_picture_that_cannot_be_signed_is_shown_with_what_could_be_done(master):
    signer = ImageSigner(SignerSettings(), notary=BrokenNotary())
    assert examine(signed_by(signer, master)).mark == PICTURE


def test_where_signing_is_required_it_is_not_shown(master):
    signer = ImageSigner(SignerSettings(required=True), notary=BrokenNotary())
    with raises(SigningError, match="could not be signed"):
        signed_by(signer, master)


# ---- credentials


def test_credentials_of_another_studio_are_intact_and_not_ours(copy, tmp_path):
    other = ensure_chain(tmp_path / "other", organization="Elsewhere")
    traces = examine(copy, other)
    assert traces.credentials is None
    assert (traces.signed_by, traces.tampered) == ("The atelier", False)


def test_a_changed_file_shows(copy, chain):
    changed = bytearray(copy)
    changed[copy.index(b"a red apple")] = ord("A")
    found = read_credentials(bytes(changed), "PNG", trusted=chain.certificates)
    assert found is not None
    assert (found.intact, found.ours) == (False, False)


def test_credentials_name_neither_words_nor_people(chain, master):
    import c2pa

    png = write_recipe(master, RECIPE)
    signed = CredentialSigner(chain).sign(png, PictureClaim(picture_id=PICTURE, operation=Operation.EDIT))
    with c2pa.Reader("image/png", io.BytesIO(signed)) as reader:
        store = reader.json()
    assert "apple" not in store
    manifest = json.loads(store)["manifests"][json.loads(store)["active_manifest"]]
    assert "thumbnail" not in manifest
    action = manifest["assertions"][0]["data"]["actions"][0]
    assert action["digitalSourceType"].endswith("compositeWithTrainedAlgorithmicMedia")


@pytest.mark.parametrize("data", [b"", b"\x89PNG\r\n\x1a\n", b"GIF89a" + bytes(40)])
def test_what_is_no_picture_is_said_to_be_none(data):
    with pytest.raises(BadImageError):
        ProvenanceExaminer(list).examine(data, png=data)


# ---- the chain


def test_keys_are_for_their_owner_alone_and_are_made_once(tmp_path):
    folder = tmp_path / "deep" / "provenance"
    first = ensure_chain(folder, organization="One")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for name in (KEY_FILE, ROOT_KEY_FILE):
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600
    assert make_chain(folder, organization="Two") == first
    assert ensure_chain(folder, organization="Three") == first
    assert [path.name for path in folder.parent.iterdir()] == ["provenance"]
    assert first.ends_at > now() + timedelta(days=3000)
    assert "PRIVATE" not in repr(first)


def test_a_key_that_is_not_the_certificates_is_refused(tmp_path):
    ensure_chain(tmp_path / "a", organization="A")
    ensure_chain(tmp_path / "b", organization="B")
    (tmp_path / "a" / KEY_FILE).write_bytes((tmp_path / "b" / KEY_FILE).read_bytes())
    with pytest.raises(ConfigurationError, match="cannot be used"):
        read_chain(tmp_path / "a")
