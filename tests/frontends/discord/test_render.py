"""Every message and form as Discord takes it, held against Discord's own document where that is at hand."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from openapi_schema_validator import OAS31Validator
from simcord.components import COMPONENTS_V2_FLAG, validate_components, validate_modal

from bots.delivery.attachments import Attachment
from bots.discord.render import PHONE_WIDTH, edit_arguments, render, row_width, send_arguments
from bots.discord.render_form import parse_step, render_form, steps_of, values_of
from bots.discord.texts.markdown import escape, markdown
from bots.presentation.form_model import Choice, Field, FieldKind, Form
from bots.presentation.limits import CUT, STRICT, LimitExceededError, Limits
from bots.presentation.message import (
    Bold,
    Button,
    ButtonRow,
    ChannelName,
    Code,
    Command,
    Facts,
    Image,
    Images,
    Link,
    Message,
    Note,
    Paragraph,
    PersonName,
    Preformatted,
    RoleName,
    Small,
    Time,
    Title,
    Tone,
)
from studio.commands.button_ids import Action
from studio.domain.people import Person, Platform
from tests.support.loopback_discord.contract import DOCUMENT
from tests.support.messages import FORMS, MESSAGES

JOB = "k3v9m2p4qx7a"
ANA = Person(platform=Platform.DISCORD, community="7", user_id="101", display_name="ana")
RESULT = MESSAGES["result grid"]
EVERYTHING = Message(
    parts=(
        Title("A title"),
        Paragraph((Bold("bold"), " ", Code("code"), " ", Link("a page", "https://example.org/a"))),
        Images(images=(Image(name="case", alt_text="A pixelated picture"),), spoiler=True),
        Note(spans=("careful",), tone=Tone.WARNING),
        Facts((("Rule", ("nudity",)), ("When", (Time(datetime(2026, 1, 1, tzinfo=UTC)),)))),
        Preformatted("a {red\n  ^"),
        Small((RoleName("5"), " ", ChannelName("6"), " ", Command("/vary"))),
    ),
    rows=(ButtonRow(buttons=(Button(action=Action.BAN, target=JOB, tone=Tone.DANGER),)),),
    tone=Tone.WARNING,
)
LONG_FORM = Form(
    command="imagine",
    about=JOB,
    title="Imagine",
    intro=("Many things to say.",),
    fields=(
        *(Field(name=f"line{number}", kind=FieldKind.LINE, label="A line") for number in range(4)),
        Field(name="count", kind=FieldKind.NUMBER, label="How many", minimum=1, maximum=4),
        Field(name="user", kind=FieldKind.PERSON, label="Somebody"),
        Field(name="channel", kind=FieldKind.CHANNEL, label="Channel"),
        Field(
            name="style",
            kind=FieldKind.CHOICE,
            label="Style",
            choices=tuple(Choice(value=str(number), label=f"Style {number}") for number in range(12)),
        ),
    ),
)


def files_of(message: Message) -> dict[str, Attachment]:
    return {image.name: Attachment(data=b"png", suffix=".png") for image in message.files}


def wire(message: Message, limits: Limits = STRICT) -> list[dict[str, Any]]:
    """The components as they are sent."""
    view = render(message, files_of(message), limits)
    components: list[dict[str, Any]] = view.to_components()  # type: ignore[no-untyped-call]
    return components


def texts_of(message: Message, limits: Limits = STRICT) -> str:
    (container,) = [component for component in wire(message, limits) if component["type"] == 17]
    return "\n".join(component["content"] for component in container["components"] if component["type"] == 10)


def problems(schema: str, body: object) -> list[str]:
    """What Discord's document says against a request's body."""
    if not DOCUMENT.exists():
        pytest.skip("Discord's API document is not at hand")
    document: Mapping[str, Any] = json.loads(DOCUMENT.read_text())
    whole = {**document["components"]["schemas"][schema], "components": document["components"]}
    return [error.message[:300] for error in OAS31Validator(whole).iter_errors(body)]


@pytest.mark.parametrize("message", [*MESSAGES.values(), EVERYTHING], ids=[*MESSAGES, "everything"])
def test_a_message_is_valid_for_discord_and_nothing_of_it_is_cut(message: Message) -> None:
    components = wire(message)
    assert validate_components(components, flags=COMPONENTS_V2_FLAG)
    assert problems("MessageCreateRequest", {"components": components, "flags": COMPONENTS_V2_FLAG}) == []


@pytest.mark.parametrize("form", [*FORMS.values(), LONG_FORM], ids=[*FORMS, "long form"])
def test_each_step_of_a_form_is_valid_for_discord(form: Form) -> None:
    for step in range(len(steps_of(form))):
        modal = render_form(form, step=step, limits=STRICT).to_dict()
        assert validate_modal(modal)
        assert problems("ModalInteractionCallbackRequestData", modal) == []


def test_a_result_shows_its_pictures_one_by_one_then_the_words_and_then_the_buttons() -> None:
    container, *rows = wire(RESULT)
    gallery, words = container["components"]
    assert [item["media"]["url"] for item in gallery["items"]] == [
        f"attachment://{JOB}.{number}.png" for number in range(1, 5)
    ]
    assert [item["description"][:14] for item in gallery["items"]] == [
        f"Picture {number} of 4" for number in range(1, 5)
    ]
    title, credit, recipe = words["content"].split("\n")
    assert title.startswith("**")
    assert credit.startswith("-# by <@")
    assert JOB in recipe
    labels = [[button["label"] for button in row["components"]] for row in rows]
    assert labels == [
        ["U1", "U2", "U3", "U4"],
        ["V1", "V2", "V3", "V4"],
        ["🔁", "Remix", "Edit", "More"],
    ]


def test_a_single_picture_has_words_on_its_buttons_few_enough_for_a_phone() -> None:
    _, *rows = wire(MESSAGES["result single"])
    assert [[button["label"] for button in row["components"]] for row in rows] == [
        ["Vary subtly", "Vary strongly"],
        ["Upscale", "Remix", "Edit"],
        ["🔁 Reroll", "More"],
    ]


@pytest.mark.parametrize("name", [name for name in MESSAGES if name != "home"])  # a page of Slack's
def test_no_row_of_buttons_wraps_on_a_phone(name: str) -> None:
    rows = [component["components"] for component in wire(MESSAGES[name]) if component["type"] == 1]
    for row in rows:
        labels = [button["label"] for button in row if button["type"] == 2]
        assert row_width(labels) <= PHONE_WIDTH, labels


def test_buttons_are_grey_and_the_pressed_one_stands_out() -> None:
    row = RESULT.rows[0]
    pressed = replace(row, buttons=(replace(row.buttons[0], pressed=True), *row.buttons[1:]))
    _, upscales = wire(replace(RESULT, rows=(pressed,)))
    assert [button["style"] for button in upscales["components"]] == [1, 2, 2, 2]
    assert [button["label"] for button in upscales["components"]] == ["✓U1", "U2", "U3", "U4"]


def _with_presses(message: Message, *, pressed: bool) -> Message:
    """With all of its buttons pressed, or none."""
    rows = [
        replace(row, buttons=tuple(replace(button, pressed=pressed) for button in row.buttons))
        for row in message.rows
    ]
    return replace(message, rows=tuple(rows))


@pytest.mark.parametrize("name", [name for name in MESSAGES if name != "home"])
def test_what_is_pressed_is_marked_in_words_unless_its_row_would_wrap(name: str) -> None:
    plain, marked = (wire(_with_presses(MESSAGES[name], pressed=pressed)) for pressed in (False, True))
    for before, after in zip(plain, marked, strict=True):
        if after["type"] == 1 and all(button["type"] == 2 for button in after["components"]):
            texts, labels = ([button["label"] for button in row["components"]] for row in (before, after))
            assert labels in ([f"✓{text}" for text in texts], texts)
            assert row_width(labels) <= PHONE_WIDTH, labels
    if name == "result grid":
        assert [button["label"] for button in marked[1]["components"]] == ["✓U1", "✓U2", "✓U3", "✓U4"]


def test_the_accent_says_how_a_job_stands() -> None:
    colours = [
        wire(MESSAGES[name])[0].get("accent_color") for name in ("job painting", "result grid", "job failed")
    ]
    assert len(set(colours)) == 3


def test_a_spoiler_hides_every_picture_of_its_gallery() -> None:
    gallery = wire(MESSAGES["result spoiler"])[0]["components"][0]
    assert all(item["spoiler"] for item in gallery["items"])


def test_an_image_whose_file_is_missing_is_left_out() -> None:
    files = {f"{JOB}.2": Attachment(data=b"png", suffix=".jpg")}
    arguments = send_arguments(RESULT, files, STRICT)
    gallery = arguments["view"].to_components()[0]["components"][0]
    assert [item["media"]["url"] for item in gallery["items"]] == [f"attachment://{JOB}.2.jpg"]
    assert [file.filename for file in arguments["files"]] == [f"{JOB}.2.jpg"]


def test_an_edit_empties_the_text_that_an_older_message_had() -> None:
    arguments = edit_arguments(RESULT, files_of(RESULT))
    assert (arguments["content"], arguments["embeds"]) == (None, [])
    assert len(arguments["attachments"]) == 4
    assert "files" not in arguments


def test_a_press_is_offered_once() -> None:
    row = RESULT.rows[2]
    _, *rows = wire(replace(RESULT, rows=(row, row)))
    assert [len(row["components"]) for row in rows] == [4]


def test_more_text_than_a_message_holds_is_cut_or_raises() -> None:
    long = replace(RESULT, parts=(Paragraph(("word " * 900,)), RESULT.parts[0], Paragraph(("more",))))
    with pytest.raises(LimitExceededError):
        wire(long)
    assert len(texts_of(long, CUT)) <= 4003
    assert "…" in texts_of(long, CUT)


def test_more_buttons_than_a_message_holds_are_cut_or_raise() -> None:
    buttons = tuple(Button(action=Action.CANCEL, target=f"{index:012}") for index in range(40))
    long = replace(RESULT, rows=(ButtonRow(buttons=buttons),))
    with pytest.raises(LimitExceededError):
        wire(long)
    assert [len(row["components"]) for row in wire(long, CUT)[1:]] == [5] * 6


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("**b** [a](https://evil.example)", r"\*\*b\*\* \[a\](https:" + "\u200b" + "//evil.example)"),
        ("@everyone <@1>", "\\@\u200beveryone \\<\\@\u200b1\\>"),
        ("discord.gg/abc", "discord\u200b.gg/abc"),
        ("# heading", r"\# heading"),
        ("- item\n1. first", "\\- item\n1\\. first"),
        (". Yes", ". Yes"),
        ("\u202egnp", "gnp"),
        (" a  b ", " a b "),
    ],
)
def test_text_of_people_is_shown_letter_for_letter(text: str, shown: str) -> None:
    assert escape(text) == shown


def test_names_of_this_platform_are_mentions_and_others_are_text() -> None:
    slack = replace(ANA, platform=Platform.SLACK, display_name="*bo*")
    spans = (
        PersonName(ANA),
        " ",
        PersonName("discord:7:102"),
        " ",
        PersonName(slack),
        " ",
        ChannelName("art"),
    )
    assert markdown(spans) == r"<@101> <@102> \*bo\* art"


def test_a_modal_is_named_by_its_command_and_what_it_is_about() -> None:
    assert render_form(FORMS["edit"]).custom_id == f"c1m:edit:{JOB}.2"
    assert render_form(LONG_FORM, step=1).custom_id == f"c1m:imagine:{JOB}#2/2"
    assert parse_step(f"c1m:imagine:{JOB}#1/2") == (f"c1m:imagine:{JOB}", 1)
    assert parse_step(f"c1m:imagine:{JOB}#2/2") == (f"c1m:imagine:{JOB}", None)
    assert parse_step(f"c1m:edit:{JOB}.1:A1B2") == (f"c1m:edit:{JOB}.1:A1B2", None)


def test_the_introduction_takes_the_place_of_a_field() -> None:
    assert [len(step) for step in steps_of(LONG_FORM)] == [4, 4]
    assert [len(step) for step in steps_of(replace(LONG_FORM, intro=()))] == [5, 3]


def test_a_title_that_a_modal_cannot_hold_is_cut_or_raises() -> None:
    long = replace(FORMS["edit"], title="A very long title of a form that nobody reads to its end")
    with pytest.raises(LimitExceededError):
        render_form(long, limits=STRICT)
    assert render_form(long).title.endswith("…")


def test_what_a_field_held_before_is_there_again() -> None:
    form = FORMS["expand"].with_values({"sides": "left,right", "prompt": "a fox"})
    controls = [
        label["component"] for label in render_form(form).to_dict()["components"] if "component" in label
    ]
    sides, amount, _, prompt = controls
    assert [option["value"] for option in sides["options"] if option.get("default")] == ["left", "right"]
    assert (amount["value"], prompt["value"]) == ("50", "a fox")


def test_the_values_of_a_modal_are_read_by_the_names_of_its_fields() -> None:
    controls = [
        {"type": 3, "custom_id": "region", "values": ["A1", "B2"]},
        {"type": 4, "custom_id": "prompt", "value": "a boat"},
        {"type": 19, "custom_id": "mask", "values": ["9001"]},
        {"type": 22, "custom_id": "sides", "values": []},
        {"type": 21, "custom_id": "aspect", "value": None},
    ]
    data = {"components": [{"type": 18, "component": control} for control in controls]}
    assert values_of(data) == {"region": "A1,B2", "prompt": "a boat", "mask": ("9001",)}


def test_a_modal_of_an_earlier_version_is_read_too() -> None:
    row = {"type": 1, "components": [{"type": 4, "custom_id": "prompt", "value": "a boat"}]}
    assert values_of({"components": [row, None, {"type": 10}]}) == {"prompt": "a boat"}
