"""Who may open the moderators' desk."""

from starlette.requests import Request

from bots.web.access.session_cookies import WebUser
from bots.web.context import WebContext
from bots.web.routes.authentication import require_unbanned_user
from studio.errors import NotAllowedError


async def require_moderating_user(request: Request) -> tuple[WebContext, WebUser]:
    """Raises `LoginRequiredError` and `BannedError`, and `NotAllowedError` for everybody else."""
    context, user = await require_unbanned_user(request)
    if not user.moderator:
        raise NotAllowedError("moderators_only")
    return context, user
