"""Picture files, for those who may see the picture; and uploads."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from bots.process.thread_pools import Pool
from bots.web import texts
from bots.web.access.session_cookies import WebUser
from bots.web.context import WebContext
from bots.web.download_links import REUSED_SECONDS, file_name_of
from bots.web.queries.picture_details import load_details, source_before
from bots.web.routes.authentication import require_posting_user, require_user
from studio.db import queries
from studio.db.identities.linked_identities import same_human
from studio.domain.pictures import THUMBNAIL_SIDES_PIXELS
from studio.errors import BadImageError, ChatelierError, NotFoundError
from studio.services.upload_intake import accept_upload, examine_upload
from studio.services.visibility import Audience, find_picture

_TYPES = {".png": "image/png", ".webp": "image/webp", ".jpg": "image/jpeg"}
# The bytes of a picture never change; `private` keeps them out of shared caches.
_CACHED = "private, max-age=31536000, immutable"
_UPLOADS_A_MINUTE = 20


async def picture_file(request: Request) -> Response:
    """GET /pictures/<picture>.png, and /thumbnails/<picture> with ``?side=`` for a larger one."""
    context, user = require_user(request)
    picture_id: str = request.path_params["picture"]
    side = _side_of(request)
    key = await context.pools.run(Pool.FILES, _find_key, context, user, picture_id, side)
    headers = {"ETag": f'"{key}"', "Cache-Control": _CACHED}
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    links = context.settings.download_links
    name = file_name_of(picture_id) if "download" in request.query_params else ""
    if links:
        address = await context.pools.run(Pool.FILES, links.sign, key, name)
        return RedirectResponse(
            address, status_code=302, headers={"Cache-Control": f"private, max-age={REUSED_SECONDS}"}
        )
    data = await context.pools.run(Pool.FILES, context.ports.store.get, key)
    if name:
        headers["Content-Disposition"] = f'attachment; filename="{name}"'
    suffix = key[key.rfind(".") :]
    return Response(data, media_type=_TYPES.get(suffix, "application/octet-stream"), headers=headers)


async def image_before(request: Request) -> Response:
    """GET /before/<picture>: the image of one's own of which it is an edit. Nobody else is sent it."""
    context, user = require_user(request)
    picture_id: str = request.path_params["picture"]
    data = await context.pools.run(Pool.FILES, _load_before, context, user, picture_id)
    return Response(data, media_type="image/png", headers={"Cache-Control": "private, no-cache"})


def _load_before(context: WebContext, user: WebUser, picture_id: str) -> bytes:
    """Raises `NotFoundError`."""
    with context.ports.database.read() as session:
        details = load_details(session, picture_id, user.person)
        source = source_before(details.view.job)
    if source is None or not details.edits_upload:
        raise NotFoundError("this_picture")
    return context.ports.store.get(source.key)


def _side_of(request: Request) -> int | None:
    """The size of a thumbnail in pixels; None for the picture itself. Raises `NotFoundError` for a size never made."""
    if not request.url.path.startswith("/thumbnails/"):
        return None
    side = request.query_params.get("side", str(THUMBNAIL_SIDES_PIXELS[0]))
    if side not in map(str, THUMBNAIL_SIDES_PIXELS):
        raise NotFoundError("this_picture")
    return int(side)


def _find_key(context: WebContext, user: WebUser, picture_id: str, side: int | None) -> str:
    """Raises `NotFoundError`, and `BannedError`: a banned user still reaches their own pictures."""
    with context.ports.database.read() as session:
        picture = find_picture(session, picture_id, Audience.of_person(user.person), early=True)
        owner = queries.find_job(session, picture.job_id).person.key
        own = same_human(session, owner, user.person.key)
    if not own:
        context.ports.gate.require_not_banned(user.person)
    return picture.thumbnail_keys.get(side, picture.key) if side else picture.key


async def upload(request: Request) -> Response:
    """POST /uploads: an image as the body, a ticket for it as the answer. With `?look` it is not taken in."""
    context, user = require_posting_user(request)
    key = f"upload:{user.user_id}"
    if not context.attempt_limiter.take(key, tries=_UPLOADS_A_MINUTE):
        raise HTTPException(429, texts.TOO_FAST)
    try:
        data = await _receive(request, most_bytes=context.settings.max_upload_bytes)
        ticket = await context.pools.run(
            Pool.UPLOADS, _accept, context, user, data, "look" in request.query_params
        )
    except ChatelierError as error:
        context.metrics.uploads.labels(error.code).inc()
        raise
    context.metrics.uploads.labels("ok").inc()
    return JSONResponse({"ticket": ticket})


def _accept(context: WebContext, user: WebUser, data: bytes, examine: bool) -> str:
    if examine:
        return context.session_store.examined_ticket(user, examine_upload(context.ports, user.person, data))
    return context.session_store.upload_ticket(user, accept_upload(context.ports, user.person, data))


async def _receive(request: Request, *, most_bytes: int) -> bytes:
    """The body, refused as soon as it is too large, before the rest has arrived."""
    too_large = BadImageError("over_limit", most=most_bytes // 1024**2)
    declared = request.headers.get("content-length", "0")
    if not declared.isdigit() or int(declared) > most_bytes:
        raise too_large
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > most_bytes:
            raise too_large
    if not data:
        raise BadImageError("empty")
    return bytes(data)
