"""The page of the app, and dialogs over it."""

from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from bots.texts.translation import translate
from bots.web.access.sessions import LONGEST_NAME, WebUser
from bots.web.routes.authentication import context_of
from bots.web.templating import render_template, script_texts
from studio.commands.command_line import MAX_PHRASE
from studio.commands.registry import CATALOG
from studio.commands.spec import Audience
from studio.commands.submission.known_names import choices_of, default_note
from studio.ports import Ports


def dialog_of(request: Request, user: WebUser, html: str) -> Response:
    """The dialog alone for the open page; the whole page with the dialog open for a link."""
    return HTMLResponse(html if "hx-request" in request.headers else page_of(request, user, dialog=html))


def page_of(request: Request, user: WebUser, *, dialog: str = "") -> str:
    context = context_of(request)
    return render_template(
        "app.html",
        room_name=context.settings.room_name,
        user=user,
        token=context.session_store.form_token(user),
        longest_name=LONGEST_NAME,
        longest_text=MAX_PHRASE,
        dialog=dialog,
        note=default_note(context.ports),
        data={
            "catalog": catalog_data(context.ports, moderator=user.moderator),
            "texts": script_texts(),
            "me": user.user_id,
            "comesBack": bool(user.subject),
            "mostUploadBytes": context.settings.max_upload_bytes,
        },
    )


def catalog_data(ports: Ports, *, moderator: bool = False) -> list[dict[str, Any]]:
    """The catalogue as the completion in the browser reads it."""
    return [
        {
            "name": spec.name,
            "summary": translate(spec.summary),
            "paints": spec.paints,
            "parameters": [
                {
                    "name": parameter.name,
                    "summary": translate(parameter.summary),
                    "kind": parameter.kind,
                    "choices": choices_of(ports, parameter),
                    "positional": parameter.positional,
                    "own": parameter.own,
                }
                for parameter in spec.parameters
            ],
        }
        for spec in CATALOG.values()
        if moderator or spec.audience is Audience.EVERYBODY
    ]
