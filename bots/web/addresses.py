"""The addresses of the dialogs that buttons and links open, and the ids that the paths of routes have in them."""

from starlette.convertors import StringConvertor, register_url_convertor

from bots.presentation.actions import ACTIONS, Needs
from bots.presentation.compose.gatherings.presenter import OPEN
from bots.presentation.message import Button
from studio.commands.button_ids import NO_TARGET, Action
from studio.domain.identifiers import JOB_ID, PICTURE_ID, picture_id

# Dialogs have the names of their actions, but for those of links that people have saved.
_NAMES = {Action.REPORT: "flag", Action.MORE: "view"}


class _JobConvertor(StringConvertor):
    """Of jobs, gatherings, cases and folders. What is no such id is an unknown address."""

    regex = JOB_ID.pattern


class _PictureConvertor(StringConvertor):
    regex = PICTURE_ID.pattern


class _JobOrPictureConvertor(StringConvertor):
    regex = f"{JOB_ID.pattern}|{PICTURE_ID.pattern}"


register_url_convertor("job", _JobConvertor())
register_url_convertor("picture", _PictureConvertor())
register_url_convertor("job_or_picture", _JobOrPictureConvertor())


def picture_path(picture: str) -> str:
    """The address of the dialog of a picture."""
    return f"/view/{picture}"


def lineage_path(picture: str) -> str:
    """The address of the family tree of a picture."""
    return f"/lineage/{picture}"


def dialog_name(action: Action) -> str:
    """The first part of the address of an action's dialog; empty for one that acts at once."""
    opens = ACTIONS[action].needs is Needs.FORM or action is Action.MORE
    return _NAMES.get(action, action.value) if opens else ""


def dialog_path(action: Action, target: str, index: int = 0) -> str:
    """The address of the dialog that a button opens; empty where it acts at once."""
    name = dialog_name(action)
    if not name or target == NO_TARGET:
        return name and f"/{name}"
    return f"/{name}/{picture_id(target, index) if index else target}"


def address_of(button: Button) -> str:
    """The address of what a button opens; empty where it acts at once."""
    return _gathering_path(button) or dialog_path(button.action, button.target, button.index)


def _gathering_path(button: Button) -> str:
    if button.action is Action.GATHER_SHOW and button.verb == OPEN:
        return f"/gatherings/{button.target}"
    names = {Action.GATHER_ASK: "form", Action.GATHER_SHOW: "look"}
    if button.action not in names:
        return ""
    return f"/gatherings/{button.target}/{names[button.action]}/{button.verb}/{button.round}/{button.part}"
