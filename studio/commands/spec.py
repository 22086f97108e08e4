"""How a command describes itself, so that every front end can be built from it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from studio.commands.parameter_values import Kind, Parameter
from studio.domain.gatherings import Claim
from studio.domain.people import Address, Person
from studio.errors import BadParameterError
from studio.ports import Ports


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """Who asks, from where, and the key by which a repeated delivery of the same click is recognised.

    `claim`: it is asked for as a part of a gathering. `private`: what comes of it is for the person alone.
    """

    person: Person
    address: Address
    request_key: str
    claim: Claim | None = None
    private: bool = False


class Audience(StrEnum):
    EVERYBODY = "everybody"
    MODERATORS = "moderators"


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandSpec:
    """`build` makes the command from parameter values; `handle` carries it out.

    `check` raises some of what `handle` raises, before its uploads are received. It changes nothing and is quick.
    """

    name: str
    summary: str
    example: str
    parameters: tuple[Parameter, ...]
    build: Callable[..., Any]
    handle: Callable[[Ports, Call, Any], Any]
    check: Callable[[Ports, Call, Any], None] | None = None
    paints: bool = True  # whether it leads to a job
    audience: Audience = Audience.EVERYBODY
    rationed: bool = False  # counted: what could be tried over and over, or heaped upon others
    open_to_banned: bool = False  # one's own data and one's own case stay within reach
    replaced_by: str | None = None  # the new name of a command that is kept under its former one

    @property
    def current_name(self) -> str:
        return self.replaced_by or self.name

    def parameter(self, flag: str) -> Parameter | None:
        return next(
            (parameter for parameter in self.parameters if flag in (parameter.name, *parameter.aliases)), None
        )

    @property
    def images(self) -> tuple[str, ...]:
        """The parameters that take an upload to start from, or to look at."""
        kinds = (Kind.IMAGE, Kind.FILE)
        return tuple(parameter.name for parameter in self.parameters if parameter.kind in kinds)

    def places_for_files(self, values: Mapping[str, object]) -> tuple[str, ...]:
        """The parameters that files attached to `values` fill, in order: images, then masks.

        A picture given by its id takes the place of an image.
        """
        named = sum(
            parameter.kind is Kind.PICTURE and parameter.name in values for parameter in self.parameters
        )
        masks = [parameter.name for parameter in self.parameters if parameter.kind is Kind.MASK]
        return (*self.images[: max(0, len(self.images) - named)], *masks)

    def read(self, values: Mapping[str, object]) -> Any:
        """The command, from values by parameter name. Raises `BadParameterError` for the first that is wrong."""
        for name in values:
            if self.parameter(name) is None:
                takes = [parameter.name for parameter in self.parameters]
                raise BadParameterError(name[:32], "unknown", command=self.name, name=name[:32], takes=takes)
        read: dict[str, Any] = {}
        for parameter in self.parameters:
            value = values.get(parameter.name)
            if value is not None and value != "":
                read[parameter.name] = parameter.read(value)
            elif parameter.required:
                raise BadParameterError(parameter.name, "missing", example=self.example)
        return self.build(**read)
