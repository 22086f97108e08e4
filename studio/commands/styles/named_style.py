"""A style by its name: a preset of the installation, or one that somebody saved."""

from studio.commands.picture_lists import WeightedPicture
from studio.commands.spec import Call
from studio.commands.submission.references import find_references
from studio.db.styles import saved_styles
from studio.domain.people import Person
from studio.domain.requests import PaintRequest, Source
from studio.domain.settings.saved_styles import SavedStyle
from studio.errors import BadParameterError
from studio.parsing.name_suggestions import unknown_name
from studio.ports import Ports


def names_of_styles(ports: Ports, person: Person) -> tuple[str, ...]:
    """The person's own, their community's, then the presets."""
    with ports.database.read() as session:
        saved = (
            *saved_styles.own_styles(session, person),
            *saved_styles.shared_styles(session, person),
        )
    return tuple(dict.fromkeys([*(style.name for style in saved), *ports.options.styles()]))


def find_saved_style(ports: Ports, call: Call, name: str | None) -> SavedStyle | None:
    """None for a preset, and where no style is named. Raises `BadParameterError` for a name that nothing has."""
    if name is None or name.strip().lower() in ports.options.styles():
        return None
    with ports.database.read() as session:
        found = saved_styles.find_style(session, call.person, name.strip().lower())
    if found is None:
        raise unknown_name("style", name, names_of_styles(ports, call.person))
    return found


def apply_style(request: PaintRequest, style: SavedStyle | None) -> PaintRequest:
    """The style's words and LoRAs are the request's own from here on: the gate judges them with it."""
    return request if style is None else style.apply(request)


def references_of(ports: Ports, call: Call, style: SavedStyle | None) -> tuple[Source, ...]:
    """Raises `NotFoundError` for one that is gone, or out of the person's reach."""
    sources: list[Source] = []
    for reference in style.references if style else ():
        named = WeightedPicture(picture_id=reference.picture_id, weight=reference.weight)
        sources += find_references(ports, call, [named], reference.kind)
    return tuple(sources)


def require_name(ports: Ports, name: str) -> str:
    """The name in small letters. Raises `BadParameterError` for one that cannot be, or that a preset has."""
    clean = " ".join(name.lower().split())
    if not clean or any(mark in clean for mark in ",:;-\"'`{}<>@#/\\"):
        raise BadParameterError("name", "style_name")
    if clean in ports.options.styles():
        raise BadParameterError("name", "style_taken", name=clean)
    return clean
