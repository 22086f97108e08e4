"""What is offered while somebody fills in a parameter: only what the command can do for them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from studio.commands.completion.finders import FINDERS, FINDERS_BY_KIND, earlier_prompts, own_pictures
from studio.commands.completion.suggestion import LONGEST, Suggestion, of_name
from studio.commands.moderation.community_rules import SWITCH
from studio.commands.parameter_values import Kind, Parameter
from studio.commands.spec import Call, CommandSpec
from studio.commands.styles.named_style import names_of_styles
from studio.commands.submission.known_names import choices_of, lora_suggestions
from studio.domain.settings.communities import ResultPlacement
from studio.ports import Ports

MOST = 25  # Discord's limit for choices
_RULE_VALUES: Mapping[str, Sequence[str]] = {
    "results": tuple(ResultPlacement),
    "ping": tuple(SWITCH),
    "pictures": tuple(map(str, range(1, 9))),
}


def suggest(
    ports: Ports,
    call: Call,
    spec: CommandSpec,
    parameter: Parameter,
    typed: str,
    values: Mapping[str, object],
) -> list[Suggestion]:
    """At most `MOST` suggestions whose label or value contains what was typed, the latest first.

    `values` are those of the other parameters, as far as they are filled in. Channels, roles and people are known to
    the platform alone, which suggests them itself. Reads the database: call it on a thread. Raises
    `DatabaseUnavailableError`.
    """
    if parameter.kind is Kind.LORA:  # `typed` may hold several, of which the last is completed
        names = lora_suggestions(ports, typed, str(values.get("model") or "") or None)
        return _of_names(names)[:MOST]
    before, wanted = _last_of_several(parameter, typed)
    found = _find(ports, call, spec, parameter, values)
    fitting = [
        suggestion
        for suggestion in found
        if wanted in suggestion.label.lower() or wanted in suggestion.value
        if len(before + suggestion.value) <= LONGEST
    ]
    return [replace(suggestion, value=before + suggestion.value) for suggestion in fitting[:MOST]]


def _last_of_several(parameter: Parameter, typed: str) -> tuple[str, str]:
    """What stands before the value that is being typed, and that value."""
    if parameter.kind is not Kind.REFERENCES:
        return "", typed.strip().lower()
    before, comma, last = typed.rpartition(",")
    return f"{before.strip()}{comma} " if comma else "", last.strip().lower()


def _find(
    ports: Ports, call: Call, spec: CommandSpec, parameter: Parameter, values: Mapping[str, object]
) -> list[Suggestion]:
    if spec.current_name == "community" and parameter.name == "value":
        return _of_names(_rule_values(ports, str(values.get("setting") or "")))
    find = FINDERS.get((spec.name, parameter.name)) or FINDERS_BY_KIND.get(parameter.kind)
    if parameter.own:
        find = own_pictures
    if parameter.name == "prompt":
        find = earlier_prompts
    if parameter.kind is Kind.STYLE:
        return _of_names(names_of_styles(ports, call))
    if find is None:
        return _of_names(choices_of(ports, parameter))
    with ports.database.read() as session:
        return find(session, call, spec)


def _of_names(names: Iterable[str]) -> list[Suggestion]:
    return [of_name(name) for name in names if len(name) <= LONGEST]


def _rule_values(ports: Ports, setting: str) -> Sequence[str]:
    if setting == "model":
        return [model.name for model in ports.options.models()]
    return _RULE_VALUES.get(setting, ())
