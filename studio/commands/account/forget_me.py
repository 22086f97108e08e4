"""/forget-me: everything that is kept of a person goes, under all their names."""

from dataclasses import dataclass

from studio.commands.parameter_values import Kind, Parameter
from studio.commands.results import Forgotten
from studio.commands.spec import Call, CommandSpec
from studio.erasure.person_erasure import erase_person
from studio.ports import Ports


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgetMe:
    confirm: str


def forget_me(ports: Ports, call: Call, _command: ForgetMe) -> Forgotten:
    """Raises `NotAllowedError` while a job of theirs is painted."""
    erased = erase_person(ports, call.person)
    return Forgotten(pictures=erased.pictures, identities=erased.identities)


SPEC = CommandSpec(
    name="forget-me",
    summary="Delete everything that is stored about you: pictures, words, settings. It cannot be undone.",
    example="/forget-me yes",
    build=ForgetMe,
    handle=forget_me,
    parameters=(
        Parameter(
            name="confirm",
            kind=Kind.CHOICE,
            summary="Type yes.",
            choices=("yes",),
            required=True,
            positional=True,
        ),
    ),
    paints=False,
    open_to_banned=True,
)
