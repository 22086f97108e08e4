"""Suggestions name only what a command can do for the person, in words that tell them apart."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bots.presentation.form_model import Choice
from bots.presentation.suggestions import MOST, suggest
from studio.clock import now
from studio.commands.completion.finders import whole_prompt
from studio.commands.completion.suggestion import LONGEST
from studio.commands.registry import CATALOG, FORMER_COMMANDS, execute
from studio.commands.spec import Call
from studio.db import cases
from studio.db.identities import linked_identities
from studio.db.tables import JobRow
from studio.domain.cases import CaseKind, NewCase
from studio.domain.jobs import JobState
from studio.domain.people import Address
from studio.domain.verdicts import Ruling, Verdict
from studio.errors import PolicyRefusalError
from studio.ports import Ports
from tests.support.case_sim import with_desk
from tests.support.fakes import someone, somewhere
from tests.support.finished_jobs import end_job, paint_job

SECRET = replace(somewhere(), channel="secret", private=True)
_calls = iter(range(10_000))


@pytest.fixture
def instance(ports: Ports) -> Ports:
    return with_desk(ports)


def call_of(name: str, address: Address | None = None, *, moderator: bool = False) -> Call:
    person = someone(name, moderator=moderator)
    return Call(person=person, address=address or somewhere(), request_key=f"{name}:{next(_calls)}")


def asked(
    instance: Ports, name: str, prompt: str = "a red fox", address: Address | None = None, count: int = 1
) -> str:
    values = {"prompt": prompt, "count": count}
    return execute(instance, call_of(name, address), "imagine", values).job_id


def painted(
    instance: Ports, name: str, prompt: str = "a red fox", address: Address | None = None, count: int = 1
) -> str:
    return paint_job(instance, asked(instance, name, prompt, address, count))


def refused(instance: Ports, name: str, *, appealable: bool = True) -> str:
    instance.gate.verdict = Verdict(  # type: ignore[attr-defined]
        ruling=Ruling.REFUSE, rule="wording", category="violence", appealable=appealable
    )
    with pytest.raises(PolicyRefusalError) as caught:
        asked(instance, name, "a fight")
    instance.gate.verdict = Verdict(ruling=Ruling.ALLOW)  # type: ignore[attr-defined]
    return caught.value.job_id or ""


def offered(
    instance: Ports, name: str, command: str, parameter: str, typed: str = "", **more: object
) -> list[Choice]:
    address, moderator = more.pop("address", None), bool(more.pop("moderator", False))
    spec = CATALOG.get(command) or FORMER_COMMANDS[command]
    found = spec.parameter(parameter)
    assert found is not None
    call = call_of(name, address, moderator=moderator)  # type: ignore[arg-type]
    return suggest(instance, call, spec, found, typed, more)


def values(choices: list[Choice]) -> list[str]:
    return [choice.value for choice in choices]


def test_only_own_jobs_that_go_on_are_offered_to_cancel(instance: Ports) -> None:
    waiting = asked(instance, "ana", "an owl")
    asked(instance, "bo")
    painted(instance, "ana")
    end_job(instance, asked(instance, "ana"), JobState.FAILED)
    assert offered(instance, "ana", "cancel", "job") == [
        Choice(value=waiting, label="an owl · waiting · just now")
    ]


def test_only_own_refusals_that_can_be_appealed_and_were_not_are_offered(instance: Ports) -> None:
    old, new = refused(instance, "ana"), refused(instance, "ana")
    refused(instance, "bo")
    refused(instance, "ana", appealable=False)
    painted(instance, "ana")
    assert values(offered(instance, "ana", "appeal", "job")) == [new, old]
    execute(instance, call_of("ana"), "appeal", {"job": new})
    assert values(offered(instance, "ana", "appeal", "job")) == [old]


def test_only_own_pictures_are_offered_to_delete_one_by_one_or_all_of_a_job(instance: Ports) -> None:
    single, grid = painted(instance, "ana", "an owl"), painted(instance, "ana", count=3)
    painted(instance, "bo")
    execute(instance, call_of("ana"), "delete", {"what": f"{grid}.2"})
    assert [
        (suggestion.value, suggestion.label) for suggestion in offered(instance, "ana", "delete", "what")
    ] == [
        (grid, "a red fox · all 2 pictures · just now"),
        (f"{grid}.1", "a red fox · picture 1 · just now"),
        (f"{grid}.3", "a red fox · picture 3 · just now"),
        (f"{single}.1", "an owl · picture 1 · just now"),
    ]


def test_a_request_that_painted_nothing_is_offered_to_delete_until_it_is(instance: Ports) -> None:
    failed = asked(instance, "ana", "an owl")
    end_job(instance, failed, JobState.FAILED)
    refused(instance, "ana")
    assert offered(instance, "ana", "delete", "what") == [
        Choice(value=failed, label="an owl · failed · just now")
    ]
    execute(instance, call_of("ana"), "delete", {"what": failed})
    assert offered(instance, "ana", "delete", "what") == []


def test_linked_identities_are_offered_what_is_theirs(instance: Ports) -> None:
    job_id = painted(instance, "ana")
    code = execute(instance, call_of("ana"), "link", {}).code
    execute(instance, call_of("annie"), "link", {"code": code})
    assert values(offered(instance, "annie", "delete", "what")) == [f"{job_id}.1"]
    with instance.database.begin() as session:
        linked_identities.unlink(session, someone("annie").key)
    assert offered(instance, "annie", "delete", "what") == []


def test_pictures_say_what_they_show_which_they_are_when_and_whose(instance: Ports) -> None:
    job_id = painted(instance, "bo", "a red  fox", count=2)
    varied = execute(instance, call_of("bo"), "vary", {"picture": f"{job_id}.1", "count": 1}).job_id
    paint_job(instance, varied)
    with instance.database.begin() as session:
        session.get_one(JobRow, job_id).created_at = now() - timedelta(hours=3)
    assert [
        (suggestion.value, suggestion.label) for suggestion in offered(instance, "ana", "upscale", "picture")
    ] == [
        (f"{varied}.1", "a red fox, varied · picture 1 · just now · @Bo"),
        (f"{job_id}.1", "a red fox · picture 1 · 3 h ago · @Bo"),
        (f"{job_id}.2", "a red fox · picture 2 · 3 h ago · @Bo"),
    ]


@pytest.mark.parametrize(
    ("age", "label"),
    [
        (timedelta(minutes=5), "5 min ago"),
        (timedelta(hours=25), "yesterday"),
        (timedelta(days=9), "9 days ago"),
    ],
)
def test_the_age_is_told_in_the_largest_unit(instance: Ports, age: timedelta, label: str) -> None:
    job_id = painted(instance, "ana")
    with instance.database.begin() as session:
        session.get_one(JobRow, job_id).created_at = now() - age
    [suggestion] = offered(instance, "ana", "vary", "picture")
    assert suggestion.label.endswith(label)


def test_what_somebody_may_not_see_is_not_offered(instance: Ports) -> None:
    secret = painted(instance, "bo", address=SECRET)
    refused(instance, "bo")
    for command, parameter in (("vary", "picture"), ("show", "job"), ("report", "picture")):
        assert offered(instance, "ana", command, parameter) == []
    assert values(offered(instance, "ana", "vary", "picture", address=SECRET)) == [f"{secret}.1"]


def test_pictures_on_which_nobody_may_build_are_shown_but_not_offered_to_build_on(instance: Ports) -> None:
    job_id = painted(instance, "bo")
    execute(instance, call_of("bo"), "settings", {"remix": "nobody"})
    assert offered(instance, "ana", "vary", "picture") == []
    assert values(offered(instance, "ana", "star", "picture")) == [f"{job_id}.1"]
    assert values(offered(instance, "bo", "vary", "picture")) == [f"{job_id}.1"]


def test_own_pictures_are_not_offered_to_report(instance: Ports) -> None:
    painted(instance, "ana")
    theirs = painted(instance, "bo")
    assert values(offered(instance, "ana", "report", "picture")) == [f"{theirs}.1"]


def test_questions_are_for_those_asked_and_cases_for_moderators(instance: Ports) -> None:
    source = painted(instance, "bo")
    execute(instance, call_of("bo"), "settings", {"remix": "ask"})
    execute(instance, call_of("ana"), "vary", {"picture": f"{source}.1"})
    with instance.database.begin() as session:
        report, _ = cases.open_case(
            session, NewCase(kind=CaseKind.REPORT, case_key="r", subject=someone("bo"), rule="words")
        )
    [question] = offered(instance, "bo", "answer", "case")
    assert question.label.startswith("somebody asks to build on your picture · just now")
    assert offered(instance, "ana", "answer", "case") == []
    assert values(offered(instance, "mo", "review", "case", moderator=True)) == [report.id]
    assert offered(instance, "ana", "review", "case") == []


def test_earlier_prompts_are_ones_own_each_once_and_long_ones_are_painted_whole(instance: Ports) -> None:
    long = "a red fox in the snow " * 8
    for prompt in ("an owl", long, "an owl"):
        asked(instance, "ana", prompt)
    asked(instance, "bo", "a secret")
    first, second = offered(instance, "ana", "imagine", "prompt")
    assert (first.value, first.label) == ("an owl", "an owl")
    assert max(len(second.label), len(second.value)) <= LONGEST
    assert whole_prompt(instance, call_of("ana"), second.value) == long.strip()
    assert whole_prompt(instance, call_of("bo"), second.value) == second.value
    assert whole_prompt(instance, call_of("ana"), "again: a red fox") == "again: a red fox"


def test_names_and_values_of_rules_are_offered(instance: Ports) -> None:
    assert values(offered(instance, "ana", "imagine", "model", "thi")) == ["thimble"]
    assert values(offered(instance, "ana", "imagine", "style", "Water")) == ["watercolour"]
    assert values(offered(instance, "ana", "imagine", "lora", "ink:0.8,pi")) == ["ink:0.8, pixel"]
    assert values(offered(instance, "ana", "imagine", "lora", "", model="brush")) == []
    for command in ("community", "studio"):
        assert values(offered(instance, "mo", command, "value", "", setting="results")) == [
            "reply",
            "thread",
            "channel",
        ]
        assert values(offered(instance, "mo", command, "value", "br", setting="model")) == ["brush"]
        assert values(offered(instance, "mo", command, "value", "", setting="desk")) == []


def test_suggestions_are_found_by_words_and_ids_and_limited(instance: Ports) -> None:
    owl = painted(instance, "ana", "an owl")
    for _ in range(9):
        painted(instance, "ana", count=4)
    assert values(offered(instance, "ana", "vary", "picture", "OWL")) == [f"{owl}.1"]
    assert values(offered(instance, "ana", "vary", "picture", owl[:6])) == [f"{owl}.1"]
    everything = offered(instance, "ana", "vary", "picture")
    assert len(everything) == MOST
    assert len({suggestion.value for suggestion in everything}) == MOST
    painted(instance, "ana", "a very long prompt " * 20)
    assert max(len(suggestion.label) for suggestion in offered(instance, "ana", "vary", "picture")) <= LONGEST
