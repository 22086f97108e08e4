"""The room's page, and sheets over it."""

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from bots.web.access.sessions import LONGEST_NAME, WebUser
from bots.web.rendering import catalog_data, render
from bots.web.routes.authentication import context_of
from bots.web.texts import texts
from studio.commands.command_line import MAX_PHRASE
from studio.commands.submission.known_names import default_note


def sheet_of(request: Request, user: WebUser, html: str) -> Response:
    """The sheet alone for the open room; the whole room with the sheet open for a link."""
    return HTMLResponse(html if "hx-request" in request.headers else page_of(request, user, sheet=html))


def page_of(request: Request, user: WebUser, *, sheet: str = "") -> str:
    context = context_of(request)
    return render(
        "app.html",
        room_name=context.settings.room_name,
        user=user,
        token=context.session_store.form_token(user),
        longest_name=LONGEST_NAME,
        longest_text=MAX_PHRASE,
        sheet=sheet,
        note=default_note(context.ports),
        data={
            "catalog": catalog_data(context.ports, moderator=user.moderator),
            "words": texts.SCRIPT_WORDS,
            "me": user.user_id,
            "mostUploadBytes": context.settings.max_upload_bytes,
        },
    )
