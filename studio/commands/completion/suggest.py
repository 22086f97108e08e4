"""What is offered while somebody fills in a parameter: only what the command can do for them."""

from collections.abc import Iterable, Mapping, Sequence

from studio.commands.completion.finders import FINDERS, FINDERS_BY_KIND, earlier_prompts, own_pictures
from studio.commands.completion.suggestion import LONGEST, Suggestion
from studio.commands.moderation.community_rules import SWITCH
from studio.commands.parameter_values import Kind, Parameter
from studio.commands.spec import Call, CommandSpec
from studio.commands.styles.named_style import names_of_styles
from studio.commands.submission.known_names import choices_of, lora_suggestions
from studio.domain.settings.communities import ResultPlacement
from studio.ports import Ports

_RULE_VALUES: Mapping[str, Sequence[str]] = {
    "results": tuple(ResultPlacement),
    "ping": tuple(SWITCH),
    "pictures": tuple(map(str, range(1, 9))),
}


def find_suggestions(
    ports: Ports,
    call: Call,
    spec: CommandSpec,
    parameter: Parameter,
    typed: str,
    values: Mapping[str, object],
) -> list[Suggestion]:
    """What the parameter may be, the latest first.

    `values` are those of the other parameters, as far as they are filled in. Only for LoRAs it matters what was
    `typed`. Channels, roles and people are known to the platform alone, which suggests them itself. Reads the database:
    call it on a thread. Raises `DatabaseUnavailableError`.
    """
    if parameter.kind is Kind.LORA:  # `typed` may hold several, of which the last is completed
        return _of_names(lora_suggestions(ports, typed, str(values.get("model") or "") or None))
    if spec.current_name == "community" and parameter.name == "value":
        return _of_names(_rule_values(ports, str(values.get("setting") or "")))
    find = FINDERS.get((spec.name, parameter.name)) or FINDERS_BY_KIND.get(parameter.kind)
    if parameter.own:
        find = own_pictures
    if parameter.name == "prompt":
        find = earlier_prompts
    if parameter.kind is Kind.STYLE:
        return _of_names(names_of_styles(ports, call.person))
    if find is None:
        return _of_names(choices_of(ports, parameter))
    with ports.database.read() as session:
        return find(session, call, spec)


def _of_names(names: Iterable[str]) -> list[Suggestion]:
    return [Suggestion(value=name, subject=name) for name in names if len(name) <= LONGEST]


def _rule_values(ports: Ports, setting: str) -> Sequence[str]:
    if setting == "model":
        return [model.name for model in ports.options.models()]
    return _RULE_VALUES.get(setting, ())
