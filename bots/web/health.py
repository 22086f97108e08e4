"""Whether the room can do its work, for supervisors and scrapers."""

from prometheus_client import CONTENT_TYPE_LATEST
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from bots.web.door import house_of
from bots.web.house import House
from studio.errors import ChatelierError


async def health(request: Request) -> Response:
    """GET /healthz: 200, or 503 with what is away."""
    house = house_of(request)
    away = await house.backroom.run("shelf", _what_is_away, house)
    return JSONResponse({"ok": not away, "away": away}, status_code=503 if away else 200)


def _what_is_away(house: House) -> list[str]:
    away = []
    try:
        house.ports.database.ping()
    except ChatelierError:
        away.append("database")
    try:
        house.ports.events.ping()
        if not house.news.reading:
            away.append("news")
    except ChatelierError:
        away.append("events")
    return away


async def metrics(request: Request) -> Response:
    """GET /metrics."""
    return Response(house_of(request).figures.text(), media_type=CONTENT_TYPE_LATEST)
