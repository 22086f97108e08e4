"""The public page of a shared picture, for people without a session, and for chats that show links as pictures.

Open Graph (https://ogp.me) and oEmbed (https://oembed.com) describe it to them.
"""

from dataclasses import dataclass, replace
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from bots.presentation.compose.parts.pictures import alt_text_of, title_of
from bots.presentation.spans import join_list, plain_text
from bots.process.thread_pools import Pool
from bots.texts.translation import translate
from bots.web import texts
from bots.web.context import WebContext
from bots.web.download_links import REUSED_SECONDS, file_name_of
from bots.web.routes.authentication import context_of, origin_of
from bots.web.routes.page_layout import page_response
from studio.commands.pictures.share import SHARED_PATH, find_credited, find_shared
from studio.domain.jobs import Job
from studio.domain.people import Person
from studio.domain.pictures import Picture
from studio.errors import BannedError, NotFoundError

# Short, so that a link that was taken back shows nothing soon after.
_CACHED = "public, max-age=300"


@dataclass(frozen=True, slots=True)
class SharedPicture:
    """What the page says of a picture. `address` is that of the page, with its host."""

    picture: Picture
    job: Job
    address: str
    sources: tuple[Person, ...] = ()

    @property
    def title(self) -> str:
        return title_of(self.picture.recipe.prompt)

    @property
    def alt_text(self) -> str:
        return alt_text_of(self.picture)

    @property
    def image_address(self) -> str:
        return f"{self.address}.png"

    @property
    def credit(self) -> str:
        """``by Ana, from pictures of Bo and Cy``."""
        maker = self.job.person.display_name
        if not self.sources:
            return translate(texts.SHARED_BY, name=maker)
        names = plain_text(join_list([(person.display_name,) for person in self.sources]))
        return translate(texts.SHARED_FROM, name=maker, others=names)


async def share_page(request: Request) -> Response:
    """GET /s/<token>."""
    context = context_of(request)
    shared = await _load(request, context)
    sources = await context.pools.run(Pool.DATABASE, find_credited, context.ports, shared.picture, shared.job)
    shared = replace(shared, sources=sources)
    query = urlencode({"url": shared.address, "format": "json"})
    response = page_response(
        request, "share.html", {"shared": shared, "oembed_address": f"{origin_of(request)}/oembed?{query}"}
    )
    response.headers["Cache-Control"] = _CACHED
    response.headers["Vary"] = "Accept-Language, Cookie"
    return response


async def share_image(request: Request) -> Response:
    """GET /s/<token>.png: the signed copy, which has its content credentials. With ``?download`` it is saved."""
    context = context_of(request)
    shared = await _load(request, context)
    name = file_name_of(shared.picture.id) if "download" in request.query_params else ""
    if links := context.settings.download_links:
        address = await context.pools.run(Pool.FILES, links.sign, shared.picture.key, name)
        headers = {
            "Cache-Control": f"public, max-age={REUSED_SECONDS}",
            "Cross-Origin-Resource-Policy": "cross-origin",
        }
        return RedirectResponse(address, status_code=302, headers=headers)
    data = await context.pools.run(Pool.FILES, context.ports.store.get, shared.picture.key)
    headers = {"Cache-Control": _CACHED, "Cross-Origin-Resource-Policy": "cross-origin"}
    if name:
        headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return Response(data, media_type="image/png", headers=headers)


async def oembed_data(request: Request) -> Response:
    """GET /oembed?url=<address of a page>: a photo, as in section 2.3.4.1 of oEmbed 1.0."""
    context = context_of(request)
    address = request.query_params.get("url", "")
    if request.query_params.get("format", "json") != "json":
        return JSONResponse({}, status_code=501)
    token = address.removeprefix(f"{origin_of(request)}{SHARED_PATH}")
    if token == address:
        raise NotFoundError("this_picture")
    shared = await _load(request, context, token)
    return JSONResponse(
        {
            "version": "1.0",
            "type": "photo",
            "title": shared.title,
            "author_name": shared.job.person.display_name,
            "provider_name": context.settings.site_name,
            "provider_url": origin_of(request),
            "url": shared.image_address,
            "width": shared.picture.width,
            "height": shared.picture.height,
        },
        headers={"Cache-Control": _CACHED},
    )


async def _load(request: Request, context: WebContext, token: str = "") -> SharedPicture:
    """Raises `NotFoundError`, also where the owner is banned: a stranger need not know."""
    token = token or request.path_params["token"]
    try:
        picture, job = await context.pools.run(Pool.DATABASE, find_shared, context.ports, token[:64])
    except BannedError as error:
        raise NotFoundError("this_picture") from error
    return SharedPicture(picture, job, f"{origin_of(request)}{SHARED_PATH}{token}")
