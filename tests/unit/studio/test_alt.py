"""/alt: the owner's words stand for a picture wherever its image is shown."""

import pytest

from bots.presentation.compose.job_message import compose_job
from bots.presentation.interaction_router import Ask, FormId, Panel, route_form
from bots.presentation.subject_lookup import load_form, load_panel
from bots.queries.job_view import load_job_view
from studio.commands.button_ids import Action
from studio.commands.completion.suggest import find_suggestions
from studio.commands.registry import CATALOG, execute
from studio.commands.results import PictureShown
from studio.commands.spec import Call
from studio.db.tables import PictureRow
from studio.domain.events import PictureChanged
from studio.domain.verdicts import Ruling, Verdict
from studio.errors import NotAllowedError, NotFoundError, PolicyRefusalError
from studio.ports import Ports
from tests.support.fakes import someone, somewhere
from tests.support.finished_jobs import paint_job

WORDS = "a fox asleep in the snow, seen from above"


@pytest.fixture
def job(ports: Ports, call: Call) -> str:
    return paint_job(ports, execute(ports, call, "imagine", {"prompt": "a fox", "count": 2}).job_id)


def asks(name: str, *, moderator: bool = False, community: str = "room") -> Call:
    person = someone(name, moderator=moderator, community=community)
    return Call(person=person, address=somewhere(community), request_key=f"alt:{name}")


def alt_texts(ports: Ports, job: str) -> list[str]:
    return [image.alt_text for image in compose_job(load_job_view(ports.database, job)).files]


def test_the_owners_words_are_the_alternative_text_of_that_picture_alone(
    ports: Ports, call: Call, job: str
) -> None:
    answer = execute(ports, call, "alt", {"picture": f"{job}.2", "text": WORDS})
    assert isinstance(answer, PictureShown)
    assert alt_texts(ports, job) == ["Picture 1 of 2: a fox", f"Picture 2 of 2: {WORDS}"]


def test_messages_that_show_the_picture_are_rendered_again(ports: Ports, call: Call, job: str) -> None:
    execute(ports, call, "alt", {"picture": f"{job}.2", "text": WORDS})
    changed = ports.events.published[-1]  # type: ignore[attr-defined]
    assert changed == PictureChanged(job_id=job, platform=call.person.platform, picture_id=f"{job}.2")


def test_without_words_the_prompt_stands_for_it_again(ports: Ports, call: Call, job: str) -> None:
    execute(ports, call, "alt", {"picture": f"{job}.1", "text": WORDS})
    execute(ports, call, "alt", {"picture": f"{job}.1"})
    assert alt_texts(ports, job)[0] == "Picture 1 of 2: a fox"


def test_nobody_else_describes_it_but_a_moderator(ports: Ports, job: str) -> None:
    values = {"picture": f"{job}.1", "text": WORDS}
    with pytest.raises(NotAllowedError):
        execute(ports, asks("bo"), "alt", values)
    with pytest.raises(NotFoundError):
        execute(ports, asks("mo", moderator=True, community="elsewhere"), "alt", values)
    execute(ports, asks("mo", moderator=True), "alt", values)
    assert alt_texts(ports, job)[0] == f"Picture 1 of 2: {WORDS}"


@pytest.mark.parametrize("ruling", [Ruling.REFUSE, Ruling.HOLD])
def test_words_that_a_prompt_may_not_have_are_refused(
    ports: Ports, call: Call, job: str, ruling: Ruling
) -> None:
    ports.gate.verdict = Verdict(ruling=ruling, rule="wording", category="gore")  # type: ignore[misc]
    with pytest.raises(PolicyRefusalError):
        execute(ports, call, "alt", {"picture": f"{job}.1", "text": WORDS})
    assert alt_texts(ports, job)[0] == "Picture 1 of 2: a fox"


def test_only_ones_own_pictures_are_suggested(ports: Ports, call: Call, job: str) -> None:
    spec = CATALOG["alt"]
    parameter = spec.parameters[0]
    own = find_suggestions(ports, call, spec, parameter, "", {})
    assert [suggestion.value for suggestion in own] == [f"{job}.1", f"{job}.2"]
    assert find_suggestions(ports, asks("bo"), spec, parameter, "", {}) == []


def test_the_panel_offers_a_form_that_holds_what_the_owner_wrote_and_never_the_prompt(
    ports: Ports, call: Call, job: str
) -> None:
    panel = load_panel(ports, Panel(job_id=job, index=1), call.person)
    assert Action.ALT in {button.action for button in panel.buttons}
    form = load_form(ports, Ask(action=Action.ALT, job_id=job, index=1), call.person)
    assert [field.initial for field in form.fields] == [""]
    run = route_form(FormId(command=form.command, about=form.about), {"text": WORDS})
    execute(ports, call, run.command, run.values)
    form = load_form(ports, Ask(action=Action.ALT, job_id=job, index=1), call.person)
    assert [field.initial for field in form.fields] == [WORDS]


def test_forgotten_people_leave_no_words(ports: Ports, call: Call, job: str) -> None:
    execute(ports, call, "alt", {"picture": f"{job}.1", "text": WORDS})
    execute(ports, call, "forget-me", {"confirm": "yes"})
    with ports.database.read() as session:
        assert {session.get_one(PictureRow, f"{job}.{number}").alt_text for number in (1, 2)} == {None}
