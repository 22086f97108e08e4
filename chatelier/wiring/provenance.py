"""Signing pictures, and examining them for this installation's own credentials."""

from typing import TYPE_CHECKING

from chatelier.settings import Settings

if TYPE_CHECKING:
    from moderation.provenance.certificates import Chain
    from moderation.provenance.examiner import ProvenanceExaminer
    from moderation.provenance.provenance_pipeline import ImageSigner


def open_signer(settings: Settings) -> "ImageSigner | None":
    """What signs finished pictures; None when everything is switched off. Makes the certificates if need be.

    Raises `ConfigurationError`.
    """
    from moderation.provenance.c2pa_credentials import CredentialSigner
    from moderation.provenance.certificates import ensure_chain
    from moderation.provenance.provenance_pipeline import ImageSigner, SignerSettings
    from studio.errors import ConfigurationError

    wanted = settings.provenance
    if not (wanted.signature or wanted.label or wanted.mark or wanted.credentials or wanted.metadata):
        return None
    notary = None
    if wanted.credentials:
        organization = wanted.organization or settings.web.name
        if (wanted.certificate is None) != (wanted.key is None):
            raise ConfigurationError(
                "CHATELIER_PROVENANCE__CERTIFICATE and CHATELIER_PROVENANCE__KEY belong together on workers;"
                " set both or neither."
            )
        chain = operator_chain(settings)
        chain = chain or ensure_chain(settings.provenance_folder, organization=organization)
        notary = CredentialSigner(chain, timestamp_url=wanted.timestamp_url)
    parts = SignerSettings(
        signature=wanted.signature,
        label=wanted.label,
        mark=wanted.mark,
        metadata=wanted.metadata,
        required=wanted.required,
    )
    return ImageSigner(parts, notary=notary)


def open_examiner(settings: Settings) -> "ProvenanceExaminer":
    """Knows this studio's own credentials if its certificates are on this machine."""
    from moderation.provenance.examiner import ProvenanceExaminer

    return ProvenanceExaminer(lambda: own_chains(settings))


def own_chains(settings: Settings) -> "list[Chain]":
    """The certificates by which this studio knows its own pictures: the operator's, and those made here.

    Raises `ConfigurationError`.
    """
    return [chain for chain in (operator_chain(settings), folder_chain(settings)) if chain]


def own_chain(settings: Settings) -> "Chain | None":
    """The certificates that sign; None when there are none on this machine. Raises `ConfigurationError`."""
    return next(iter(own_chains(settings)), None)


def folder_chain(settings: Settings) -> "Chain | None":
    """The certificates that this studio made for itself; None without any. Raises `ConfigurationError`."""
    from moderation.provenance.certificates import read_chain

    try:
        return read_chain(settings.provenance_folder)
    except FileNotFoundError:
        return None


def operator_chain(settings: Settings) -> "Chain | None":
    """The operator's own certificate; None where none is set. Raises `ConfigurationError`."""
    from moderation.provenance.certificates import read_operator_chain

    certificate = settings.provenance.certificate
    return read_operator_chain(certificate, settings.provenance.key) if certificate else None
