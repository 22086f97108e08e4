"""The privacy notice and the terms, for everybody."""

from starlette.requests import Request
from starlette.responses import Response

from bots.texts.privacy_notice import TITLE, privacy_sections
from bots.texts.translation import translate
from bots.web.routes.authentication import context_of
from bots.web.routes.page_layout import page_response


async def privacy_page(request: Request) -> Response:
    """GET /privacy."""
    settings = context_of(request).settings
    values = {"title": translate(TITLE), "sections": privacy_sections(settings.privacy)}
    return page_response(request, "privacy.html", values)
