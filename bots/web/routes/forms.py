"""Dialogs with a form: what is made from a picture, reports and appeals."""

from starlette.requests import Request

from bots.presentation.actions import ACTIONS, Needs
from bots.presentation.compose.action_forms import contest_form
from bots.presentation.compose.parts.pictures import alt_text_of
from bots.presentation.form_model import FieldKind, Form
from bots.presentation.interaction_router import Ask
from bots.presentation.subject_lookup import load_form, load_indices
from bots.queries.job_view import load_job_view
from bots.web.access.session_cookies import WebUser
from bots.web.addresses import dialog_name
from bots.web.context import WebContext
from bots.web.queries.picture_details import load_details
from bots.web.render import FormPicture, ShownImage, render_form, shown_picture
from bots.web.routes.page_layout import dialog
from studio.commands.button_ids import Action
from studio.domain.identifiers import picture_id, split_picture_id
from studio.errors import BadRequestError, NotFoundError

# By the first part of the address. Settings and new contests are about nobody's picture: they have routes of their own.
ACTION_OF = {
    dialog_name(action): action
    for action, spec in ACTIONS.items()
    if spec.needs is Needs.FORM and action not in (Action.SETTINGS, Action.CONTEST)
}


@dialog(unbanned=True)
def form_dialog(context: WebContext, user: WebUser, request: Request) -> str:
    """GET /edit/<picture or job>, and the same for each action that needs a form."""
    action = ACTION_OF[request.url.path.split("/")[1]]
    subject: str = request.path_params["subject"]
    job_id, index = split_picture_id(subject) or (subject, 0)
    try:
        return _render(context, user, action, job_id, index)
    except BadRequestError:  # no picture of the job is there
        raise NotFoundError("this_picture") from None


@dialog(unbanned=True)
def contest_dialog(_context: WebContext, _user: WebUser, _request: Request) -> str:
    """GET /contest: the form of a new one."""
    return render_form(contest_form())


def _render(context: WebContext, user: WebUser, action: Action, job_id: str, index: int) -> str:
    database = context.ports.database
    if index == 0 and action is not Action.REPORT and not ACTIONS[action].about_job:  # about the first one
        index = load_indices(database, job_id, user.person)[0]
    form = load_form(context.ports, Ask(action=action, job_id=job_id, index=index), user.person)
    shown = index and not ACTIONS[action].about_job
    picture = _picture(context, user, action, picture_id(job_id, index)) if shown else None
    return render_form(form, picture, _choices(context, user, form, job_id))


def _picture(context: WebContext, user: WebUser, action: Action, about: str) -> FormPicture:
    with context.ports.database.read() as session:
        details = load_details(session, about, user.person)
    return FormPicture(
        image=shown_picture(details.picture, spoiler=details.view.job.spoiler and action is Action.REPORT),
        alt_text=alt_text_of(details.picture, len(details.siblings)),
        neighbours=details.neighbours(f"/{dialog_name(action)}/"),
    )


def _choices(context: WebContext, user: WebUser, form: Form, job_id: str) -> dict[str, ShownImage]:
    """The thumbnails of the pictures that may be chosen."""
    if all(field.kind is not FieldKind.PICTURE for field in form.fields):
        return {}
    view = load_job_view(context.ports.database, job_id, viewer=user.person)
    return {picture.id: shown_picture(picture, spoiler=view.job.spoiler) for picture in view.pictures}
