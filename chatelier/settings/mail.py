"""The settings of the mail server. Without a host no mail is sent."""

from enum import StrEnum
from typing import Self

from pydantic import Field, SecretStr, field_validator, model_validator

from chatelier.settings.value_types import Section
from studio.parsing.mail_addresses import is_mail_address


class MailSecurity(StrEnum):
    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


class MailSection(Section):
    """A mail server (SMTP), through which people outside who report a picture get a receipt and the decision."""

    host: str | None = Field(
        None, min_length=1, max_length=253, description="The server; unset: no mail is sent."
    )
    port: int = Field(587, ge=1, le=65535, description="Its port; 465 is usual with tls.")
    security: MailSecurity = Field(
        MailSecurity.STARTTLS, description="starttls, tls from the first byte on, or none."
    )
    sender: str | None = Field(
        None, description="The address from which mail comes, such as studio@example.org."
    )
    username: str | None = Field(
        None, min_length=1, description="The user name, where the server asks for one."
    )
    password: SecretStr | None = Field(None, description="The password that belongs to it.")
    timeout_seconds: float = Field(
        10.0, ge=0.5, le=60, description="Timeout of each of its answers in seconds."
    )

    @field_validator("sender")
    @classmethod
    def _is_an_address(cls, sender: str | None) -> str | None:
        if sender is not None and not is_mail_address(sender):
            raise ValueError("must be one address, such as studio@example.org")
        return sender

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        if self.host and not self.sender:
            raise ValueError("needs host and sender together")
        if bool(self.username) != bool(self.password):
            raise ValueError("needs username and password together")
        if (
            self.username
            and self.security is MailSecurity.NONE
            and self.host not in {"127.0.0.1", "localhost"}
        ):
            raise ValueError("would send the password in the open: set security to starttls or tls")
        return self
