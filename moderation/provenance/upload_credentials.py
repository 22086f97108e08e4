"""The content credentials that an upload brings along, kept so that those of a picture made from it can include them.

A file's credentials are bound to its bytes, and an upload is stored as other bytes. So they are kept as an ingredient,
which C2PA signs together with the new picture: with what they said when the upload came, and whether they were valid.
What the upload will be to a picture is not known yet, so there is an ingredient for each role.
"""

import base64
import hashlib
import io
import json
from dataclasses import dataclass
from typing import Any

from studio.domain.provenance import SourceRole

RELATIONSHIPS = {
    SourceRole.PARENT: "parentOf",
    SourceRole.COMPONENT: "componentOf",
    SourceRole.INPUT: "inputTo",
}
TITLE = "An uploaded picture"
_MOST_BYTES = 4 * 2**20  # of all roles together


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadCredentials:
    """`label` names the ingredient within a manifest; `archives` are C2PA ingredient archives by role."""

    label: str
    archives: dict[SourceRole, bytes]

    def to_bytes(self) -> bytes:
        data = {role.value: base64.b64encode(archive).decode() for role, archive in self.archives.items()}
        return json.dumps({"label": self.label, **data}).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> "UploadCredentials | None":
        """None for what is none."""
        try:
            found = json.loads(data)
            archives = {role: base64.b64decode(found[role.value], validate=True) for role in SourceRole}
            return cls(label=str(found["label"]), archives=archives)
        except (ValueError, KeyError, TypeError):
            return None


def extract_credentials(data: bytes, mime_type: str, context: Any) -> bytes:
    """Of a file with credentials; empty for one without any that can be read, or with very large ones."""
    import c2pa

    label = f"upload-{hashlib.sha256(data).hexdigest()[:16]}"
    archives: dict[SourceRole, bytes] = {}
    try:
        with c2pa.Reader(mime_type, io.BytesIO(data), context=context) as reader:
            if not json.loads(reader.json()).get("active_manifest"):
                return b""
        for role, relationship in RELATIONSHIPS.items():
            named = {"title": TITLE, "relationship": relationship, "instance_id": label, "label": label}
            out = io.BytesIO()
            with c2pa.Builder({"assertions": []}, context) as builder:
                builder.add_ingredient(named, mime_type, io.BytesIO(data))
                builder.write_ingredient_archive(label, out)
            archives[role] = out.getvalue()
    except (c2pa.C2paError, ValueError):
        return b""
    packed = UploadCredentials(label=label, archives=archives).to_bytes()
    return packed if len(packed) <= _MOST_BYTES else b""
