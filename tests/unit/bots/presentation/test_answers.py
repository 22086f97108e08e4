"""Answers of commands as messages."""

import re

import pytest

from bots.presentation.compose.answers import compose_answer
from bots.presentation.compose.help import compose_help, compose_help_shown
from bots.presentation.compose.parts.recipe import recipe_line
from bots.presentation.message import (
    ChannelName,
    Code,
    Command,
    Facts,
    FileKind,
    Link,
    Paragraph,
)
from bots.presentation.spans import plain_text
from studio.commands.button_ids import NO_TARGET, Action
from studio.commands.registry import CATALOG, execute
from studio.commands.results import Accepted, Family, HelpShown, History
from studio.commands.spec import Call
from studio.domain.jobs import JobState
from studio.gatherings.registry import KINDS
from studio.ports import Ports
from tests.support.finished_jobs import paint_job
from tests.support.message_text import text_of
from tests.support.messages import MESSAGES
from tests.support.sample_domain import JOB_ID, LONG_PROMPT, OTHER_JOB_ID, sample_job, sample_picture


def buttons(name: str) -> list[tuple[Action, str, str]]:
    return [(button.action, button.target, button.label) for button in MESSAGES[name].buttons]


def test_every_message_has_a_summary_and_parts() -> None:
    for name, message in MESSAGES.items():
        assert message.parts, name
        assert message.summary, name
        assert "\n" not in message.summary, name


def test_sentences_start_with_a_capital_and_end_with_a_stop() -> None:
    for part in (part for message in MESSAGES.values() for part in message.parts):
        if isinstance(part, Paragraph) and part.spans and isinstance(part.spans[0], str):
            text = plain_text(part.spans)
            assert re.match(r"[A-Z“0-9]", text), text
            assert not re.match(r"[a-z]+: ", text), text


def test_the_job_of_an_accepted_request_answers_for_itself() -> None:
    assert compose_answer(Accepted(job_id=JOB_ID, state=JobState.QUEUED)) is None


class TestQueue:
    def test_each_job_can_be_cancelled(self) -> None:
        assert buttons("queue") == [
            (Action.CANCEL, JOB_ID, "Cancel 1"),
            (Action.CANCEL, OTHER_JOB_ID, "Cancel 2"),
        ]

    def test_each_job_says_how_long_it_takes_and_what_it_costs(self) -> None:
        text = text_of(MESSAGES["queue"])
        assert f"1. a red fox in the snow · {JOB_ID} · Being painted." in text
        assert "Waiting: 2 jobs are ahead. Done in about 3 min. Costs 12 credits." in text


class TestHistory:
    def test_what_was_painted_can_be_shown_again(self) -> None:
        answer = History(jobs=(sample_job(), sample_job(JobState.REFUSED, job_id=OTHER_JOB_ID)))
        message = compose_answer(answer)
        assert message is not None
        assert [(button.action, button.target, button.label) for button in message.buttons] == [
            (Action.SHOW, JOB_ID, "Show 1")
        ]
        assert f"2. a red fox in the snow · {OTHER_JOB_ID} · refused" in text_of(message)


class TestFamily:
    def test_the_tree_is_a_drawn_image_whose_text_sums_it_up(self) -> None:
        (image,) = MESSAGES["family"].files
        assert (image.kind, image.alt_text) == (
            FileKind.DRAWING,
            "The family tree of the picture. Its family: 2 pictures, by @Ana and @Bo.",
        )

    def test_a_picture_without_relatives_has_no_tree(self) -> None:
        assert not MESSAGES["family of one"].files

    def test_it_says_who_made_the_picture_and_from_what(self) -> None:
        text = text_of(MESSAGES["family"])
        assert "Varied by @Bo" in text
        assert f"{OTHER_JOB_ID}.1 · red fox · varied by @Bo from {JOB_ID}.1" in text

    def test_a_long_family_says_how_many_are_left_out(self) -> None:
        assert "15 more are not listed." in text_of(MESSAGES["family of many"])

    def test_a_deleted_relative_is_named_without_its_words(self) -> None:
        assert f"{JOB_ID}.1 · deleted · @Ana" in text_of(MESSAGES["family with a gap"])

    def test_the_family_of_a_real_picture_is_composed(self, ports: Ports, call: Call) -> None:
        job = paint_job(ports, execute(ports, call, "imagine", {"prompt": "a fox", "count": 1}).job_id)
        answer = execute(ports, call, "lineage", {"picture": f"{job}.1"})
        assert isinstance(answer, Family)
        message = compose_answer(answer)
        assert message is not None
        assert "Painted by @Ana" in text_of(message)


class TestAttribution:
    def test_likeness_is_left_out_beside_valid_credentials(self) -> None:
        assert "88%" not in text_of(MESSAGES["attribution by credentials"])
        assert "It is 88% similar to the picture in the records." in text_of(MESSAGES["attribution"])

    def test_a_picture_that_may_be_seen_can_be_shown(self) -> None:
        assert buttons("attribution") == [(Action.SHOW, JOB_ID, "")]
        assert not buttons("attribution elsewhere")

    def test_a_picture_of_a_closed_place_does_not_name_its_maker(self) -> None:
        assert "@Ana" not in text_of(MESSAGES["attribution elsewhere"])

    def test_broken_credentials_are_told(self) -> None:
        assert "It was changed after it was signed" in text_of(MESSAGES["attribution tampered"])


class TestSettings:
    def test_they_can_be_changed_by_a_button(self) -> None:
        assert buttons("settings") == [(Action.SETTINGS, NO_TARGET, "")]

    def test_consent_is_said_in_plain_words(self) -> None:
        assert "Who may build on your pictures: People who ask you first" in text_of(
            MESSAGES["settings chosen"]
        )

    def test_the_rules_of_a_community_name_their_channels(self) -> None:
        (facts,) = [part for part in MESSAGES["community"].parts if isinstance(part, Facts)]
        assert dict(facts.facts)["Channels"] == (ChannelName("901"), " ", ChannelName("902"))
        assert "Status: Paused: nothing new is accepted." in text_of(MESSAGES["community unset"])

    def test_a_former_name_is_answered_with_the_new_one(self) -> None:
        assert "/studio is now called /community." in text_of(MESSAGES["community by its former name"])


class TestPeople:
    def test_a_code_is_told_as_a_command(self) -> None:
        (part,) = MESSAGES["link"].parts
        assert isinstance(part, Paragraph)
        assert Command("/link k3v9m2p4qx") in part.spans

    def test_a_ban_says_who_was_meant_and_how_long(self) -> None:
        text = text_of(MESSAGES["banned until"])
        assert text.startswith(
            "@Bo (id 4002, known since 2026-03-04, last seen 2026-03-04) cannot paint here until"
        )

    def test_credits_and_pictures_are_counted_in_words(self) -> None:
        assert text_of(MESSAGES["balance"]) == "You used 1 credit this month. 99 are left."
        assert "3 pictures, under 1 name." in text_of(MESSAGES["forgotten"])


class TestPages:
    def test_home_offers_what_can_be_done_with_each_entry(self) -> None:
        actions = [button.action for button in MESSAGES["home"].buttons]
        assert actions == [Action.CANCEL, *[Action.SHOW] * 4, Action.SETTINGS]

    def test_help_shows_moderators_their_commands_and_nobody_else(self) -> None:
        assert "/ban" in text_of(MESSAGES["help for moderators"])
        assert "/ban" not in text_of(MESSAGES["help"])

    def test_the_note_of_the_model_has_code_and_commands_between_backticks(self) -> None:
        spans = compose_help(note="It knows `bird`; try `/imagine` or /vary.").parts[-1].spans  # type: ignore[union-attr]
        assert spans == (
            "It knows ",
            Code("bird"),
            "; try ",
            Command("/imagine"),
            " or ",
            Command("/vary"),
            ".",
        )

    def test_one_of_anything_is_in_the_singular(self) -> None:
        assert "1 step ·" in plain_text(recipe_line([sample_picture(steps=1)]))

    @pytest.mark.parametrize("name", CATALOG)
    def test_help_of_a_command_explains_each_option(self, name: str) -> None:
        text = text_of(MESSAGES[f"help of {name}"])
        assert all(parameter.summary in text for parameter in CATALOG[name].parameters)

    def test_a_starred_picture_links_to_its_message(self) -> None:
        assert "⭐ 3 stars · @Ana" in text_of(MESSAGES["starboard"])
        assert "Go to its message" in text_of(MESSAGES["starboard"])
        assert "Go to its message" not in text_of(MESSAGES["starboard spoiler"])

    def test_a_long_prompt_is_whole_in_its_own_message_and_short_in_a_list(self) -> None:
        assert LONG_PROMPT in text_of(MESSAGES["result with a long prompt"])
        assert LONG_PROMPT not in text_of(MESSAGES["history"])


def test_help_has_a_topic_for_what_people_do_together() -> None:
    message = compose_help_shown(HelpShown(about="together"))
    text = " ".join(plain_text(part.spans) for part in message.parts if isinstance(part, Paragraph))
    assert all(f"/{kind.command} " in text for kind in KINDS.values())


def test_help_leads_to_the_privacy_notice_where_there_is_a_page() -> None:
    page = Link("Privacy and terms", "https://paint.example.org/privacy")
    assert page in compose_help(privacy_url=page.url).parts[-1].spans  # type: ignore[union-attr]
    assert "privacy" not in str(compose_help().parts[-1]).lower()
