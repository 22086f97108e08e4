"""Signing pictures, and examining them for this installation's own credentials."""

from typing import TYPE_CHECKING

from chatelier.settings import Settings

if TYPE_CHECKING:
    from moderation.provenance.certificates import Chain
    from moderation.provenance.examiner import ProvenanceExaminer
    from moderation.provenance.signer import ImageSigner


def open_signer(settings: Settings) -> "ImageSigner | None":
    """What signs finished pictures; None when everything is switched off. Makes the certificates if need be.

    Raises `ConfigurationError`.
    """
    from moderation.provenance.certificates import ensure_chain
    from moderation.provenance.content_credentials import CredentialSigner
    from moderation.provenance.signer import ImageSigner, SignerSettings

    wanted = settings.provenance
    if not (wanted.signature or wanted.mark or wanted.credentials):
        return None
    notary = None
    if wanted.credentials:
        organization = wanted.organization or settings.web.name
        notary = CredentialSigner(ensure_chain(settings.provenance_folder, organization=organization))
    parts = SignerSettings(signature=wanted.signature, mark=wanted.mark, required=wanted.required)
    return ImageSigner(parts, notary=notary)


def open_examiner(settings: Settings) -> "ProvenanceExaminer":
    """Knows this studio's own credentials if its certificates are on this machine."""
    from moderation.provenance.examiner import ProvenanceExaminer

    return ProvenanceExaminer(lambda: own_chain(settings))


def own_chain(settings: Settings) -> "Chain | None":
    """This studio's certificates; None when there are none on this machine. Raises `ConfigurationError`."""
    from moderation.provenance.certificates import read_chain

    try:
        return read_chain(settings.provenance_folder)
    except FileNotFoundError:
        return None
