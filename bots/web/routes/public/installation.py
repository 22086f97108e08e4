"""What makes the web front end an app to install: its manifest, service worker and page without network."""

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response

from bots.texts.translation import translate
from bots.web import texts
from bots.web.routes.authentication import context_of
from bots.web.routes.page_layout import page_response
from bots.web.templating import FOLDER

_LIGHT = "#f5efe4"
_ICON_SIDES = (192, 512)


async def manifest(request: Request) -> Response:
    """GET /manifest.webmanifest, by https://www.w3.org/TR/appmanifest/."""
    name = context_of(request).settings.site_name
    icons = [
        {
            "src": f"/static/icons/{purpose}-{side}.png",
            "sizes": f"{side}x{side}",
            "type": "image/png",
            "purpose": "any" if purpose == "icon" else purpose,
        }
        for purpose in ("icon", "maskable")
        for side in _ICON_SIDES
    ]
    shown = {
        "id": "/",
        "name": name,
        "short_name": name[:12],
        "description": translate(texts.APP_DESCRIPTION),
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": _LIGHT,
        "theme_color": _LIGHT,
        "icons": icons,
        "shortcuts": [{"name": translate(texts.MY_PICTURES), "url": "/pictures"}],
    }
    return JSONResponse(shown, media_type="application/manifest+json")


async def service_worker(_request: Request) -> Response:
    """GET /service-worker.js: at the root, because a worker controls the paths below its own."""
    return FileResponse(
        FOLDER / "static" / "service-worker.js",
        media_type="text/javascript",
        headers={"Cache-Control": "no-cache"},
    )


async def offline_page(request: Request) -> Response:
    """GET /offline: what the service worker shows where the network is missing. It holds nothing of anybody."""
    return page_response(request, "offline.html", {})
