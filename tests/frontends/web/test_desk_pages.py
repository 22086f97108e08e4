"""The desk's form of the policy, its lists of words, and the numbers of the week."""

import html
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from bots.web.access.session_cookies import WEB_ADDRESS
from studio.clock import now
from studio.db import settings
from studio.db.tables import CaseRow, JobRow
from studio.domain.jobs import JobState
from studio.domain.settings.communities import CommunityRules
from studio.domain.settings.policy_overrides import policy_entries
from studio.domain.settings.word_lists import WordTrial
from studio.domain.verdicts import ALLOWED, Ruling, Verdict
from studio.ports import Ports
from tests.support.case_sim import with_desk
from tests.support.finished_jobs import end_job
from tests.support.html_tree import read_html
from tests.support.web_client import ADDRESS, Browser, WebServer, web_settings

POLICY, WORDS = "/desk/policy", "/desk/policy/words"
HELD = Verdict(ruling=Ruling.HOLD, rule="wording", category="violence", evidence="found it")


@pytest.fixture
def instance(ports: Ports) -> Iterator[WebServer]:
    with WebServer(with_desk(ports), web_settings(moderator_secret="keys")) as opened:
        yield opened


def rules_of(instance: WebServer) -> CommunityRules:
    with instance.ports.database.read() as session:
        return settings.community_rules(session, WEB_ADDRESS.platform, WEB_ADDRESS.community)


class DeskForm:
    """A form of the page as a browser fills it in."""

    def __init__(self, person: Browser, path: str) -> None:
        self._person, self._path = person, path
        self.read(person.client.get(POLICY).text)

    def read(self, page: str) -> None:
        self.page = page
        (form,) = [form for form in read_html(page).all("form") if form.attributes["action"] == self._path]
        self.values: dict[str, list[str]] = {}
        for field in form.all("input"):
            if field.attributes.get("type") != "checkbox" or "checked" in field.attributes:
                name = field.attributes["name"]
                self.values.setdefault(name, []).append(field.attributes.get("value", ""))
        for field in form.all("textarea"):
            self.values[field.attributes["name"]] = ["".join(map(str, field.children))]
        for field in form.all("select"):
            chosen = [o.attributes["value"] for o in field.all("option") if "selected" in o.attributes]
            self.values[field.attributes["name"]] = chosen or [""]

    def send(self, step: str = "review", **changes: Any) -> Any:
        values = {**self.values, **{k: v if isinstance(v, list) else [v] for k, v in changes.items()}}
        answer = self._person.client.post(
            self._path, data={**values, "step": step}, headers={"origin": ADDRESS}, follow_redirects=False
        )
        if answer.status_code != 303:
            self.read(answer.text)
        return answer


def test_the_form_says_what_changes_before_it_saves(instance: WebServer) -> None:
    mo = instance.user("Mo", "keys")
    form = DeskForm(mo, POLICY)
    changes = {"action.violence": "refuse", "threshold.hate": "0,4", "languages": ["", "en", "de"]}
    form.send()
    assert "Nothing differs from what is saved." in form.page
    answer = form.send("save", **changes, **{"figures.politician": "hold"})
    assert answer.status_code == 200  # nobody has seen yet what changes
    shown = html.unescape(form.page)
    assert "violence: Refused from 0.85, held from 0.55 → Refuse" in shown
    assert "Threshold: hate: 0.85 → 0,4" in shown
    assert "All languages" in shown
    assert "Politicians: Allow → Hold for a moderator" in shown
    assert policy_entries(rules_of(instance)) == []
    saved = form.send("save")
    assert (saved.status_code, saved.headers["location"]) == (303, "/desk/policy?saved")
    assert policy_entries(rules_of(instance)) == [
        "violence refuse",
        "threshold hate 0.4",
        "figures politician hold",
        "languages de en",
    ]
    assert "Saved." in mo.client.get("/desk/policy?saved").text
    form = DeskForm(mo, POLICY)
    every = ["", *re.findall(r'name="languages" value="(\w+)"', form.page)]
    form.send(**{"action.violence": "", "threshold.hate": "", "figures.politician": "", "languages": every})
    form.send("save")
    assert policy_entries(rules_of(instance)) == []


def test_what_is_wrong_stands_beside_its_field_and_nothing_is_saved(instance: WebServer) -> None:
    form = DeskForm(instance.user("Mo", "keys"), POLICY)
    wrong = {"threshold.hate": "high", "threshold.violence": "0.99", "action.spam": "burn, hate refuse"}
    answer = form.send("save", languages=[""], **wrong)
    assert answer.status_code == 422
    page = read_html(form.page)
    problems = {p.attributes["id"]: p.text for p in page.all("p") if p.attributes.get("class") == "problem"}
    assert problems == {
        "problem-threshold.hate": "A threshold is a number above 0, at most 1.",
        "problem-threshold.violence": "A community may only be stricter: at most 0.85.",
        "problem-action.spam": "Write it like this: a category and an action, such as violence hold.",
        "problem-languages": "Choose at least one language.",
    }
    marked = [f.attributes["name"] for f in page.all("input") if "aria-invalid" in f.attributes]
    assert marked == ["threshold.violence", "threshold.hate"]
    assert form.values["threshold.hate"] == ["high"]
    form.send("save")
    assert policy_entries(rules_of(instance)) == []


def test_two_moderators_at_once_keep_both_changes_and_are_asked_about_the_same_one(
    instance: WebServer,
) -> None:
    mo, bea = (DeskForm(instance.user(name, "keys"), POLICY) for name in ("Mo", "Bea"))
    for form, choices in ((mo, {"threshold.hate": "0.5"}), (bea, {"threshold.spam": "0.5"})):
        form.send(**choices)
        assert form.send("save").status_code == 303
    assert policy_entries(rules_of(instance)) == ["threshold hate 0.5", "threshold spam 0.5"]
    bea.values["seen"] = ["{}"]  # tampered with: nothing is taken for changed
    bea.send(**{"threshold.hate": "0.85"})
    answer = mo.send("save", **{"threshold.spam": "0.3"})
    assert answer.status_code == 422
    assert "Another moderator has just set this to: 0.5" in mo.page
    mo.send()
    assert mo.send("save").status_code == 303
    assert "threshold spam 0.3" in policy_entries(rules_of(instance))


def test_lists_of_words_are_tried_and_then_saved(instance: WebServer) -> None:
    mo = instance.user("Mo", "keys")
    instance.ports.gate.try_words = lambda _moderator, words: WordTrial(  # type: ignore[method-assign]
        days=30, requests=9, refused=2 * ("clown" in words), held=0
    )
    form = DeskForm(mo, WORDS)
    form.send(refuse="Clown\ncircus  tent", hold="puddle")
    assert "Of 9 requests of the last 30 days, the new words would have refused 2 and held 0." in form.page
    assert rules_of(instance).words == {}
    assert form.send("save").status_code == 303
    assert rules_of(instance).words == {"clown": "refuse", "circus tent": "refuse", "puddle": "hold"}
    first, second = DeskForm(mo, WORDS), DeskForm(instance.user("Bea", "keys"), WORDS)
    second.send(hold="puddle\nlake")
    second.send("save")
    first.send(refuse="circus tent", allow="puddle", hold="")  # one goes, one moves
    assert "No longer on a list: clown" in first.page
    assert first.send("save").status_code == 303
    assert rules_of(instance).words == {"circus tent": "refuse", "puddle": "allow", "lake": "hold"}
    form = DeskForm(mo, WORDS)
    assert form.send("save", refuse="lake", hold="lake", allow="x" * 61).status_code == 422
    assert "lake is on two lists." in form.page
    assert "at most 60 characters" in form.page


def test_others_and_forged_forms_change_nothing(instance: WebServer) -> None:
    mo, ana = instance.user("Mo", "keys"), instance.user("Ana")
    form = DeskForm(mo, POLICY)
    for path in (POLICY, "/desk/week"):
        assert "Only moderators" in ana.client.get(path).text
        assert instance.browser().client.get(path).status_code == 401
    sent = {**form.values, "action.hate": "refuse", "step": "save", "reviewed": "hate refuse"}
    theirs = ana.client.post(POLICY, data=sent, headers={"origin": ADDRESS})
    assert "Only moderators" in theirs.text
    form.values["token"] = ["forged"]
    assert form.send("save", **{"action.hate": "refuse"}, reviewed="hate refuse").status_code == 403
    for body in (b"\xff\xfe", b"&".join(b"a%d=1" % number for number in range(300)), b"x" * 300_000):
        answer = mo.client.post(POLICY, content=body, headers={"origin": ADDRESS})
        assert answer.status_code == 403
    assert policy_entries(rules_of(instance)) == []


def test_the_numbers_of_the_week_are_bars_with_a_table(instance: WebServer) -> None:
    ana, mo = instance.guest("Ana"), instance.user("Mo", "keys")
    assert mo.client.get("/desk/week").text.count("None in these seven days.") == 6
    ports = instance.ports
    end_job(ports, ana.say("a red apple")["job"], JobState.DONE)
    refused = ana.say("a green apple")["job"]
    ports.gate.verdict = HELD  # type: ignore[attr-defined]
    ana.say("a doubtful thing")
    ports.gate.verdict = ALLOWED  # type: ignore[attr-defined]
    earlier = ana.say("an old apple")["job"]
    with ports.database.begin() as session:
        row = session.get_one(JobRow, refused)
        row.state, row.refused_category = JobState.REFUSED, "violence"
        old = session.get_one(JobRow, earlier)
        old.created_at = now() - timedelta(days=8)
        (case,) = session.query(CaseRow)
        case.opened_at -= timedelta(minutes=30)
        case_id = case.id
    mo.post(f"/desk/{case_id}/decide", '{"decision": "approve"}')
    tables = {
        str(table.all("caption")[0].children[0]): table
        for table in read_html(mo.client.get("/desk/week").text).all("table")
    }
    requests = tables["Requests"]
    today = [[cell.text for cell in row.all("td")] for row in requests.all("tr")][-1]
    assert today == ["2", "0", "1"]
    widths = [float(bar.attributes["width"]) for bar in requests.all("tr")[-1].all("rect")]
    assert widths == pytest.approx([66.67, 0, 33.33])
    assert len(requests.all("tr")) == 8
    read = {
        title: [(row.all("th")[0].text, row.all("td")[-1].text) for row in table.all("tr")[1:]]
        for title, table in tables.items()
    }
    assert read["Refusals by category"] == [("violence", "1")]
    assert read["Holds, and how they ended"] == [("Approved", "1")]
    assert ("Up to an hour", "1") in read["Time to a decision"]
    assert all(
        svg.attributes["aria-hidden"] == "true" for table in tables.values() for svg in table.all("svg")
    )
