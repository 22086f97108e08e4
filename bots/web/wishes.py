"""What a browser sends over the socket."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, TypeAdapter, ValidationError

from studio.requests import MOST_BLENDED

LONGEST_BYTES = 8 * 1024

# Made by the browser for each wish: the same one sent twice is one job.
WishId = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{8,40}$")]
Ticket = Annotated[str, Field(max_length=1000)]


class _Message(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Ping(_Message):
    do: Literal["ping"]


class Say(_Message):
    """A typed line, with the tickets of what is attached; `more` are further pictures for a blend."""

    do: Literal["say"]
    id: WishId
    text: str
    image: Ticket | None = None
    mask: Ticket | None = None
    more: Annotated[tuple[Ticket, ...], Field(max_length=MOST_BLENDED - 1)] = ()


class Press(_Message):
    """A button or a reaction."""

    do: Literal["press"]
    id: WishId
    button: Annotated[str, Field(max_length=200)]


class Ask(_Message):
    """A command with the fields of a filled-in form."""

    do: Literal["ask"]
    id: WishId
    command: Annotated[str, Field(max_length=64)]
    values: Annotated[dict[str, str], Field(max_length=20)]


Wish = Say | Press | Ask
_MESSAGES: TypeAdapter[Wish | Ping] = TypeAdapter(Annotated[Wish | Ping, Discriminator("do")])


def read_message(text: str) -> Wish | Ping | None:
    """None when the message is not one of ours."""
    try:
        return _MESSAGES.validate_json(text)
    except ValidationError:
        return None
