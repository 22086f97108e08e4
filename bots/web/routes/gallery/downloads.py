"""The pictures that a filter finds, as one file."""

from starlette.concurrency import iterate_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from bots.process.thread_pools import Pool
from bots.texts.translation import translate
from bots.web import texts
from bots.web.access.session_cookies import WebUser
from bots.web.context import WebContext
from bots.web.routes.authentication import require_unbanned_user
from bots.web.routes.gallery.gallery_page import read_filter
from studio.services.gallery.folders import find_folder
from studio.services.gallery.picture_archive import write_archive

_DOWNLOADS_AN_HOUR = 6


def _require_folder(context: WebContext, user: WebUser, folder_id: str) -> None:
    """Raises `NotFoundError`."""
    with context.ports.database.read() as session:
        find_folder(session, user.person, folder_id)


async def download_pictures(request: Request) -> Response:
    """GET /pictures/zip, with the query of /pictures: a ZIP that is made while it is sent."""
    context, user = await require_unbanned_user(request)
    wanted = read_filter(request.query_params)
    if wanted.folder:
        await context.pools.run(Pool.DATABASE, _require_folder, context, user, wanted.folder)
    key = f"download:{user.user_id}"
    if not context.attempt_limiter.take(key, tries=_DOWNLOADS_AN_HOUR, seconds=3600):
        return PlainTextResponse(translate(texts.TOO_MANY_EXPORTS), status_code=429)
    blocks = write_archive(context.ports, user.person, wanted)
    headers = {"Content-Disposition": 'attachment; filename="chatelier-pictures.zip"'}
    return StreamingResponse(iterate_in_threadpool(blocks), media_type="application/zip", headers=headers)
