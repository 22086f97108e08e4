"""Dialogs about the user: their jobs, messages and settings, the help, and the rules of the community."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from tempfile import TemporaryFile
from typing import IO

from starlette.concurrency import iterate_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from bots.presentation.actions import description
from bots.presentation.compose.cases import compose_notice, compose_question
from bots.presentation.compose.help import commands_for, compose_command_help
from bots.presentation.compose.language_models.proposed_prompts import compose_proposal
from bots.presentation.message import Command
from bots.presentation.spans import sentence
from bots.presentation.subject_lookup import load_settings_form
from bots.process.thread_pools import Pool
from bots.texts.privacy_notice import archive_readme
from bots.texts.translation import translate
from bots.web import texts
from bots.web.access.session_cookies import WebUser
from bots.web.context import WebContext
from bots.web.live.responses import AnswerDialog
from bots.web.queries.inbox import mark_read, read_messages
from bots.web.render import ShownImage, render
from bots.web.routes.authentication import require_user
from bots.web.routes.page_layout import Route, answer_of, dialog, dialog_of, message_html
from bots.web.templating import render_template
from studio.commands.button_ids import Action
from studio.commands.proposals.proposal import find_own_proposal
from studio.commands.registry import FORMER_COMMANDS, REACTIONS
from studio.commands.submission.known_names import default_note
from studio.domain.identifiers import split_picture_id
from studio.domain.pictures import THUMBNAIL_SIDES_PIXELS
from studio.services.accounts.account_export import write_export

_EXPORTS_AN_HOUR = 6
_BLOCK_BYTES = 256 * 1024


def answer_dialog(shown: AnswerDialog) -> Route:
    """The route of a dialog of `ANSWER_DIALOGS`."""

    @dialog()
    def show(context: WebContext, user: WebUser, request: Request) -> str:
        values = {**shown.values, **request.path_params}
        if "person" in values:
            values["person"] = replace(user.person, user_id=values["person"]).key
        message = answer_of(context, user, shown.command, values)
        images = {
            image.name: ShownImage(copies=[(f"/thumbnails/{image.name}", THUMBNAIL_SIDES_PIXELS[0])])
            for image in message.files
            if split_picture_id(image.name)
        }
        return message_html(message, images)

    return show


@dialog()
def proposal_dialog(context: WebContext, user: WebUser, request: Request) -> str:
    """GET /proposals/<id>: prompts that were proposed to the user."""
    proposal = find_own_proposal(context.ports, user.call(), request.path_params["id"])
    return message_html(compose_proposal(proposal))


@dialog()
def rules_dialog(context: WebContext, user: WebUser, request: Request) -> str:
    """GET /rules: what the moderators settled; for them only. ``?typed=`` is the command's former name."""
    typed = request.query_params.get("typed", "")
    name = typed if typed in FORMER_COMMANDS else "community"
    commands = {"name": "/community", "example": "/community pictures 2", "pause": "/community pause"}
    hint = sentence(texts.RULES_HINT, **{name: Command(command) for name, command in commands.items()})
    return message_html(answer_of(context, user, name), hint=hint)


async def export(request: Request) -> Response:
    """GET /export-me: everything that is kept of the user, as a ZIP that is written to disk while it is sent."""
    context, user = require_user(request)
    key = f"export:{user.user_id}"
    if not context.attempt_limiter.take(key, tries=_EXPORTS_AN_HOUR, seconds=3600):
        return PlainTextResponse(translate(texts.TOO_MANY_EXPORTS), status_code=429)
    file = await context.pools.run(Pool.FILES, _write_export, context, user)
    headers = {"Content-Disposition": 'attachment; filename="chatelier-export.zip"'}
    return StreamingResponse(
        iterate_in_threadpool(_read_through(file)), media_type="application/zip", headers=headers
    )


def _write_export(context: WebContext, user: WebUser) -> IO[bytes]:
    file = TemporaryFile()  # noqa: SIM115 - closed when it was sent
    try:
        write_export(context.ports, user.person, file, readme=archive_readme)
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return file


def _read_through(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while block := file.read(_BLOCK_BYTES):
            yield block


async def messages_dialog(request: Request) -> Response:
    """GET /mine/messages. Opening it marks them as read."""
    context, user = require_user(request)

    def load() -> str:
        with context.ports.database.begin() as session:
            asked, notices = read_messages(session, user.person.key)
            mark_read(session, user.person.key)
        questions = [context.ports.desk.read(case_id) for case_id in asked]
        return render_template(
            "messages.html",
            questions=[
                (question.case.picture_id, render(compose_question(question))) for question in questions
            ],
            notices=[(notice.written_at, render(compose_notice(notice))) for notice in notices],
        )

    dialog = await dialog_of(request, user, await context.pools.run(Pool.DATABASE, load))
    context.hub.inbox_changed(user.user_id)
    return dialog


@dialog()
def settings_dialog(context: WebContext, user: WebUser, _request: Request) -> str:
    """GET /settings."""
    return render_template(
        "settings.html",
        form=load_settings_form(context.ports, user.person),
        ways=context.sign_ins.of(user),
        providers=context.settings.sign_in_providers,
    )


@dialog()
def help_dialog(context: WebContext, user: WebUser, _request: Request) -> str:
    """GET /help."""
    return render_template(
        "help.html",
        commands=[(spec, compose_command_help(spec)) for spec in commands_for(moderates=user.moderator)],
        reactions=_reactions(),
        note=default_note(context.ports),
    )


def _reactions() -> Mapping[str, str]:
    """What the reactions on a card do. The one that deletes also cancels a job that waits."""
    meanings = {emoji: description(action, index) for emoji, (action, index) in REACTIONS.items()}
    deletes = {emoji for emoji, (action, _) in REACTIONS.items() if action is Action.DELETE}
    return meanings | dict.fromkeys(deletes, translate(texts.CANCEL_OR_DELETE))
