"""Requests that cannot be carried out as they stand."""

from studio.errors.chatelier_error import ChatelierError


class BadRequestError(ChatelierError):
    code = "bad_request"


class UnknownCommandError(BadRequestError):
    code = "unknown_command"

    def __init__(self, name: str, *, nearest: str | None = None) -> None:
        hint = f" Did you mean /{nearest}?" if nearest else " Type /help to see what there is."
        super().__init__(f"There is no command /{name[:32]}.{hint}")
        self.name = name
        self.nearest = nearest


# Words with which a reason goes on after its subject, the parameter; other reasons are sentences of their own.
PREDICATES = frozenset({"is", "must", "was", "has", "needs", "can", "cannot", "takes", "names", "of"})


class BadParameterError(BadRequestError):
    """`parameter` is the catalogue's name of the part that is wrong; ``--name``, as somebody typed it.

    A `reason` begins with a predicate ("must be a number.") or is a sentence ("give sides or a new aspect, not both.").

    `text` is what the person typed and `span` the part of it that is wrong, for a front end that can point at it.
    """

    code = "bad_parameter"

    def __init__(
        self, parameter: str, reason: str, *, text: str = "", span: tuple[int, int] = (0, 0)
    ) -> None:
        super().__init__(_sentence(parameter, reason))
        self.parameter = parameter
        self.reason = reason
        self.text = text
        self.span = span


def _sentence(parameter: str, reason: str) -> str:
    if reason.split(maxsplit=1)[0] not in PREDICATES:
        return reason[:1].upper() + reason[1:]
    subject = parameter if parameter.startswith("--") else f"The {parameter.replace('_', ' ')}"
    return f"{subject} {reason}"


class BadImageError(BadRequestError):
    code = "bad_image"

    def __init__(self, reason: str) -> None:
        super().__init__(f"This image cannot be used: {reason}")
        self.reason = reason


class NotFoundError(BadRequestError):
    """`what` was not found; `sentence` says it in other words."""

    code = "not_found"

    def __init__(self, what: str, *, sentence: str = "") -> None:
        super().__init__(sentence or f"{what} was not found.")
        self.what = what


class AmbiguousNameError(BadRequestError):
    """Several people go, or went, by a name. The sentence says how to name each."""

    code = "ambiguous_name"


class NotSupportedError(ChatelierError):
    """The model cannot do this operation; `instead` names what it can do."""

    code = "not_supported"

    def __init__(self, *, model: str, operation: str, instead: str = "") -> None:
        hint = f" It can do: {instead}." if instead else ""
        super().__init__(f"The model {model} cannot {operation}.{hint}")
        self.model = model
        self.operation = operation
        self.instead = instead


class JobCancelledError(ChatelierError):
    code = "cancelled"

    def __init__(self) -> None:
        super().__init__("Cancelled.")
