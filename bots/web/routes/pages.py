"""The page of the app, and the dialogs that show jobs and pictures."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from bots.presentation.compose.errors import compose_error
from bots.presentation.compose.gatherings.mural_lineage import lineage_button
from bots.presentation.compose.job_message import compose_copy
from bots.presentation.compose.parts.buttons import rows_of
from bots.presentation.compose.parts.heading import heading_of
from bots.presentation.compose.parts.job_buttons import single_rows
from bots.presentation.compose.parts.pictures import credit_of
from bots.presentation.interaction_router import Panel
from bots.presentation.message import Button, Message
from bots.presentation.prompt_flags import typed_words
from bots.presentation.spans import plain_text
from bots.presentation.subject_lookup import load_panel
from bots.process.thread_pools import Pool
from bots.queries.job_view import JobView, Origin, load_job_views
from bots.texts.gatherings.mural import SHOW_WHOLE
from bots.texts.translation import translate
from bots.web import texts
from bots.web.access.activity_frame import is_start
from bots.web.access.session_cookies import WEB_ADDRESS, WebUser
from bots.web.addresses import lineage_path, picture_path
from bots.web.context import WebContext
from bots.web.queries.job_cards import is_seen_by
from bots.web.queries.picture_details import PictureDetails, load_details
from bots.web.render import ShownImage, shown_picture
from bots.web.routes.authentication import context_of, require_not_banned, require_unbanned_user
from bots.web.routes.banned import banned_page
from bots.web.routes.comparison import MOST_COMPARED
from bots.web.routes.page_layout import app_response, dialog
from bots.web.routes.prompt import load_prompt
from bots.web.routes.sign_in.activity import start_page
from bots.web.routes.sign_in.login import entry_page
from bots.web.templating import render_template
from studio.commands.button_ids import Action
from studio.db import queries
from studio.domain.identifiers import is_job_id
from studio.errors import BannedError, NotFoundError

# Of a picture's actions: those of its whole job, and what its dialog shows in another way.
_ELSEWHERE = frozenset({Action.MORE, Action.REROLL, Action.WHO})


async def app_page(request: Request) -> Response:
    context = context_of(request)
    if context.settings.activity and is_start(request):
        return start_page(request, context.settings.activity)
    user = context.session_store.read(request)
    if user is None or not context.session_store.admits(user):
        return entry_page(request, user)
    try:
        await require_not_banned(context, user)
    except BannedError as error:
        return await banned_page(request, compose_error(error).summary)
    typed = await context.pools.run(Pool.DATABASE, load_prompt, context, user, request.query_params)
    return await app_response(request, user, typed=typed)


async def older_jobs(request: Request) -> Response:
    """GET /wall?before=<job>: older jobs, for scrolling down."""
    context, user = await require_unbanned_user(request)
    before = request.query_params.get("before", "")
    if not is_job_id(before):
        raise NotFoundError("this_page")
    return HTMLResponse(await context.feed.load_page(user, before))


@dialog(unbanned=True)
def picture_dialog(context: WebContext, user: WebUser, request: Request) -> str:
    """GET /view/<picture or job>: one picture, its recipe, its family, and what can be made of it."""
    subject: str = request.path_params["subject"]
    with context.ports.database.read() as session:
        if is_job_id(subject):
            pictures = queries.pictures_of_job(
                session, queries.find_job(session, subject, viewer=user.person).id
            )
            if not pictures:
                raise NotFoundError("this_picture")
            subject = pictures[0].id
        details = load_details(session, subject, user.person)
    picture = details.picture
    shown = Panel(job_id=picture.job_id, index=picture.index)
    panel = load_panel(context.ports, shown, user.person, channel=WEB_ADDRESS.channel)
    return _portrait(
        details.view,
        large=shown_picture(picture),
        before=_before(details),
        used=_reusable(details),
        compared=",".join(_around(details.siblings, picture.id)),
        neighbours=details.neighbours(picture_path("")),
        rows=rows_of(
            [
                *_actions(details.view, panel),
                *(lineage_button(whole.gathering, SHOW_WHOLE) for whole in details.wholes),
            ],
            most=3,
        ),
        lineage=lineage_path(picture.id) if details.ancestors or details.children else "",
        families=[
            (translate(texts.MADE_FROM), _with_credits(details.ancestors), 0),
            (translate(texts.BECAME), _with_credits(details.children), details.more_children),
        ],
    )


def _portrait(view: JobView, **more: object) -> str:
    """What `compose_copy` says of a job, beside its pictures."""
    values = {"large": None, "before": None, "compared": "", "neighbours": None, "shown": {}, **more}
    values = {"rows": (), "families": (), "used": None, "lineage": "", **values}
    ended = view.pictures[0].created_at if len(view.pictures) == 1 else view.job.created_at
    return render_template(
        "portrait.html",
        message=compose_copy(view),
        heading=heading_of(view, picture_path),
        when=ended,
        **values,
    )


def _before(details: PictureDetails) -> ShownImage | None:
    """The picture of which this one is an edit or an upscale."""
    if details.before is not None:
        picture, job = details.before
        return shown_picture(picture, spoiler=job.spoiler)
    side = details.picture.width
    return ShownImage(copies=[(f"/before/{details.picture.id}", side)]) if details.edits_upload else None


def _reusable(details: PictureDetails) -> tuple[str, int | None]:
    """What is put into the prompt to go on from the words or the seed of a picture."""
    return typed_words(details.view.prompt), details.picture.recipe.seed


def _around(siblings: Sequence[str], picture_id: str) -> Sequence[str]:
    """Up to `MOST_COMPARED` pictures of its job with this one among them; none where it is alone."""
    first = max(0, min(siblings.index(picture_id) - 1, len(siblings) - MOST_COMPARED))
    return siblings[first : first + MOST_COMPARED] if len(siblings) > 1 else ()


def _with_credits(relatives: Sequence[Origin]) -> list[tuple[Origin, str]]:
    return [(relative, plain_text(credit_of(relative))) for relative in relatives]


def _actions(view: JobView, panel: Message) -> Iterator[Button]:
    """Each once: the buttons of a message that shows this picture alone, and those of its panel."""
    rows = (*single_rows(view), *panel.rows)
    by_action = {button.action: button for row in rows for button in row.buttons}
    if starred_by := view.starred_by.get(view.pictures[0].id, ()):
        star = by_action[Action.STAR]
        by_action[Action.STAR] = replace(star, label=f"{star.label} {len(starred_by)}")
    yield from (button for action, button in by_action.items() if action not in _ELSEWHERE)


@dialog()
def job_dialog(context: WebContext, user: WebUser, request: Request) -> str:
    """GET /jobs/<job>: a job with its pictures and its recipe."""
    job_id: str = request.path_params["job"]
    with context.ports.database.read() as session:
        job = queries.find_job(session, job_id, viewer=user.person)
        (view,) = load_job_views(session, [job])
    if not is_seen_by(view, user.user_id, moderator=user.moderator):
        raise NotFoundError("job", id=job_id)
    if job.person.key != user.person.key:  # a banned user still reaches their own jobs
        context.ports.gate.require_not_banned(user.person)
    return _portrait(view, shown={picture.id: shown_picture(picture) for picture in view.pictures})
