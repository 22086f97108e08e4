"""The port for mail to people who have no other address here."""

import re
from dataclasses import dataclass, field
from typing import Protocol

LONGEST_ADDRESS = 200  # characters
_ADDRESS = re.compile(r"[^\s@<>,;:\"()\[\]\\]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """`text` is plain text, its paragraphs parted by empty lines."""

    recipient: str = field(repr=False)
    subject: str
    text: str = field(repr=False)


class MailError(Exception):
    """A mail was not sent.

    `refused`: the server does not take this recipient, now or later. `one_mail`: the server answers, and others may
    be taken.
    """

    def __init__(self, cause: str, *, refused: bool = False, one_mail: bool = False) -> None:
        super().__init__(cause)
        self.refused = refused
        self.one_mail = one_mail or refused


class Mailer(Protocol):
    def send(self, mail: Mail) -> None:
        """Blocks until the server has taken it. Raises `MailError`."""


def is_mail_address(text: str) -> bool:
    """Whether mail can be sent to it: one plain address, nothing that could be read as more than that."""
    return len(text) <= LONGEST_ADDRESS and _ADDRESS.fullmatch(text) is not None
