"""The page on which anybody finds out whether a picture was made here or by AI. Nothing of the file is stored."""

from functools import partial
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from bots.presentation.compose.errors import compose_error
from bots.presentation.compose.provenance.verification import verification_data, verification_view
from bots.process.thread_pools import Pool
from bots.texts.translation import translate
from bots.web import texts
from bots.web.access.session_cookies import address_of
from bots.web.context import WebContext
from bots.web.routes.authentication import context_of
from bots.web.routes.page_layout import page_response
from bots.web.routes.posts import read_form, require_length
from studio.commands.pictures.origin_verification import verify_origin
from studio.domain.provenance import Verification
from studio.errors import BadImageError, ChatelierError, ServiceError
from studio.services.upload_intake import examine_upload

_TRIES_A_MINUTE = 10
_TRIES_OF_EVERYBODY_A_MINUTE = 60  # examining shares one process with the uploads of those who are inside


async def verification_form(request: Request) -> Response:
    """GET /verify, without a session."""
    return _page(request)


async def verify_file(request: Request) -> Response:
    """POST /verify: a form with ``file``, or the file alone; HTML for browsers, otherwise JSON."""
    context = context_of(request)
    limits = {f"verify:{address_of(request)}": _TRIES_A_MINUTE, "verify": _TRIES_OF_EVERYBODY_A_MINUTE}
    limiter = context.attempt_limiter
    if not all(limiter.allows(key, tries=tries) for key, tries in limits.items()):
        return _problem(request, translate(texts.TOO_MANY_TRIES), HTTPStatus.TOO_MANY_REQUESTS)
    for key, tries in limits.items():
        limiter.count(key, tries=tries)
    try:
        data = await _receive(request, most_bytes=context.settings.max_upload_bytes)
        found = await context.pools.run(Pool.UPLOADS, partial(_verify, context, data))
    except BadImageError as error:
        return _problem(request, compose_error(error).summary, HTTPStatus.UNPROCESSABLE_ENTITY)
    except ServiceError as error:
        return _problem(request, compose_error(error).summary, HTTPStatus.SERVICE_UNAVAILABLE)
    except ChatelierError as error:
        return _problem(request, compose_error(error).summary, HTTPStatus.BAD_REQUEST)
    if _wants_page(request):
        return _page(request, found=found)
    return JSONResponse(verification_data(found))


def _verify(context: WebContext, data: bytes) -> Verification:
    traces = examine_upload(context.ports, None, data)
    with context.ports.database.read() as session:
        return verify_origin(traces, session)


async def _receive(request: Request, *, most_bytes: int) -> bytes:
    """Raises `BadImageError` without a file, and as `require_length`."""
    if request.headers.get("content-type", "").startswith("multipart/form-data"):
        _, data = await read_form(request, most_bytes=most_bytes)
    else:
        require_length(request, most_bytes=most_bytes)
        data = await request.body()
    if not data:
        raise BadImageError("empty")
    return data


def _wants_page(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "")


def _problem(request: Request, sentence: str, status: HTTPStatus) -> Response:
    if _wants_page(request):
        return _page(request, problem=sentence, status=status)
    return JSONResponse({"problem": sentence}, status_code=status)


def _page(
    request: Request,
    *,
    found: Verification | None = None,
    problem: str = "",
    status: HTTPStatus = HTTPStatus.OK,
) -> Response:
    values = {"view": verification_view(found) if found else None, "problem": problem}
    return page_response(request, "verify.html", values, status=status)
