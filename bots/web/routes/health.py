"""Health and metrics, for supervisors and scrapers."""

from prometheus_client import CONTENT_TYPE_LATEST
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from bots.process.thread_pools import Pool
from bots.texts.translation import translate
from bots.web import texts
from bots.web.context import WebContext
from bots.web.routes.authentication import context_of
from bots.web.routes.operations.operator_access import may_read_metrics
from studio.errors import ChatelierError


async def health(request: Request) -> Response:
    """GET /healthz: 200, or 503 with what is unavailable."""
    context = context_of(request)
    away = await context.pools.run(Pool.FILES, _what_is_away, context)
    return JSONResponse({"ok": not away, "away": away}, status_code=503 if away else 200)


def _what_is_away(context: WebContext) -> list[str]:
    away = []
    try:
        context.ports.database.ping()
    except ChatelierError:
        away.append("database")
    try:
        context.ports.events.ping()
        if not context.event_consumer.reading:
            away.append("news")
    except ChatelierError:
        away.append("events")
    return away


async def metrics(request: Request) -> Response:
    """GET /metrics: with the token where one is set, else for clients on this machine only."""
    if not may_read_metrics(request):
        return PlainTextResponse(translate(texts.METRICS_CLOSED), status_code=403)
    return Response(context_of(request).metrics.text(), media_type=CONTENT_TYPE_LATEST)
