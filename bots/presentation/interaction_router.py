"""What follows a press, a reaction, a menu entry or a submitted form: the one place that decides it for all front ends.

Pure: what has to be looked up for a form, a choice or a panel is in `bots.presentation.subject_lookup`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from bots.presentation.actions import ACTIONS, Needs
from bots.presentation.form_model import WITHOUT_SUBJECT, command_of, subject_of
from studio.commands.button_ids import VERSION, Action, gather_values, parse_button, parse_form_subject
from studio.commands.button_ids import Button as ButtonId
from studio.commands.registry import CATALOG, REACTIONS, command_of_button
from studio.domain.identifiers import is_job_id, split_picture_id
from studio.domain.requests import Source
from studio.errors import BadRequestError
from studio.gatherings.registry import KINDS

T = TypeVar("T")

FORM_PREFIX = "c1m:"
_CASE_PICTURES = "c1k"  # and a case's id: earlier versions' button to show its pictures
PRESS_PREFIXES = frozenset({VERSION, _CASE_PICTURES})  # of the ids of buttons
FORMER_SETTING = "c1h:"  # and a setting's name: earlier versions' Home tab had a menu for each
_VARIATION_SELECTOR = "\ufe0f"  # some clients send it, some do not
_FORM_ID = re.compile(r"c1m:(?P<command>[a-z-]{1,20}):(?P<about>[\w.]{0,40})(?::(?P<cells>(?:[A-D][1-4])*))?")
_IMAGINE = "imagine"
_OPENING = frozenset(kind.command for kind in KINDS.values())  # a gathering, from a picture or from nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """Open the form of an action. `index` 0: the form asks which picture, where it is about one."""

    action: Action
    job_id: str
    index: int = 0
    press: ButtonId | None = None  # on a gathering


@dataclass(frozen=True, slots=True, kw_only=True)
class Choose:
    """Ask which of the job's pictures is meant; each button of the choice is pressed like one of its message."""

    action: Action
    job_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """Show, to the person alone, what else can be done with one picture, or what a gathering shows to each."""

    job_id: str
    index: int
    press: ButtonId | None = None  # on a gathering


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """Send the job's pictures and recipe to the person by direct message."""

    job_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reveal:
    """Show the pictures of a case to the moderator alone."""

    case_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Carry out a command. `public`: a job comes of it, which everybody may see."""

    command: str
    values: Mapping[str, object] = field(default_factory=dict)
    public: bool = False


Step = Ask | Choose | Panel | Send | Reveal | Run


def parse_press(custom_id: str) -> ButtonId:
    """Read the id of a button back, also of earlier versions. Raises `BadRequestError` for foreign or damaged ids."""
    prefix, _, case_id = custom_id.partition(":")
    if prefix == _CASE_PICTURES and is_job_id(case_id):
        return ButtonId(action=Action.REVEAL, job_id=case_id)
    button = parse_button(custom_id)
    if button is None:
        raise BadRequestError("button_unknown")
    return button


def route_former_setting(custom_id: str, value: str) -> Run | None:
    """What a menu of an earlier version's Home tab stands for; without a value, for the default one."""
    if not custom_id.startswith(FORMER_SETTING):
        return None
    return Run(command="settings", values={custom_id.removeprefix(FORMER_SETTING): value or "none"})


def route_button(button: ButtonId) -> Step:
    """What a button leads to."""
    if button.action is Action.GATHER_ASK:
        return Ask(action=button.action, job_id=button.job_id, press=button)
    if button.action is Action.GATHER_SHOW:
        return Panel(job_id=button.job_id, index=0, press=button)
    needs = ACTIONS[button.action].needs
    if needs is Needs.FORM:
        return Ask(action=button.action, job_id=button.job_id, index=button.index)
    if needs is Needs.PICTURE and not button.index:
        return Choose(action=button.action, job_id=button.job_id)
    if button.action is Action.MORE:
        return Panel(job_id=button.job_id, index=button.index)
    if button.action is Action.SEND:
        return Send(job_id=button.job_id)
    if button.action is Action.REVEAL:
        return Reveal(case_id=button.job_id)
    return _run(button)


def _run(button: ButtonId) -> Run:
    command, values = command_of_button(button)
    return Run(command=command, values=values, public=ACTIONS[button.action].public)


def from_menu(action: Action, job_id: str, indices: Sequence[int]) -> Step:
    """An entry of the menu of a message that shows these pictures."""
    return route_button(ButtonId(action=action, job_id=job_id, index=indices[0] if len(indices) == 1 else 0))


def require_foreign(action: Action, image: T | None) -> T:
    """The image of a message that is none of ours. Only ours are reported. Raises `BadRequestError`."""
    if image is None or action is Action.REPORT:
        raise BadRequestError("not_from_here" if image else "no_image")
    return image


def route_foreign(action: Action) -> Run:
    """An entry of the menu of somebody's image, which is the value that is still missing: ``image``."""
    command = "whose" if action is Action.WHO else str(action)
    return Run(command=command, public=ACTIONS[action].public)


MENU: Mapping[str, Action] = {spec.menu: action for action, spec in ACTIONS.items() if spec.menu}


def meaning_of(emoji: str) -> tuple[Action, int] | None:
    """The action of a reaction and the number of the picture that it means where several are shown; 0: the job."""
    return _MEANINGS.get(emoji.replace(_VARIATION_SELECTOR, ""))


_MEANINGS = {
    emoji.replace(_VARIATION_SELECTOR, ""): meaning
    for emoji, meaning in {**REACTIONS, ACTIONS[Action.SEND].reaction: (Action.SEND, 0)}.items()
}


def route_reaction(button: ButtonId, *, added: bool = True) -> Send | Run | None:
    """What a reaction leads to: nothing can be asked, so a report has no words.

    Only a star can be taken back; whether it is there already is `bots.presentation.subject_lookup.changes_star`.
    """
    if not added and button.action is not Action.STAR:
        return None
    return Send(job_id=button.job_id) if button.action is Action.SEND else _run(button)


@dataclass(frozen=True, slots=True, kw_only=True)
class FormId:
    """`cells` were chosen before the form was opened, as earlier versions did."""

    command: str
    about: str
    cells: tuple[str, ...] = ()


def parse_form_id(custom_id: str) -> FormId | None:
    """Read ``c1m:COMMAND:ABOUT`` back, and those of earlier versions. None for foreign or damaged ids."""
    match = _FORM_ID.fullmatch(custom_id)
    if match is None or match["command"] not in CATALOG:
        return None
    letters = match["cells"] or ""
    cells = tuple(letters[start : start + 2] for start in range(0, len(letters), 2))
    return FormId(command=match["command"], about=match["about"], cells=cells)


def route_form(form: FormId, values: Mapping[str, object], *, upload: Source | None = None) -> Run:
    """The command of a filled form. `upload` is what the form is about where that is no picture or job.

    Raises `BadRequestError` for a form about nothing, and `BadParameterError`.
    """
    if "prompt" in values and CATALOG[form.command].parameter("prompt") is None:
        values = {"reason": values["prompt"]}  # in forms of earlier versions every field was called prompt
    fixed: dict[str, object] = {"region": ",".join(form.cells)} if form.cells else {}
    if press := parse_form_subject(form.about):
        filled = {name: value for name, value in values.items() if value not in ("", None)}
        return Run(command=form.command, values={**gather_values(press), **filled})
    is_about_nothing = form.command in WITHOUT_SUBJECT or (form.command in _OPENING and not form.about)
    if form.command == _IMAGINE and upload is not None:
        fixed |= {"image": upload}
    elif form.command == _IMAGINE and form.about and "role" in values:
        raise BadRequestError("upload_gone")
    elif not is_about_nothing and not values.get("picture"):
        fixed |= _subject(form, upload)
    read = command_of(form.command, fixed, values)
    return Run(command=form.command, values=read, public=CATALOG[form.command].paints)


def _subject(form: FormId, upload: Source | None) -> dict[str, object]:
    if upload is not None:
        return {"image": upload}
    if split_picture_id(form.about) and not CATALOG[form.command].parameter("picture"):
        return {"job": form.about}  # of which it is one
    if split_picture_id(form.about) or (is_job_id(form.about) and CATALOG[form.command].parameter("job")):
        return subject_of(form.about)
    raise BadRequestError("form_unknown" if is_job_id(form.about) else "upload_gone")
