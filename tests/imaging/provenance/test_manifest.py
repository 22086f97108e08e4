"""What content credentials and metadata state of each kind of picture, with which certificate, and at what time."""

import io
import json
import shutil
import subprocess
import threading
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from PIL import Image

from engine.jobs.postprocessing import credential_sources
from moderation.provenance.c2pa_credentials import CredentialSigner, offline_context, read_credentials
from moderation.provenance.certificates import ensure_chain, read_operator_chain
from moderation.provenance.manifest_assertions import MARK_ALGORITHM, PictureClaim
from moderation.provenance.provenance_pipeline import ImageSigner, SignerSettings
from moderation.provenance.timestamp_authority import TimestampAuthority
from studio.clock import now
from studio.domain.requests import Operation, PaintRequest, ReferenceKind, Source
from studio.errors import ConfigurationError
from tests.support.loopback_http import listening

PICTURE = "k3v9m2p4qx7a.2"
UPLOAD, OWN = Source(key="a"), Source(key="b", picture_id="k3v9m2p4qx7a.1")
REFERENCE = Source(key="c", reference=ReferenceKind.STYLE)


@pytest.fixture(scope="module")
def chain(tmp_path_factory):
    return ensure_chain(tmp_path_factory.mktemp("home") / "provenance", organization="The atelier")


def png(side=128):
    out = io.BytesIO()
    Image.new("RGB", (side, side), (10, 90, 60)).save(out, "PNG")
    return out.getvalue()


def store_of(signed, chain):
    import c2pa

    with c2pa.Reader("image/png", io.BytesIO(signed), context=offline_context(chain.certificates)) as reader:
        return json.loads(reader.json())


def signed(chain, operation, sources=(), side=128, **settings):
    signer = ImageSigner(SignerSettings(**settings), notary=CredentialSigner(chain))
    request = PaintRequest(operation=operation, seed=1, sources=sources)
    return signer.certify(
        png(side), picture_id=PICTURE, operation=operation, sources=credential_sources(request)
    )


@pytest.mark.parametrize(
    ("operation", "sources", "actions", "relationships"),
    [
        (Operation.IMAGINE, (), ["c2pa.created"], []),
        (Operation.IMAGINE, (REFERENCE,), ["c2pa.created"], ["inputTo"]),
        (Operation.EDIT, (UPLOAD,), ["c2pa.opened", "c2pa.edited"], ["parentOf"]),
        (Operation.VARY, (OWN, REFERENCE), ["c2pa.opened", "c2pa.edited"], ["parentOf", "inputTo"]),
        (Operation.BLEND, (OWN, UPLOAD), ["c2pa.created"] + 2 * ["c2pa.placed"], 2 * ["componentOf"]),
    ],
)
def test_a_manifest_says_what_was_done_to_what(chain, operation, sources, actions, relationships):
    store = store_of(signed(chain, operation, sources), chain)
    assert store["validation_state"] == "Trusted", store.get("validation_status")
    manifest = store["manifests"][store["active_manifest"]]
    stated = {assertion["label"]: assertion["data"] for assertion in manifest["assertions"]}
    assert [action["action"] for action in stated["c2pa.actions.v2"]["actions"]] == actions
    found = manifest.get("ingredients", [])
    assert [ingredient["relationship"] for ingredient in found] == relationships
    assert OWN.picture_id not in json.dumps(store)
    source_types = {action.get("digitalSourceType") for action in stated["c2pa.actions.v2"]["actions"]}
    times = [
        datetime.fromisoformat(action["when"])
        for action in stated["c2pa.actions.v2"]["actions"]
        if "when" in action
    ]
    assert [now() - when < timedelta(hours=1) for when in times] == [True]
    wanted = "trainedAlgorithmicMedia" if operation is Operation.IMAGINE else "compositeWith"
    assert any(wanted in kind for kind in source_types if kind)


def test_a_soft_binding_names_the_mark_where_there_is_one(chain):
    def bindings(data):
        (manifest,) = store_of(data, chain)["manifests"].values()
        return [part["data"] for part in manifest["assertions"] if part["label"] == "c2pa.soft-binding"]

    (binding,) = bindings(signed(chain, Operation.IMAGINE))
    assert (binding["alg"], binding["blocks"][0]["value"]) == (MARK_ALGORITHM, PICTURE)
    assert not bindings(signed(chain, Operation.IMAGINE, mark=False))
    assert not bindings(signed(chain, Operation.IMAGINE, side=64))


def test_metadata_stands_beside_the_credentials_or_without_them(chain):
    with Image.open(io.BytesIO(signed(chain, Operation.IMAGINE))) as opened:
        assert "digitalsourcetype/trainedAlgorithmicMedia" in opened.text["XML:com.adobe.xmp"]
        opened.load()
    plain = ImageSigner(SignerSettings(), notary=None).certify(
        png(), picture_id=PICTURE, operation=Operation.EDIT
    )
    assert b"compositeWithTrainedAlgorithmicMedia" in plain
    assert b"com.adobe.xmp" not in signed(chain, Operation.IMAGINE, metadata=False)


# ---- the operator's own certificate


def certificate(name, key, issuer=None, issuer_key=None, purpose=ExtendedKeyUsageOID.EMAIL_PROTECTION):
    names = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(names)
        .issuer_name(issuer.subject if issuer else names)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now() - timedelta(days=1))
        .not_valid_after(now() + timedelta(days=90))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key((issuer_key or key).public_key()),
            critical=False,
        )
    )
    names_of_uses = (
        "content_commitment key_encipherment data_encipherment key_agreement encipher_only decipher_only"
    )
    usage = dict.fromkeys(f"{names_of_uses} crl_sign".split(), False)
    leaf = issuer is not None
    builder = builder.add_extension(
        x509.KeyUsage(digital_signature=leaf, key_cert_sign=not leaf, **usage), critical=True
    )
    if leaf:
        builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=True)
    return builder.sign(issuer_key or key, hashes.SHA256())


def pem(value):
    if isinstance(value, x509.Certificate):
        return value.public_bytes(serialization.Encoding.PEM)
    return value.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


@pytest.fixture(scope="module")
def authority():
    key = ec.generate_private_key(ec.SECP384R1())
    return certificate("A public authority", key), key


def operator_files(folder, name, authority):
    root, root_key = authority
    key = ec.generate_private_key(ec.SECP384R1())
    (folder / f"{name}.pem").write_bytes(pem(certificate(name, key, root, root_key)) + pem(root))
    (folder / f"{name}.key").write_bytes(pem(key))
    return folder / f"{name}.pem", folder / f"{name}.key"


def test_the_operators_certificate_signs_and_vouches_for_itself_only(tmp_path, authority):
    ours = read_operator_chain(*operator_files(tmp_path, "Ours", authority))
    theirs = read_operator_chain(*operator_files(tmp_path, "Theirs", authority))
    assert (ours.organization, ours.algorithm) == ("Ours", "es384")
    for chain, is_ours in ((ours, True), (theirs, False)):
        found = read_credentials(signed(chain, Operation.IMAGINE), "PNG", trusted=ours.certificates)
        assert (found.intact, found.ours) == (True, is_ours)


def test_a_certificate_that_cannot_sign_is_a_configuration_error(tmp_path, authority):
    one, _ = operator_files(tmp_path, "One", authority)
    _, other_key = operator_files(tmp_path, "Other", authority)
    for pair in ((one, other_key), (one, one), (tmp_path / "gone.pem", other_key)):
        with pytest.raises(ConfigurationError, match="cannot be used"):
            read_operator_chain(*pair)


# ---- time stamps

_TSA_SETTINGS = """
[tsa]
default_tsa = here
[here]
serial = {folder}/serial
crypto_device = builtin
signer_cert = {folder}/tsa.pem
certs = {folder}/root.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
accuracy = secs:1
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


@pytest.fixture
def stamp(tmp_path, authority):
    """Answers a query as an RFC 3161 authority does."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    root, root_key = authority
    key = ec.generate_private_key(ec.SECP256R1())
    issued = certificate("A clock", key, root, root_key, purpose=ExtendedKeyUsageOID.TIME_STAMPING)
    for name, value in (("tsa.pem", issued), ("root.pem", root), ("tsa.key", key)):
        (tmp_path / name).write_bytes(pem(value))
    (tmp_path / "serial").write_text("01")
    (tmp_path / "tsa.cnf").write_text(_TSA_SETTINGS.format(folder=tmp_path))

    def answer(query):
        (tmp_path / "query.tsq").write_bytes(query)
        paths = ["-config", tmp_path / "tsa.cnf", "-section", "here", "-queryfile", tmp_path / "query.tsq"]
        subprocess.run(
            ["openssl", "ts", "-reply", *paths, "-out", tmp_path / "reply.tsr"],
            check=True,
            capture_output=True,
        )
        return (tmp_path / "reply.tsr").read_bytes()

    return answer


def handler_of(answer, asked):
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            query = self.rfile.read(int(self.headers["content-length"]))
            asked.append(self.headers["content-type"])
            reply = answer(query)
            self.send_response(200 if reply else 503)
            self.send_header("content-type", "application/timestamp-reply")
            self.send_header("content-length", str(len(reply)))
            self.end_headers()
            self.wfile.write(reply)

        def log_message(self, *_):
            pass

    return Handler


def test_a_picture_carries_the_time_of_an_authority(chain, stamp):
    asked = []
    with listening(handler_of(stamp, asked)) as url:
        signer = CredentialSigner(chain, timestamp_url=url)
        signed_png = signer.sign(png(), PictureClaim(picture_id=PICTURE, operation=Operation.IMAGINE))
    assert asked == ["application/timestamp-query"]
    store = store_of(signed_png, chain)
    assert store["validation_state"] == "Trusted"
    manifest = store["manifests"][store["active_manifest"]]
    assert manifest["signature_info"]["time"].startswith(f"{now():%Y-%m-%d}")


def test_an_authority_that_is_away_is_asked_once_and_delays_nothing(chain):
    asked, claim = [], PictureClaim(picture_id=PICTURE, operation=Operation.IMAGINE)
    with listening(handler_of(lambda _: b"", asked)) as url:
        signer = CredentialSigner(chain, timestamp_url=url)
        for _ in range(2):
            store = store_of(signer.sign(png(), claim), chain)
            assert store["validation_state"] == "Trusted"
            assert "time" not in store["manifests"][store["active_manifest"]]["signature_info"]
    assert len(asked) == 1


def test_an_authority_that_hangs_is_left_behind():
    end = threading.Event()
    authority = TimestampAuthority("http://127.0.0.1:9", timeout_seconds=0.01)

    def hang(_url):
        end.wait()
        return b"late"

    try:
        assert authority.ask(hang, lambda: b"without") == b"without"
    finally:
        end.set()
