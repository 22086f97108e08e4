"""The privacy notice and the terms, for everybody."""

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from bots.texts.privacy_notice import TITLE, privacy_sections
from bots.texts.translation import translate
from bots.web.routes.authentication import context_of
from bots.web.templating import render_template


async def privacy_page(request: Request) -> Response:
    """GET /privacy."""
    settings = context_of(request).settings
    html = render_template(
        "privacy.html",
        heading=settings.room_name,
        title=translate(TITLE),
        sections=privacy_sections(settings.privacy),
    )
    return HTMLResponse(html)
