"""What people type: after a slash command, after a mention, in a direct message."""

from studio.commands.account.help import NAME as HELP
from studio.commands.account.help import TOGETHER
from studio.commands.command_line import parse_phrase
from studio.commands.parameter_values import Kind
from studio.commands.registry import CATALOG, FORMER_COMMANDS, find_command
from studio.commands.spec import CommandSpec
from studio.domain.identifiers import is_job_id, split_picture_id
from studio.parsing.text_cleaning import clean_text

_RULES = "community"
_AT_ONCE = ("pause", "resume")

Wanted = tuple[CommandSpec, dict[str, object]]


def is_command(name: str) -> bool:
    return name in CATALOG or name in FORMER_COMMANDS


def names_others(spec: CommandSpec) -> bool:
    """Whether people, channels and groups in its words are meant themselves, and not as a part of a picture."""
    return spec.current_name == _RULES or any(parameter.kind is Kind.PERSON for parameter in spec.parameters)


def as_typed(text: str) -> str:
    """A command of the catalogue, such as ``/vary k3v9m2p4qx7a.2``, as it is typed here."""
    name, space, rest = text.removeprefix("/").partition(" ")
    if name == "imagine":
        return f"/{name}{space}{rest}"
    return f"/studio {name}{space}{rest}"


def read_imagine(text: str) -> Wanted:
    """After ``/imagine``: everything is the prompt and its flags. Raises `ChatelierError`."""
    return parse_phrase(f"/imagine {text}")


def read_studio(text: str) -> Wanted:
    """After ``/studio``: a command of the catalogue and its words. Raises `ChatelierError`."""
    line = clean_text(text).lstrip("/") or HELP
    name = line.partition(" ")[0].lower()
    if name in _AT_ONCE:
        line = f"{_RULES} {line}"
    else:
        find_command(name, others=_AT_ONCE)
    return parse_phrase(f"/{line}")


def read_talk(text: str) -> Wanted:
    """After a mention or in a direct message: a command, or simply what the picture shows."""
    return read_studio(text) if begins_command(text) else read_imagine(text)


def begins_command(text: str) -> bool:
    """A word that is no command begins a prompt, unless an id follows: then it was meant as a command.

    Raises `UnknownCommandError` for that.
    """
    first, _, rest = clean_text(text).partition(" ")
    name = first.lstrip("/").lower()
    following = rest.partition(" ")[0].lower()
    if first.startswith("/") or _is_meant(name, following):
        return True
    if is_job_id(following) or split_picture_id(following):
        find_command(name)
    return False


def _is_meant(name: str, following: str) -> bool:
    """Whether a mention's first word is a command. Some may begin a prompt too: "community garden", "help a fox"."""
    if not is_command(name):
        return not name
    if name == HELP:
        return following.lstrip("/") in ("", TOGETHER) or is_command(following.lstrip("/"))
    rules = find_command(name)
    return rules.current_name != _RULES or following in ("", *rules.parameters[0].choices)
