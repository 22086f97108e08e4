"""Health and metrics, for supervisors and scrapers."""

import hmac

from prometheus_client import CONTENT_TYPE_LATEST
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response

from bots.process.thread_pools import Pool
from bots.texts.translation import translate
from bots.web import texts
from bots.web.access.security_middleware import name_of
from bots.web.access.trusted_proxies import came_directly_from_loopback
from bots.web.context import WebContext
from bots.web.routes.authentication import context_of
from bots.web.templating import render_template
from studio.clock import now
from studio.errors import ChatelierError
from studio.listen_addresses import is_loopback
from studio.operations.overview import Overview, load_overview


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
    if not _may_read_metrics(request):
        return PlainTextResponse(translate(texts.METRICS_CLOSED), status_code=403)
    return Response(context_of(request).metrics.text(), media_type=CONTENT_TYPE_LATEST)


async def operations(request: Request) -> Response:
    """GET /operations: the load of all communities and workers, for those who may read the metrics."""
    if not _may_read_metrics(request):
        return PlainTextResponse(translate(texts.METRICS_CLOSED), status_code=403)
    context = context_of(request)
    overview = await context.pools.run(Pool.DATABASE, _load_overview, context)
    return HTMLResponse(render_template("operations.html", overview=overview))


def _load_overview(context: WebContext) -> Overview:
    announced = context.ports.options.workers()
    with context.ports.database.read() as session:
        return load_overview(session, announced, at=now())


def _may_read_metrics(request: Request) -> bool:
    token = context_of(request).settings.metrics_token
    if token is None:
        # A proxy that sends no headers shows itself by passing on, or by inventing, another name than ours.
        return came_directly_from_loopback(request.scope) and is_loopback(
            name_of(request.headers.get("host", ""))
        )
    given = request.headers.get("authorization", "").encode()
    return hmac.compare_digest(given, f"Bearer {token}".encode())
