"""The message of a job in each of its states, and the images and buttons that it has."""

from dataclasses import replace

import pytest

from bots.presentation.compose.job_message import compose_copy, compose_job, compose_ping, with_missing_files
from bots.presentation.compose.parts.heading import describe_operation
from bots.presentation.compose.parts.pictures import job_title
from bots.presentation.message import Facts, FileKind, Images, Message, Note, Progress, Small, Title
from bots.presentation.spans import plain_text
from studio.commands.button_ids import Action
from studio.domain.jobs import JobState
from studio.domain.requests import Operation, ReferenceKind, Source
from tests.support.messages import MESSAGES
from tests.support.sample_domain import (
    LONG_PROMPT,
    OTHER_JOB_ID,
    sample_job,
    sample_origin,
    sample_picture,
    sample_view,
)


def words(message: Message) -> str:
    found = []
    for part in message.parts:
        match part:
            case Title(text=text):
                found.append(text)
            case Note(spans=spans) | Small(spans=spans):
                found.append(plain_text(spans))
            case _:
                found.append(plain_text(getattr(part, "spans", ())))
    return "\n".join(filter(None, found))


def rows(message: Message) -> list[list[tuple[Action, int]]]:
    return [[(button.action, button.index) for button in row.buttons] for row in message.rows]


def test_a_result_shows_picture_words_credit_recipe_and_buttons_in_this_order() -> None:
    kinds = [type(part) for part in MESSAGES["result grid"].parts]
    assert kinds == [Images, Title, Small, Small]
    assert "by @Ana\n" in words(MESSAGES["result grid"])


def test_each_picture_is_an_image_with_its_own_alternative_text() -> None:
    texts = [image.alt_text for image in MESSAGES["result grid"].files]
    assert texts == [f"Picture {number} of 4: a red fox in the snow" for number in range(1, 5)]


def test_the_only_picture_of_a_job_is_not_numbered() -> None:
    assert [image.alt_text for image in MESSAGES["result single"].files] == ["a red fox in the snow"]


def test_a_grid_offers_upscale_and_vary_by_number_and_four_more() -> None:
    assert rows(MESSAGES["result grid"]) == [
        [(Action.UPSCALE, number) for number in range(1, 5)],
        [(Action.VARY, number) for number in range(1, 5)],
        [(Action.REROLL, 0), (Action.REMIX, 0), (Action.EDIT, 0), (Action.MORE, 0)],
    ]


def test_the_rows_of_a_grid_may_be_shown_as_menus() -> None:
    assert [row.menu for row in MESSAGES["result grid"].rows] == ["Upscale…", "Vary…", ""]


@pytest.mark.parametrize("name", [name for name in MESSAGES if name.startswith("result")])
def test_no_row_has_more_than_five_buttons_and_no_message_more_than_five_rows(name: str) -> None:
    rows = MESSAGES[name].rows
    # A menu of more than eight is one row, else its buttons stand four in a row.
    taken = [-(-len(row.buttons) // 4) if row.menu and len(row.buttons) <= 8 else 1 for row in rows]
    assert sum(taken) <= 5
    assert all(row.menu or len(row.buttons) <= 5 for row in rows)


def test_buttons_of_a_picture_that_is_gone_cannot_be_pressed() -> None:
    buttons = [button for button in MESSAGES["result grid with a gap"].buttons if button.index == 1]
    assert [button.disabled for button in buttons] == [True, True]


def test_a_single_picture_is_named_by_its_buttons() -> None:
    assert rows(MESSAGES["result single"]) == [
        [(Action.VARY_SUBTLE, 1), (Action.VARY, 1)],
        [(Action.UPSCALE, 1), (Action.REMIX, 1), (Action.EDIT, 1)],
        [(Action.REROLL, 0), (Action.MORE, 1)],
    ]


def test_a_copy_has_the_whole_recipe_and_no_buttons() -> None:
    message = compose_copy(sample_view())
    assert not message.buttons
    assert [len([part for part in message.parts if isinstance(part, kind)]) for kind in (Images, Facts)] == [
        1,
        1,
    ]


def test_a_ping_names_its_owner() -> None:
    assert words(compose_ping(sample_job())) == "@Ana Your pictures are finished."
    assert words(compose_ping(sample_job(count=1))) == "@Ana Your picture is finished."


def test_an_upscaled_picture_is_not_upscaled_or_rerolled_again() -> None:
    actions = {button.action for button in MESSAGES["result upscaled"].buttons}
    assert not actions & {Action.UPSCALE, Action.REROLL}


def test_a_title_is_never_cut() -> None:
    assert Title(LONG_PROMPT) in MESSAGES["result with a long prompt"].parts


def test_a_job_without_words_has_a_title_all_the_same() -> None:
    assert Title("A picture from an upload") in MESSAGES["result without words"].parts


def test_a_request_whose_words_are_encrypted_is_not_called_an_upload() -> None:
    title = "A request whose words are not shown"
    assert job_title(sample_job(JobState.HELD, prompt=""), "") == title


def test_the_credit_names_the_owners_of_sources_once() -> None:
    view = sample_view(origins=(sample_origin(), sample_origin(), sample_origin(own=True)))
    assert "by @Ana, from @Bo’s blue boat and their own blue boat" in words(compose_job(view))


def described(operation: Operation, count: int = 1, *, command: str = "", **changes: object) -> str:
    job = sample_job(operation=operation, count=count)
    job = replace(job, command=command or job.command)
    job = replace(job, request=replace(job.request, **changes))  # type: ignore[arg-type]
    return describe_operation(sample_view(job, origins=(sample_origin(),)))


def test_a_job_says_what_it_makes_of_the_pictures_before() -> None:
    fox = Source(key="k", picture_id=f"{OTHER_JOB_ID}.2")
    upload = Source(key="k")
    assert [
        described(Operation.IMAGINE),
        described(Operation.IMAGINE, sources=(upload,)),
        described(Operation.IMAGINE, sources=(replace(fox, reference=ReferenceKind.STYLE),)),
        described(Operation.IMAGINE, 8, draft=True),
        described(Operation.VARY, 4, sources=(fox,)),
        described(Operation.VARY, sources=(upload,)),
        described(Operation.VARY, 4, command="remix", sources=(fox,)),
        described(Operation.UPSCALE, sources=(fox,), factor=4),
        described(Operation.EXPAND, sources=(fox,), sides=("left", "top")),
        described(Operation.EXPAND, sources=(fox,)),
        described(Operation.EXPAND, sources=(fox,), aspect="16:9"),
        described(Operation.EDIT, sources=(fox,), cells=("B2", "C2")),
        described(Operation.EDIT, sources=(fox,), cells=("A1", "A2", "A3", "A4", "B1")),
        described(Operation.EDIT, sources=(replace(fox, mask_key="m"),)),
        described(Operation.EDIT, sources=(fox,)),
        described(Operation.BLEND, sources=(fox, upload)),
    ] == [
        "",
        "painted over a picture",
        "with 1 reference",
        "drafts",
        "variations of picture 2",
        "variation",
        "remix of picture 2",
        "upscaled 4×",
        "expanded: left, top",
        "expanded on all sides",
        "expanded to 16:9",
        "edited: B2, C2",
        "edited: 5 cells",
        "edited under a mask",
        "edited by words",
        "blend of 2 pictures",
    ]


def test_one_variation_of_several_has_its_number_and_the_credit_ends_with_it() -> None:
    job = sample_job(operation=Operation.VARY)
    job = replace(
        job, request=replace(job.request, sources=(Source(key="k", picture_id=f"{OTHER_JOB_ID}.2"),))
    )
    one = sample_view(job, pictures=(sample_picture(3, job),), origins=(sample_origin(),))
    assert "by @Ana, from @Bo’s blue boat · variation 3 of picture 2" in words(compose_job(one))


def test_remarks_and_unread_words_stand_out_as_sentences() -> None:
    notes = [
        plain_text(part.spans) for part in MESSAGES["result with remarks"].parts if isinstance(part, Note)
    ]
    assert notes == [
        "A word in braces was not read.",
        "Too long for this model: the last 3 words were not read.",
    ]


def test_a_job_being_painted_shows_its_progress_and_can_be_cancelled() -> None:
    message = MESSAGES["job progress"]
    assert Progress(step=12, steps=30, seconds_left=40.0) in message.parts
    assert rows(message) == [[(Action.CANCEL, 0)]]


def test_a_preview_is_an_image_of_its_own_kind() -> None:
    (image,) = MESSAGES["job preview"].files
    assert (image.kind, image.alt_text) == (FileKind.PREVIEW, "An unfinished picture: a red fox in the snow")


def test_a_job_that_is_being_stopped_cannot_be_cancelled_again() -> None:
    message = MESSAGES["job stopping"]
    assert "Stopping…" in words(message)
    assert not message.rows


def test_a_refusal_can_be_appealed_unless_it_is_final() -> None:
    assert rows(MESSAGES["job refused"]) == [[(Action.APPEAL, 0)]]
    assert not MESSAGES["job refused for good"].rows


@pytest.mark.parametrize("state", [JobState.HELD, JobState.REFUSED, JobState.FAILED, JobState.CANCELLED])
def test_the_words_of_a_job_without_pictures_are_not_repeated(state: JobState) -> None:
    message = compose_job(sample_view(sample_job(state)))
    assert "fox" not in words(message)
    assert words(message).startswith("@Ana · ")


def test_a_held_job_says_whom_it_waits_for() -> None:
    assert "A moderator looks at this first." in words(MESSAGES["job held"])
    assert "The owner of the picture was asked." in words(MESSAGES["job asked"])


def test_a_spoiler_hides_images_and_a_pixelated_copy_comes_with_a_button() -> None:
    spoiler, pixelated = MESSAGES["result spoiler"], MESSAGES["result pixelated"]
    assert [part.spoiler for part in spoiler.parts if isinstance(part, Images)] == [True]
    assert {image.kind for image in pixelated.files} == {FileKind.PIXELATED}
    assert rows(pixelated)[0] == [(Action.SHOW, 0)]


def test_a_message_whose_files_are_gone_says_so_and_keeps_the_others() -> None:
    result = MESSAGES["result grid"]
    none = with_missing_files(result, {image.name for image in result.files})
    partial = with_missing_files(result, {result.files[0].name})
    assert not none.files
    assert len(partial.files) == 3
    assert "missing in the storage" in words(none)
    assert "missing in the storage" in words(partial)


def test_a_dear_job_says_what_it_costs_while_it_waits() -> None:
    assert "Costs 12 credits." in words(MESSAGES["job waiting"])


def test_a_waiting_job_says_how_many_are_ahead_and_how_long_it_takes() -> None:
    assert "Waiting: 3 jobs are ahead. Done in about 90 s." in words(MESSAGES["job waiting"])
    assert "Next in line." in words(MESSAGES["job next"])
