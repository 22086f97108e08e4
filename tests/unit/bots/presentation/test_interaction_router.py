"""What follows a press, a reaction, a menu entry or a submitted form."""

from dataclasses import replace

import pytest

from bots.presentation.interaction_router import (
    Ask,
    Choose,
    FormId,
    Panel,
    Run,
    Send,
    from_menu,
    meaning_of,
    parse_form_id,
    route_button,
    route_form,
    route_reaction,
)
from bots.presentation.subject_lookup import changes_star, load_choice, load_form, load_panel
from bots.queries.message_lookup import ShownPictures
from studio.commands.button_ids import Action, Button, parse_button
from studio.commands.registry import execute
from studio.commands.spec import Call
from studio.db.identities import linked_identities
from studio.db.identities.people import lock_person
from studio.domain.jobs import JobState
from studio.domain.people import Person
from studio.domain.requests import Source
from studio.errors import BadParameterError, BadRequestError, NotFoundError
from studio.ports import Ports
from tests.support.fakes import someone
from tests.support.finished_jobs import paint_job
from tests.support.sample_domain import JOB_ID
from tests.support.sentences import raises


def press(action: Action, index: int = 0) -> object:
    return route_button(Button(action=action, job_id=JOB_ID, index=index))


class TestPresses:
    def test_a_button_that_needs_nothing_runs_its_command(self) -> None:
        assert press(Action.REROLL) == Run(command="reroll", values={"job": JOB_ID}, public=True)
        assert press(Action.CANCEL) == Run(command="cancel", values={"job": JOB_ID})

    def test_a_button_of_one_picture_runs_its_command(self) -> None:
        assert press(Action.UPSCALE, 2) == Run(
            command="upscale", values={"picture": f"{JOB_ID}.2"}, public=True
        )

    def test_a_button_that_needs_a_picture_asks_which(self) -> None:
        for action in (Action.UPSCALE, Action.VARY, Action.STAR, Action.WHO, Action.MORE):
            assert press(action) == Choose(action=action, job_id=JOB_ID)

    def test_a_button_that_needs_words_opens_a_form(self) -> None:
        for action in (Action.REMIX, Action.EDIT, Action.EXPAND, Action.BLEND, Action.REPORT):
            assert press(action, 3) == Ask(action=action, job_id=JOB_ID, index=3)
            assert press(action) == Ask(action=action, job_id=JOB_ID)
        assert press(Action.APPEAL) == Ask(action=Action.APPEAL, job_id=JOB_ID)

    def test_more_opens_the_panel_of_a_picture(self) -> None:
        assert press(Action.MORE, 2) == Panel(job_id=JOB_ID, index=2)

    def test_send_needs_no_command(self) -> None:
        assert press(Action.SEND, 2) == Send(job_id=JOB_ID)

    def test_a_buttons_id_of_an_earlier_version_leads_where_it_led(self) -> None:
        button = parse_button(f"c1:vary:{JOB_ID}:4")
        assert button is not None
        assert route_button(button) == Run(command="vary", values={"picture": f"{JOB_ID}.4"}, public=True)


class TestMenus:
    def test_on_one_picture_an_entry_is_like_its_button(self) -> None:
        assert from_menu(Action.VARY, JOB_ID, [3]) == press(Action.VARY, 3)

    def test_on_several_pictures_it_asks_which(self) -> None:
        assert from_menu(Action.WHO, JOB_ID, [1, 2]) == Choose(action=Action.WHO, job_id=JOB_ID)
        assert from_menu(Action.EDIT, JOB_ID, [1, 2]) == Ask(action=Action.EDIT, job_id=JOB_ID)


class TestReactions:
    def test_a_sign_means_its_action_with_or_without_a_variation_selector(self) -> None:
        assert meaning_of("⬆️") == meaning_of("⬆") == (Action.UPSCALE, 1)
        assert meaning_of("✉️") == meaning_of("✉") == (Action.SEND, 0)
        assert meaning_of("🦊") is None

    def test_a_reaction_asks_nothing(self) -> None:
        button = Button(action=Action.REPORT, job_id=JOB_ID, index=1)
        assert route_reaction(button) == Run(command="report", values={"picture": f"{JOB_ID}.1"})
        assert route_reaction(Button(action=Action.SEND, job_id=JOB_ID)) == Send(job_id=JOB_ID)

    def test_an_envelope_on_the_starboard_sends_the_job_of_the_picture(self) -> None:
        meaning = meaning_of("✉")
        assert meaning is not None
        button = ShownPictures(job_id=JOB_ID, index=2).button_for(*meaning)
        assert button is not None
        assert route_reaction(button) == Send(job_id=JOB_ID)

    def test_only_a_star_is_taken_back_with_its_reaction(self) -> None:
        star = Button(action=Action.STAR, job_id=JOB_ID, index=1)
        assert route_reaction(star, added=False) == Run(command="star", values={"picture": f"{JOB_ID}.1"})
        assert route_reaction(Button(action=Action.VARY, job_id=JOB_ID, index=1), added=False) is None


class TestFormIds:
    def test_an_id_says_command_and_subject(self) -> None:
        assert parse_form_id(f"c1m:remix:{JOB_ID}.2") == FormId(command="remix", about=f"{JOB_ID}.2")
        assert parse_form_id("c1m:imagine:") == FormId(command="imagine", about="")

    def test_an_earlier_versions_id_of_an_edit_holds_its_cells(self) -> None:
        form = parse_form_id(f"c1m:edit:{JOB_ID}.2:A1B2")
        assert form == FormId(command="edit", about=f"{JOB_ID}.2", cells=("A1", "B2"))
        assert route_form(form, {"prompt": "a boat"}).values == {
            "picture": f"{JOB_ID}.2",
            "region": "A1,B2",
            "prompt": "a boat",
        }

    @pytest.mark.parametrize(
        "damaged", ["", "c1m:", "c1m:nothing:x", f"c1m:edit:{JOB_ID}.2:Z9", "c2m:edit:x"]
    )
    def test_a_damaged_id_is_none(self, damaged: str) -> None:
        assert parse_form_id(damaged) is None


class TestSubmittedForms:
    def test_a_form_about_a_picture_names_it(self) -> None:
        form = FormId(command="expand", about=f"{JOB_ID}.1")
        values = {"sides": "left,right", "amount": "50"}
        expected = {"picture": f"{JOB_ID}.1", **values}
        assert route_form(form, values) == Run(command="expand", values=expected, public=True)

    def test_a_picture_chosen_in_the_form_is_meant(self) -> None:
        run = route_form(
            FormId(command="report", about=JOB_ID), {"picture": f"{JOB_ID}.3", "topic": "sexual"}
        )
        assert run == Run(command="report", values={"picture": f"{JOB_ID}.3", "reason": "It is sexual."})

    def test_an_appeal_is_about_the_job(self) -> None:
        run = route_form(FormId(command="appeal", about=JOB_ID), {"reason": "it is from a textbook"})
        assert run.values == {"job": JOB_ID, "reason": "it is from a textbook"}

    def test_an_upload_takes_the_place_of_the_picture(self) -> None:
        source = Source(key="uploads/a.png")
        form = FormId(command="edit", about="t1ck3t")
        assert route_form(form, {"prompt": "x", "region": "A1"}, upload=source).values["image"] == source
        with raises(BadRequestError, match="not here any more"):
            route_form(form, {"prompt": "x"})

    def test_a_form_about_a_job_without_a_choice_is_refused(self) -> None:
        with raises(BadRequestError, match="does not belong"):
            route_form(FormId(command="remix", about=JOB_ID), {"prompt": "x"})

    def test_a_wrong_flag_is_refused(self) -> None:
        with pytest.raises(BadParameterError):
            route_form(FormId(command="remix", about=f"{JOB_ID}.1"), {"prompt": "a fox --sed 7"})

    def test_a_form_from_words_is_about_nothing(self) -> None:
        assert route_form(FormId(command="imagine", about=""), {"prompt": "a fox"}).values == {
            "prompt": "a fox"
        }


class TestLookups:
    @pytest.fixture
    def job(self, ports: Ports, call: Call) -> str:
        return paint_job(ports, execute(ports, call, "imagine", {"prompt": "a fox", "count": 4}).job_id)

    def test_a_form_about_a_picture_holds_its_words(self, ports: Ports, call: Call, job: str) -> None:
        form = load_form(ports, Ask(action=Action.REMIX, job_id=job, index=2), call.person)
        assert (form.about, form.fields[0].initial) == (f"{job}.2", "a fox")

    def test_a_form_about_a_grid_asks_which_of_the_pictures_that_are_there(
        self, ports: Ports, call: Call, job: str
    ) -> None:
        execute(ports, call, "delete", {"what": f"{job}.2"})
        form = load_form(ports, Ask(action=Action.EXPAND, job_id=job), call.person)
        assert [choice.value for choice in form.fields[0].choices] == [f"{job}.1", f"{job}.3", f"{job}.4"]

    def test_a_choice_has_a_button_for_each_picture_that_is_there(
        self, ports: Ports, call: Call, job: str
    ) -> None:
        message = load_choice(ports.database, Choose(action=Action.WHO, job_id=job), call.person)
        assert [(button.action, button.index, button.label) for button in message.buttons] == [
            (Action.WHO, number, str(number)) for number in range(1, 5)
        ]

    def test_nothing_is_asked_about_a_job_without_pictures(self, ports: Ports, call: Call, job: str) -> None:
        execute(ports, call, "delete", {"what": job})
        with raises(BadRequestError, match="were deleted"):
            load_choice(ports.database, Choose(action=Action.STAR, job_id=job), call.person)

    def test_the_panel_lets_the_owner_delete_and_others_report(
        self, ports: Ports, call: Call, job: str
    ) -> None:
        panel = Panel(job_id=job, index=1)
        own = {button.action for button in load_panel(ports, panel, call.person).buttons}
        others = {button.action for button in load_panel(ports, panel, someone("bo")).buttons}
        theirs = {button.action for button in load_panel(ports, panel, someone("mo", moderator=True)).buttons}
        assert own ^ others == {Action.ALT, Action.SHARE, Action.DELETE, Action.REPORT}
        assert Action.DELETE in own
        assert {Action.DELETE, Action.REPORT} <= theirs

    @pytest.mark.parametrize("count", [1, 4])
    def test_of_several_pictures_the_panel_offers_a_vote_on_which_is_upscaled(
        self, ports: Ports, call: Call, count: int
    ) -> None:
        job = paint_job(ports, execute(ports, call, "imagine", {"prompt": "a fox", "count": count}).job_id)
        panel = load_panel(ports, Panel(job_id=job, index=1), someone("bo"))
        assert (Action.PICK in {button.action for button in panel.buttons}) is (count > 1)
        step = route_button(Button(action=Action.PICK, job_id=job, index=1))
        assert step == Run(command="pick", values={"job": job})

    def test_the_panel_marks_the_star_that_its_reader_gave_under_any_of_their_names(
        self, ports: Ports, call: Call, job: str
    ) -> None:
        def marked(reader: Person) -> list[Action]:
            buttons = load_panel(ports, Panel(job_id=job, index=1), reader).buttons
            return [button.action for button in buttons if button.pressed]

        other = someone("annie")
        with ports.database.begin() as session:
            for person in (call.person, other):
                lock_person(session, person)
            linked_identities.link(session, call.person.key, other.key)
        assert marked(call.person) == []
        execute(ports, call, "star", {"picture": f"{job}.1"})
        assert marked(call.person) == marked(other) == [Action.STAR]
        assert marked(someone("bo")) == []
        assert not changes_star(ports.database, f"{job}.1", other.key, added=True)

    def test_the_panel_marks_the_variation_that_somebody_made_of_the_picture(
        self, ports: Ports, call: Call, job: str
    ) -> None:
        again = replace(call, request_key="another")
        execute(ports, again, "vary", {"picture": f"{job}.1", "strength": "subtle"})
        buttons = {
            index: load_panel(ports, Panel(job_id=job, index=index), someone("bo")).buttons
            for index in (1, 2)
        }
        marked = {index: [button.action for button in buttons[index] if button.pressed] for index in buttons}
        assert marked == {1: [Action.VARY_SUBTLE], 2: []}

    def test_the_panel_of_a_held_picture_is_nobodys(self, ports: Ports, call: Call) -> None:
        held = execute(ports, call, "imagine", {"prompt": "a boat", "count": 1}).job_id
        paint_job(ports, held, state=JobState.HELD)
        with pytest.raises(NotFoundError):
            load_panel(ports, Panel(job_id=held, index=1), call.person)

    def test_a_reaction_that_is_there_already_changes_no_star(
        self, ports: Ports, call: Call, job: str
    ) -> None:
        picture, key = f"{job}.1", call.person.key
        assert changes_star(ports.database, picture, key, added=True)
        execute(ports, call, "star", {"picture": picture})
        assert not changes_star(ports.database, picture, key, added=True)
        assert changes_star(ports.database, picture, key, added=False)
