"""What the content credentials of a picture state, in the words of C2PA 2.2 (https://spec.c2pa.org).

Neither prompt nor person, and no id of another picture: the credentials travel with the file wherever it goes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from moderation.provenance.upload_credentials import UploadCredentials
from studio import __version__
from studio.clock import now
from studio.domain.provenance import CredentialSource, SourceRole
from studio.domain.requests import Operation

PICTURE_LABEL = "org.chatelier.picture"
UPLOAD_KEY = "org.chatelier.upload"
MARK_ALGORITHM = "org.chatelier.spread-spectrum.1"
_VOCABULARY = "http://cv.iptc.org/newscodes/digitalsourcetype/"
_RELATIONSHIPS = {
    SourceRole.PARENT: "parentOf",
    SourceRole.COMPONENT: "componentOf",
    SourceRole.INPUT: "inputTo",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureClaim:
    """`marked`: the picture has the invisible watermark with its id."""

    picture_id: str
    operation: Operation
    sources: Sequence[CredentialSource] = ()
    marked: bool = False


def digital_source_type(operation: Operation) -> str:
    """The term of IPTC's vocabulary for AI-generated pictures, or for those made from other pictures, as a URI."""
    composite = operation is not Operation.IMAGINE
    return _VOCABULARY + ("compositeWithTrainedAlgorithmicMedia" if composite else "trainedAlgorithmicMedia")


def manifest_of(claim: PictureClaim) -> dict[str, Any]:
    """The definition that `c2pa.Builder` takes."""
    assertions = [
        {"label": "c2pa.actions.v2", "data": {"actions": _actions(claim)}},
        {"label": PICTURE_LABEL, "data": {"picture": claim.picture_id}},
    ]
    if claim.marked:
        blocks = [{"scope": {}, "value": claim.picture_id}]
        assertions.append({"label": "c2pa.soft-binding", "data": {"alg": MARK_ALGORITHM, "blocks": blocks}})
    return {
        "claim_generator_info": [{"name": "Chatelier", "version": __version__}],
        "title": claim.picture_id,
        "assertions": assertions,
        "ingredients": [_ingredient(number, source) for number, source in enumerate(claim.sources)],
    }


def _actions(claim: PictureClaim) -> list[dict[str, Any]]:
    """A picture that was changed is opened and edited; everything else is created, also from several pictures."""
    source_type = digital_source_type(claim.operation)
    parents, components, inputs = (
        [_instance(number) for number, source in enumerate(claim.sources) if source.role is role]
        for role in (SourceRole.PARENT, SourceRole.COMPONENT, SourceRole.INPUT)
    )
    # By this machine's clock; only a time stamp of an authority proves more.
    named: dict[str, Any] = {"when": now().strftime("%Y-%m-%dT%H:%M:%SZ")}
    if inputs:
        named["parameters"] = {"ingredientIds": inputs}
    if parents:
        opened = {"action": "c2pa.opened", "parameters": {"ingredientIds": parents}}
        return [opened, {"action": "c2pa.edited", "digitalSourceType": source_type, **named}]
    created = {"action": "c2pa.created", "digitalSourceType": source_type, **named}
    placed = [
        {"action": "c2pa.placed", "parameters": {"ingredientIds": [instance]}} for instance in components
    ]
    return [created, *placed]


def _ingredient(number: int, source: CredentialSource) -> dict[str, Any]:
    title = "An uploaded picture" if source.uploaded else "A picture that was generated here"
    brought = UploadCredentials.from_bytes(source.credentials)
    return {
        "title": title,
        "format": brought.format if brought else "image/png",
        "relationship": _RELATIONSHIPS[source.role],
        "instance_id": _instance(number),
        "label": _instance(number),
        **({"metadata": {UPLOAD_KEY: _summary_of(brought)}} if brought else {}),
    }


def _summary_of(credentials: UploadCredentials) -> dict[str, str]:
    """What the upload's own credentials said, as assertion metadata."""
    summary = {
        "claimGenerator": credentials.generator,
        "digitalSourceType": credentials.source_type,
        "validationState": credentials.state,
    }
    return {name: value for name, value in summary.items() if value}


def _instance(number: int) -> str:
    return f"source-{number + 1}"
