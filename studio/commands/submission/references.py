"""Pictures that stand beside the words of a request, and whether its model can use them."""

from collections.abc import Iterable
from dataclasses import replace

from studio.commands.picture_lists import WeightedPicture
from studio.commands.spec import Call
from studio.commands.submission.known_names import find_model
from studio.commands.submission.source_images import find_origin
from studio.domain.requests import STRUCTURES, PaintRequest, ReferenceKind, Source
from studio.errors import BadParameterError
from studio.ports import Ports


def find_references(
    ports: Ports, call: Call, pictures: Iterable[WeightedPicture], kind: ReferenceKind
) -> tuple[Source, ...]:
    """Raises `NotFoundError` for a picture out of reach."""
    found = []
    for named in pictures:
        origin = find_origin(ports, call, picture=named.picture_id, image=None)
        found.append(replace(origin.source, reference=kind, weight=named.weight))
    return tuple(found)


def require_references(ports: Ports, request: PaintRequest) -> None:
    """Raises `BadParameterError` where the model cannot use the references, with the models that can."""
    require_structures(ports, request)
    references = request.references
    if not references:
        return
    model, models = find_model(ports, request.model), ports.options.models()
    if not model.takes_references:
        able = tuple(known.name for known in models if known.takes_references)
        if not able:
            raise BadParameterError("ref", "no_references_anywhere", model=model.name)
        raise BadParameterError("ref", "no_references", model=model.name, able=able)
    if len(references) > model.takes_references:
        raise BadParameterError("ref", "too_many_references", model=model.name, count=model.takes_references)
    if any(reference.weight != 1 for reference in references) and not model.weighs_references:
        able = tuple(known.name for known in models if known.weighs_references)
        if not able:
            raise BadParameterError("ref", "no_reference_weights_anywhere", model=model.name)
        raise BadParameterError("ref", "no_reference_weights", model=model.name, able=able)


def require_structures(ports: Ports, request: PaintRequest) -> None:
    """Raises `BadParameterError` for two pictures of one kind, and where the model cannot follow one."""
    kinds = [source.reference for source in request.structures]
    for kind in STRUCTURES:
        if kinds.count(kind) > 1:
            raise BadParameterError(kind, "one_picture")
        if kind not in kinds:
            continue
        model = find_model(ports, request.model)
        if kind in model.structures:
            continue
        able = tuple(known.name for known in ports.options.models() if kind in known.structures)
        if not able:
            raise BadParameterError(kind, "no_structure_anywhere", model=model.name)
        raise BadParameterError(kind, "no_structure", model=model.name, able=able)
