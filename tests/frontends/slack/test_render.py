"""Messages and forms as Block Kit: what Slack takes, what people read, and nothing that Slack would cut."""

import html
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from bots.presentation.form_model import Choice, Field, FieldKind, Form
from bots.presentation.limits import STRICT, LimitExceededError
from bots.presentation.message import (
    Bold,
    Button,
    ButtonRow,
    ChannelName,
    Code,
    Command,
    Facts,
    FileKind,
    Image,
    Images,
    Link,
    Message,
    Note,
    Paragraph,
    PersonName,
    Preformatted,
    Progress,
    RoleName,
    Small,
    Time,
    Title,
    Tone,
)
from bots.slack.render import render
from bots.slack.render_form import render_form, values_of
from studio.commands.button_ids import Action, parse_button
from studio.domain.people import Person, Platform
from studio.domain.sizing.canvases import SIDES
from studio.parsing.grid_regions import ALL_CELLS
from tests.support.block_kit import check_blocks, check_view, files_of
from tests.support.loopback_slack.records import ANA, TEAM, said
from tests.support.messages import FORMS, MESSAGES

JOB, OTHER_JOB = "k3v9m2p4qx7a", "k3v9m2p4qx7b"
FILES = {f"{JOB}.{index}": f"F{index}" for index in range(1, 5)}
IMAGES = Images(
    images=tuple(
        Image(name=f"{JOB}.{index}", alt_text=f"Picture {index} of 4: a red fox") for index in range(1, 5)
    )
)
ANNA = Person(platform=Platform.SLACK, community=TEAM, user_id=ANA, display_name="*Ana* <!here>")


def row(*actions: Action, index: int = 0, menu: str = "") -> ButtonRow:
    return ButtonRow(buttons=tuple(Button(action=a, target=JOB, index=index) for a in actions), menu=menu)


def menu(action: Action, name: str) -> ButtonRow:
    return ButtonRow(
        buttons=tuple(Button(action=action, target=JOB, index=i) for i in range(1, 5)), menu=name
    )


GRID = Message(
    parts=(
        IMAGES,
        Title("a red fox in the snow"),
        Small((PersonName(ANNA), ", from ", PersonName("slack:T0TEAM:U0BO"), "’s fox")),
        Small(("seed 7 · ", Code(JOB))),
    ),
    rows=(
        menu(Action.UPSCALE, "Upscale…"),
        menu(Action.VARY, "Vary…"),
        row(Action.REROLL, Action.REMIX, Action.EDIT),
    ),
    tone=Tone.SUCCESS,
    summary="4 pictures: a red fox in the snow",
)


def rendered(message: Message, files: dict[str, str] | None = None, **options: Any) -> dict[str, Any]:
    """As Slack would take it, with nothing cut."""
    made = render(message, FILES if files is None else files, limits=STRICT, **options)
    check_blocks(made["blocks"])
    return made


def words_of(message: Message, **options: Any) -> str:
    return said(rendered(message, **options)["blocks"])


def test_every_picture_is_an_image_with_its_own_alternative_text() -> None:
    blocks = rendered(GRID)["blocks"]
    images = [block for block in blocks if block["type"] == "image"]
    assert [image["alt_text"] for image in images] == [f"Picture {i} of 4: a red fox" for i in range(1, 5)]
    assert [image["title"]["text"] for image in images] == ["1", "2", "3", "4"]
    assert files_of(blocks) == ["F1", "F2", "F3", "F4"]


def test_a_workspace_with_carousels_shows_the_pictures_as_cards_side_by_side() -> None:
    blocks = rendered(GRID, carousel=True)["blocks"]
    assert blocks[0]["type"] == "carousel"
    cards = blocks[0]["elements"]
    assert [card["hero_image"]["alt_text"][:9] for card in cards] == [f"Picture {i}" for i in range(1, 5)]
    assert files_of(blocks) == ["F1", "F2", "F3", "F4"]


def test_pictures_of_several_jobs_are_numbered_in_order_and_those_of_one_job_by_their_own() -> None:
    several = Images(images=tuple(Image(name=f"{job}.1", alt_text="a fox") for job in (JOB, OTHER_JOB)))
    files = {image.name: "F1" for image in several.images}
    blocks = rendered(Message(parts=(several,)), files)["blocks"]
    assert [block["title"]["text"] for block in blocks] == ["1", "2"]
    gap = Message(parts=(Images(images=IMAGES.images[1:]),))
    assert [block["title"]["text"] for block in rendered(gap)["blocks"]] == ["2", "3", "4"]


def test_one_picture_is_an_image_also_where_there_are_carousels() -> None:
    one = replace(GRID, parts=(Images(images=IMAGES.images[:1]),))
    assert rendered(one, carousel=True)["blocks"][0]["type"] == "image"


def test_rows_with_a_menu_become_two_menus_side_by_side_whose_options_are_buttons() -> None:
    blocks = [block for block in rendered(GRID)["blocks"] if block["type"] == "actions"]
    upscale, vary = blocks[0]["elements"]
    assert (upscale["action_id"], vary["action_id"]) == ("c1s:upscale", "c1s:vary")
    assert (upscale["placeholder"]["text"], vary["placeholder"]["text"]) == ("Upscale…", "Vary…")
    assert [option["text"]["text"] for option in vary["options"]] == [f"Picture {i}" for i in range(1, 5)]
    pressed = [replace(GRID.rows[0], buttons=(replace(GRID.rows[0].buttons[0], pressed=True),))]
    (marked,) = rendered(replace(GRID, rows=tuple(pressed)))["blocks"][-1]["elements"][0]["options"]
    assert marked["text"]["text"] == "✓ Picture 1"
    third = parse_button(vary["options"][2]["value"])
    assert third is not None
    assert (third.action, third.job_id, third.index) == (Action.VARY, JOB, 3)
    assert [element["action_id"] for element in blocks[1]["elements"]] == [
        f"c1:{name}:{JOB}:0" for name in ("reroll", "remix", "edit")
    ]


def test_what_people_wrote_is_shown_letter_for_letter() -> None:
    evil = "<!channel> *bold* <https://example.org|here> & `code` _it_ ~no~"
    for part in (Paragraph((evil,)), Small((evil,)), Note(spans=(evil,)), Facts(facts=((evil, (evil,)),))):
        text = words_of(Message(parts=(part,)))
        assert "<" not in text
        assert "*bold*" not in text.replace("\u200b*bold\u200b*", "")
        assert "&lt;!channel&gt;" in text
    assert "`code`" not in words_of(Message(parts=(Preformatted(evil),))).replace("```", "")


def test_people_are_links_for_moderators_and_names_for_everybody() -> None:
    assert f"<@{ANA}>" in words_of(GRID)
    text = words_of(GRID, links=False)
    assert f"<@{ANA}>" not in text
    assert "@\u200b*Ana\u200b* &lt;!here&gt;" in text


def test_spans_become_slacks_own_marks() -> None:
    when = datetime(2026, 3, 1, 12, tzinfo=UTC)
    spans = (Bold("b"), Command("/vary x.1"), ChannelName("C0MODS"), RoleName("S0PAINTERS"), Time(when))
    text = words_of(Message(parts=(Paragraph((*spans, Link("l", "https://example.org"))),)))
    assert "*b*" in text
    assert "`/studio vary x.1`" in text
    assert "<#C0MODS>" in text
    assert "`S0PAINTERS`" in text
    assert f"<!date^{int(when.timestamp())}^" in text
    assert "<https://example.org|l>" in text


def test_a_title_is_a_header_and_a_long_one_is_whole_in_bold() -> None:
    assert rendered(Message(parts=(Title("a fox"),)))["blocks"][0]["type"] == "header"
    long = "fox " * 250
    block = rendered(Message(parts=(Title(long),)))["blocks"][0]
    assert block["text"]["text"] == f"*{long.strip()}*"


def test_long_words_are_spread_over_sections_and_too_many_are_cut_or_refused() -> None:
    lines = tuple(Paragraph((f"line {number} " + "x" * 90,)) for number in range(100))
    blocks = rendered(Message(parts=lines))["blocks"]
    assert 3 < len(blocks) < 10
    assert said(blocks).count("line ") == 100
    endless = Message(parts=tuple(Small((str(number),)) for number in range(60)), rows=(row(Action.REROLL),))
    with pytest.raises(LimitExceededError):
        rendered(endless)
    cut = render(endless)["blocks"]
    check_blocks(cut)
    assert cut[-1]["type"] == "actions", "the buttons stay"


def test_short_facts_stand_in_columns_and_long_ones_alone() -> None:
    facts = Facts(facts=(("Rule", ("gore",)), ("Weight", ("0.50",)), ("Prompt", ("two knights " * 20,))))
    blocks = rendered(Message(parts=(facts,)))["blocks"]
    assert [len(block.get("fields", ())) for block in blocks] == [2, 0]


def test_a_picture_that_is_not_at_slack_is_said_to_be_missing() -> None:
    text = words_of(GRID, files={f"{JOB}.2": "F2"})
    assert "cannot show the picture" in text


def test_a_button_asks_first_where_it_must_and_is_left_out_where_it_is_disabled() -> None:
    ban = Button(action=Action.BAN, target=JOB, tone=Tone.DANGER, confirm="They cannot paint here any more.")
    star = Button(action=Action.STAR, target=JOB, index=1, pressed=True)
    off = Button(action=Action.REROLL, target=JOB, disabled=True)
    message = Message(parts=(Progress(step=2, steps=8),), rows=(ButtonRow(buttons=(ban, star, off)),))
    first, second = rendered(message)["blocks"][-1]["elements"]
    assert first["style"] == "danger"
    assert first["confirm"]["text"]["text"] == "They cannot paint here any more."
    assert second["text"]["text"].startswith("✓ ")
    assert second["accessibility_label"] == "Star picture 1, pressed already"


# ---- forms

FORM = Form(
    command="edit",
    about=f"{JOB}.1",
    title="Change a part",
    intro=("Choose the cells, or upload a mask.",),
    image=Image(name="grid", alt_text="The picture under its grid"),
    fields=(
        Field(
            name="region",
            kind=FieldKind.CELLS,
            label="Cells",
            initial="A1,B2",
            choices=tuple(Choice(value=cell, label=cell) for cell in ALL_CELLS),
        ),
        Field(
            name="picture",
            kind=FieldKind.PICTURE,
            label="Picture",
            required=True,
            choices=tuple(Choice(value=f"{JOB}.{i}", label=str(i)) for i in (1, 2)),
            initial=f"{JOB}.2",
        ),
        Field(name="prompt", kind=FieldKind.TEXT, label="Words", required=True, initial="a boat"),
        Field(name="mask", kind=FieldKind.FILES, label="A mask", hint="Black stays.", maximum=1),
        Field(
            name="sides",
            kind=FieldKind.SIDES,
            label="Sides",
            choices=tuple(Choice(value=side, label=side) for side in SIDES),
        ),
        Field(name="amount", kind=FieldKind.NUMBER, label="Percent", minimum=10, maximum=200, initial="50"),
        Field(name="aspect", kind=FieldKind.LINE, label="Aspect", max_length=20),
        Field(name="person", kind=FieldKind.PERSON, label="Whom"),
        Field(name="channel", kind=FieldKind.CHANNEL, label="Channel"),
        Field(
            name="remix",
            kind=FieldKind.CHOICE,
            label="Who may",
            required=True,
            choices=(Choice(value="anyone", label="Anyone"), Choice(value="nobody", label="Nobody")),
        ),
        Field(
            name="loras",
            kind=FieldKind.CHOICE,
            label="Addons",
            maximum=3,
            choices=tuple(Choice(value=f"l{i}", label=f"Addon {i}") for i in range(12)),
        ),
        Field(
            name="style", kind=FieldKind.CHOICE, label="Style", choices=(Choice(value="ink", label="Ink"),)
        ),
    ),
)


def view_of(form: Form) -> dict[str, Any]:
    view = render_form(form, '{"a":1}', {"grid": "F1"}, limits=STRICT)
    check_view(view)
    return view


def test_every_kind_of_field_is_one_of_slacks_inputs() -> None:
    inputs = {block["block_id"]: block for block in view_of(FORM)["blocks"] if block["type"] == "input"}
    kinds = {name: block["element"]["type"] for name, block in inputs.items()}
    assert kinds == {
        "picture": "static_select",
        "region": "multi_static_select",
        "prompt": "plain_text_input",
        "mask": "file_input",
        "sides": "checkboxes",
        "amount": "number_input",
        "aspect": "plain_text_input",
        "person": "users_select",
        "channel": "conversations_select",
        "remix": "radio_buttons",
        "loras": "multi_static_select",
        "style": "static_select",
    }
    assert inputs["picture"]["dispatch_action"] is True
    assert inputs["prompt"]["optional"] is False
    assert inputs["mask"]["hint"]["text"] == "Black stays."


def test_the_choice_of_a_picture_stands_above_the_picture() -> None:
    kinds = [block["type"] for block in view_of(FORM)["blocks"]]
    assert kinds[:3] == ["input", "section", "image"]


def test_a_filled_form_is_read_back_by_field_and_what_is_empty_is_left_out() -> None:
    state = {
        "region": {"value": {"selected_options": [{"value": "A1"}, {"value": "B2"}]}},
        "picture": {"c1s:picture": {"selected_option": {"value": f"{JOB}.2"}}},
        "prompt": {"value": {"type": "plain_text_input", "value": "a boat"}},
        "mask": {"value": {"type": "file_input", "files": [{"id": "F9", "mimetype": "image/png"}]}},
        "sides": {"value": {"selected_options": []}},
        "aspect": {"value": {"value": None}},
        "person": {"value": {"selected_user": "U0BO"}},
        "channel": {"value": {"selected_conversation": "C0GENERAL"}},
    }
    assert values_of({"state": {"values": state}}) == {
        "region": "A1,B2",
        "picture": f"{JOB}.2",
        "prompt": "a boat",
        "mask": ({"id": "F9", "mimetype": "image/png"},),
        "person": "U0BO",
        "channel": "C0GENERAL",
    }


def test_a_form_that_slack_would_cut_is_refused_in_tests_and_shortened_for_people() -> None:
    long = replace(FORM, title="A title of more than twenty-four letters")
    with pytest.raises(LimitExceededError):
        view_of(long)
    assert render_form(long, "{}")["title"]["text"].endswith("…")


# ---- every message and form that there is


@pytest.mark.parametrize("carousel", [False, True])
@pytest.mark.parametrize("name", MESSAGES)
def test_every_message_is_taken_by_slack_whole(name: str, carousel: bool) -> None:
    message = MESSAGES[name]
    files = {image.name: f"F{image.name}" for image in message.files}
    made = rendered(message, files, carousel=carousel, feedback=carousel)
    assert made["text"]
    images = [
        image for image in message.files if image.kind is not FileKind.ARCHIVE
    ]  # which Slack cannot show
    assert len(files_of(made["blocks"])) == len(images)
    offered = {option["value"] for option in _offered(made["blocks"])}
    assert offered == {button.custom_id for button in message.buttons if not button.disabled}


def _offered(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    elements = [element for block in blocks if block["type"] == "actions" for element in block["elements"]]
    return [option for element in elements for option in element.get("options", [element])]


@pytest.mark.parametrize("name", FORMS)
def test_every_form_is_taken_by_slack_whole(name: str) -> None:
    form = FORMS[name]
    files = {form.image.name: "F1"} if form.image else {}
    view = render_form(form, "{}", files, limits=STRICT)
    check_view(view)
    assert [block["block_id"] for block in view["blocks"] if block["type"] == "input"] == [
        field.name for field in form.fields
    ]


@pytest.mark.parametrize("text", ["&" * 1000, "<" * 999, "a fox & " * 600, "*" * 2000])
def test_a_title_that_is_cut_leaves_no_entity_and_no_bold_open(text: str) -> None:
    shown = render(Message(parts=(Title(text),)), {})["blocks"][0]["text"]["text"]
    assert len(shown) <= 3000
    assert shown.endswith("…*")
    assert html.escape(html.unescape(shown), quote=False) == shown


def test_a_link_that_does_not_fit_is_left_out_whole() -> None:
    link = Link("a page", "https://example.org/a")
    (block,) = render(Message(parts=(Small(("a" * 1980, link)),)), {})["blocks"]
    assert block["elements"][0]["text"] == "a" * 1980 + "…"
