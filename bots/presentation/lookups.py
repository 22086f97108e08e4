"""What the database knows of the subject of a form, a choice or a panel. Blocking: call these in a thread."""

from collections.abc import Sequence

from bots.delivery.job_view import has_star, load_family, load_job_view
from bots.presentation.compose.choices import compose_choice, compose_panel
from bots.presentation.compose.forms import (
    FormSubject,
    appeal_form,
    blend_form,
    edit_form,
    expand_form,
    remix_form,
    report_form,
)
from bots.presentation.controller import Ask, Choose, Panel
from bots.presentation.forms import Form
from bots.presentation.message import Message
from bots.texts import jobs
from bots.texts.translation import translate
from studio.commands.button_ids import Action
from studio.db.database import Database
from studio.db.linked_identities import same_human
from studio.domain.identifiers import picture_id
from studio.domain.people import Person
from studio.errors import BadRequestError

_FORMS = {
    Action.REMIX: remix_form,
    Action.EDIT: edit_form,
    Action.EXPAND: expand_form,
    Action.BLEND: blend_form,
    Action.REPORT: report_form,
}


def load_form(database: Database, ask: Ask, viewer: Person, *, channel: str | None = None) -> Form:
    """The form, with what the picture's own says. `channel` is where the viewer is.

    Raises `NotFoundError`, and `BadRequestError` where all pictures were deleted.
    """
    if ask.action is Action.APPEAL:
        return appeal_form(ask.job_id)
    if ask.index:
        return form_about(
            ask.action, load_subject(database, picture_id(ask.job_id, ask.index), viewer, channel=channel)
        )
    indices = load_indices(database, ask.job_id, viewer)
    first = load_subject(database, picture_id(ask.job_id, indices[0]), viewer, channel=channel)
    if len(indices) == 1:
        return form_about(ask.action, first)
    pictures = tuple(picture_id(ask.job_id, index) for index in indices)
    subject = FormSubject(about=ask.job_id, pictures=pictures, prompt=first.prompt, key=first.key)
    return form_about(ask.action, subject)


def form_about(action: Action, subject: FormSubject) -> Form:
    """The form of an action, without a look into the records."""
    return _FORMS[action](subject)


def load_subject(
    database: Database, picture: str, viewer: Person, *, channel: str | None = None
) -> FormSubject:
    """Raises `NotFoundError`."""
    _, found, _ = load_family(database, picture, viewer, channel=channel)
    return FormSubject(about=found.id, prompt=found.recipe.prompt, key=found.key)


def load_choice(database: Database, choose: Choose, viewer: Person) -> Message:
    """Raises `NotFoundError`, and `BadRequestError` where all pictures were deleted."""
    return compose_choice(choose.action, choose.job_id, load_indices(database, choose.job_id, viewer))


def load_indices(database: Database, job_id: str, viewer: Person) -> Sequence[int]:
    """The numbers of the job's pictures that are there, at least one. Raises as `load_choice`."""
    job_view = load_job_view(database, job_id, viewer=viewer)
    indices = [picture.index for picture in job_view.pictures]
    if not indices:
        raise BadRequestError(translate(jobs.ALL_DELETED))
    return indices


def load_panel(database: Database, panel: Panel, viewer: Person, *, channel: str | None = None) -> Message:
    """Raises `NotFoundError`."""
    picture = picture_id(panel.job_id, panel.index)
    job, found, _ = load_family(database, picture, viewer, channel=channel)
    with database.read() as session:
        own = same_human(session, job.person.key, viewer.key)
    return compose_panel(job, found, own=own, moderates=viewer.moderates)


def changes_star(database: Database, picture: str, person_key: str, *, added: bool) -> bool:
    """Whether a reaction that was added or removed changes the person's star; a command would turn it around."""
    return has_star(database, picture, person_key) != added
