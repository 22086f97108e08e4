"""Fields that several forms share."""

from collections.abc import Mapping, Sequence

from bots.presentation.form_model import Choice, Field, FieldKind
from bots.texts import forms
from bots.texts import settings as texts
from bots.texts.translation import CHOICE, OPTION, translate, translate_name
from studio.commands.account.settings import RESET
from studio.commands.parameter_values import Kind, Parameter
from studio.domain.requests import MOST_BLENDED
from studio.domain.settings.languages import AUTOMATIC, Language

COMMON_ASPECTS = ("1:1", "3:2", "2:3", "4:3", "3:4", "16:9", "9:16")
_LONGEST_ASPECT = 20


def prompt_field(label: str, *, required: bool = False, initial: str = "") -> Field:
    return Field(
        name="prompt", kind=FieldKind.TEXT, label=translate(label), required=required, initial=initial
    )


def words_field(label: str, *, longest: int) -> Field:
    return Field(name="reason", kind=FieldKind.TEXT, label=translate(label), max_length=longest)


def line_field(name: str, label: str, hint: str, *, longest: int, initial: str = "") -> Field:
    return Field(
        name=name,
        kind=FieldKind.LINE,
        label=translate(label),
        hint=translate(hint),
        initial=initial,
        max_length=longest,
    )


def aspect_field(label: str) -> Field:
    """Typed freely; the choices are suggestions."""
    return Field(
        name="aspect",
        kind=FieldKind.LINE,
        label=translate(label),
        hint=translate(forms.ASPECT_HINT),
        choices=tuple(Choice(value=aspect, label=aspect) for aspect in COMMON_ASPECTS),
        max_length=_LONGEST_ASPECT,
    )


def names_field(name: str, label: str, names: Sequence[str]) -> Field:
    choices = tuple(Choice(value=value, label=value) for value in names)
    return Field(name=name, kind=FieldKind.CHOICE, label=translate(label), choices=choices)


def latest_field(pictures: Sequence[Choice]) -> Field:
    """A menu of several pictures; see `bots.presentation.form_model.command_of`."""
    return Field(
        name="latest",
        kind=FieldKind.CHOICE,
        label=translate(forms.LATEST_PICTURES),
        choices=tuple(pictures),
        maximum=MOST_BLENDED - 1,
    )


def own_pictures_field(pictures: Sequence[Choice]) -> Field:
    """A menu for one of one's own pictures, in a form of a gathering; the first is chosen."""
    return Field(
        name="option",
        kind=FieldKind.CHOICE,
        label=translate(forms.OWN_PICTURES),
        initial=pictures[0].value,
        choices=tuple(pictures),
    )


def files_field(name: str, label: str, hint: str = "", *, most: int = 1) -> Field:
    hint = translate(hint) if hint else ""
    return Field(name=name, kind=FieldKind.FILES, label=translate(label), hint=hint, minimum=0, maximum=most)


def setting_field(name: str, label: str, labels: Mapping[str, str], value: str) -> Field:
    choices = tuple(Choice(value=setting, label=translate(text)) for setting, text in labels.items())
    return Field(
        name=name,
        kind=FieldKind.CHOICE,
        label=translate(label),
        initial=value,
        required=True,
        choices=choices,
    )


def language_field(chosen: Language | None) -> Field:
    """Each language under its own name, so that its readers find it in any other."""
    labels = {AUTOMATIC: texts.AUTOMATIC} | {language.value: language.own_name for language in Language}
    return setting_field("language", texts.LANGUAGE, labels, chosen or AUTOMATIC)


def named_setting_fields(name: str, label: str, names: Sequence[str], value: str | None) -> tuple[Field, ...]:
    """Nothing where there is no choice. One that was chosen is offered although it may be gone."""
    offered = dict.fromkeys([*([value] if value else []), *names])
    if not offered:
        return ()
    labels = {RESET: translate(texts.DEFAULT)} | {offer: offer for offer in offered}
    return (setting_field(name, label, labels, value or RESET),)


_KINDS = {
    Kind.TEXT: FieldKind.TEXT,
    Kind.INTEGER: FieldKind.NUMBER,
    Kind.CHOICE: FieldKind.CHOICE,
    Kind.IMAGE: FieldKind.FILES,
    Kind.MASK: FieldKind.FILES,
}


def parameter_field(parameter: Parameter, initial: str = "") -> Field:
    """A field for a parameter of a command, in the words of the catalogue."""
    minimum, maximum = (
        None if bound is None else int(bound) for bound in (parameter.minimum, parameter.maximum)
    )
    return Field(
        name=parameter.name,
        kind=_KINDS.get(parameter.kind, FieldKind.LINE),
        label=translate_name(OPTION, parameter.name).capitalize(),
        hint=translate(parameter.summary),
        initial=initial,
        required=parameter.required,
        choices=tuple(
            Choice(value=choice, label=translate_name(CHOICE, choice)) for choice in parameter.choices
        ),
        minimum=minimum,
        maximum=maximum,
        max_length=parameter.max_length,
    )
