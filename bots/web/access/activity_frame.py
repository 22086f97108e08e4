"""The web page in a frame of Discord's, as an Activity: which requests come from there, and what they need.

Browsers see the page under a host of Discord's, whose proxy fetches it here. In a frame of another site only cookies
with ``SameSite=None`` are sent. Such a cookie is kept apart from the ordinary one, is partitioned (CHIPS: it belongs to
the page that holds the frame), is signed apart and counts only where the ordinary one is missing.
"""

from starlette.requests import HTTPConnection
from starlette.responses import Response

from bots.web.oauth_provider import DiscordActivity

SESSION_COOKIE = "chatelier_session"
ACTIVITY_COOKIE = "chatelier_activity"
WITHOUT_SESSION = f"{ACTIVITY_COOKIE}="  # as a Cookie header: the frame is known by the cookie's name
_SECONDS = 12 * 3600  # each start of the Activity asks Discord anew who it is


def is_start(connection: HTTPConnection) -> bool:
    """Whether Discord opens the Activity: it names the frame and the instance in the address."""
    query = connection.query_params
    return connection.url.path == "/" and "frame_id" in query and "instance_id" in query


def is_framed(connection: HTTPConnection) -> bool:
    """Whether a request's session is that of the frame."""
    return ACTIVITY_COOKIE in connection.cookies and SESSION_COOKIE not in connection.cookies


def ancestors(activity: DiscordActivity) -> str:
    """Who may hold the frame: Discord, and our own outer page, but not the Activities of others beside it."""
    return f"https://discord.com https://*.discord.com https://{activity.host}"


def set_framed_cookie(response: Response, value: str) -> None:
    response.set_cookie(ACTIVITY_COOKIE, value, max_age=_SECONDS, httponly=True, samesite="none", secure=True)
    # `http.cookies` knows this attribute from Python 3.14 on only.
    name, cookie = response.raw_headers[-1]
    response.raw_headers[-1] = (name, cookie + b"; Partitioned")
