"""Messages and forms as HTML: everything is there, everything is escaped, everything has a name."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bots.presentation.compose.parts.buttons import button as compose_button
from bots.presentation.form_model import Choice, Field, FieldKind, Form
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
    Progress,
    RoleName,
    Small,
    Span,
    Spans,
    Time,
    Title,
    Tone,
)
from bots.presentation.spans import plain_text
from bots.web.render import FormPicture, ShownImage, render, render_form, shown_picture, with_people
from studio.commands.button_ids import NO_TARGET, Action, parse_button
from studio.domain.identifiers import picture_id, split_picture_id
from studio.domain.people import Person
from tests.support.html_tree import Element, read_html
from tests.support.messages import FORMS, MESSAGES
from tests.support.sample_domain import JOB_ID, NASTY_PROMPT, sample_person, sample_picture

PICTURES = {f"{JOB_ID}.{index}": shown_picture(sample_picture(index)) for index in range(1, 9)}
NASTY = NASTY_PROMPT + "</p><script>alert('x')</script>\" onload=\"x"
INPUTS = {"input", "select", "textarea"}


def files_of(message: Message) -> dict[str, ShownImage]:
    other = ShownImage(copies=[("data:image/webp;base64,AAAA", 64)])
    return {image.name: PICTURES.get(image.name, other) for image in _images(message)}


def _images(message: Message) -> list[Image]:
    """The web shows single pictures where a chat shows a sheet."""
    return [image for part in message.parts if isinstance(part, Images) for image in part.images]


def shown(message: Message) -> Element:
    return read_html(render(message, files_of(message)))


def button(action: Action, index: int = 0, *, disabled: bool = False, **more: object) -> Element:
    made = compose_button(action, JOB_ID, index, **more)  # type: ignore[arg-type]
    row = ButtonRow(buttons=(replace(made, disabled=disabled),))
    (found,) = shown(Message(parts=(), rows=(row,))).all("button")
    return found


def visible(spans: Spans) -> str:
    return "".join(map(_visible, spans))


def _visible(span: Span) -> str:
    match span:
        case PersonName(person=Person(display_name=name)):
            return f"{name[:1]}@{name}"  # a coloured initial before the name
        case ChannelName(channel=channel):
            return f"#{channel}"
        case _:
            return plain_text((span,))


def texts_of(message: Message) -> list[str]:
    """Every text of a message, as it is read."""
    texts = []
    for part in message.parts:
        match part:
            case Title(text=text) | Preformatted(text=text):
                texts.append(text)
            case Paragraph(spans=spans) | Small(spans=spans) | Note(spans=spans):
                texts.append(visible(spans))
            case Facts(facts=facts):
                texts += [text for label, spans in facts for text in (label, visible(spans))]
            case _:
                pass
    return [" ".join(text.split()) for text in texts]


@pytest.mark.parametrize("name", MESSAGES)
def test_nothing_of_a_message_is_missing(name: str) -> None:
    message = MESSAGES[name]
    page = shown(message)
    assert [text for text in texts_of(message) if text not in page.text] == []
    assert [element.attributes["alt"] for element in page.all("img")] == [
        image.alt_text for image in _images(message)
    ]


@pytest.mark.parametrize("name", MESSAGES)
def test_every_button_leads_somewhere_and_has_a_name(name: str) -> None:
    buttons = [button for button in MESSAGES[name].buttons if button.action is not Action.SEND]
    found = [
        element for element in shown(MESSAGES[name]).all("button") if "data-unveil" not in element.attributes
    ]
    assert len(found) == len(buttons)
    for wanted, element in zip(buttons, found, strict=True):
        assert element.text
        assert element.attributes.get("aria-label", element.text)
        assert element.attributes["title"]
        if "data-press" in element.attributes:
            assert parse_button(element.attributes["data-press"]) == parse_button(wanted.custom_id)
        else:
            _, _, *subject = element.attributes["hx-get"].split("/")
            whole = [wanted.target] if wanted.target != NO_TARGET else []
            assert subject[:1] == ([picture_id(wanted.target, wanted.index)] if wanted.index else whole)
            of_gathering = [wanted.verb, str(wanted.round), str(wanted.part)] if subject[1:] else []
            assert subject[2:] == of_gathering


def test_what_people_write_is_shown_letter_for_letter() -> None:
    spans: tuple[Span, ...] = (
        NASTY,
        Bold(NASTY),
        Code(NASTY),
        Command(NASTY),
        ChannelName(NASTY),
        RoleName(NASTY),
        Link(NASTY, "https://example.org/?a=1&b=2"),
        PersonName(sample_person(NASTY)),
    )
    parts = (
        Title(NASTY),
        Paragraph(spans),
        Small(spans),
        Facts(((NASTY, spans),)),
        Preformatted(NASTY),
        Note(spans=spans, tone=Tone.DANGER),
    )
    image = Images(images=(Image(name="x", alt_text=NASTY),))
    row = ButtonRow(buttons=(Button(action=Action.DELETE, target=JOB_ID, label=NASTY, confirm=NASTY),))
    page = shown(Message(parts=(image, *parts), rows=(row,)))
    assert page.text.count("</p><script>alert('x')</script>\" onload=\"x") == 3 + 4 * len(spans) + 1
    assert not page.all("script")
    assert not [element for element in page if "onload" in element.attributes]
    assert page.all("img")[0].attributes["alt"] == NASTY
    assert page.all("button")[0].attributes["data-sure"] == NASTY


def test_markup_comes_from_spans_only() -> None:
    when = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
    link = Link("here", "https://example.org/?a=1&b=2")
    page = shown(Message(parts=(Paragraph((Bold("bold"), Code("id"), Command("/vary"), Time(when), link)),)))
    assert [element.text for element in page.all("strong")] == ["bold"]
    assert [element.text for element in page.all("code")] == ["id", "/vary"]
    assert page.all("time")[0].attributes["datetime"] == "2026-03-04T12:00:00+00:00"
    assert page.all("a")[0].attributes["href"] == "https://example.org/?a=1&b=2"


def test_somebody_known_by_key_only_gets_their_name() -> None:
    unknown = Message(
        parts=(Paragraph((PersonName("web:room:1"),)), Facts((("About", (PersonName("web:room:1"),)),)))
    )
    assert "@Bo" not in shown(unknown).text
    assert shown(with_people(unknown, lambda _: sample_person("Bo"))).text.count("@Bo") == 2


def test_a_spoiler_is_covered_by_a_button() -> None:
    page = shown(MESSAGES["result spoiler"])
    assert page.all("ol")[0].attributes["class"].split()[-1] == "spoiler"
    assert len(page.all("button", data_unveil="")) == 1


def test_progress_has_a_bar() -> None:
    (bar,) = shown(Message(parts=(Progress(step=3, steps=12),))).all("progress")
    assert (bar.attributes["value"], bar.attributes["max"]) == ("3", "12")
    assert bar.attributes["aria-label"]


def test_a_label_that_says_too_little_gets_a_name() -> None:
    assert button(Action.UPSCALE, 2).attributes["aria-label"] == "Upscale picture 2 four times"
    assert "aria-label" not in button(Action.EDIT, 2).attributes


@pytest.mark.parametrize(
    ("action", "index", "path"),
    [
        (Action.EDIT, 2, f"/edit/{JOB_ID}.2"),
        (Action.REMIX, 0, f"/remix/{JOB_ID}"),
        (Action.REPORT, 0, f"/flag/{JOB_ID}"),
        (Action.APPEAL, 0, f"/appeal/{JOB_ID}"),
        (Action.MORE, 1, f"/view/{JOB_ID}.1"),
    ],
)
def test_what_needs_a_form_or_a_panel_opens_a_dialog(action: Action, index: int, path: str) -> None:
    assert button(action, index).attributes["hx-get"] == path


def test_tone_question_and_state_of_a_button_are_shown() -> None:
    delete = button(Action.DELETE, 1)
    assert "danger" in delete.attributes["class"]
    assert delete.attributes["data-sure"]
    assert "disabled" in button(Action.VARY, 1, disabled=True).attributes
    assert button(Action.STAR, 1, pressed=True).attributes["aria-pressed"] == "true"


def test_what_the_web_lacks_is_not_offered() -> None:
    row = ButtonRow(buttons=(Button(action=Action.SEND, target=JOB_ID),))
    assert not shown(Message(parts=(), rows=(row,))).all("button")


# ---- forms


def form_page(form: Form) -> Element:
    picture = FormPicture(image=PICTURES[f"{JOB_ID}.2"], alt_text=NASTY, neighbours=("/edit/a", "/edit/b"))
    return read_html(render_form(form, picture if split_picture_id(form.about) else None, PICTURES))


@pytest.mark.parametrize("name", FORMS)
def test_every_field_of_a_form_can_be_filled_and_has_a_label(name: str) -> None:
    form = FORMS[name]
    page = form_page(form)
    (element,) = page.all("form")
    assert element.attributes["data-ask"] == form.command
    inputs = [found for found in element if found.tag in INPUTS and "name" in found.attributes]
    for field in form.fields:
        found = [element for element in inputs if element.attributes["name"] == field.name]
        assert found
        labels = page.all("label", for_=f"field-{field.name}") or page.all("legend")
        cells = page.all("fieldset", class_="cells")
        assert (field.kind is FieldKind.CELLS and cells) or field.label in [
            element.text for element in labels
        ]
        chosen = field.kind in (FieldKind.CELLS, FieldKind.SIDES) or not field.choices
        assert ("required" in found[0].attributes) is (field.required and (chosen or field.kind != "line"))
        for choice in field.choices:
            assert page.all("input", value=choice.value) or choice.label in page.text
    assert page.text.count(plain_text(form.intro)) >= 1
    hidden = {
        element.attributes["name"]: element.attributes["value"]
        for element in page.all("input", type="hidden")
    }
    asks = any(field.kind is FieldKind.PICTURE for field in form.fields)
    about = {form.about, form.about.partition(".")[0]}
    filled = {*hidden.values(), *(field.initial for field in form.fields)}
    attached = form is FORMS["reference of an upload"]  # which the web attaches beside the prompt
    assert asks or attached or not form.about or about & filled


def test_the_cells_are_drawn_over_the_picture() -> None:
    page = form_page(FORMS["edit"])
    (figure,) = page.all("figure")
    cells = figure.all("input", type="checkbox")
    assert [cell.attributes["value"] for cell in cells][::5] == ["A1", "B2", "C3", "D4"]
    assert [cell.attributes.get("tabindex", "0") for cell in cells] == ["0", *["-1"] * 15]
    assert figure.all("img")[0].attributes["alt"] == NASTY
    assert [link.attributes["hx-get"] for link in figure.all("a")] == ["/edit/a", "/edit/b"]


def test_the_pictures_to_choose_from_are_seen() -> None:
    page = form_page(FORMS["report of several"])
    chosen = page.all("input", type="radio", name="picture")
    assert [radio.attributes["value"] for radio in chosen] == [f"{JOB_ID}.{index}" for index in range(1, 5)]
    assert len(page.all("img")) == 4


def test_a_form_is_filled_as_it_was_sent() -> None:
    kinds = {
        "words": Field(name="words", kind=FieldKind.TEXT, label="Words"),
        "size": Field(name="size", kind=FieldKind.NUMBER, label="Size", minimum=1, maximum=9),
        "who": Field(name="who", kind=FieldKind.PERSON, label="Who"),
        "kind": Field(
            name="kind",
            kind=FieldKind.CHOICE,
            label="Kind",
            choices=(Choice(value="a", label="A"), Choice(value="b", label="B")),
        ),
    }
    form = Form(command="imagine", about="", title="T", fields=tuple(kinds.values()))
    page = form_page(form.with_values({"words": NASTY, "size": "4", "who": NASTY, "kind": "b"}))
    assert page.all("textarea")[0].text == " ".join(NASTY.split())
    assert page.all("input", type="number")[0].attributes["value"] == "4"
    assert page.all("input", name="who")[0].attributes["value"] == NASTY
    assert [option.text for option in page.all("option") if "selected" in option.attributes] == ["B"]
    assert "selected" not in str(form_page(replace(form, fields=(kinds["kind"],))).all("option", value="b"))
