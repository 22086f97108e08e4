"""Pictures side by side, what they were made from, and what is used of them again."""

import re

import pytest

from studio.commands.button_ids import Action, Button
from studio.db.tables import JobRow
from studio.ports import RunnableModel
from tests.frontends.web.test_dialogs import card_of, painted, sheet
from tests.support.finished_jobs import paint_job
from tests.support.html_tree import read_html
from tests.support.web_client import WebServer


def test_pictures_that_one_may_see_are_compared(web_server: WebServer) -> None:
    ana, bo = web_server.guest("Ana"), web_server.guest("Bo")
    fox, owl = painted(web_server, ana), painted(web_server, bo, "an owl --count 1")
    shown = sheet(bo, f"/compare/{fox}.2,{owl}.1,{fox}.2")
    assert shown.index(f"/view/{fox}.2") < shown.index(f"/view/{owl}.1")
    assert 'class="compared of-2"' in shown
    secret = painted(web_server, ana, "a key --count 1 --private")
    for path in (
        f"{fox}.1,{secret}.1",
        f"{fox}.1",
        f"{fox}.1,{fox}.1",
        f"{fox}.1,x",
        f"{fox}.1,zzzzzzzzzzzz.1",
    ):
        assert bo.client.get(f"/compare/{path}").status_code == 404
    assert "a key" in sheet(ana, f"/compare/{fox}.1,{secret}.1")


def test_an_edit_shows_what_it_was_before_to_those_who_may_see_it(web_server: WebServer) -> None:
    ana, bo = web_server.guest("Ana"), web_server.guest("Bo")
    fox = painted(web_server, ana)
    values = {"picture": f"{fox}.1", "prompt": "a hat", "region": "B2"}
    edit: str = ana.ask(do="ask", command="edit", values=values)["job"]
    paint_job(web_server.ports, edit)
    assert f'data-src="/thumbnails/{fox}.1"' in sheet(bo, f"/view/{edit}.1")
    assert "data-divide" not in sheet(bo, f"/view/{fox}.1")
    with web_server.ports.database.begin() as session:
        session.get_one(JobRow, fox).spoiler = True
    shown = sheet(bo, f"/view/{edit}.1")
    assert f'<img class="blurred" data-src="/thumbnails/{fox}.1"' in shown
    assert f'<img class="blurred" src="/thumbnails/{fox}.1"' in shown
    with web_server.ports.database.begin() as session:
        session.get_one(JobRow, fox).spoiler = False
        session.get_one(JobRow, edit).spoiler = True
    assert f'<img class="blurred" src="/thumbnails/{edit}.1"' in sheet(bo, f"/view/{fox}.1")
    assert ana.press(Button(action=Action.DELETE, job_id=fox, index=1))["ok"]
    assert "data-divide" not in sheet(bo, f"/view/{edit}.1")


def test_the_family_tree_shows_generations_of_what_one_may_see(web_server: WebServer) -> None:
    ana, bo = web_server.guest("Ana"), web_server.guest("Bo")
    fox = painted(web_server, ana)
    child: str = bo.ask(do="ask", command="vary", values={"picture": f"{fox}.2", "count": "1"})["job"]
    paint_job(web_server.ports, child)
    assert f'href="/lineage/{child}.1"' in sheet(bo, f"/view/{child}.1")
    assert "/lineage/" not in sheet(bo, f"/view/{fox}.1")
    assert bo.say(f"/lineage {child}.1")["go"] == f"/lineage/{child}.1"
    assert bo.say(f"/lineage {fox}.1")["open"] == f"/view/{fox}.1"
    with web_server.ports.database.begin() as session:
        session.get_one(JobRow, fox).spoiler = True
    page = read_html(bo.client.get(f"/lineage/{child}.1").text.replace("<!doctype html>", ""))
    assert [heading.text for heading in page.all("h2")] == ["Generation 1", "Generation 2"]
    assert [node.attributes["data-parents"] for node in page.all("li") if "data-node" in node.attributes] == [
        "",
        f"{fox}.2",
    ]
    assert [image.attributes.get("class") for image in page.all("img")] == ["blurred", None]
    assert "from fox" in page.text
    with web_server.ports.database.begin() as session:
        session.get_one(JobRow, fox).spoiler = False
    assert ana.press(Button(action=Action.DELETE, job_id=fox, index=2))["ok"]
    assert "from a deleted picture" in bo.client.get(f"/lineage/{child}.1").text
    for unknown in (f"{fox}.2", "x", "zzzzzzzzzzzz.1"):
        assert bo.client.get(f"/lineage/{unknown}").status_code == 404


def test_what_is_used_again_stands_in_the_prompt(web_server: WebServer) -> None:
    ana, bo = web_server.guest("Ana"), web_server.guest("Bo")
    fox = painted(web_server, ana)
    secret = painted(web_server, ana, "a key --count 1 --private")
    seed = re.search(r'data-add="--seed (\d+)" aria-label="Use this seed, Picture 2"', card_of(bo, fox))
    assert seed

    def typed(use: str, *pictures: str) -> str:
        page = bo.client.get(f"/?use={use}&of={','.join(pictures)}")
        return read_html(page.text.replace("<!doctype html>", "")).all("textarea", id="say")[0].text

    assert typed("prompt", f"{fox}.2") == "a fox"
    assert typed("seed", f"{fox}.2") == f"--seed {seed[1]}"
    assert typed("picture", f"{fox}.2") == f"/remix {fox}.2"  # no model takes references
    model = RunnableModel(name="tiny", takes_references=4)
    web_server.ports.options.known_models = (model,)  # type: ignore[attr-defined]
    assert typed("picture", f"{fox}.2", f"{fox}.1") == f"--ref {fox}.2, {fox}.1"
    for query in (f"use=prompt&of={secret}.1", "use=prompt", f"use=all&of={fox}.1", "use=seed&of=x"):
        assert bo.client.get(f"/?{query}").status_code == 404


@pytest.mark.parametrize("guessed", ["zzzzzzzzzzzz.1", "x"])
def test_an_image_of_one_s_own_is_shown_before_its_edit_to_nobody_else(
    web_server: WebServer, guessed: str
) -> None:
    ana, bo = web_server.guest("Ana"), web_server.guest("Bo")
    image = ana.post("/uploads", b"a picture").json()["ticket"]
    job_id: str = ana.say("/edit a boat --region B2", image=image)["job"]
    paint_job(web_server.ports, job_id)
    assert f"/before/{job_id}.1" in sheet(ana, f"/view/{job_id}.1")
    answer = ana.client.get(f"/before/{job_id}.1")
    assert (answer.content, answer.headers["cache-control"]) == (b"a picture", "private, no-cache")
    assert "data-divide" not in sheet(bo, f"/view/{job_id}.1")
    assert bo.client.get(f"/before/{job_id}.1").status_code == 404
    again: str = bo.say(f"/reroll {job_id}")["job"]
    paint_job(web_server.ports, again)
    assert "data-divide" not in sheet(bo, f"/view/{again}.1")
    assert bo.client.get(f"/before/{again}.1").status_code == 404
    assert ana.client.get(f"/before/{guessed}").status_code == 404
    assert web_server.browser().client.get(f"/before/{job_id}.1").status_code == 401
