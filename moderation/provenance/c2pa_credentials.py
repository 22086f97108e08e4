"""C2PA content credentials: who made a picture and how, signed, inside its file.

Nothing is fetched while reading: no remote manifests, no revocation lists. Signing fetches time stamps where the
operator names an authority.
"""

import io
import json
from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from moderation.provenance.generation_claims import is_generated
from moderation.provenance.manifest_assertions import PICTURE_LABEL, PictureClaim, manifest_of
from moderation.provenance.timestamp_authority import TimestampAuthority
from studio.domain.identifiers import split_picture_id

if TYPE_CHECKING:
    import c2pa

    from moderation.provenance.certificates import Chain

_LONGEST_NAME = 80
MIME_TYPES = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What the newest credentials in a file say. `intact`: signature and contents fit together.

    `ours`: signed with this studio's own certificate. Only then is `picture_id` more than a claim. `generated`: they,
    or those of a picture that it was made from, say that AI generated it.
    """

    picture_id: str | None
    organization: str
    generator: str
    intact: bool
    ours: bool
    generated: bool = False


class CredentialSigner:
    """Signs pictures with one chain. Safe for many threads.

    `timestamp_url` is that of an RFC 3161 time stamping authority. Without its answer within a few seconds a picture
    is signed without a time stamp, and the authority is left alone for a while.
    """

    def __init__(self, chain: "Chain", *, timestamp_url: str | None = None) -> None:
        self._chain = chain
        self._authority = TimestampAuthority(timestamp_url) if timestamp_url else None

    def sign(self, png: bytes, claim: PictureClaim) -> bytes:
        """The PNG with credentials in it; nothing else in it changes. Raises `c2pa.C2paError`."""
        plain = partial(self._sign, png, claim, None)
        return self._authority.ask(partial(self._sign, png, claim), plain) if self._authority else plain()

    def _sign(self, png: bytes, claim: PictureClaim, timestamp_url: str | None) -> bytes:
        import c2pa

        out = io.BytesIO()
        info = c2pa.C2paSignerInfo(
            alg=c2pa.C2paSigningAlg[self._chain.algorithm.upper()],
            sign_cert=self._chain.certificates.encode(),
            private_key=self._chain.key.encode(),
            ta_url=timestamp_url.encode() if timestamp_url else None,
        )
        builder = c2pa.Builder(manifest_of(claim), offline_context())
        with c2pa.Signer.from_info(info) as signer, builder:
            builder.sign(signer, "image/png", io.BytesIO(png), out)
        return out.getvalue()


def read_credentials(data: bytes, kind: str, *, trusted: str | None) -> Credentials | None:
    """The credentials in a file of this `kind` (PNG, JPEG, WEBP); None without any that can be read.

    `trusted`: the certificates, PEM, by which this studio's own are known.
    """
    import c2pa

    if kind not in MIME_TYPES:
        return None
    try:
        context = offline_context(trusted)
        with c2pa.Reader(MIME_TYPES[kind], io.BytesIO(data), context=context) as reader:
            return _credentials(json.loads(reader.json()), _signing_serials(trusted or ""))
    except (c2pa.C2paError, ValueError, KeyError, TypeError, AttributeError):
        return None


@cache
def _signing_serials(certificates: str) -> frozenset[str]:
    """Of the certificates, PEM, that sign pictures: a public authority issues certificates to others too."""
    from cryptography import x509

    found = x509.load_pem_x509_certificates(certificates.encode()) if certificates else []
    issuers = {certificate.issuer for certificate in found}
    return frozenset(str(leaf.serial_number) for leaf in found if leaf.subject not in issuers)


def _credentials(store: dict[str, Any], serials: frozenset[str]) -> Credentials:
    """Raises KeyError and the like for what is not a manifest store."""
    manifest = store["manifests"][store["active_manifest"]]
    claims = [
        assertion["data"]
        for assertion in manifest.get("assertions", [])
        if assertion["label"] == PICTURE_LABEL
    ]
    claimed = str(claims[0].get("picture", "")) if claims else ""
    signature = manifest.get("signature_info", {})
    generators = manifest.get("claim_generator_info") or [{}]
    return Credentials(
        picture_id=claimed if split_picture_id(claimed) else None,
        organization=str(signature.get("issuer", "")),
        generator=str(generators[0].get("name", ""))[:_LONGEST_NAME],
        intact=store.get("validation_state") in {"Valid", "Trusted"},
        ours=store.get("validation_state") == "Trusted" and signature.get("cert_serial_number") in serials,
        generated=any(map(_says_generated, store["manifests"].values())),
    )


def _says_generated(manifest: dict[str, Any]) -> bool:
    sources = (
        str(action.get("digitalSourceType", ""))
        for assertion in manifest.get("assertions", [])
        if str(assertion["label"]).startswith("c2pa.actions")
        for action in assertion["data"].get("actions", [])
    )
    return any(is_generated(source) for source in sources)


@cache
def offline_context(trusted: str | None = None) -> "c2pa.Context":
    """With `trusted`, PEM certificates, what they or those that they issued signed counts as trusted."""
    import c2pa

    settings: dict[str, Any] = {
        "builder": {"thumbnail": {"enabled": False}},
        "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False, "verify_after_sign": False},
    }
    if trusted:
        settings["trust"] = {"trust_anchors": trusted}
        settings["verify"]["verify_trust"] = True
    return c2pa.Context.from_dict(settings)
