"""What the database knows of the subject of a form, a choice or a panel. Blocking: call these in a thread."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain

from bots.presentation.compose.action_forms import (
    PICTURE_FORMS,
    FormSubject,
    appeal_form,
    contest_form,
    imagine_form,
)
from bots.presentation.compose.gatherings.management import (
    MANAGE,
    REMOVE,
    compose_management,
    removal_form,
)
from bots.presentation.compose.gatherings.presenter import OPEN, with_drawings
from bots.presentation.compose.gatherings.registry import find_presenter
from bots.presentation.compose.parts.fields import latest_field, own_pictures_field
from bots.presentation.compose.parts.prompt_controls import PromptControl, prompt_controls
from bots.presentation.compose.picture_choice import compose_choice, compose_panel
from bots.presentation.compose.settings import HomeContent, compose_home, settings_form
from bots.presentation.form_model import FieldKind, Form
from bots.presentation.interaction_router import Ask, Choose, Panel
from bots.presentation.message import Audience, Message
from bots.presentation.suggestions import MOST, label_suggestions, suggest
from bots.queries.gathering_view import load_gathering_view
from bots.queries.job_view import find_pressed_actions, has_star, load_job_view, load_picture
from studio.commands.button_ids import Action
from studio.commands.button_ids import Button as ButtonId
from studio.commands.completion.finders import own_pictures
from studio.commands.gatherings.acting import act_before_panel
from studio.commands.parameter_values import Kind
from studio.commands.registry import execute, find_command
from studio.commands.results import Balance, InQueue, SettingsChanged
from studio.commands.spec import Call
from studio.commands.styles.named_style import names_of_styles
from studio.commands.submission.known_names import names_offered
from studio.commands.submission.source_images import model_of
from studio.db import queries
from studio.db.database import Database
from studio.db.identities.linked_identities import identities, same_human
from studio.db.settings import preferences_of
from studio.domain.gatherings import PartPress
from studio.domain.identifiers import picture_id
from studio.domain.jobs import JobState
from studio.domain.people import Address, Person
from studio.domain.requests import STRUCTURES
from studio.errors import BadRequestError
from studio.gatherings.contests.records import find_open_contest
from studio.ports import Ports
from studio.services.visibility import is_secret_turn

_LARGEST_DRAWING_BYTES = 8 * 1024 * 1024
_MOST_RECENT = 5


def load_form(ports: Ports, ask: Ask, viewer: Person, *, channel: str | None = None) -> Form:
    """The form, filled in with what is known of its subject. `channel` is where the viewer is.

    Raises `NotFoundError`, and `BadRequestError` where all pictures were deleted.
    """
    if ask.action is Action.APPEAL:
        return appeal_form(picture_id(ask.job_id, ask.index) if ask.index else ask.job_id)
    if ask.press is not None:
        view = load_gathering_view(ports.database, ask.job_id, reader=viewer, channel=channel)
        make_form = removal_form if ask.press.verb == REMOVE else find_presenter(view.gathering.kind).form
        return _with_own_pictures(ports, make_form(view, ask.press), viewer, channel)
    if ask.action is Action.CONTEST:
        return contest_form()
    if ask.action is Action.SETTINGS:
        return load_settings_form(ports, viewer)
    database = ports.database
    indices = [ask.index] if ask.index else load_indices(database, ask.job_id, viewer)
    subject = load_subject(ports, picture_id(ask.job_id, indices[0]), viewer, channel=channel)
    if len(indices) > 1:
        pictures = tuple(picture_id(ask.job_id, index) for index in indices)
        subject = replace(subject, about=ask.job_id, pictures=pictures)
    return form_about(ask.action, subject)


def with_latest_pictures(ports: Ports, call: Call, form: Form) -> Form:
    """Where ids of pictures are typed, with a menu of the latest before them."""
    names = [field.name for field in form.fields]
    spec = find_command(form.command)
    parameter = spec.parameter("picture2")
    if "pictures" not in names or parameter is None:
        return form
    found = suggest(ports, call, spec, parameter, "", {"picture": form.about})
    others = [choice for choice in found if choice.value != form.about]
    if not others:
        return form
    place = names.index("pictures")
    return replace(form, fields=(*form.fields[:place], latest_field(others), *form.fields[place:]))


def _with_own_pictures(ports: Ports, form: Form, viewer: Person, channel: str | None) -> Form:
    """Where the id of a picture is typed in a form of a gathering, with a menu of one's latest pictures before it."""
    place = next((field for field in form.fields if field.name == "picture"), None)
    if place is None or place.kind is not FieldKind.LINE:
        return form
    address = Address(platform=viewer.platform, community=viewer.community, channel=channel or "")
    call = Call(person=viewer, address=address, request_key="")
    with ports.database.read() as session:
        found = own_pictures(session, call, find_command(form.command))[:MOST]
    if not found:
        return form
    menu = own_pictures_field(label_suggestions(found))
    fields = [[menu, replace(field, required=False)] if field is place else [field] for field in form.fields]
    return replace(form, fields=tuple(chain.from_iterable(fields)))


def load_settings_form(ports: Ports, viewer: Person) -> Form:
    models, styles = names_offered(ports)
    with ports.database.read() as session:
        preferences = preferences_of(session, viewer.key)
    return settings_form(preferences, models=models, styles=styles)


def load_imagine_form(ports: Ports) -> Form:
    """Opened from no channel."""
    models, styles = names_offered(ports)
    referring = any(model.takes_references for model in ports.options.models())
    followed = {kind for model in ports.options.models() for kind in model.structures}
    return imagine_form(
        models=models,
        styles=styles,
        asks_channel=True,
        takes_references=referring,
        structures=[kind for kind in STRUCTURES if kind in followed],
    )


def load_prompt_controls(ports: Ports, viewer: Person) -> tuple[PromptControl, ...]:
    """What this installation offers somebody beside a prompt. Reads the database for the styles that they saved."""
    known = ports.options.models()
    models, _ = names_offered(ports)
    styles = names_of_styles(ports, viewer)
    return prompt_controls(
        {Kind.MODEL: models, Kind.STYLE: styles},
        takes_references=any(model.takes_references for model in known),
        structures={kind for model in known for kind in model.structures},
        drafts=any(model.drafts for model in known),
    )


def form_about(action: Action, subject: FormSubject) -> Form:
    """The form of an action, without a look into the records."""
    return PICTURE_FORMS[action](subject)


def load_subject(ports: Ports, picture: str, viewer: Person, *, channel: str | None = None) -> FormSubject:
    """Raises `NotFoundError`."""
    _, found = load_picture(ports.database, picture, viewer, channel=channel)
    recipe = found.recipe
    alt_text = found.alt_text or found.description
    subject = FormSubject(about=found.id, prompt=recipe.prompt, alt_text=alt_text, key=found.key)
    return _with_models(ports, subject, model_of(recipe))


def subject_of_upload(ports: Ports, about: str, *, key: str = "") -> FormSubject:
    """An image of somebody's own, by its ticket. Looks nothing up in the records."""
    return _with_models(ports, FormSubject(about=about, key=key), None)


def _with_models(ports: Ports, subject: FormSubject, model: str | None) -> FormSubject:
    """`model` edits where no other is chosen; None is the default one."""
    models = ports.options.models()
    own = next((known for known in models if model is None or known.name == model), None)
    others = tuple(known.name for known in models if known.edits_by_words and known != own)
    return replace(
        subject,
        edits_by_words=own is not None and own.edits_by_words,
        word_editors=others,
        reference_models=tuple(known.name for known in models if known.takes_references),
    )


def load_choice(database: Database, choose: Choose, viewer: Person) -> Message:
    """Raises `NotFoundError`, and `BadRequestError` where all pictures were deleted."""
    return compose_choice(choose.action, choose.job_id, load_indices(database, choose.job_id, viewer))


def load_indices(database: Database, job_id: str, viewer: Person) -> Sequence[int]:
    """The numbers of the job's pictures that are there, at least one. Raises as `load_choice`."""
    job_view = load_job_view(database, job_id, viewer=viewer)
    indices = [picture.index for picture in job_view.pictures]
    if not indices:
        raise BadRequestError("all_deleted")
    return indices


def load_panel(
    ports: Ports, panel: Panel, viewer: Person, *, channel: str | None = None, pixelated: bool = False
) -> Message:
    """Raises `NotFoundError`. `pixelated`: the platform has no spoilers."""
    if panel.press is not None:
        return _load_gathering(ports, panel.press, viewer, channel=channel, pixelated=pixelated)
    database = ports.database
    picture = picture_id(panel.job_id, panel.index)
    job, found = load_picture(database, picture, viewer, channel=channel)
    with database.read() as session:
        own = same_human(session, job.person.key, viewer.key)
        place = Address(platform=viewer.platform, community=viewer.community, channel=channel or "")
        contest = find_open_contest(session, place) is not None
        several = len(queries.pictures_of_job(session, job.id)) > 1
    pressed = find_pressed_actions(database, job, picture)
    pressed |= {Action.STAR} if has_star(database, picture, viewer.key) else set()
    possible = _possible_actions(ports, contest=contest, several=several and job.state is JobState.DONE)
    return compose_panel(job, found, own=own, moderates=viewer.moderates, pressed=pressed, possible=possible)


def _possible_actions(ports: Ports, *, contest: bool, several: bool) -> set[Action]:
    """Of those that are possible only at times. `contest`: one is open where the viewer is.

    `several`: the job is done and has more than one picture.
    """
    possible = {
        Action.PICK: several,
        Action.ENTER: contest,
        Action.REWRITE: ports.prompt_helper is not None,
        Action.DESCRIBE: ports.captioner is not None,
    }
    return {action for action, is_possible in possible.items() if is_possible}


def _load_gathering(
    ports: Ports, press: ButtonId, viewer: Person, *, channel: str | None, pixelated: bool
) -> Message:
    """What a gathering shows to one person: its message for ``open``, else what its kind has for the verb.

    Raises also what the verb raises, where it does something before.
    """
    pressed = PartPress(gathering=press.job_id, verb=press.verb, round=press.round, part=press.part)
    act_before_panel(ports, viewer, channel, pressed)
    view = load_gathering_view(
        ports.database, press.job_id, reader=viewer, channel=channel, pixelated=pixelated
    )
    presenter = find_presenter(view.gathering.kind)
    if press.verb == OPEN:
        message = with_drawings(presenter.message(view), presenter.draw(ports, view, _LARGEST_DRAWING_BYTES))
    elif press.verb == MANAGE:
        message = compose_management(view, presenter.name)
    else:
        drawings = presenter.draw_panel(ports, view, press, _LARGEST_DRAWING_BYTES)
        message = with_drawings(presenter.panel(view, press), drawings)
    return replace(message, audience=Audience.PERSON)


def changes_star(database: Database, picture: str, person_key: str, *, added: bool) -> bool:
    """Whether a reaction that was added or removed changes the person's star; a command would turn it around."""
    return has_star(database, picture, person_key) != added


def load_home(ports: Ports, call: Call) -> Message:
    """A person's own page: credits, queue, the latest jobs that are done, and settings, of all linked identities."""
    answers = [execute(ports, call, command, {}) for command in ("credits", "settings", "queue")]
    with ports.database.read() as session:
        mine = identities(session, call.person.key)
        latest = queries.jobs_of(session, mine, limit=_MOST_RECENT, states={JobState.DONE})
        jobs = [job for job in latest if not is_secret_turn(job)]
        pictures = [(job, queries.pictures_of_job(session, job.id)[:1]) for job in jobs]
    recent = tuple((job, picture) for job, shown in pictures for picture in shown)
    match answers:
        case [Balance() as balance, SettingsChanged(preferences=preferences), InQueue(places=waiting)]:
            content = HomeContent(balance=balance, preferences=preferences, waiting=waiting, recent=recent)
            return compose_home(content)
    raise TypeError("credits, settings or queue command returned an unexpected result type")
