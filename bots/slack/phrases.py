"""What people type: after a slash command, after a mention, in a direct message."""

from studio.catalog import CATALOG, find_command
from studio.commands.spec import CommandSpec
from studio.identifiers import is_job_id, split_picture_id
from studio.phrase import parse_phrase
from studio.text import clean_text

Wanted = tuple[CommandSpec, dict[str, object]]


def wants_help(text: str) -> bool:
    return clean_text(text).lower().lstrip("/") in ("", "help")


def read_imagine(text: str) -> Wanted:
    """After ``/imagine``: everything is the prompt and its flags. Raises `ChatelierError`."""
    return parse_phrase(f"/imagine {text}")


def read_studio(text: str) -> Wanted:
    """After ``/studio``: a command of the catalogue and its words. Raises `ChatelierError`."""
    return parse_phrase(f"/{clean_text(text).lstrip('/')}")


def read_talk(text: str) -> Wanted:
    """After a mention or in a direct message: a command, or simply what the picture shows.

    A word that is no command begins a prompt, unless an id follows: then it was meant as a command.
    """
    first, _, rest = clean_text(text).partition(" ")
    name = first.lstrip("/").lower()
    following = rest.partition(" ")[0].lower()
    if name in CATALOG or first.startswith("/"):
        return read_studio(text)
    if is_job_id(following) or split_picture_id(following):
        find_command(name)
    return read_imagine(text)
