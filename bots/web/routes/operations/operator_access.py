"""Who may read figures: clients on this machine, and clients with the metrics token, as a header or by a cookie."""

import hmac

from itsdangerous import BadData, URLSafeTimedSerializer
from starlette.requests import Request
from starlette.responses import Response

from bots.web.access.security_middleware import name_of
from bots.web.access.trusted_proxies import came_directly_from_loopback
from bots.web.routes.authentication import context_of
from bots.web.settings import WebSettings
from studio.listen_addresses import is_loopback

PATH = "/operations"
_COOKIE = "chatelier-operator"
_VALID_SECONDS = 8 * 3600
_SUBJECT = "operator"


def may_read_metrics(request: Request) -> bool:
    """With the token as a header, where one is set; else for clients on this machine alone."""
    token = context_of(request).settings.metrics_token
    if token is None:
        # A proxy that sends no headers shows itself by passing on, or by inventing, another name than ours.
        return came_directly_from_loopback(request.scope) and is_loopback(
            name_of(request.headers.get("host", ""))
        )
    given = request.headers.get("authorization", "").encode()
    return hmac.compare_digest(given, f"Bearer {token}".encode())


def is_signed_in(request: Request) -> bool:
    """Whether the browser has shown the token that is set today, within the last hours."""
    settings = context_of(request).settings
    if settings.metrics_token is None:
        return False
    try:
        found: object = _serializer(settings).loads(request.cookies.get(_COOKIE, ""), max_age=_VALID_SECONDS)
    except BadData:
        return False
    return found == _SUBJECT


def is_token(settings: WebSettings, typed: str) -> bool:
    token = settings.metrics_token
    return token is not None and hmac.compare_digest(typed.strip().encode(), token.encode())


def sign_in(request: Request, response: Response) -> None:
    """Only this page is sent the cookie, and no script reads it. A new token ends it."""
    response.set_cookie(
        _COOKIE,
        str(_serializer(context_of(request).settings).dumps(_SUBJECT)),
        max_age=_VALID_SECONDS,
        path=PATH,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )


def sign_out(response: Response) -> None:
    response.delete_cookie(_COOKIE, path=PATH)


def _serializer(settings: WebSettings) -> URLSafeTimedSerializer:
    """Nobody who sees a cookie can try tokens on it: the instance's own key is in its signature as well."""
    return URLSafeTimedSerializer(f"{settings.secret_key} {settings.metrics_token}", salt=_SUBJECT)
