"""What cards and sheets offer, and where links and answers lead."""

import re

import pytest

from bots.web.live.responses import ANSWER_DIALOGS, AnswerDialog, reply_to
from studio.commands.button_ids import Action, Button
from studio.commands.registry import find_command
from studio.commands.results import Attribution, Balance
from studio.db.cases import find_case
from studio.db.tables import CaseRow, JobRow, LineageRow
from studio.domain.cases import CaseKind
from studio.domain.events import JobEnded
from studio.domain.jobs import JobState
from studio.domain.people import Platform
from studio.domain.provenance import Trace
from studio.domain.requests import Operation
from studio.domain.settings.preferences import RemixConsent
from tests.support.finished_jobs import end_job, paint_job
from tests.support.web_client import ADDRESS, Browser, WebServer


def painted(web_server: WebServer, person: Browser, words: str = "a fox --count 2", **more: str) -> str:
    job_id: str = person.say(words, **more)["job"]
    paint_job(web_server.ports, job_id)
    return job_id


def sheet(person: Browser, path: str) -> str:
    return person.client.get(path, headers={"hx-request": "true"}).text


def card_of(person: Browser, job_id: str) -> str:
    """The card as it hangs on the wall of somebody who connects now."""
    wall = person.disconnect_and_come_back().wall
    found = re.search(rf'<article class="card \w+" id="job-{job_id}".*?</article>', wall, re.DOTALL)
    assert found
    return found[0]


def button_of(html: str, needle: str) -> str:
    """The tag of the button that has these words."""
    found = re.search(rf"<button[^>]*{re.escape(needle)}[^>]*>", html)
    assert found
    return found[0]


# ---- links


@pytest.mark.parametrize("path", ["/view/k3v9m2p4qx7a.1", "/jobs/k3v9m2p4qx7a", "/settings", "/desk"])
def test_a_link_leads_through_the_login_to_its_page(web_server: WebServer, path: str) -> None:
    browser = web_server.browser()
    door = browser.client.get(path, headers={"accept": "text/html"}).text
    form, token = (re.search(rf'{name}="([^"]+)"', door) for name in ("action", 'name="token" value'))
    assert form
    assert token
    fields = {"token": token[1], "name": "", "word": ""}
    options = {"headers": {"origin": ADDRESS}, "follow_redirects": False}
    again = browser.client.post(form[1], data=fields, **options)  # a slip on the way
    assert f'action="{form[1]}"' in again.text
    entered = browser.client.post(form[1], data={**fields, "name": "Ana"}, **options)
    assert (entered.status_code, entered.headers["location"]) == (303, path)


@pytest.mark.parametrize(
    "path", ["//evil.example/", "https://evil.example", "/\\evil.example", "/view/%0d", "x"]
)
def test_the_login_redirects_to_no_other_site(web_server: WebServer, path: str) -> None:
    browser = web_server.browser()
    token = re.search(r'name="token" value="([^"]+)"', browser.front_page())
    assert token
    entered = browser.client.post(
        "/enter",
        params={"next": path},
        data={"token": token[1], "name": "Ana", "word": ""},
        headers={"origin": ADDRESS},
        follow_redirects=False,
    )
    assert entered.headers["location"] == "/"


@pytest.mark.parametrize("shown", ANSWER_DIALOGS.values(), ids=lambda shown: shown.path)
def test_the_address_of_an_answer_names_parameters_of_its_command(shown: AnswerDialog) -> None:
    spec = find_command(shown.command)
    named = [*re.findall(r"{(\w+)}", shown.path), *shown.values]
    assert [name for name in named if spec.parameter(name) is None] == []


# ---- what is offered


def test_painting_again_is_not_offered_where_it_is_always_refused(web_server: WebServer) -> None:
    ana = web_server.guest("Ana")
    origin = painted(web_server, ana)
    assert "Paint again with a new seed" in card_of(ana, origin)
    large: str = ana.press(Button(action=Action.UPSCALE, job_id=origin, index=1))["job"]
    paint_job(web_server.ports, large)
    forgotten = painted(web_server, ana)
    with web_server.ports.database.begin() as session:
        row = session.get_one(JobRow, forgotten)
        row.request = {**row.request, "prompt": ""}
    for job_id in (large, forgotten):
        assert str(Button(action=Action.REROLL, job_id=job_id)) not in card_of(ana, job_id)
        answer = ana.press(Button(action=Action.REROLL, job_id=job_id))
        assert not answer["ok"]


@pytest.mark.parametrize("lends", [False, True])
def test_what_starts_from_an_upload_is_painted_again_by_those_who_may(
    web_server: WebServer, lends: bool
) -> None:
    ana, bo = web_server.guest("Ana"), web_server.guest("Bo")
    consent = RemixConsent.ANYONE if lends else RemixConsent.ASK
    assert ana.ask(do="ask", command="settings", values={"remix": str(consent)})["ok"]
    job_id = painted(web_server, ana, "a fox", image=ana.post("/uploads", b"a picture").json()["ticket"])
    button = str(Button(action=Action.REROLL, job_id=job_id))
    tags = re.findall(rf'<button[^>]*data-press="{button}"[^>]*>', card_of(bo, job_id))
    assert len(tags) == len({"Reroll", "🔁"})
    assert all(("by-owner" in tag) is not lends for tag in tags)  # shown on one's own cards only
    assert bo.press(button)["ok"] is lends


@pytest.mark.parametrize("state", [JobState.REFUSED, JobState.FAILED, JobState.CANCELLED])
def test_a_card_without_pictures_can_be_put_away(web_server: WebServer, state: JobState) -> None:
    ana = web_server.guest("Ana")
    job_id: str = ana.say("a fox")["job"]
    assert "data-dismiss" not in card_of(ana, job_id)
    end_job(web_server.ports, job_id, state)
    web_server.ports.events.publish(JobEnded(job_id=job_id, platform=Platform.WEB, state=state))
    assert "data-dismiss" in card_of(ana, job_id)


def test_what_became_of_a_picture_says_that_there_is_more(web_server: WebServer) -> None:
    ana = web_server.guest("Ana")
    first = painted(web_server, ana)
    heirs = [painted(web_server, ana, f"boat {number}") for number in range(4)]
    person_key = next(iter(web_server.ports.gate.admissions)).person.key  # type: ignore[attr-defined]

    def descends(count: int) -> str:
        with web_server.ports.database.begin() as session:
            for place in range(count):
                child = f"{heirs[place // 4]}.{place % 4 + 1}"
                edge = LineageRow(
                    child=child, parent=f"{first}.1", operation=Operation.VARY, person_key=person_key
                )
                session.merge(edge)
        return sheet(ana, f"/view/{first}.1")

    assert "more</li>" not in descends(12)
    assert "and 3 more</li>" in descends(15)


# ---- reports


def test_the_flag_asks_which_picture_and_why(web_server: WebServer) -> None:
    ana, bo = web_server.guest("Ana"), web_server.guest("Bo")
    job_id = painted(web_server, ana)
    flag = button_of(card_of(bo, job_id), "Report picture to the moderators")
    assert f'hx-get="/flag/{job_id}"' in flag
    assert "data-press" not in flag
    form = sheet(bo, f"/flag/{job_id}")
    assert re.findall(r'name="picture" value="([^"]+)" required', form) == [f"{job_id}.1", f"{job_id}.2"]
    assert re.search(r'<input type="radio" name="topic" value="private" required', form)
    values = {"picture": f"{job_id}.2", "topic": "private", "reason": "my sister"}
    assert "moderators" in bo.ask(do="ask", command="report", values=values)["text"]
    with web_server.ports.database.read() as session:
        (case_id,) = session.scalars(CaseRow.__table__.select().with_only_columns(CaseRow.id))
        case = find_case(session, case_id)
    assert (case.kind, case.picture_id, case.words) == (
        CaseKind.REPORT,
        f"{job_id}.2",
        "It shows a private person: my sister",
    )


def test_the_flag_of_one_picture_has_chosen_it(web_server: WebServer) -> None:
    ana, bo = web_server.guest("Ana"), web_server.guest("Bo")
    job_id = painted(web_server, ana)
    assert f'hx-get="/flag/{job_id}.2"' in sheet(bo, f"/view/{job_id}.2")
    assert "/flag/" not in sheet(ana, f"/view/{job_id}.2")
    form = sheet(bo, f"/flag/{job_id}.2")
    assert f'<input type="hidden" name="picture" value="{job_id}.2">' in form
    assert f'src="/thumbnails/{job_id}.2"' in form


@pytest.mark.parametrize("what", ["zzzzzzzzzzzz", "zzzzzzzzzzzz.1", "nothing"])
def test_nothing_is_reported_that_is_not_here(web_server: WebServer, what: str) -> None:
    assert web_server.user("Ana").client.get(f"/flag/{what}").status_code == 404


@pytest.mark.parametrize("state", [JobState.HELD, JobState.REFUSED])
def test_a_picture_that_was_never_shown_is_not_offered_for_a_report(
    web_server: WebServer, state: JobState
) -> None:
    ana, bo = web_server.guest("Ana"), web_server.guest("Bo")
    job_id: str = ana.say("a fox")["job"]
    paint_job(web_server.ports, job_id, state=state)
    answer = bo.client.get(f"/flag/{job_id}")
    assert answer.status_code == 404
    assert "fox" not in answer.text


# ---- alternative texts


def test_the_owner_writes_what_screen_readers_say_of_a_picture(web_server: WebServer) -> None:
    ana, bo = web_server.guest("Ana"), web_server.guest("Bo")
    job_id = painted(web_server, ana)
    assert f'hx-get="/alt/{job_id}.2"' in sheet(ana, f"/view/{job_id}.2")
    assert "/alt/" not in sheet(bo, f"/view/{job_id}.2")
    form = sheet(ana, f"/alt/{job_id}.2")
    assert f'<input type="hidden" name="picture" value="{job_id}.2">' in form
    values = {"picture": f"{job_id}.2", "text": "a fox asleep, seen from above"}
    assert ana.ask(do="ask", command="alt", values=values)["ok"]
    assert "a fox asleep, seen from above" in card_of(bo, job_id)
    assert "a fox asleep, seen from above" in sheet(bo, f"/view/{job_id}.2")


# ---- answers


def test_a_code_to_copy_stays_until_it_is_closed(web_server: WebServer) -> None:
    ana = web_server.guest("Ana")
    answer = ana.say("/link")
    assert answer["keep"]
    assert re.fullmatch(r"/link \w{10}", answer["copy"])
    assert answer["copy"] in answer["text"]


def test_where_a_picture_comes_from_stays_until_it_is_closed() -> None:
    data = reply_to(Attribution(known=True, by=Trace.MARK, picture_id="k3v9m2p4qx7a.1")).data
    assert (data["keep"], data["copy"]) == (True, "k3v9m2p4qx7a.1")
    assert "copy" not in reply_to(Balance(used=1, monthly=None)).data
