"""Prompts that a helper proposes: judged, shown, and painted only when they are pressed."""

from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from studio.clock import now
from studio.commands.prompt_help.proposed_prompts import SUGGEST
from studio.commands.registry import execute
from studio.commands.results import Accepted
from studio.commands.spec import Call
from studio.db import queries
from studio.db.prompts.proposals import delete_old_proposals
from studio.db.tables import JobRow, ProposalRow
from studio.domain.prompts.proposal import PromptsProposed
from studio.domain.verdicts import ALLOWED, Ruling
from studio.errors import (
    BadRequestError,
    HelperUnavailableError,
    NotAllowedError,
    NotFoundError,
    PolicyRefusalError,
)
from studio.ports import Ports
from tests.support.fakes import someone
from tests.support.finished_jobs import paint_job


@dataclass
class Helper:
    prompts: list[str] = field(
        default_factory=lambda: ["a red apple at dawn", "one red apple", "apples, red"]
    )
    asked: list[tuple[str, ...]] = field(default_factory=list)
    away: bool = False

    def suggest(self, words: str, *, count: int) -> list[str]:
        return self._answer(words)[:count]

    def rewrite(self, prompt: str, change: str) -> str:
        return self._answer(prompt, change)[0]

    def _answer(self, *asked: str) -> list[str]:
        self.asked.append(asked)
        if self.away:
            raise HelperUnavailableError
        return self.prompts


@pytest.fixture
def helper() -> Helper:
    return Helper()


@pytest.fixture
def helped(ports: Ports, helper: Helper) -> Ports:
    return replace(ports, prompt_helper=helper)


@pytest.fixture
def picture(ports: Ports, call: Call) -> str:
    job_id = execute(ports, call, "imagine", {"prompt": "a red apple", "count": 1}).job_id  # type: ignore[union-attr]
    return f"{paint_job(ports, job_id)}.1"


def refuse(ports: Ports, monkeypatch: pytest.MonkeyPatch, word: str) -> None:
    verdict = replace(ALLOWED, ruling=Ruling.REFUSE, rule="words", category="gore")
    monkeypatch.setattr(
        ports.gate,
        "review",
        lambda admission: verdict if word in admission.request.prompt else ALLOWED,
    )


def suggest(ports: Ports, call: Call, **values: object) -> PromptsProposed:
    answer = execute(ports, call, "imagine", {"prompt": "a red apple", "suggest": True, **values})
    assert isinstance(answer, PromptsProposed)
    return answer


def press(ports: Ports, call: Call, answer: PromptsProposed, number: int = 1) -> Accepted:
    again = replace(call, request_key=f"press:{number}")
    accepted = execute(ports, again, "proposal", {"proposal": answer.proposal.id, "number": number})
    assert isinstance(accepted, Accepted)
    return accepted


def request_of(ports: Ports, accepted: Accepted):
    with ports.database.read() as session:
        return queries.find_job(session, accepted.job_id).request


def jobs(ports: Ports) -> int:
    with ports.database.read() as session:
        return session.query(JobRow).count()


class TestSuggesting:
    def test_nothing_is_painted_before_one_is_pressed(self, helped: Ports, helper: Helper, call: Call):
        answer = suggest(helped, call, seed=7, count=2)
        assert answer.proposal.prompts == tuple(helper.prompts)
        assert helper.asked == [("a red apple",)]
        assert jobs(helped) == 0
        request = request_of(helped, press(helped, call, answer, 2))
        assert (request.prompt, request.seed, request.count) == ("one red apple", 7, 2)

    def test_what_the_rules_refuse_is_not_offered(self, helped, helper, call, monkeypatch):
        refuse(helped, monkeypatch, "dawn")
        assert suggest(helped, call).proposal.prompts == ("one red apple", "apples, red")

    def test_refused_words_never_reach_the_helper(self, helped, helper, call, monkeypatch):
        refuse(helped, monkeypatch, "apple")
        with pytest.raises(PolicyRefusalError):
            suggest(helped, call)
        assert helper.asked == []

    def test_refused_words_count_and_leave_a_job_to_appeal_once(self, helped, helper, call):
        helped.gate.verdict = replace(ALLOWED, ruling=Ruling.REFUSE, rule="words", category="gore")
        for _ in range(2):
            with pytest.raises(PolicyRefusalError) as refused:
                suggest(helped, call)
        with helped.database.read() as session:
            [row] = session.query(JobRow)
        assert (row.state, row.refused_category, row.request["prompt"]) == ("refused", "gore", "a red apple")
        assert refused.value.job_id == row.id
        assert len(helped.gate.admissions) == 1
        assert helper.asked == []

    def test_a_press_is_judged_again(self, helped, call, monkeypatch):
        answer = suggest(helped, call)
        verdict = replace(ALLOWED, ruling=Ruling.REFUSE, rule="words", category="gore")
        monkeypatch.setattr(helped.gate, "admit", lambda admission: verdict)
        with pytest.raises(PolicyRefusalError):
            press(helped, call, answer)

    @pytest.mark.parametrize("prompt", ["a {red,blue} apple", "an apple --count 4", "<lora:x:1> apple"])
    def test_what_would_be_read_as_more_than_words_is_left_out(self, helped, helper, call, prompt):
        helper.prompts = [prompt, "plain words"]
        assert suggest(helped, call).proposal.prompts == ("plain words",)

    def test_without_a_helper_it_says_so(self, ports, call):
        with pytest.raises(BadRequestError):
            execute(ports, call, "imagine", {"prompt": "a red apple", "suggest": True})

    def test_a_helper_in_trouble_costs_nothing(self, helped, helper, call):
        helper.away = True
        with pytest.raises(HelperUnavailableError):
            suggest(helped, call)
        assert jobs(helped) == 0

    def test_only_its_person_presses_and_only_for_a_day(self, helped, call):
        answer = suggest(helped, call)
        with pytest.raises(NotAllowedError):
            press(helped, replace(call, person=someone("bo")), answer)
        with helped.database.begin() as session:
            session.execute(update(ProposalRow).values(created_at=now() - timedelta(days=2)))
        with pytest.raises(NotFoundError):
            press(helped, call, answer)

    def test_an_old_one_is_deleted_and_none_holds_where_it_was_asked(self, helped, call):
        suggest(helped, replace(call, address=replace(call.address, token="secret")))
        with helped.database.begin() as session:
            assert "secret" not in str(session.scalars(select(ProposalRow.data)).one())
            session.execute(update(ProposalRow).values(created_at=now() - timedelta(days=2)))
        suggest(helped, call)
        delete_old_proposals(helped.database)
        with helped.database.read() as session:
            assert session.query(ProposalRow).count() == 1

    def test_a_number_that_was_left_out_paints_nothing(self, helped, helper, call):
        helper.prompts = ["one"]
        with pytest.raises(NotFoundError):
            press(helped, call, suggest(helped, call), 3)

    def test_it_is_rationed(self, helped, call, monkeypatch):
        counted = []
        monkeypatch.setattr(helped.gate, "check_command_rate", lambda person, name: counted.append(name))
        suggest(helped, call)
        assert counted == [SUGGEST.name]


class TestRewriting:
    def test_a_change_becomes_a_remix_of_the_picture(self, helped, helper, call, picture):
        values = {"picture": picture, "prompt": "make it darker", "count": 2}
        answer = execute(helped, call, "rewrite", values)
        assert helper.asked == [("a red apple", "make it darker")]
        request = request_of(helped, press(helped, call, answer))
        assert (request.prompt, request.count) == ("a red apple at dawn", 2)
        assert [source.picture_id for source in request.sources] == [picture]

    def test_words_are_painted_as_they_are_when_a_reply_gets_no_answer(self, helped, helper, call, picture):
        helper.away = True
        values = {"picture": picture, "prompt": "make it darker", "otherwise": True}
        accepted = execute(helped, replace(call, request_key="reply"), "rewrite", values)
        assert request_of(helped, accepted).prompt == "make it darker"

    def test_a_form_says_so_instead(self, helped, helper, call, picture):
        helper.away = True
        before = jobs(helped)
        with pytest.raises(HelperUnavailableError):
            execute(helped, call, "rewrite", {"picture": picture, "prompt": "make it darker"})
        assert jobs(helped) == before
