"""What people outside are told of their report: the receipt and the decision, by mail and on the page of receipts.

A mail quotes nothing of the report: the owner of the address need not be the reporter.
"""

from bots.texts.translation import translate
from studio.domain.cases import ReportOutcome
from studio.ports.mailer import Mail

REPORT_OUTCOMES = {
    ReportOutcome.WAITING: "Your report was received. If the picture was made here, it waits for a moderator.",
    ReportOutcome.REMOVED: "A moderator took the picture down.",
    ReportOutcome.HIDDEN: "A moderator hid the picture until clicked.",
    ReportOutcome.STAYS: "A moderator looked at the picture and left it where it is.",
}
RECEIPT_SUBJECT = "Your report to {site}"
DECISION_SUBJECT = "The decision on your report to {site}"
CODE = "The code of your receipt is {code}. With it you can look the decision up: {address}"
CODE_ALONE = "The code of your receipt is {code}."
ANOTHER_MAIL = "When it is decided, you get another mail."
OBJECTION = "If you think that the decision is wrong, report the picture again and say why. A person looks at it again."
OBJECTION_TO = "If you think that the decision is wrong, write to {contact}."
NOT_YOU = "You get this because somebody gave this address with a report. If that was not you, ignore it."


def compose_receipt(recipient: str, *, site: str, code: str, address: str) -> Mail:
    """`address` is that of the page of receipts, empty where people reach none."""
    sentence = translate(CODE, code=code, address=address) if address else translate(CODE_ALONE, code=code)
    paragraphs = (
        translate(REPORT_OUTCOMES[ReportOutcome.WAITING]),
        sentence,
        translate(ANOTHER_MAIL),
        translate(NOT_YOU),
    )
    return Mail(
        recipient=recipient, subject=translate(RECEIPT_SUBJECT, site=site), text="\n\n".join(paragraphs)
    )


def compose_decision(recipient: str, *, site: str, outcome: ReportOutcome, contact: str) -> Mail:
    """`contact` is where people complain, empty where the operator set none."""
    objection = translate(OBJECTION_TO, contact=contact) if contact else translate(OBJECTION)
    paragraphs = (translate(REPORT_OUTCOMES[outcome]), objection, translate(NOT_YOU))
    return Mail(
        recipient=recipient, subject=translate(DECISION_SUBJECT, site=site), text="\n\n".join(paragraphs)
    )
