"""C2PA content credentials: who made a picture and how, signed, inside its file.

Nothing is fetched while signing or reading: no time stamps, no remote manifests, no revocation lists.
"""

import io
import json
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from moderation.provenance.generation_claims import is_generated
from studio import __version__
from studio.domain.identifiers import split_picture_id
from studio.domain.requests import Operation

if TYPE_CHECKING:
    import c2pa

    from moderation.provenance.certificates import Chain

PICTURE_LABEL = "org.chatelier.picture"
_FROM_NOTHING = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
_FROM_PICTURES = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
_LONGEST_NAME = 80
_MIME_TYPES = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp"}


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
    """Signs pictures with one chain. Safe for many threads."""

    def __init__(self, chain: "Chain") -> None:
        self._chain = chain

    def sign(self, png: bytes, *, picture_id: str, operation: Operation) -> bytes:
        """The PNG with credentials in it; nothing else in it changes. Raises `c2pa.C2paError`."""
        import c2pa

        out = io.BytesIO()
        info = c2pa.C2paSignerInfo(
            alg=c2pa.C2paSigningAlg.ES256,
            sign_cert=self._chain.certificates.encode(),
            private_key=self._chain.key.encode(),
            ta_url=None,
        )
        manifest = _manifest(picture_id, operation)
        with c2pa.Signer.from_info(info) as signer, c2pa.Builder(manifest, _context()) as builder:
            builder.sign(signer, "image/png", io.BytesIO(png), out)
        return out.getvalue()


def read_credentials(data: bytes, kind: str, *, trusted: str | None) -> Credentials | None:
    """The credentials in a file of this `kind` (PNG, JPEG, WEBP); None without any that can be read.

    `trusted`: the certificates, PEM, by which this studio's own are known.
    """
    import c2pa

    if kind not in _MIME_TYPES:
        return None
    try:
        context = _context(trusted)
        with c2pa.Reader(_MIME_TYPES[kind], io.BytesIO(data), context=context) as reader:
            return _credentials(json.loads(reader.json()))
    except (c2pa.C2paError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _credentials(store: dict[str, Any]) -> Credentials:
    """Raises KeyError and the like for what is not a manifest store."""
    manifest = store["manifests"][store["active_manifest"]]
    claims = [
        assertion["data"]
        for assertion in manifest.get("assertions", [])
        if assertion["label"] == PICTURE_LABEL
    ]
    claimed = str(claims[0].get("picture", "")) if claims else ""
    generators = manifest.get("claim_generator_info") or [{}]
    return Credentials(
        picture_id=claimed if split_picture_id(claimed) else None,
        organization=str(manifest.get("signature_info", {}).get("issuer", "")),
        generator=str(generators[0].get("name", ""))[:_LONGEST_NAME],
        intact=store.get("validation_state") in {"Valid", "Trusted"},
        ours=store.get("validation_state") == "Trusted",
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


def _manifest(picture_id: str, operation: Operation) -> dict[str, Any]:
    """Neither prompt nor person: the credentials travel with the picture wherever it goes."""
    source = _FROM_NOTHING if operation is Operation.IMAGINE else _FROM_PICTURES
    actions = {"actions": [{"action": "c2pa.created", "digitalSourceType": source}]}
    return {
        "claim_generator_info": [{"name": "Chatelier", "version": __version__}],
        "title": picture_id,
        "assertions": [
            {"label": "c2pa.actions.v2", "data": actions},
            {"label": PICTURE_LABEL, "data": {"picture": picture_id}},
        ],
    }


@cache
def _context(trusted: str | None = None) -> "c2pa.Context":
    """With `trusted`, PEM certificates, what they signed counts as trusted."""
    import c2pa

    settings: dict[str, Any] = {
        "builder": {"thumbnail": {"enabled": False}},
        "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False, "verify_after_sign": False},
    }
    if trusted:
        settings["trust"] = {"trust_anchors": trusted}
        settings["verify"]["verify_trust"] = True
    return c2pa.Context.from_dict(settings)
