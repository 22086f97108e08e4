"""The form with which people without a session report a picture: by its id, or by the file itself."""

from functools import partial

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from bots.presentation.compose.errors import compose_error
from bots.process.thread_pools import Pool
from bots.texts.translation import translate
from bots.web import texts
from bots.web.access.sessions import address_of
from bots.web.context import WebContext
from bots.web.routes.authentication import context_of
from bots.web.templating import render_template
from studio.commands.moderation.report import LONGEST_ARTIST, report_from_outside
from studio.commands.pictures.whose import attribute
from studio.domain.identifiers import split_picture_id
from studio.errors import BadImageError, ChatelierError, NotFoundError
from studio.services.upload_intake import examine_upload

_REPORTS_A_MINUTE = 3
_LONGEST_REASON = 500
_SPARE_BYTES = 64 * 1024  # for the other fields


async def report_form(request: Request) -> Response:
    """GET /report, without a session; ``?picture=`` fills the id in."""
    return _form(request, picture=request.query_params.get("picture", "")[:20])


async def send_report(request: Request) -> Response:
    """POST /report."""
    context = context_of(request)
    key = f"report:{address_of(request)}"
    if not context.attempt_limiter.allows(key, tries=_REPORTS_A_MINUTE):
        return _form(request, problem=translate(texts.TOO_MANY_TRIES), status=429)
    context.attempt_limiter.count(key, tries=_REPORTS_A_MINUTE)
    most_bytes = context.settings.max_upload_bytes
    too_large = BadImageError("over_limit", most=most_bytes // 1024**2)
    declared = request.headers.get("content-length", "")  # without it a file could fill the disk
    if not declared.isdigit() or int(declared) > most_bytes + _SPARE_BYTES:
        return _form(request, problem=compose_error(too_large).summary, status=413)
    async with request.form(max_files=1, max_fields=5, max_part_size=4096) as form:
        picture_id = str(form.get("picture", "")).strip().lower()
        reason = str(form.get("reason", ""))[:_LONGEST_REASON]
        artist = str(form.get("artist", "")).strip()[:LONGEST_ARTIST]
        file = form.get("file")
        data = await file.read(most_bytes + 1) if isinstance(file, UploadFile) else b""
    try:
        await context.pools.run(Pool.UPLOADS, partial(_report, context, picture_id, data, reason, artist))
    except NotFoundError:
        return _form(request, picture=picture_id[:20], problem=translate(texts.REPORT_UNKNOWN), status=404)
    except ChatelierError as error:
        return _form(request, picture=picture_id[:20], problem=compose_error(error).summary, status=422)
    return _form(request, sent=True)


def _report(context: WebContext, picture_id: str, data: bytes, reason: str, artist: str) -> None:
    """Raises `NotFoundError` for an unknown id, and `BadImageError` for a file that is no picture.

    Whether a file was recognised is not disclosed.
    """
    if not picture_id and not data:
        raise BadImageError("nothing_to_report")
    if not picture_id:
        traces = examine_upload(context.ports, None, data)
        with context.ports.database.read() as session:
            found = attribute(session, traces, None)
        if not found.known or found.deleted or found.picture_id is None:
            return
        picture_id = found.picture_id
    if split_picture_id(picture_id) is None:
        raise NotFoundError("this_picture")
    report_from_outside(context.ports, picture_id, reason, artist=artist)


def _form(
    request: Request, *, picture: str = "", problem: str = "", sent: bool = False, status: int = 200
) -> Response:
    html = render_template(
        "report.html",
        heading=context_of(request).settings.room_name,
        picture=picture,
        problem=problem,
        sent=sent,
        longest_reason=_LONGEST_REASON,
        longest_artist=LONGEST_ARTIST,
    )
    return HTMLResponse(html, status_code=status)
