"""The form with which people without a session report a picture, by its id or by the file itself, and its receipt."""

import logging
from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response

from bots.presentation.compose.errors import compose_error
from bots.process.thread_pools import Pool
from bots.texts.languages.readers import current_language
from bots.texts.mails.report_mails import REPORT_OUTCOMES, compose_receipt
from bots.texts.translation import translate
from bots.web import texts
from bots.web.access.session_cookies import address_of
from bots.web.context import WebContext
from bots.web.routes.authentication import context_of
from bots.web.routes.page_layout import page_response
from bots.web.routes.posts import read_form
from studio.commands.moderation.report import LONGEST_ARTIST, LONGEST_REASON
from studio.commands.pictures.whose import find_reported
from studio.domain.cases import LONGEST_REPORTER, OutsideReport, ReportReason, ReportStatus
from studio.domain.identifiers import split_picture_id
from studio.errors import BadImageError, ChatelierError, NotFoundError
from studio.parsing.mail_addresses import is_mail_address
from studio.ports.mailer import MailError
from studio.services.upload_intake import examine_upload

log = logging.getLogger(__name__)

_REPORTS_A_MINUTE = 3
_HIDES_A_DAY = 20  # by one address; more are filed, and wait for a moderator to hide anything
_DAY_SECONDS = 86400
_LOOKUPS_A_MINUTE = 10
_MAILS_A_DAY = 3  # to one address
_LONGEST_CONTACT = 200


async def report_form(request: Request) -> Response:
    """GET /report, without a session; ``?picture=`` fills the id in."""
    return _form(request, picture=request.query_params.get("picture", "")[:20])


async def send_report(request: Request) -> Response:
    """POST /report."""
    context = context_of(request)
    key = f"report:{address_of(request)}"
    if not context.attempt_limiter.take(key, tries=_REPORTS_A_MINUTE):
        return _form(request, problem=translate(texts.TOO_MANY_TRIES), status=429)
    try:
        fields, data = await read_form(request, most_bytes=context.settings.max_upload_bytes)
    except BadImageError as error:
        return _form(request, problem=compose_error(error).summary, status=413)
    picture_id, report = fields.get("picture", "").strip().lower(), _read(fields)
    if report.reason.is_urgent:
        hide = f"hide:{address_of(request)}"
        hides = context.attempt_limiter.take(hide, tries=_HIDES_A_DAY, seconds=_DAY_SECONDS)
        report = replace(report, hides=hides)
    try:
        code = await context.pools.run(Pool.UPLOADS, partial(_report, context, picture_id, data, report))
    except NotFoundError:
        return _form(request, picture=picture_id[:20], problem=translate(texts.REPORT_UNKNOWN), status=404)
    except ChatelierError as error:
        return _form(request, picture=picture_id[:20], problem=compose_error(error).summary, status=422)
    response = _form(request, code=code, urgent=report.reason.is_urgent and report.hides)
    response.background = _receipt_mail(context, report.contact, code)
    return response


def _receipt_mail(context: WebContext, contact: str, code: str) -> BackgroundTask | None:
    """Sent after the answer, in the reporter's language; few a day to one address, which may be somebody else's."""
    mailer = context.ports.mailer
    if mailer is None or not is_mail_address(contact):
        return None
    key = f"report mail:{contact.lower()}"
    if not context.attempt_limiter.take(key, tries=_MAILS_A_DAY, seconds=_DAY_SECONDS):
        return None
    url = context.ports.web_url
    address = f"{url}/report/status" if url else ""
    mail = compose_receipt(contact, site=context.settings.site_name, code=code, address=address)

    async def send() -> None:
        try:
            await context.pools.run(Pool.COMMANDS, mailer.send, mail)
        except MailError as error:
            log.warning("receipt of a report not mailed: %s", error)

    return BackgroundTask(send)


def _read(fields: Mapping[str, str]) -> OutsideReport:
    """What was filled in, but the picture. Forms of an earlier version have no kind: the artist's name says it."""
    artist, kind = fields.get("artist", "").strip()[:LONGEST_ARTIST], fields.get("kind", "")
    reason = ReportReason(kind) if kind in {*ReportReason} else ReportReason.OTHER
    if artist and reason is ReportReason.OTHER:
        reason = ReportReason.ARTIST
    return OutsideReport(
        picture_id=None,
        reason=reason,
        words=fields.get("reason", "")[:LONGEST_REASON],
        artist=artist if reason is ReportReason.ARTIST else "",
        contact=fields.get("contact", "").strip()[:_LONGEST_CONTACT],
        reporter=fields.get("reporter", "").strip()[:LONGEST_REPORTER],
        good_faith=fields.get("good_faith") == "yes",
        language=current_language(),
    )


def _report(context: WebContext, picture_id: str, data: bytes, report: OutsideReport) -> str:
    """The code of the receipt. Whether a file was recognised is not disclosed.

    Raises `NotFoundError` for an unknown id, and `BadImageError` for a file that is no picture.
    """
    if not picture_id and not data:
        raise BadImageError("nothing_to_report")
    known: str | None = picture_id
    if not picture_id:
        traces = examine_upload(context.ports, None, data)
        with context.ports.database.read() as session:
            known = find_reported(session, traces)
    elif split_picture_id(picture_id) is None:
        raise NotFoundError("this_picture")
    return context.ports.desk.receive_report(replace(report, picture_id=known))


async def status_form(request: Request) -> Response:
    """GET /report/status: look a report up by the code of its receipt."""
    return _status_form(request)


async def read_status(request: Request) -> Response:
    """POST /report/status."""
    context = context_of(request)
    key = f"report status:{address_of(request)}"
    if not context.attempt_limiter.take(key, tries=_LOOKUPS_A_MINUTE):
        return _status_form(request, problem=translate(texts.TOO_MANY_TRIES), status=429)
    async with request.form(max_files=0, max_fields=1, max_part_size=200) as form:
        code = str(form.get("code", ""))
    found = await context.pools.run(Pool.DATABASE, context.ports.desk.read_report, code)
    if found is None:
        return _status_form(request, problem=translate(texts.RECEIPT_UNKNOWN), status=404)
    return _status_form(request, found=found)


def _status_form(
    request: Request, *, found: ReportStatus | None = None, problem: str = "", status: int = 200
) -> Response:
    sentence = translate(REPORT_OUTCOMES[found.outcome]) if found else ""
    values = {"sentence": sentence, "found": found, "problem": problem}
    return page_response(request, "report_status.html", values, status=status)


def _form(request: Request, *, status: int = 200, **filled: object) -> Response:
    """`filled`: `picture` and `problem`, or the `code` of a receipt and whether the report is `urgent`."""
    values = {
        **dict.fromkeys(("picture", "problem", "code", "urgent"), ""),
        **filled,
        "reasons": [(reason, translate(texts.REPORT_REASONS[reason])) for reason in ReportReason],
        "longest_reason": LONGEST_REASON,
        "longest_artist": LONGEST_ARTIST,
        "longest_contact": _LONGEST_CONTACT,
        "longest_reporter": LONGEST_REPORTER,
    }
    return page_response(request, "report.html", values, status=status)
