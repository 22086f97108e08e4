"""Mail to people outside who reported a picture, through a real conversation with a mail server."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from pydantic import SecretStr, ValidationError
from sqlalchemy import select, update

from chatelier.mail.decision_mails import DecisionMails
from chatelier.mail.smtp_mailer import SmtpMailer, open_mailer
from chatelier.settings.mail import MailSection, MailSecurity
from moderation.records.tables import OutsideReportRow
from studio.clock import now
from studio.db.tables import CaseRow
from studio.domain.cases import Decision, OutsideReport, ReportReason
from studio.parsing.mail_addresses import is_mail_address
from studio.ports import Ports
from studio.ports.mailer import Mail, MailError
from tests.support.case_sim import with_desk
from tests.support.case_steps import decide, desk, painted
from tests.support.loopback_smtp import Mailbox, listening_mailbox

BO = "bo@example.org"


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with listening_mailbox() as opened:
        yield opened


def mailer(mailbox: Mailbox) -> SmtpMailer:
    settings = MailSection(
        host="127.0.0.1", port=mailbox.port, security=MailSecurity.NONE, sender="room@example.org"
    )
    found = open_mailer(settings)
    assert found
    return found


@pytest.fixture
def instance(ports: Ports) -> Ports:
    return with_desk(ports)


def decision_mails(instance: Ports, mailbox: Mailbox) -> DecisionMails:
    return DecisionMails(instance.database, mailer(mailbox), site="The Club", contact="")


def report(instance, call, contact=BO, language="en"):
    picture = f"{painted(instance, call)}.1"
    reason = ReportReason.OTHER
    values = {"words": "a secluded complaint", "contact": contact, "language": language}
    instance.desk.receive_report(OutsideReport(picture_id=picture, reason=reason, **values))
    return desk(instance, call)[0]


class TestDecisions:
    def test_a_reporter_is_told_the_decision_once_in_their_language(self, instance, call, mailbox):
        case = report(instance, call, language="de")
        mails = decision_mails(instance, mailbox)
        assert mails.send_due() == 0
        decide(instance, call, case, Decision.REJECT)
        assert (mails.send_due(), mails.send_due()) == (1, 0)
        (mail,) = mailbox.mails
        assert (mail["To"], mail["From"], mail["Auto-Submitted"]) == (
            BO,
            "room@example.org",
            "auto-generated",
        )
        assert "Moderation hat das Bild entfernt" in mail.get_content()
        assert "secluded" not in mail.as_string()

    def test_while_the_server_is_away_it_is_tried_again(self, instance, call, mailbox):
        decide(instance, call, report(instance, call), Decision.APPROVE)
        mailbox.refuses[BO] = 451
        assert decision_mails(instance, mailbox).send_due() == 0
        mailbox.refuses.clear()
        assert decision_mails(instance, mailbox).send_due() == 1

    def test_a_mailbox_that_is_full_holds_nobody_else_up(self, instance, call, mailbox):
        for contact in (BO, "al@example.org"):
            again = replace(call, request_key=contact)
            decide(instance, again, report(instance, again, contact), Decision.APPROVE)
        mailbox.refuses[BO] = 452
        assert decision_mails(instance, mailbox).send_due() == 1
        assert mailbox.recipients == ["al@example.org"]

    def test_full_mailboxes_that_fill_a_query_hold_nobody_else_up(self, instance, call, mailbox, monkeypatch):
        monkeypatch.setattr("moderation.reports.report_answers._MOST_AT_ONCE", 1)
        for contact in (BO, "al@example.org"):
            again = replace(call, request_key=contact)
            decide(instance, again, report(instance, again, contact), Decision.APPROVE)
        mailbox.refuses[BO] = 452
        assert decision_mails(instance, mailbox).send_due() == 1
        mailbox.refuses.clear()
        assert decision_mails(instance, mailbox).send_due() == 1
        assert mailbox.recipients == ["al@example.org", BO]

    def test_an_address_that_the_server_refuses_is_tried_once(self, instance, call, mailbox):
        decide(instance, call, report(instance, call), Decision.APPROVE)
        mailbox.refuses[BO] = 550
        assert decision_mails(instance, mailbox).send_due() == 0
        mailbox.refuses.clear()
        assert decision_mails(instance, mailbox).send_due() == 0

    def test_what_is_no_mail_address_is_left_to_the_moderators(self, instance, call, mailbox):
        decide(instance, call, report(instance, call, "+49 30 1234"), Decision.APPROVE)
        assert decision_mails(instance, mailbox).send_due() == 0
        with instance.database.read() as session:
            assert session.scalars(select(OutsideReportRow)).one().answered_at is not None

    def test_old_decisions_surprise_nobody(self, instance, call, mailbox):
        decide(instance, call, report(instance, call), Decision.APPROVE)
        with instance.database.begin() as session:
            session.execute(update(CaseRow).values(decided_at=now() - timedelta(days=8)))
        assert decision_mails(instance, mailbox).send_due() == 0


class TestServer:
    def test_a_server_that_is_not_there_is_an_error_and_no_more(self, mailbox):
        away = replace(mailbox, port=1)
        with pytest.raises(MailError) as caught:
            mailer(away).send(Mail(recipient=BO, subject="a", text="b"))
        assert not caught.value.refused

    def test_one_without_encryption_gets_nothing_where_that_is_wanted(self, mailbox):
        settings = MailSection(host="127.0.0.1", port=mailbox.port, sender="room@example.org")
        with pytest.raises(MailError):
            SmtpMailer(settings).send(Mail(recipient=BO, subject="a", text="b"))
        assert mailbox.mails == []

    def test_a_line_break_makes_no_header(self, mailbox):
        with pytest.raises(MailError) as caught:
            mailer(mailbox).send(
                Mail(recipient="bo@example.org\nBcc: all@example.org", subject="a", text="b")
            )
        assert caught.value.refused
        assert mailbox.mails == []


class TestSettings:
    def test_without_a_host_nothing_is_sent(self):
        assert open_mailer(MailSection()) is None

    @pytest.mark.parametrize(
        "values",
        [
            {"host": "mail.example.org"},
            {"host": "mail.example.org", "sender": "The Club <room@example.org>"},
            {"host": "mail.example.org", "sender": "room@example.org", "username": "room"},
            {
                "host": "mail.example.org",
                "sender": "room@example.org",
                "username": "room",
                "password": SecretStr("x"),
                "security": MailSecurity.NONE,
            },
        ],
    )
    def test_incomplete_or_careless_ones_are_refused(self, values):
        with pytest.raises(ValidationError):
            MailSection(**values)

    @pytest.mark.parametrize(
        "text",
        ["bo", "bo@localhost", "bo@example.org, al@example.org", "<bo@example.org>", "b o@example.org"],
    )
    def test_only_one_plain_address_is_an_address(self, text):
        assert not is_mail_address(text)
        assert is_mail_address(BO)
