"""Buttons, dialogs and forms on the web, and what they change for everybody."""

import re
from typing import Any

import pytest

from studio.commands.button_ids import Action, Button
from studio.db.tables import JobRow
from studio.domain.jobs import JobState
from studio.domain.verdicts import Ruling, Verdict
from studio.ports import RunnableModel
from tests.support.html_tree import read_html
from tests.support.web_client import WebServer
from tests.support.web_jobs import finish


def painted_by(web_server: WebServer, person: Any) -> str:
    job_id: str = person.say("a fox in the snow --count 4")["job"]
    finish(web_server.ports, job_id)
    person.card(job_id, "done")
    return job_id


def test_a_variation_credits_the_picture_that_it_came_from(web_server: WebServer) -> None:
    ana, bo = web_server.guest("Ana"), web_server.guest("Bo")
    origin = painted_by(web_server, ana)
    job_id = bo.press(Button(action=Action.VARY, job_id=origin, index=2))["job"]
    card = ana.card(job_id, "queued")
    assert "by B@Bo, from A@Ana’s fox" in read_html(card).text
    assert f'href="/view/{origin}.2"' in card


def test_sixteen_drafts_are_single_pictures_with_a_number_each(web_server: WebServer) -> None:
    ana, bo = web_server.guest("Ana"), web_server.guest("Bo")
    origin = ana.say("a fox in the snow --draft --count 16 --seed 7")["job"]
    finish(web_server.ports, origin)
    card = ana.card(origin, "done")
    assert all(f'data-press="c1:fullsize:{origin}:{index}"' in card for index in range(1, 17))
    assert all(f'href="/view/{origin}.{index}"' in card for index in range(1, 17))
    job_id = bo.press(Button(action=Action.FULL_SIZE, job_id=origin, index=16))["job"]
    with web_server.ports.database.read() as session:
        request = session.get_one(JobRow, job_id).request
    assert (request["seed"], request["count"], request["draft"]) == (22, 1, False)


@pytest.mark.parametrize("action", [Action.VARY, Action.VARY_SUBTLE, Action.UPSCALE])
def test_a_button_on_a_picture_leads_to_a_job(web_server: WebServer, action: Action) -> None:
    ana = web_server.guest("Ana")
    origin = painted_by(web_server, ana)
    assert ana.press(Button(action=action, job_id=origin, index=1))["job"] != origin


@pytest.mark.parametrize(
    ("action", "path"),
    [(Action.EDIT, "edit"), (Action.EXPAND, "expand"), (Action.REPORT, "flag"), (Action.MORE, "view")],
)
def test_a_button_that_needs_more_opens_its_dialog(web_server: WebServer, action: Action, path: str) -> None:
    ana = web_server.guest("Ana")
    origin = painted_by(web_server, ana)
    answer = ana.press(Button(action=action, job_id=origin, index=2))
    assert answer["open"] == f"/{path}/{origin}.2"
    assert "job" not in answer
    assert ana.client.get(answer["open"], headers={"hx-request": "true"}).status_code == 200


def test_an_image_is_uploaded_in_a_form(web_server: WebServer) -> None:
    ana = web_server.guest("Ana")
    origin = painted_by(web_server, ana)
    ticket = ana.post("/uploads", b"a picture").json()["ticket"]
    values = {"picture": f"{origin}.1", "prompt": "both"}
    answer = ana.ask(do="ask", command="blend", values=values, files={"images": [ticket]})
    with web_server.ports.database.read() as session:
        sources = session.get_one(JobRow, answer["job"]).request["sources"]
    assert [source.get("picture_id") for source in sources] == [f"{origin}.1", None]


def test_of_an_upload_of_somebody_else_no_form_can_be_sent(web_server: WebServer) -> None:
    ana, bo = web_server.guest("Ana"), web_server.guest("Bo")
    origin = painted_by(web_server, ana)
    ticket = ana.post("/uploads", b"a picture").json()["ticket"]
    values = {"picture": f"{origin}.1", "prompt": "both"}
    answer = bo.ask(do="ask", command="blend", values=values, files={"images": [ticket]})
    assert not answer["ok"]
    assert "attach it again" in answer["text"]


def test_a_card_offers_every_reaction_that_makes_sense(web_server: WebServer) -> None:
    from studio.commands.registry import REACTIONS

    ana = web_server.guest("Ana")
    job_id = ana.say("a fox --count 2")["job"]
    waiting = ana.card(job_id, "queued")
    assert not [emoji for emoji in REACTIONS if f">{emoji}<" in waiting]
    assert f'data-press="c1:cancel:{job_id}:0"' in waiting
    finish(web_server.ports, job_id)
    done = ana.card(job_id, "done")
    assert [emoji for emoji in REACTIONS if f">{emoji}<" not in done] == ["3️⃣", "4️⃣"]
    assert f'data-press="c1:vary:{job_id}:2" aria-label="Vary picture 2"' in done
    assert re.search(rf'data-press="c1:delete:{job_id}:0"[^>]* data-sure="Delete all', done)


def test_a_star_is_counted_for_all_and_told_to_its_giver(web_server: WebServer) -> None:
    ana, bo = web_server.guest("Ana"), web_server.guest("Bo")
    job_id = painted_by(web_server, ana)
    star = Button(action=Action.STAR, job_id=job_id, index=3)
    assert bo.press(star)["text"] == "Starred; it has 1 star now."
    assert f'data-starred="{bo.user_id}"' in ana.card(job_id, "done")
    assert bo.press(star)["text"] == "The star was taken back."


def test_a_deleted_picture_leaves_every_feed(web_server: WebServer) -> None:
    ana, bo = web_server.guest("Ana"), web_server.guest("Bo")
    job_id = painted_by(web_server, ana)
    bo.card(job_id, "done")
    refused = bo.press(Button(action=Action.DELETE, job_id=job_id, index=1))
    assert "Only the person who made this" in refused["text"]
    assert (
        ana.press(Button(action=Action.DELETE, job_id=job_id, index=1))["text"] == "The picture was deleted."
    )
    assert f"/thumbnails/{job_id}.1" not in bo.card(job_id, "done")
    assert ana.press(Button(action=Action.DELETE, job_id=job_id))["text"] == "3 pictures were deleted."
    assert bo.gone(job_id)
    assert job_id not in web_server.guest("Cleo").wall


def test_what_was_made_from_a_deleted_picture_no_longer_says_its_words(web_server: WebServer) -> None:
    ana, bo = web_server.guest("Ana"), web_server.guest("Bo")
    origin = painted_by(web_server, ana)
    values = {"picture": f"{origin}.1", "prompt": "an owl"}
    child = bo.ask(do="ask", command="remix", values=values)["job"]
    finish(web_server.ports, child)
    assert "from A@Ana’s fox" in read_html(bo.card(child, "done")).text
    assert ana.press(Button(action=Action.DELETE, job_id=origin))["ok"]
    heard = bo.hear("cards", lambda message: any(card["id"] == child for card in message["cards"]))
    (card,) = [card["html"] for card in heard["cards"] if card["id"] == child]
    assert "from A@Ana’s picture" in read_html(card).text
    assert "fox" not in card


def test_ones_own_jobs_are_listed_in_a_dialog(web_server: WebServer) -> None:
    ana, bo = web_server.guest("Ana"), web_server.guest("Bo")
    bo.say("an owl")
    done, waits = ana.say("a fox")["job"], ana.say("a crane")["job"]
    finish(web_server.ports, done)
    queue = ana.client.get(ana.say("/queue")["open"], headers={"hx-request": "true"}).text
    assert (done in queue, waits in queue, "owl" in queue) == (False, True, False)
    assert f'data-press="c1:cancel:{waits}:0"' in queue
    history = ana.client.get(ana.say("/history")["open"], headers={"hx-request": "true"}).text
    assert (done in history, waits in history) == (True, False)
    assert "You used" in ana.say("/credits")["text"]
    assert ana.say(f"/lineage {done}.1")["open"] == f"/view/{done}.1"


def test_a_moderator_may_delete_what_others_made(web_server: WebServer) -> None:
    ana, mo = web_server.guest("Ana"), web_server.guest("Mo", "keys")
    job_id = painted_by(web_server, ana)
    assert mo.press(Button(action=Action.DELETE, job_id=job_id))["ok"]


def test_a_waiting_job_is_cancelled_at_once_and_leaves_the_others_feeds(web_server: WebServer) -> None:
    ana, bo = web_server.guest("Ana"), web_server.guest("Bo")
    job_id = ana.say("a fox")["job"]
    bo.card(job_id, "queued")
    assert ana.press(Button(action=Action.CANCEL, job_id=job_id))["text"] == "Cancelled."
    assert "Cancelled." in ana.card(job_id, "cancelled")
    assert bo.gone(job_id)


@pytest.mark.parametrize("state", [JobState.FAILED, JobState.REFUSED, JobState.HELD])
def test_what_was_not_shown_stays_between_its_person_and_the_moderators(
    web_server: WebServer, state: JobState
) -> None:
    ana, bo, mo = web_server.guest("Ana"), web_server.guest("Bo"), web_server.guest("Mo", "keys")
    job_id = ana.say("a private thought")["job"]
    bo.card(job_id, "queued")
    finish(web_server.ports, job_id, state)
    assert "a private thought" in ana.card(job_id, state)
    assert mo.card(job_id, state)
    assert bo.gone(job_id)
    assert "a private thought" not in web_server.guest("Cleo").wall
    assert web_server.guest("Dora").client.get(f"/jobs/{job_id}").status_code == 404


def test_a_held_prompt_is_not_shown_to_others(web_server: WebServer) -> None:
    web_server.ports.gate.verdict = Verdict(ruling=Ruling.HOLD, rule="r", category="c")  # type: ignore[attr-defined]
    ana = web_server.guest("Ana")
    job_id = ana.say("a private thought")["job"]
    assert "moderator" in ana.card(job_id, "held")
    assert "a private thought" not in web_server.guest("Bo").wall


def test_a_form_is_a_command_like_any_other(web_server: WebServer) -> None:
    ana = web_server.guest("Ana")
    origin = painted_by(web_server, ana)
    values = {"picture": f"{origin}.1", "prompt": "a small boat", "region": "B3,C3,B4,C4"}
    job_id = ana.ask(do="ask", command="edit", values=values)["job"]
    with web_server.ports.database.read() as session:
        assert session.get_one(JobRow, job_id).request["cells"] == ["B3", "B4", "C3", "C4"]


@pytest.mark.parametrize("sheet", ["view", "edit", "remix", "expand"])
def test_each_dialog_opens_for_a_picture_and_steps_to_its_neighbour(
    web_server: WebServer, sheet: str
) -> None:
    ana = web_server.guest("Ana")
    origin = painted_by(web_server, ana)
    html = ana.client.get(f"/{sheet}/{origin}.2", headers={"hx-request": "true"}).text
    assert f'src="/thumbnails/{origin}.2"' in html
    assert f'href="/{sheet}/{origin}.1"' in html
    assert f'href="/{sheet}/{origin}.3"' in html
    linked = ana.client.get(f"/{sheet}/{origin}.2").text
    assert 'id="composer"' in linked
    assert html in linked


@pytest.mark.parametrize(
    "path", ["/view/zzzzzzzzzzzz.1", "/view/nothing", "/edit/..%2f..%2fetc", "/jobs/x", "/nope"]
)
def test_a_page_that_is_not_there_says_so(web_server: WebServer, path: str) -> None:
    answer = web_server.user("Ana").client.get(path, headers={"accept": "text/html"})
    assert answer.status_code == 404
    assert "was not found." in answer.text or "There is no such page here." in answer.text


def test_a_model_that_edits_by_words_is_asked_for_no_part(web_server: WebServer) -> None:
    web_server.ports.options.known_models = (RunnableModel(name="thimble", edits_by_words=True),)
    ana = web_server.guest("Ana")
    origin = painted_by(web_server, ana)
    html = ana.client.get(f"/edit/{origin}.2", headers={"hx-request": "true"}).text
    assert html.index('name="prompt"') < html.index('name="mask"')
    assert "Cells or a mask limit the change" in html
    values = {"picture": f"{origin}.1", "prompt": "make it winter"}
    job_id = ana.ask(do="ask", command="edit", values=values)["job"]
    with web_server.ports.database.read() as session:
        request = session.get_one(JobRow, job_id).request
    assert (request["prompt"], request["cells"]) == ("make it winter", [])
    assert "make it winter" in ana.client.get(f"/jobs/{job_id}").text


def test_a_picture_becomes_a_reference_of_the_next_request(web_server: WebServer) -> None:
    web_server.ports.options.known_models = (RunnableModel(name="klein", takes_references=4),)
    ana = web_server.guest("Ana")
    origin = painted_by(web_server, ana)
    html = ana.client.get(f"/reference/{origin}.2", headers={"hx-request": "true"}).text
    assert f'name="ref" aria-describedby="field-ref-hint" value="{origin}.2"' in html
    assert 'name="picture"' not in html
    job_id = ana.ask(do="ask", command="imagine", values={"prompt": "a castle", "ref": f"{origin}.2"})["job"]
    typed = ana.say(f"/imagine a castle --sref {origin}.1:1, {origin}.3")["job"]
    with web_server.ports.database.read() as session:
        found = [session.get_one(JobRow, job).request["sources"] for job in (job_id, typed)]
    assert [[(source["picture_id"], source["reference"]) for source in sources] for sources in found] == [
        [(f"{origin}.2", "subject")],
        [(f"{origin}.1", "style"), (f"{origin}.3", "style")],
    ]
