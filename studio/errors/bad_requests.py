"""Requests that cannot be carried out as they stand."""

from typing import Self

from studio.coded_text import Value
from studio.errors.chatelier_error import ChatelierError


class BadRequestError(ChatelierError):
    code = "bad_request"


class UnknownCommandError(BadRequestError):
    code = "unknown_command"

    def __init__(self, name: str, *, nearest: str | None = None) -> None:
        if nearest:
            super().__init__("nearest", name=name[:32], nearest=nearest)
        else:
            super().__init__(name=name[:32])
        self.name = name
        self.nearest = nearest


class BadParameterError(BadRequestError):
    """`parameter` is the catalogue's name of the part that is wrong, and a value of every such sentence.

    `text` is what the person typed and `span` the part of it that is wrong, for a front end that can point at it.
    """

    code = "bad_parameter"

    def __init__(
        self,
        parameter: str,
        reason: str,
        /,
        *,
        text: str = "",
        span: tuple[int, int] = (0, 0),
        **values: Value,
    ) -> None:
        super().__init__(reason, advice=(), parameter=parameter, **values)
        self.parameter = parameter
        self.text = text
        self.span = span

    def pointing_at(self, text: str, span: tuple[int, int]) -> Self:
        """The same error with what the person typed."""
        self.text, self.span = text, span
        return self


class BadImageError(BadRequestError):
    """An upload that cannot be used."""

    code = "bad_image"


class NotFoundError(BadRequestError):
    """There is no such thing, or not for this person. The reason says what was looked for."""

    code = "not_found"


class AmbiguousNameError(BadRequestError):
    """Several people go, or went, by a name. The advice says how to name each."""

    code = "ambiguous_name"


class NotSupportedError(ChatelierError):
    """The model cannot do this operation; `able` names what it can do."""

    code = "not_supported"


class JobCancelledError(ChatelierError):
    code = "cancelled"
