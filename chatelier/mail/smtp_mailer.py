"""Sends mail through an SMTP server."""

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from email.utils import formatdate, make_msgid

from chatelier.settings.mail import MailSection, MailSecurity
from studio.ports.mailer import Mail, MailError


class SmtpMailer:
    """Implements `studio.ports.mailer.Mailer`, with a connection for each mail. Safe for many threads."""

    def __init__(self, settings: MailSection) -> None:
        self._settings = settings

    def send(self, mail: Mail) -> None:
        try:
            message = self._compose(mail)
            with self._connect() as server:
                server.send_message(message)
        except (smtplib.SMTPRecipientsRefused, ValueError, UnicodeError) as error:
            # The server does not take the address, or it cannot stand in a header.
            refused = not _is_temporary(error)
            raise MailError(type(error).__name__, refused=refused, one_mail=True) from error
        except smtplib.SMTPDataError as error:
            raise MailError(type(error).__name__, one_mail=True) from error
        except (smtplib.SMTPException, OSError) as error:
            raise MailError(type(error).__name__) from error

    def check(self) -> None:
        """Connect and sign in, and send nothing. Raises `MailError`."""
        try:
            with self._connect() as server:
                server.noop()
        except (smtplib.SMTPException, OSError) as error:
            raise MailError(type(error).__name__) from error

    def _compose(self, mail: Mail) -> EmailMessage:
        message = EmailMessage()
        message["From"] = self._settings.sender
        message["To"] = mail.recipient
        message["Subject"] = mail.subject
        message["Date"] = formatdate()
        message["Message-ID"] = make_msgid(domain=(self._settings.sender or "").rpartition("@")[2])
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no automatic answers, please
        message.set_content(mail.text)
        return message

    @contextmanager
    def _connect(self) -> Iterator[smtplib.SMTP]:
        settings = self._settings
        host, timeout = settings.host or "", settings.timeout_seconds
        context = ssl.create_default_context()
        if settings.security is MailSecurity.TLS:
            server: smtplib.SMTP = smtplib.SMTP_SSL(host, settings.port, timeout=timeout, context=context)
        else:
            server = smtplib.SMTP(host, settings.port, timeout=timeout)
        with server:
            if settings.security is MailSecurity.STARTTLS:
                server.starttls(context=context)
            if settings.username is not None and settings.password is not None:
                server.login(settings.username, settings.password.get_secret_value())
            yield server


def _is_temporary(error: Exception) -> bool:
    """Whether every recipient was refused for now only (4xx)."""
    if not isinstance(error, smtplib.SMTPRecipientsRefused):
        return False
    return all(code < 500 for code, _ in error.recipients.values())


def open_mailer(settings: MailSection) -> SmtpMailer | None:
    """None where no server is set."""
    return SmtpMailer(settings) if settings.host else None
