"""Forms as Discord's modals, and the values of a modal that was sent. Pure, like `render.py`.

A modal holds five components, so a longer form has several. Each is carried out by itself, which suits settings.
It cannot show a picture.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import discord
from discord import ui

from bots.discord.texts.markdown import markdown
from bots.presentation.form_model import Field, FieldKind, Form
from bots.presentation.interaction_router import FORM_PREFIX
from bots.presentation.limits import CUT, Limits

# Limits of https://docs.discord.com/developers/components/reference, as of 2026.
MAX_COMPONENTS = 5
MAX_TITLE = 45
MAX_LABEL = 45
MAX_DESCRIPTION = 100
MAX_OPTION_LABEL = 100
MAX_GROUP_OPTIONS = 10  # of radio buttons or checkboxes; more choices become a menu
MAX_MENU_OPTIONS = 25
MAX_TEXT_INPUT = 4000
MAX_FILES = 10

_FORGET_SECONDS = 15 * 60
_FILE_UPLOAD, _LABEL = discord.ComponentType.file_upload.value, discord.ComponentType.label.value

Control = ui.Item[Any]


def render_form(form: Form, *, step: int = 0, limits: Limits = CUT) -> ui.Modal:
    """One step of a form, from 0. Its id says what it is about, so it is read after a restart too."""
    modal = ui.Modal(
        title=limits.text(form.title, MAX_TITLE, "title"),
        custom_id=form_id(form, step),
        timeout=_FORGET_SECONDS,
    )
    if form.intro and step == 0:
        modal.add_item(ui.TextDisplay(markdown(form.intro)))
    for field in steps_of(form)[step]:
        modal.add_item(
            ui.Label(
                text=limits.text(field.label, MAX_LABEL, "label"),
                description=limits.text(field.hint, MAX_DESCRIPTION, "hint") or None,
                component=_control(field, limits),
            )
        )
    modal.stop()  # it is not watched: its values are read from the interaction
    return modal


def steps_of(form: Form) -> list[tuple[Field, ...]]:
    """The fields of each modal; the introduction takes the place of a field in the first."""
    first = MAX_COMPONENTS - bool(form.intro)
    later = range(first, len(form.fields), MAX_COMPONENTS)
    return [form.fields[:first], *(form.fields[start : start + MAX_COMPONENTS] for start in later)]


def form_id(form: Form, step: int = 0) -> str:
    """``c1m:COMMAND:ABOUT``, and for a form of several steps ``#`` with the number of this one and of all."""
    steps = len(steps_of(form))
    return f"{FORM_PREFIX}{form.command}:{form.about}" + (f"#{step + 1}/{steps}" if steps > 1 else "")


def parse_step(custom_id: str) -> tuple[str, int | None]:
    """The id of a modal without its step, and the number of the step after it, from 0; None after the last one."""
    base, _, step = custom_id.partition("#")
    number, _, steps = step.partition("/")
    is_open = number.isdecimal() and steps.isdecimal() and int(number) < int(steps)
    return base, int(number) if is_open else None


def values_of(data: Mapping[str, Any]) -> dict[str, str | tuple[str, ...]]:
    """What a sent modal holds, by the names of its fields: texts, choices joined by commas, the ids of uploads.

    `data` is the data of the interaction. Fields that were left empty are not in it.
    """
    found = {}
    for component in _controls(data.get("components")):
        value = component.get("value") or component.get("values") or ""
        if isinstance(value, list):
            chosen = tuple(map(str, value))
            value = chosen if component.get("type") == _FILE_UPLOAD else ",".join(chosen)
        if value:
            found[str(component.get("custom_id", ""))] = value if isinstance(value, tuple) else str(value)
    return found


def _controls(components: object) -> Iterator[Mapping[str, Any]]:
    """What people fill in, taken out of its labels and rows."""
    for component in components if isinstance(components, Iterable) else ():
        if not isinstance(component, Mapping):
            continue
        if component.get("type") == _LABEL:
            yield from _controls([component.get("component")])
        elif "components" in component:
            yield from _controls(component["components"])
        elif "custom_id" in component:
            yield component


def _control(field: Field, limits: Limits) -> Control:
    match field.kind:
        case FieldKind.TEXT | FieldKind.LINE | FieldKind.NUMBER:
            return _text_input(field, limits)
        case FieldKind.SIDES:
            options = [discord.CheckboxGroupOption(**option) for option in _options(field, limits)]
            return ui.CheckboxGroup(custom_id=field.name, required=field.required, options=options)
        case FieldKind.PICTURE | FieldKind.CHOICE | FieldKind.CELLS:
            return _choice(field, limits)
        case FieldKind.FILES:
            return _file_upload(field)
        case FieldKind.PERSON:
            return ui.UserSelect(custom_id=field.name, required=field.required)
        case FieldKind.CHANNEL:
            kinds = [discord.ChannelType.text, discord.ChannelType.news]
            return ui.ChannelSelect(custom_id=field.name, required=field.required, channel_types=kinds)


def _text_input(field: Field, limits: Limits) -> Control:
    most = min(field.max_length, MAX_TEXT_INPUT)
    long = field.kind is FieldKind.TEXT
    return ui.TextInput(
        custom_id=field.name,
        style=discord.TextStyle.paragraph if long else discord.TextStyle.short,
        default=limits.text(field.initial, most, "initial text") or None,
        max_length=most,
        required=field.required,
    )


def _choice(field: Field, limits: Limits) -> Control:
    """Radio buttons, which show all there is; a menu where one of several or of many is chosen."""
    if field.takes_several or not 2 <= len(field.choices) <= MAX_GROUP_OPTIONS:
        return _menu(field, limits)
    options = [discord.RadioGroupOption(**option) for option in _options(field, limits)]
    return ui.RadioGroup(custom_id=field.name, required=field.required, options=options)


def _menu(field: Field, limits: Limits) -> Control:
    options = [discord.SelectOption(**option) for option in _options(field, limits)]
    options = limits.items(options, MAX_MENU_OPTIONS, "options")
    most = min(field.maximum or len(options), len(options)) if field.takes_several else 1
    least = field.minimum or 1 if field.required else 0
    return ui.Select(
        custom_id=field.name, options=options, required=field.required, min_values=least, max_values=most
    )


def _file_upload(field: Field) -> Control:
    return ui.FileUpload(
        custom_id=field.name,
        required=field.required,
        min_values=(field.minimum or 1) if field.required else 0,
        max_values=min(field.maximum or 1, MAX_FILES),
    )


def _options(field: Field, limits: Limits) -> Iterator[dict[str, Any]]:
    """Arguments of an option: what was chosen before is chosen again."""
    for choice in field.choices:
        yield {
            "value": choice.value,
            "label": limits.text(choice.label, MAX_OPTION_LABEL, "option"),
            "default": choice.value in field.chosen,
        }
