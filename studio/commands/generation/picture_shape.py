"""The aspect, or width and height, of a picture that is asked for."""

from typing import Protocol

from studio.domain.requests import parse_aspect, parse_size
from studio.errors import BadParameterError


class HasShape(Protocol):
    """What a person says of a picture's size, in any of several ways."""

    @property
    def aspect(self) -> str | None: ...
    @property
    def size(self) -> str | None: ...
    @property
    def width(self) -> int | None: ...
    @property
    def height(self) -> int | None: ...


def settle_shape(command: HasShape) -> tuple[str | None, int | None, int | None]:
    """Aspect, width and height, of which one side and an aspect make the other side. Raises `BadParameterError`."""
    aspect, width, height = command.aspect, command.width, command.height
    if command.size is not None:
        if aspect or width or height:
            raise BadParameterError("size", "size_alone")
        return None, *parse_size(command.size)
    if aspect is None or not (width or height):
        return aspect, width, height
    if width and height:
        raise BadParameterError("aspect", "aspect_or_sides")
    across, down = parse_aspect(aspect)
    width, height = (
        width or round((height or 0) * across / down),
        height or round((width or 0) * down / across),
    )
    parse_size(f"{width}x{height}")
    return None, width, height
