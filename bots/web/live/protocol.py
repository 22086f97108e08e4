"""What a browser sends over the socket."""

import json
import re
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, TypeAdapter, ValidationError

from studio.commands.command_line import MAX_PHRASE
from studio.domain.requests import MOST_BLENDED

LONGEST_TICKET = 4000  # that of an examined file holds the hashes of its mirrored and turned views
# The prompt box takes `MAX_PHRASE` UTF-16 code units. JSON writes a control character or a lone surrogate in six bytes;
# every other code unit has at most three in UTF-8.
LONGEST_BYTES = 6 * MAX_PHRASE + (MOST_BLENDED + 1) * LONGEST_TICKET + 2048

# Made by the browser for each message: the same one sent twice is one job.
_MESSAGE_ID = r"^[A-Za-z0-9-]{8,40}$"
MessageId = Annotated[str, Field(pattern=_MESSAGE_ID)]
Ticket = Annotated[str, Field(max_length=LONGEST_TICKET)]
Tickets = Annotated[tuple[Ticket, ...], Field(max_length=MOST_BLENDED)]


class _Message(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Ping(_Message):
    do: Literal["ping"]


class Say(_Message):
    """A typed line, with the tickets of what is attached; `more` are further pictures for a blend."""

    do: Literal["say"]
    id: MessageId
    text: str
    image: Ticket | None = None
    mask: Ticket | None = None
    more: Annotated[tuple[Ticket, ...], Field(max_length=MOST_BLENDED - 1)] = ()


class Press(_Message):
    """A button or a reaction."""

    do: Literal["press"]
    id: MessageId
    button: Annotated[str, Field(max_length=200)]


class Ask(_Message):
    """A command with the fields of a filled form, and the tickets of the files in its fields for files."""

    do: Literal["ask"]
    id: MessageId
    command: Annotated[str, Field(max_length=64)]
    values: Annotated[dict[str, str], Field(max_length=20)]
    files: Annotated[dict[str, Tickets], Field(max_length=3)] = {}


ClientMessage = Say | Press | Ask
_MESSAGES: TypeAdapter[ClientMessage | Ping] = TypeAdapter(
    Annotated[ClientMessage | Ping, Discriminator("do")]
)


def read_message(text: str) -> ClientMessage | Ping | None:
    """None when the message is not one of ours."""
    try:
        return _MESSAGES.validate_json(text)
    except ValidationError:
        return None


def id_of(text: str) -> str | None:
    """The id of a message that is refused, so that the browser knows which one; None where it has no genuine id."""
    try:
        found = json.loads(text)["id"]
        return found if re.fullmatch(_MESSAGE_ID, found) else None
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
