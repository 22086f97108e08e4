"""The port for mail to people who have no other address here."""

from dataclasses import dataclass, field
from typing import Protocol


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
