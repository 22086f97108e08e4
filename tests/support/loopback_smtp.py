"""A mail server on the loopback address that keeps what it is given, as far as smtplib speaks with it."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage


@dataclass(kw_only=True)
class Mailbox:
    """`refuses` answers to recipients, by their address; of each mail that came, its message and recipients."""

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    refuses: dict[str, int] = field(default_factory=dict)


@contextmanager
def listening_mailbox() -> Iterator[Mailbox]:
    mailbox = Mailbox()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self._say(220, "loopback")
            while line := self.rfile.readline():
                if not self._answer(line.decode().strip()):
                    return

        def _answer(self, line: str) -> bool:
            verb = line[:4].upper()
            if verb == "RCPT":
                address = line.partition("<")[2].partition(">")[0]
                code = mailbox.refuses.get(address, 250)
                if code == 250:
                    mailbox.recipients.append(address)
                self._say(code, "recipient")
            elif verb == "DATA":
                self._say(354, "go on")
                self._read_mail()
                self._say(250, "taken")
            elif verb == "QUIT":
                self._say(221, "bye")
                return False
            else:
                self._say(250, "ok")
            return True

        def _read_mail(self) -> None:
            lines = []
            while (line := self.rfile.readline()) not in (b".\r\n", b""):
                lines.append(line.removeprefix(b"."))
            mail = message_from_bytes(b"".join(lines), policy=policy.default)
            assert isinstance(mail, EmailMessage)
            mailbox.mails.append(mail)

        def _say(self, code: int, words: str) -> None:
            self.wfile.write(f"{code} {words}\r\n".encode())

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        mailbox.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield mailbox
        finally:
            server.shutdown()
            thread.join()
