"""/help: what can be typed, or one command with its options."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from studio.commands.parameter_values import Kind, Parameter
from studio.commands.results import HelpShown
from studio.commands.spec import Call, CommandSpec
from studio.commands.submission.known_names import default_note
from studio.ports import Ports

NAME = "help"
TOGETHER = "together"  # a topic of help

COMMAND = Parameter(
    name="command", kind=Kind.TEXT, summary="One command with all its options.", positional=True
)

FindCommand = Callable[[str], CommandSpec]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowHelp:
    """`command` is a command's name, with or without its slash, or a topic; empty for all commands."""

    command: str = ""


def show_help(ports: Ports, call: Call, command: ShowHelp, *, find: FindCommand) -> HelpShown:
    """Raises `UnknownCommandError`."""
    about = command.command.lstrip("/").lower()
    if about not in ("", TOGETHER):
        about = find(about).name
    privacy_url = f"{ports.web_url}/privacy" if ports.web_url else ""
    note = default_note(ports)
    return HelpShown(about=about, moderates=call.person.moderates, note=note, privacy_url=privacy_url)


def help_spec(find: FindCommand) -> CommandSpec:
    """`find` finds a command of the catalogue. Raises `UnknownCommandError`."""
    return CommandSpec(
        name=NAME,
        summary="What you can ask for, and how.",
        example="/help vary",
        build=ShowHelp,
        handle=partial(show_help, find=find),
        parameters=(COMMAND,),
        paints=False,
        open_to_banned=True,
    )
