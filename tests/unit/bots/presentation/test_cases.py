"""Cases, questions and notices as messages."""

from dataclasses import replace
from gettext import NullTranslations

import pytest

from bots.presentation.compose.cases import compose_case, compose_case_pictures
from bots.presentation.interaction_router import Reveal, parse_press, route_button
from bots.presentation.message import Audience, Command, Facts, FileKind, Images, Message, Paragraph
from bots.presentation.spans import plain_text
from bots.texts import translation
from moderation.policy.evidence_phrases import NAMED_PERSON
from studio.commands.button_ids import Action
from studio.domain.cases import DECISIONS, CaseKind, CaseState, Decision
from studio.errors import BadRequestError
from tests.support.messages import MESSAGES
from tests.support.sample_domain import CASE_ID, JOB_ID, sample_case, sample_details


def facts(message: Message) -> dict[str, str]:
    return {
        label: plain_text(spans)
        for part in message.parts
        if isinstance(part, Facts)
        for label, spans in part.facts
    }


def test_a_case_shows_a_pixelated_copy_of_the_picture_that_it_names() -> None:
    (image,) = MESSAGES["case report"].files
    assert (image.name, image.kind) == (f"{JOB_ID}.1", FileKind.PIXELATED)


def test_a_moderator_reads_who_what_and_why() -> None:
    read = facts(MESSAGES["case report"])
    assert read["About"] == "@Ana"
    assert "Filed by" in read
    assert read["Effective prompt"] == "a red fox in the snow ← a boat at sea"
    assert read["Rule"] == "report · gore"
    assert read["In their words"] == "this is too much"
    assert read["Their record"] == "12 jobs · 1 refused · strikes 0.5 · 2 earlier cases"
    assert "Evidence" not in read  # there is none


def test_a_phrase_that_a_rule_found_is_read_in_the_moderators_language(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class German(NullTranslations):
        def pgettext(self, context: str, message: str) -> str:
            return {("evidence", NAMED_PERSON): "eine genannte Person"}.get((context, message), message)

    monkeypatch.setattr(translation, "load_catalogue", lambda _language: German())
    details = sample_details()
    for evidence, shown in (
        (NAMED_PERSON, "eine genannte Person"),
        (f"{NAMED_PERSON} · 0.93", "eine genannte Person · 0.93"),
        ("Ada Example", "Ada Example"),
    ):
        found = replace(details, case=replace(details.case, evidence=evidence))
        assert facts(compose_case(found))["Evidence"] == shown


@pytest.mark.parametrize("kind", [kind for kind in CaseKind if kind is not CaseKind.CONSENT])
def test_an_open_case_offers_what_can_be_decided_and_no_more(kind: CaseKind) -> None:
    actions = [button.action for button in MESSAGES[f"case {kind}"].buttons]
    assert actions[:2] == [Action.CLAIM, Action.REVEAL]
    assert set(actions[2:]) == {Action(decision) for decision in DECISIONS[kind]}


def test_a_decided_case_shows_no_picture_and_offers_nothing() -> None:
    message = MESSAGES["case decided"]
    assert not message.files
    assert not message.buttons
    assert facts(message)["Decided"].startswith("The picture was taken down, by ")


def test_a_taken_case_is_for_the_moderator_alone() -> None:
    message = MESSAGES["case taken"]
    assert message.audience is Audience.PERSON
    assert message.parts[0] == Paragraph(("This case is yours for ten minutes.",))


def test_the_claim_of_a_claimed_case_is_marked() -> None:
    marked = {
        name: [button.action for button in MESSAGES[name].buttons if button.pressed]
        for name in ("case report", "case claimed", "case taken")
    }
    assert marked == {"case report": [], "case claimed": [Action.CLAIM], "case taken": [Action.CLAIM]}


def test_the_pictures_of_a_case_are_spoilers_with_alternative_texts() -> None:
    message = compose_case_pictures(sample_details(sample_case(picture_id=None)))
    (images,) = message.parts
    assert isinstance(images, Images)
    assert images.spoiler
    assert [image.alt_text for image in images.images][1] == (
        "A picture was reported, picture 2: a red fox in the snow"
    )


def test_buttons_of_earlier_versions_still_show_a_cases_pictures() -> None:
    button = parse_press(f"c1k:{CASE_ID}")
    assert route_button(button) == Reveal(case_id=CASE_ID)
    with pytest.raises(BadRequestError):
        parse_press("c1k:nothing")


def test_a_question_names_who_asks_and_offers_yes_and_no() -> None:
    message = MESSAGES["question"]
    assert message.summary == (
        f"@Ana asks to build on your picture {JOB_ID}.1: “a red fox in the snow”. Do you agree?"
    )
    assert [button.action for button in message.buttons] == [Action.CONSENT, Action.DECLINE]


def test_an_answered_question_offers_nothing() -> None:
    message = MESSAGES["question answered"]
    assert message.summary == "You did not allow @Ana to build on your picture."
    assert not message.buttons


def test_an_allowed_question_says_so() -> None:
    allowed = {"state": CaseState.CLOSED, "decision": Decision.APPROVE}
    details = sample_details(sample_case(CaseKind.CONSENT, **allowed))
    assert facts(compose_case(details))["Decided"].startswith("Allowed")


def test_commands_in_a_notice_are_spans() -> None:
    (part,) = MESSAGES["notice"].parts
    assert isinstance(part, Paragraph)
    assert Command("/settings") in part.spans
