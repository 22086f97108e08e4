"""What stays of the content credentials that an upload brings along: a summary, which those of its results name.

The credentials themselves may hold a thumbnail of the original picture, its place, and names of people. All of that
would travel with every result, unjudged. So only the program, its kind of source and their validity are kept.
"""

import io
import json
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from moderation.provenance.generation_claims import is_generated

_LONGEST_NAME = 80
_IN_NO_NAME = re.compile(r"[^\w .+()/-]+")
_SOURCE_TYPE = re.compile(r"https?://cv\.iptc\.org/newscodes/digitalsourcetype/[A-Za-z]{1,60}")
_FORMAT = re.compile(r"image/(png|jpeg|webp)")
_STATES = ("Invalid", "Valid", "Trusted")


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadCredentials:
    """`format` is the MIME type of the file that was uploaded, `generator` the program that wrote its credentials, at
    most 80 characters. `source_type` is a URI of IPTC's vocabulary; empty where none is stated. `state` is C2PA's
    validation state when the upload came: Invalid, Valid or Trusted.
    """

    format: str
    generator: str
    source_type: str
    state: str

    def to_bytes(self) -> bytes:
        return json.dumps(asdict(self)).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> "UploadCredentials | None":
        """None for what is none, as are the whole credentials that earlier versions kept."""
        try:
            found = cls(**json.loads(data))
            safe = (
                _FORMAT.fullmatch(found.format)
                and found.generator == _name_of(found.generator)
                and (not found.source_type or _SOURCE_TYPE.fullmatch(found.source_type))
                and found.state in _STATES
            )
        except (ValueError, TypeError):
            return None
        return found if safe else None


def extract_credentials(data: bytes, mime_type: str, context: Any) -> bytes:
    """The summary, for a file with credentials; empty for one without any that can be read."""
    import c2pa

    try:
        with c2pa.Reader(mime_type, io.BytesIO(data), context=context) as reader:
            store = json.loads(reader.json())
        active = store["manifests"][store["active_manifest"]]
        program = (active.get("claim_generator_info") or [{}])[0].get("name") or active.get("claim_generator")
        types = [
            *_source_types(active),
            *(found for manifest in store["manifests"].values() for found in _source_types(manifest)),
        ]
    except (c2pa.C2paError, ValueError, KeyError, TypeError, AttributeError):
        return b""
    state = store.get("validation_state")
    return UploadCredentials(
        format=mime_type,
        generator=_name_of(str(program or "")),
        source_type=next(filter(is_generated, types), next(iter(types), "")),
        state=state if state in _STATES else "Invalid",
    ).to_bytes()


def _source_types(manifest: dict[str, Any]) -> Iterator[str]:
    for assertion in manifest.get("assertions", []):
        if str(assertion["label"]).startswith("c2pa.actions"):
            for action in assertion["data"].get("actions", []):
                found = str(action.get("digitalSourceType", ""))
                if _SOURCE_TYPE.fullmatch(found):
                    yield found


def _name_of(text: str) -> str:
    return " ".join(_IN_NO_NAME.sub(" ", text).split())[:_LONGEST_NAME].strip()
