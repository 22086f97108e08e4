"""What people type becomes a command, or a sentence that says which part is wrong."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.commands.command_line import parse_phrase
from studio.commands.parameter_values import Kind
from studio.commands.registry import CATALOG
from studio.errors import BadParameterError, BadRequestError, UnknownCommandError
from tests.support.sentences import error_text, raises

PICTURE = "k3v9m2p4qx7a.2"


def read(text: str):
    spec, values = parse_phrase(text)
    return spec.read(values)


def test_plain_text_is_a_prompt():
    assert read("a red apple").prompt == "a red apple"


def test_flags_are_read_wherever_they_stand_after_the_prompt():
    command = read("/imagine a cat's hat --seed 7 --ar 3:2 --no text and letters --count 2")
    assert (command.prompt, command.seed, command.aspect, command.negative, command.count) == (
        "a cat's hat",
        7,
        "3:2",
        "text and letters",
        2,
    )


def test_a_dash_typed_by_a_phone_is_a_flag():
    assert read("/imagine an owl —seed 7").seed == 7


@pytest.mark.parametrize(
    "flag",
    [
        "--ar 16:9",
        ",--ar 16:9",
        ", --ar 16:9",
        ";—ar 16:9",
        "--ar16:9",
        " --ar16:9",
        " --ar:16:9",
        " --ar=16:9",
        " --AR 16：9",
        " -ar 16:9",
        " —ar 16:9",
        " ——ar 16:9",
        " - -ar 16:9",
        " -- ar 16:9",
        " −−ar 16:9",
        " ‐‐ar 16:9",
        ' --ar "16:9"',
        " --ar 16:9,",
        " --aspect ’16:9’",
    ],
)
def test_any_run_of_dashes_before_a_known_name_is_a_flag(flag: str):
    command = read(f"a fox{flag}")
    assert (command.prompt, command.aspect) == ("a fox", "16:9")


@pytest.mark.parametrize(
    "text",
    [
        "un zorro —de pelo rojo— en la nieve",
        "un zorro —no un gato— en la nieve",
        "a castle — style of the sixties",
        "the sea—no wind, no waves",
        "the sea -- no wind",
        "a fox - red - in the snow",
        "co-count and well-sized hats",
        "a -5 degree day",
        "rock -n roll",
        "a man -- tired -- sits",
        "ein Fuchs – rot – im Schnee",
        "一只狐狸——红色的",
        "x--y and a->b",
    ],
)
def test_a_dash_before_anything_else_is_text(text: str):
    assert read(text).prompt == text


@pytest.mark.parametrize(
    "text", ["a fox —aspct 3:2", "a fox -seeed 7", "a fox --frob 7", "a fox −−guidence 7"]
)
def test_a_near_miss_of_a_flag_and_a_double_hyphen_are_never_painted_as_words(text: str):
    with raises(BadParameterError, match="is unknown") as caught:
        read(text)
    assert caught.value.span[0] == 6


@pytest.mark.parametrize(
    ("typed", "name", "value"),
    [
        ("--seed -1", "seed", -1),
        ("--seed −1", "seed", -1),
        ("--seed-1", "seed", -1),
        ("--seed7", "seed", 7),
        ('--seed "7"', "seed", 7),
        ("--seed 1,234,567", "seed", 1234567),
        ("--seed ７,", "seed", 7),
        ("--cfg 7,5", "guidance", 7.5),
        ("--cfg7.5", "guidance", 7.5),
        ("--cfg “7.5”,", "guidance", 7.5),
        ("--n4", "count", 4),
        ("--ar 2.35:1", "aspect", "47:20"),
        ("--ar 2,35:1", "aspect", "47:20"),
        ("--ar 16/9", "aspect", "16:9"),
        ("--size “512×768”", "size", "512x768"),
        ("--scheduler 'Euler a',", "scheduler", "euler a"),
    ],
)
def test_values_are_read_as_people_write_them(typed: str, name: str, value: object):
    assert getattr(read(f"a fox {typed}"), name) == value


def test_several_flags_in_a_row_are_told_apart_however_they_are_written():
    command = read("a fox, —ar 3:2 -seed 5 --no text—like signs,--n 2")
    assert (command.prompt, command.aspect, command.seed) == ("a fox", "3:2", 5)
    assert (command.negative, command.count) == ("text—like signs,", 2)


@pytest.mark.parametrize(
    ("text", "lora"),
    [
        ("a fox <lora:ink:0.8>", "ink:0.8"),
        ("a <lora:ink:0.8> fox <LoRA:pixel>", "ink:0.8, pixel"),
        ("a fox, <lora:ink:0.8> --lora pixel", "pixel, ink:0.8"),
        ("a fox <lora:ink:0.8:0.5> --ar 3:2", "ink:0.8"),
    ],
)
def test_a_lora_in_angle_brackets_is_one_of_the_loras(text: str, lora: str):
    command = read(text)
    assert (command.prompt, command.lora) == ("a fox", lora)


def test_hyphens_inside_words_stay():
    assert read("a black-and-white owl - at night").prompt == "a black-and-white owl - at night"


def test_a_picture_comes_before_the_words():
    command = read(f"/edit {PICTURE} a small boat --region B3-C4")
    assert (command.picture, command.prompt, command.region) == (PICTURE, "a small boat", "B3-C4")


def test_words_are_no_picture_id():
    command = read("/edit a small boat --region B3")
    assert (command.picture, command.prompt) == (None, "a small boat")


@pytest.mark.parametrize("name", CATALOG)
def test_every_example_of_the_catalogue_can_be_typed(name: str):
    spec, values = parse_phrase(CATALOG[name].example)
    assert spec is CATALOG[name]
    for parameter in spec.parameters:  # a front end puts the key of whoever is named in the name's place
        if parameter.kind is Kind.PERSON and parameter.name in values:
            values = {**values, parameter.name: f"web:room:{values[parameter.name]}"}
    assert spec.read(values)


def test_an_unknown_command_names_the_nearest():
    with raises(UnknownCommandError, match="Did you mean /imagine"):
        parse_phrase("/imagin a cat")


def test_an_unknown_flag_names_the_nearest():
    with raises(BadParameterError, match="Did you mean --seed") as caught:
        parse_phrase("/imagine a cat --sed 4")
    assert caught.value.parameter == "--sed"


@pytest.mark.parametrize(
    ("text", "parameter", "words"),
    [
        ("/report k3v9m2p4qx7a.2 --reason it shows me --no way", "reason", "it shows me --no way"),
        (
            "/appeal k3v9m2p4qx7a --reason a sign -- and --this is art",
            "reason",
            "a sign -- and --this is art",
        ),
        ("/alt k3v9m2p4qx7a.2 a sign: --no entry", "text", "a sign: --no entry"),
    ],
)
def test_free_text_takes_what_is_no_flag_of_its_command(text: str, parameter: str, words: str):
    _, values = parse_phrase(text)
    assert values[parameter] == words


def test_a_known_flag_ends_free_text():
    _, values = parse_phrase("/ban @bo --reason kept asking --no end --duration 7d")
    assert (values["reason"], values["duration"]) == ("kept asking --no end", "7d")


def test_before_free_text_an_unknown_flag_is_refused():
    with raises(BadParameterError, match="--no” is unknown"):
        parse_phrase("/report k3v9m2p4qx7a.2 --no way")


def test_flags_that_only_an_attachment_can_fill_are_not_offered():
    with raises(BadParameterError, match="--size, --width") as caught:
        parse_phrase("/imagine a cat --frob 4")
    assert "--image" not in error_text(caught.value)


def test_a_flag_without_a_value_says_so():
    with raises(BadParameterError, match="needs a value"):
        parse_phrase("/imagine a cat --seed")


def test_a_flag_of_another_command_is_refused():
    with raises(BadParameterError, match="unknown"):
        parse_phrase(f"/upscale {PICTURE} --prompt x")


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("/imagine a cat --seed -2", "seed"),
        ("/imagine a cat --seed 4294967296", "seed"),
        ("/imagine a cat --seed seven", "seed"),
        ("/imagine a cat --seed nan", "seed"),
        ("/imagine a cat --guidance inf", "guidance"),
        ("/imagine a cat --count 17", "count"),
        ("/imagine a cat --count 2.5", "count"),
        ("/imagine a cat --width 63", "width"),
        ("/imagine a cat --width 30000", "width"),
        ("/imagine a cat --aspect 9:1", "aspect"),
        ("/imagine a cat --aspect 1:0", "aspect"),
        ("/imagine a cat --aspect wide", "aspect"),
        ("/imagine a cat --strength 0", "strength"),
        ("/imagine", "prompt"),
        ("/imagine --seed 3", "prompt"),
        ("/vary nothing", "picture"),
        ("/show nothing", "job"),
        (f"/vary {PICTURE} --strength wild", "strength"),
    ],
)
def test_values_out_of_range_name_their_parameter(text: str, wrong: str):
    with pytest.raises(BadParameterError) as caught:
        read(text)
    assert caught.value.parameter == wrong


@pytest.mark.parametrize("text", ["", "   ", "\u200b\u2060", "\x00\x07"])
def test_nothing_visible_is_an_empty_prompt(text: str):
    with raises(BadParameterError, match="The prompt is empty"):
        parse_phrase(text)


def test_a_slash_alone_is_no_command():
    with raises(UnknownCommandError, match="Type /help"):
        parse_phrase("/")


@pytest.mark.parametrize("size", ["512x768", "512×768", "512 x 768", "512*768"])
def test_a_size_is_width_and_height(size: str):
    assert read(f"/imagine a cat --size {size}").size == "512x768"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a cat --size 512", "Write the size as width and height in pixels, for example 512x768."),
        ("a cat --size 512x9999", "Each side must lie between 64 and 2048 pixels."),
        ("a cat --seed -5", "The seed must lie between -1 and 4294967295."),
        ("a cat --guidance 31", "The guidance must lie between 0 and 30."),
        ("a cat --image 0", "The image must be attached."),
        ("a cat --strength 0.01", "The strength must lie between 0.05 and 1."),
    ],
)
def test_ranges_are_said_in_numbers_that_can_be_typed(text: str, sentence: str):
    with pytest.raises(BadParameterError) as caught:
        read(text)
    assert error_text(caught.value) == sentence


def test_a_prompt_of_10_000_characters_is_refused_with_the_limit():
    with raises(BadParameterError, match="1,000"):
        read("a" * 10_000)
    with raises(BadParameterError, match="1,000"):
        read("/imagine " + "a" * 1_001)


@pytest.mark.parametrize("text", ["תפוח אדום", "تفاحة حمراء", "🍎🍏", "👩\u200d🎨", "りんご"])
def test_every_script_and_emoji_is_a_prompt(text: str):
    assert read(text).prompt == text


def test_control_and_direction_characters_are_taken_out_of_a_prompt():
    assert read("a\u202ered\u202c\x07 apple\u200b\n\tnow").prompt == "ared apple now"


@pytest.mark.parametrize(
    "text",
    [
        "می\u200cخواهم یک سیب",  # Persian: "I want" needs the non-joiner
        "क्\u200cष",
        "a \U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f flag",  # England
        "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",  # Scotland
    ],
)
def test_invisible_characters_that_mean_something_stay_in_a_prompt(text: str):
    assert read(text).prompt == text


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("ap\u200cple", "apple"),
        ("می\u202e\u200cخواهم", "میخواهم"),
        ("\u200cخواهم\u200c", "خواهم"),
        ("fox \U000e0068\U000e0069\U000e007f", "fox"),  # tags without a flag
        ("\U0001f3f4\U000e0067\U000e0062", "\U0001f3f4"),  # a flag's tags that never end
        ("سیب\u200f \u2066قرمز\u2069", "سیب قرمز"),
    ],
)
def test_invisible_characters_that_only_hide_are_taken_out(text: str, cleaned: str):
    assert read(text).prompt == cleaned


@given(st.text(max_size=300))
def test_any_text_gives_a_command_or_a_sentence(text: str):
    with suppress(BadRequestError):
        assert read(text) is not None
