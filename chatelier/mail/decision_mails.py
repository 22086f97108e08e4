"""Mails the decisions on reports to people outside who left an address."""

import logging
from collections.abc import Collection

from bots.texts.languages.readers import reading_in
from bots.texts.mails.report_mails import compose_decision
from chatelier.mail.smtp_mailer import open_mailer
from chatelier.settings import Settings
from moderation.reports.report_answers import (
    UnansweredReport,
    find_unanswered,
    mark_answered,
    mark_unanswered,
)
from studio.db.database import Database
from studio.parsing.mail_addresses import is_mail_address
from studio.ports.mailer import Mailer, MailError

log = logging.getLogger(__name__)


def mail_decisions(settings: Settings, database: Database) -> int:
    """How many mails were sent; none where no mail server is set."""
    mailer = open_mailer(settings.mail)
    if mailer is None:
        return 0
    contact = settings.operator.contact or ""
    return DecisionMails(database, mailer, site=settings.web.name, contact=contact).send_due()


class DecisionMails:
    """`site` is the name of the web front end, `contact` where people complain, or empty."""

    def __init__(self, database: Database, mailer: Mailer, *, site: str, contact: str) -> None:
        self._database = database
        self._mailer = mailer
        self._site = site
        self._contact = contact

    def send_due(self) -> int:
        """How many were sent. What the server does not take now is tried again in the next round, for some days.

        A report is marked before its mail is sent, so that two processes do not send it twice.
        """
        sent, tried = 0, set[str]()
        while reports := self._find(tried):
            tried.update(report.digest for report in reports)
            for report in reports:
                try:
                    sent += self._try(report)
                except MailError:
                    return sent  # the server is away
        return sent

    def _find(self, tried: Collection[str]) -> list[UnansweredReport]:
        """So that addresses that take no mail now do not fill a round."""
        with self._database.read() as session:
            return find_unanswered(session, tried=tried)

    def _try(self, report: UnansweredReport) -> bool:
        """Whether a mail was sent. Raises `MailError` where the server is away."""
        with self._database.begin() as session:
            if not mark_answered(session, report.digest):
                return False
        if not is_mail_address(report.contact):
            return False  # a moderator answers it
        try:
            self._send(report)
        except MailError as error:
            log.warning("decision on a report not mailed: %s", error)
            if not error.refused:
                with self._database.begin() as session:
                    mark_unanswered(session, report.digest)
            if error.refused or error.one_mail:
                return False
            raise
        return True

    def _send(self, report: UnansweredReport) -> None:
        with reading_in(report.language):
            mail = compose_decision(
                report.contact, site=self._site, outcome=report.outcome, contact=self._contact
            )
        self._mailer.send(mail)
