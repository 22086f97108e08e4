"""What stands beside a prompt: parameters of /imagine that one chooses more often than one types them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from bots.presentation.compose.parts.fields import COMMON_ASPECTS
from bots.presentation.form_model import Choice
from bots.texts import forms
from bots.texts.translation import translate
from studio.commands.parameter_values import Kind, Parameter
from studio.commands.registry import CATALOG
from studio.domain.requests import MAX_COUNT, STRUCTURES

COMMAND = "imagine"


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptControl:
    """`name` is the flag that it stands for. A switch has no choices; those of references are the flags by which a
    picture may be one.
    """

    name: str
    kind: Kind
    label: str
    hint: str
    choices: tuple[Choice, ...] = ()


def prompt_controls(
    names: Mapping[Kind, Sequence[str]], *, takes_references: bool, structures: Collection[str], drafts: bool
) -> tuple[PromptControl, ...]:
    """Without those that leave no choice. `names` are the models and styles of this installation."""
    flags = {"ref": "subject", "sref": "style"} if takes_references else {}
    flags |= {kind.value: kind.value for kind in STRUCTURES if kind in structures}
    roles = {**forms.ROLE_NAMES, **forms.STRUCTURE_NAMES}
    choices: dict[Kind, tuple[Choice, ...]] = {
        Kind.ASPECT: _choices(COMMON_ASPECTS),
        Kind.INTEGER: _choices(tuple(map(str, range(1, MAX_COUNT + 1)))),
        Kind.STYLE: _choices(names[Kind.STYLE]),
        Kind.MODEL: _choices(names[Kind.MODEL]) if len(names[Kind.MODEL]) > 1 else (),
        Kind.REFERENCES: tuple(
            Choice(value=flag, label=translate(roles[role])) for flag, role in flags.items()
        ),
    }
    found = (_control(name, choices) for name in forms.CONTROLS)
    return tuple(control for control in found if control.choices or (control.kind is Kind.SWITCH and drafts))


def _control(name: str, choices: Mapping[Kind, tuple[Choice, ...]]) -> PromptControl:
    """As the catalogue describes the parameter."""
    parameter: Parameter | None = CATALOG[COMMAND].parameter(name)
    if parameter is None:
        raise LookupError(name)
    return PromptControl(
        name=parameter.name,
        kind=parameter.kind,
        label=translate(forms.CONTROLS[name]),
        hint=translate(parameter.summary),
        choices=choices.get(parameter.kind, ()),
    )


def _choices(values: Sequence[str]) -> tuple[Choice, ...]:
    return tuple(Choice(value=value, label=value) for value in values)
