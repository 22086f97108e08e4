"""The web page in a frame of Discord's, as an Activity: which requests come from there, and what they need.

Browsers see the page under a host of Discord's, whose proxy fetches it here. In a frame of another site only cookies
with ``SameSite=None`` are sent. Such a cookie is kept apart from the ordinary one, is partitioned (CHIPS: it belongs to
the page that holds the frame), is signed apart and counts only where the ordinary one is missing. Nobody gets it before
Discord has said who they are: until then a cookie for that question alone is there.
"""

from starlette.requests import HTTPConnection
from starlette.responses import Response

from bots.web.oauth_provider import DiscordActivity

SESSION_COOKIE = "chatelier_session"
ACTIVITY_COOKIE = "chatelier_activity"
PROOF_PATH = "/activity"
_PROOF_COOKIE = "chatelier_activity_start"
WITHOUT_SESSION = f"{ACTIVITY_COOKIE}="  # as a Cookie header: the frame is known by the cookie's name
FRAMED_SECONDS = 12 * 3600  # then Discord is asked anew who it is
_COOKIE_SECONDS = 7 * 24 * 3600  # longer than its session, so that the frame is still known as one afterwards
PROOF_SECONDS = 15 * 60


def is_start(connection: HTTPConnection) -> bool:
    """Whether Discord opens the Activity: it names the frame and the instance in the address."""
    query = connection.query_params
    return connection.url.path == "/" and "frame_id" in query and "instance_id" in query


def is_framed(connection: HTTPConnection) -> bool:
    """Whether a request's session is that of the frame."""
    return ACTIVITY_COOKIE in connection.cookies and SESSION_COOKIE not in connection.cookies


def is_of_start(connection: HTTPConnection) -> bool:
    """Whether a page that Discord opened may ask this without a session: its files, and what its client said."""
    path = connection.url.path
    return path.startswith("/static/") or (path == PROOF_PATH and bool(proof_cookie(connection)))


def proof_cookie(connection: HTTPConnection) -> str:
    return connection.cookies.get(_PROOF_COOKIE, "")


def ancestors(activity: DiscordActivity) -> str:
    """Who may hold the frame: Discord, and our own outer page, but not the Activities of others beside it."""
    return f"https://discord.com https://*.discord.com https://{activity.host}"


def set_framed_cookie(response: Response, value: str) -> None:
    """The session of the frame, whose question is answered with it."""
    _set_cookie(response, ACTIVITY_COOKIE, value, seconds=_COOKIE_SECONDS)
    _set_cookie(response, _PROOF_COOKIE, "", seconds=0, path=PROOF_PATH)


def set_proof_cookie(response: Response, value: str) -> None:
    """The question who somebody is; a session that was there before is taken away."""
    _set_cookie(response, _PROOF_COOKIE, value, seconds=PROOF_SECONDS, path=PROOF_PATH)
    _set_cookie(response, ACTIVITY_COOKIE, "", seconds=0)


def _set_cookie(response: Response, name: str, value: str, *, seconds: int, path: str = "/") -> None:
    response.set_cookie(name, value, max_age=seconds, path=path, httponly=True, samesite="none", secure=True)
    # `http.cookies` knows this attribute from Python 3.14 on only.
    header, cookie = response.raw_headers[-1]
    response.raw_headers[-1] = (header, cookie + b"; Partitioned")
