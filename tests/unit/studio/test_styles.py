"""Saved styles: personal or for the community, used by --style, judged when they are saved and when they are used."""

from dataclasses import replace

import pytest

from studio.commands.command_line import parse_phrase
from studio.commands.completion.suggest import find_suggestions
from studio.commands.registry import CATALOG, check, execute
from studio.commands.spec import Call
from studio.db import queries
from studio.domain.jobs import Job
from studio.domain.requests import Lora, ReferenceKind
from studio.domain.settings.communities import Tier
from studio.domain.settings.saved_styles import MOST_STYLES, StylesListed
from studio.domain.verdicts import Ruling, Verdict
from studio.errors import BadParameterError, NotAllowedError, NotFoundError, PolicyRefusalError
from studio.ports import InstanceLimits, Ports, RunnableModel
from tests.support.fakes import someone
from tests.support.finished_jobs import paint_job
from tests.support.sentences import raises

SDXL = RunnableModel(name="sdxl", loras=("ink", "pixel"), takes_references=4, weighs_references=True)
_calls = iter(range(10_000))


@pytest.fixture(autouse=True)
def models(ports: Ports) -> None:
    ports.options.known_models = (RunnableModel(name="thimble"), SDXL)


@pytest.fixture
def mod(call: Call) -> Call:
    return replace(call, person=someone("mod", moderator=True))


@pytest.fixture
def bo(call: Call) -> Call:
    return replace(call, person=someone("bo"))


def do(ports: Ports, call: Call, what: str, name: str = "ink wash", **values: object) -> StylesListed:
    call = replace(call, request_key=f"style{next(_calls)}")
    answer = execute(ports, call, "style", {"do": what, "name": name, **values})
    assert isinstance(answer, StylesListed)
    return answer


def imagine(ports: Ports, call: Call, **values: object) -> Job:
    values = {"prompt": "a fox", "style": "ink wash", **values}
    call = replace(call, request_key=f"imagine{next(_calls)}")
    check(ports, call, "imagine", values)
    job_id = execute(ports, call, "imagine", values).job_id
    with ports.database.read() as session:
        return queries.find_job(session, job_id)


def test_a_style_brings_its_words_model_loras_and_references(ports: Ports, call: Call) -> None:
    fox = paint_job(ports, execute(ports, call, "imagine", {"prompt": "a red fox"}).job_id)
    saved = do(
        ports,
        call,
        "save",
        words="ink wash of {prompt} on rice paper",
        negative="photo",
        model="sdxl",
        lora="ink:0.8, pixel",
        sref=f"{fox}.2:0.5",
    )
    assert [style.name for style in saved.own] == ["ink wash"]
    request = imagine(ports, call, prompt="a {red,blue} boat", negative="text", lora="pixel:0.3").request
    assert request.prompts == (
        "ink wash of a red boat on rice paper",
        "ink wash of a blue boat on rice paper",
    )
    assert request.prompt == "ink wash of a {red,blue} boat on rice paper"
    assert (request.negative_prompt, request.model, request.style) == ("text, photo", "sdxl", None)
    assert request.loras == (Lora(name="pixel", weight=0.3), Lora(name="ink", weight=0.8))
    (source,) = request.references
    assert (source.picture_id, source.reference, source.weight) == (f"{fox}.2", ReferenceKind.STYLE, 0.5)
    assert ports.gate.admissions[-1].request == request


def test_words_without_a_place_stand_behind_and_a_named_model_goes_first(ports: Ports, call: Call) -> None:
    do(ports, call, "save", words="in ink", model="sdxl")
    assert imagine(ports, call).request.prompt == "a fox, in ink"
    assert imagine(ports, call, model="thimble").request.model == "thimble"
    do(ports, call, "save", words="in pencil")
    assert imagine(ports, call).request.prompt == "a fox, in pencil"


def test_a_style_is_its_owners_until_a_moderator_shares_it(
    ports: Ports, call: Call, bo: Call, mod: Call
) -> None:
    do(ports, call, "save", words="in ink")
    with raises(BadParameterError, match="ink wash"):
        imagine(ports, bo)
    with raises(NotAllowedError, match="Only moderators"):
        do(ports, call, "share")
    with raises(NotFoundError, match="Style ink wash was not found"):
        do(ports, mod, "share")
    do(ports, mod, "save", words="in the ink of all")
    assert do(ports, mod, "share").shared[0].words == "in the ink of all"
    assert imagine(ports, bo).request.prompt == "a fox, in the ink of all"
    assert imagine(ports, call).request.prompt == "a fox, in ink"  # one's own goes first
    elsewhere = replace(bo, person=replace(someone("cem"), community="another"))
    with raises(BadParameterError, match="ink wash"):
        imagine(ports, elsewhere)
    with raises(NotAllowedError, match="Only the person"):
        do(ports, bo, "remove")
    other = replace(mod, person=someone("max", moderator=True))
    do(ports, other, "save", words="another ink")
    with raises(BadParameterError, match="There is a style ink wash already"):
        do(ports, other, "share")
    assert do(ports, other, "unshare").shared == ()
    with raises(BadParameterError, match="ink wash"):
        imagine(ports, bo)
    assert do(ports, mod, "remove").own == ()


def test_what_a_style_says_is_judged_when_it_is_saved_and_when_it_is_used(ports: Ports, call: Call) -> None:
    refusing = Verdict(ruling=Ruling.REFUSE, rule="words", category="gore")
    ports.gate.verdict = refusing
    with pytest.raises(PolicyRefusalError):
        do(ports, call, "save", words="in ink")
    ports.gate.verdict = replace(refusing, ruling=Ruling.ALLOW)
    assert do(ports, call, "list").own == ()
    do(ports, call, "save", words="in ink")
    ports.gate.verdict = refusing
    with pytest.raises(PolicyRefusalError):
        imagine(ports, call)


@pytest.mark.parametrize(
    ("name", "values", "sentence"),
    [
        ("ink wash", {}, "what the style consists of"),
        ("--", {"words": "in ink"}, "letters, digits and spaces"),
        ("a,b", {"words": "in ink"}, "letters, digits and spaces"),
        ("ink wash", {"words": "a {red,blue} ink"}, "no other braces"),
        ("ink wash", {"model": "nothing"}, "nothing"),
        ("ink wash", {"model": "thimble", "lora": "ink"}, "ink"),
        ("ink wash", {"words": "x" * 301}, "300"),
    ],
)
def test_what_cannot_be_a_style_is_refused(
    ports: Ports, call: Call, name: str, values: dict[str, str], sentence: str
) -> None:
    with raises(BadParameterError, match=sentence):
        do(ports, call, "save", name, **values)


def test_a_preset_keeps_its_name_and_both_are_suggested(ports: Ports, call: Call) -> None:
    preset = ports.options.styles()[0]
    with raises(BadParameterError, match="There is a style"):
        do(ports, call, "save", preset, words="in ink")
    do(ports, call, "save", words="in ink")
    spec = CATALOG["imagine"]
    parameter = spec.parameter("style")
    assert parameter is not None
    names = [found.value for found in find_suggestions(ports, call, spec, parameter, "", {})]
    assert names == ["ink wash", *ports.options.styles()]
    assert imagine(ports, call, style=preset).request.style == preset


def test_nobody_saves_without_end(ports: Ports, call: Call) -> None:
    for number in range(MOST_STYLES):
        do(ports, call, "save", f"style {number}", words="in ink")
    with raises(BadParameterError, match="At most 50 styles"):
        do(ports, call, "save", "one more", words="in ink")
    do(ports, call, "save", "style 1", words="in pencil")


def test_a_reference_that_was_deleted_is_said_so(ports: Ports, call: Call) -> None:
    fox = paint_job(ports, execute(ports, call, "imagine", {"prompt": "a red fox"}).job_id)
    do(ports, call, "save", model="sdxl", ref=f"{fox}.1")
    execute(ports, replace(call, request_key="gone"), "delete", {"what": f"{fox}.1"})
    with raises(NotFoundError, match="was not found"):
        imagine(ports, call)


def test_a_style_is_typed_with_its_name_of_several_words() -> None:
    spec, values = parse_phrase("/style save ink wash --words ink of {prompt} --model sdxl")
    command = spec.read(values)
    assert (command.do, command.name, command.words) == ("save", "ink wash", "ink of {prompt}")


def test_models_and_loras_may_be_kept_for_a_tier(ports: Ports, call: Call) -> None:
    ports = replace(ports, rules=InstanceLimits(model_tiers={"sdxl": Tier.MEMBER, "sdxl/ink": Tier.TRUSTED}))
    do(ports, call, "save", model="sdxl", lora="ink")
    with raises(BadParameterError, match="ink is for people from the tier trusted on; yours is member"):
        imagine(ports, call)
    assert imagine(ports, call, style=None, model="sdxl").request.model == "sdxl"
    ports.gate.allowed = replace(ports.gate.allowed, tier=Tier.NEWCOMER)
    with raises(BadParameterError, match="sdxl is for people from the tier member on"):
        imagine(ports, call, style=None, model="sdxl")
    assert imagine(ports, call, style=None, model="thimble").request.model == "thimble"
    ports.gate.allowed = replace(ports.gate.allowed, tier=Tier.TRUSTED)
    assert imagine(ports, call).request.loras == (Lora(name="ink"),)


def test_styles_go_with_their_person(ports: Ports, call: Call) -> None:
    do(ports, call, "save", words="in ink")
    execute(ports, replace(call, request_key="bye"), "forget-me", {"confirm": "yes"})
    assert do(ports, call, "list").own == ()
