"""The studio's own two certificates: a root that stays here, and the one that signs pictures.

Nobody outside trusts the root unless they choose to. What the chain proves is that every picture which it signed
came from the same studio and was not changed since.
"""

import errno
import shutil
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from studio.clock import now
from studio.errors import ConfigurationError

CHAIN_FILE = "chain.pem"  # the signing certificate, then the root
KEY_FILE = "signing-key.pem"
ROOT_KEY_FILE = "root-key.pem"
# Without time stamps from outside, credentials are good for as long as the certificate that signed them.
_DAYS = 3650
_LONGEST_NAME = 64
_BEGIN = "-----BEGIN CERTIFICATE-----"
_CURVES = {"secp256r1": "es256", "secp384r1": "es384", "secp521r1": "es512"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """PEM texts. Signing needs no other file; the root's key is only for the next signing certificate."""

    certificates: str
    key: str = field(repr=False)
    organization: str
    ends_at: datetime
    algorithm: str = "es256"  # as C2PA calls it

    @property
    def root(self) -> str:
        """The root certificate alone."""
        return self.certificates[self.certificates.rindex(_BEGIN) :]


def ensure_chain(folder: Path, *, organization: str) -> Chain:
    """The chain of this folder, made now when there is none. Raises `ConfigurationError`."""
    try:
        return read_chain(folder)
    except FileNotFoundError:
        pass
    return make_chain(folder, organization=organization)


def read_chain(folder: Path) -> Chain:
    """Raises FileNotFoundError when there is none, `ConfigurationError` when it cannot be used."""
    try:
        certificates, key = (folder / name for name in (CHAIN_FILE, KEY_FILE))
        return _check_chain(certificates.read_text(), key.read_text())
    except FileNotFoundError:
        raise
    except (OSError, ValueError, TypeError) as error:
        raise ConfigurationError(
            f"The certificates in {folder} cannot be used ({error})."
            " Move the folder away and run `chatelier provenance init`."
        ) from error


def read_operator_chain(certificate: Path, key: Path | None) -> Chain:
    """The operator's own certificate, from the one that signs to its root, and its key without a passphrase.

    Without a key, it is good for recognising pictures only. Raises `ConfigurationError` when they cannot be used.
    """
    try:
        certificates, private = certificate.read_text(), key.read_text() if key else ""
        leaf, *issuers = x509.load_pem_x509_certificates(certificates.encode())
        if not issuers:
            raise ValueError("the file holds one certificate only; append those that issued it")
        for issued, issuer in pairwise((leaf, *issuers)):
            issued.verify_directly_issued_by(issuer)
        algorithm = _algorithm_of(private, leaf) if key else ""
    except (OSError, ValueError, TypeError, InvalidSignature) as error:
        raise ConfigurationError(
            f"The certificate {certificate} and its key cannot be used ({str(error) or type(error).__name__})."
            " See CHATELIER_PROVENANCE__CERTIFICATE and CHATELIER_PROVENANCE__KEY."
        ) from error
    ends_at = min(known.not_valid_after_utc for known in (leaf, *issuers))
    return Chain(
        certificates=certificates,
        key=private,
        organization=_organization_of(leaf),
        ends_at=ends_at,
        algorithm=algorithm,
    )


def _algorithm_of(key: str, leaf: x509.Certificate) -> str:
    """Raises ValueError for a key that is not the certificate's, or of a kind that C2PA does not know."""
    private = serialization.load_pem_private_key(key.encode(), password=None)
    if private.public_key() != leaf.public_key():
        raise ValueError("the key is not the signing certificate's")
    if isinstance(private, ed25519.Ed25519PrivateKey):
        return "ed25519"
    if isinstance(private, rsa.RSAPrivateKey):
        return "ps256"
    if isinstance(private, ec.EllipticCurvePrivateKey) and private.curve.name in _CURVES:
        return _CURVES[private.curve.name]
    raise ValueError("the key is of a kind that content credentials do not know")


def make_chain(folder: Path, *, organization: str) -> Chain:
    """A new chain. An existing one is never replaced: of two processes that begin at once, both use the first.

    Raises `ConfigurationError` when the folder cannot be written.
    """
    root_key, leaf_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root = _root(root_key, organization)
    certificates = (_leaf(leaf_key, root, root_key, organization), root)
    files = {
        CHAIN_FILE: b"".join(
            certificate.public_bytes(serialization.Encoding.PEM) for certificate in certificates
        ),
        KEY_FILE: _pem(leaf_key),
        ROOT_KEY_FILE: _pem(root_key),
    }
    try:
        _write_folder(folder, files)
    except OSError as error:
        raise ConfigurationError(
            f"The folder {folder} cannot be written ({error.strerror}). Set CHATELIER_HOME to one that can be."
        ) from error
    return read_chain(folder)


def _write_folder(folder: Path, files: dict[str, bytes]) -> None:
    """The whole folder at once, private to this user; nothing when it is there already."""
    folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    unfinished = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        for name, data in files.items():
            (unfinished / name).touch(mode=0o600)
            with (unfinished / name).open("wb") as file:
                file.write(data)
        with suppress(FileExistsError, NotADirectoryError):
            unfinished.rename(folder)  # onto a folder with anything in it this fails
    except OSError as error:
        if error.errno != errno.ENOTEMPTY:
            raise
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _check_chain(certificates: str, key: str) -> Chain:
    """Raises ValueError when key and certificates do not belong together."""
    leaf, root = x509.load_pem_x509_certificates(certificates.encode())
    private = serialization.load_pem_private_key(key.encode(), password=None)
    if private.public_key() != leaf.public_key():
        raise ValueError("the key is not the signing certificate's")
    leaf.verify_directly_issued_by(root)
    ends_at = min(leaf.not_valid_after_utc, root.not_valid_after_utc)
    return Chain(certificates=certificates, key=key, organization=_organization_of(leaf), ends_at=ends_at)


def _organization_of(leaf: x509.Certificate) -> str:
    names = leaf.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    return str(names[0].value) if names else ""


def _root(key: ec.EllipticCurvePrivateKey, organization: str) -> x509.Certificate:
    name = _name(organization, "Chatelier provenance root")
    builder = _builder(name, name, key.public_key(), days=_DAYS)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(_usage(signs_certificates=True), critical=True)
    return builder.sign(key, hashes.SHA256())


def _leaf(
    key: ec.EllipticCurvePrivateKey,
    root: x509.Certificate,
    root_key: ec.EllipticCurvePrivateKey,
    organization: str,
) -> x509.Certificate:
    """C2PA readers refuse a signing certificate without organization, without purpose, or signed by itself."""
    name = _name(organization, "Chatelier pictures")
    builder = _builder(name, root.subject, key.public_key(), days=_DAYS)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(_usage(signs_certificates=False), critical=True)
    purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])
    builder = builder.add_extension(purpose, critical=False)
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key())
    builder = builder.add_extension(issuer, critical=False)
    return builder.sign(root_key, hashes.SHA256())


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, *, days: int
) -> x509.CertificateBuilder:
    begins_at = now() - timedelta(hours=1)  # clocks differ
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins_at)
        .not_valid_after(begins_at + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _name(organization: str, common: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization[:_LONGEST_NAME]),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
