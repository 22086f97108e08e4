"""Suggestions in modals: Slack completes nothing that is typed, so a field for ids has a menu of pictures beside it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bots.presentation.form import Choice, Field, FieldKind, Form
from bots.slack.texts import texts
from studio.commands.completion.suggest import suggest
from studio.commands.completion.suggestion import Suggestion
from studio.commands.registry import find_command
from studio.commands.spec import Call
from studio.domain.requests import MOST_BLENDED
from studio.ports import Ports

_TYPED = "pictures"  # the field of a blend for further pictures, by id
_CHOSEN = "latest"  # the menu beside it


def with_suggestions(ports: Ports, call: Call, form: Form) -> Form:
    """Blocking. Raises `DatabaseUnavailableError`."""
    if all(field.name != _TYPED for field in form.fields):
        return form
    spec = find_command(form.command)
    parameter = spec.parameter("picture2")
    if parameter is None:
        return form
    found = suggest(ports, call, spec, parameter, "", {"picture": form.about})
    others = [suggestion for suggestion in found if suggestion.value != form.about]
    return _with_menu(form, others) if others else form


def _with_menu(form: Form, suggestions: Sequence[Suggestion]) -> Form:
    choices = tuple(Choice(value=suggestion.value, label=suggestion.label) for suggestion in suggestions)
    menu = Field(
        name=_CHOSEN,
        kind=FieldKind.CHOICE,
        label=texts.LATEST_PICTURES,
        choices=choices,
        maximum=MOST_BLENDED - 1,
    )
    place = next(number for number, field in enumerate(form.fields) if field.name == _TYPED)
    return replace(form, fields=(*form.fields[:place], menu, *form.fields[place:]))


def merged(values: Mapping[str, object]) -> dict[str, object]:
    """Chosen pictures and those that were typed as one field's value."""
    chosen = [str(values[name]) for name in (_CHOSEN, _TYPED) if values.get(name)]
    others = {name: value for name, value in values.items() if name not in (_CHOSEN, _TYPED)}
    return others | ({_TYPED: ",".join(chosen)} if chosen else {})
