"""An upload on its way in: made harmless, inspected, stored."""

from studio.errors import ConsentNeeded, NotAllowed
from studio.people import Person
from studio.ports import Inspected, Inspection, Ports
from studio.provenance import Traces
from studio.requests import Source
from studio.verdicts import Ruling


def accept_upload(ports: Ports, person: Person, data: bytes) -> Source:
    """Raises `BadImage`, `ConsentNeeded`, `PolicyRefusal`, `InspectionFailed` or `StorageFailed`."""
    clean = ports.darkroom.clean(data)
    verdict = ports.gate.inspect(Inspection(kind=Inspected.UPLOAD, person=person, png=clean.png))
    if verdict.asks_consent:
        raise ConsentNeeded
    verdict.raise_if_refused()
    if verdict.ruling is Ruling.HOLD:
        raise NotAllowed("This image needs a moderator's eye first, so it cannot be used here now.")
    key = ports.store.put(clean.png, suffix=".png")
    mask_key = ports.store.put(clean.mask_png, suffix=".png") if clean.mask_png else None
    return Source(key=key, mask_key=mask_key, shows_person=verdict.shows_person)


def examine_upload(ports: Ports, data: bytes) -> Traces:
    """What a file tells of where it comes from. Nothing is kept. Raises `BadImage`."""
    return ports.examiner.examine(data, png=ports.darkroom.clean(data).png)
