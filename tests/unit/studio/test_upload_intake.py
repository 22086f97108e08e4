"""An upload that shows a person: consent is asked for, and what is made from it remembers."""

import itertools
from dataclasses import replace

import pytest

from moderation.policy.categories import Category
from moderation.policy.findings import Finding
from moderation.policy.policy import default_policy
from moderation.rules.prompt import PromptSubject
from moderation.rules.prompt_judge import PromptJudge
from studio.commands.registry import execute
from studio.commands.results import Accepted
from studio.commands.spec import Call
from studio.domain.verdicts import ALLOWED, Ruling, Verdict
from studio.errors import ConsentNeededError, PolicyRefusalError
from studio.ports import Ports
from studio.services.upload_intake import accept_upload
from tests.support.fakes import FakeGate, someone
from tests.support.finished_jobs import paint_job
from tests.support.sentences import raises

_keys = itertools.count()


def seeing(ports: Ports, verdict: Verdict) -> FakeGate:
    gate = ports.gate
    assert isinstance(gate, FakeGate)
    gate.picture_verdict = verdict
    return gate


def ask(ports: Ports, call: Call, command: str, **parameters: object) -> str:
    answer = execute(ports, replace(call, request_key=f"person:{next(_keys)}"), command, parameters)
    assert isinstance(answer, Accepted)
    return answer.job_id


def test_a_face_that_nobody_agreed_to_is_asked_about_in_a_sentence(ports: Ports) -> None:
    seeing(ports, Verdict(ruling=Ruling.REFUSE, rule="faces", category="a face", asks_consent=True))
    with raises(ConsentNeededError, match="send the same image again"):
        accept_upload(ports, someone(), b"picture")


def test_a_face_that_is_not_wanted_is_refused(ports: Ports) -> None:
    seeing(ports, Verdict(ruling=Ruling.REFUSE, rule="faces", category="a face", shows_person=True))
    with pytest.raises(PolicyRefusalError):
        accept_upload(ports, someone(), b"picture")


def test_a_person_in_an_upload_is_remembered_over_several_steps(ports: Ports, call: Call) -> None:
    gate = seeing(ports, replace(ALLOWED, shows_person=True))
    upload = accept_upload(ports, call.person, b"picture")
    first = paint_job(ports, ask(ports, call, "vary", image=upload))
    second = paint_job(ports, ask(ports, call, "vary", picture=f"{first}.1"))
    ask(ports, call, "edit", picture=f"{second}.1", prompt="a hat", region="A1")
    assert [admission.request.sources[0].shows_person for admission in gate.admissions] == [True] * 3


def test_other_pictures_are_judged_as_always(ports: Ports, call: Call) -> None:
    gate = seeing(ports, ALLOWED)
    upload = accept_upload(ports, call.person, b"picture")
    first = paint_job(ports, ask(ports, call, "vary", image=upload))
    ask(ports, call, "vary", picture=f"{first}.1")
    assert not any(PromptSubject.of(admission).with_person for admission in gate.admissions)


class Doubtful:
    name = "doubtful"

    def judge(self, subject: PromptSubject) -> Finding:
        return Finding(ruling=Ruling.REFUSE, rule=self.name, category=Category.SEXUAL, score=0.5)


def test_words_that_pass_elsewhere_are_held_beside_a_person() -> None:
    prompt_judge = PromptJudge(policy=default_policy(), rules=[Doubtful()])
    assert prompt_judge.judge(PromptSubject(prompt="something doubtful")).allows
    assert (
        prompt_judge.judge(PromptSubject(prompt="something doubtful", with_person=True)).ruling is Ruling.HOLD
    )
