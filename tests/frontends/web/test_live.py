"""What people type on the web, and what everybody sees of it."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from studio.commands.button_ids import Action, Button
from studio.commands.generation.imagine import Imagine, imagine
from studio.commands.results import Accepted
from studio.commands.spec import Call
from studio.db import job_transitions, outbox
from studio.domain.events import JobEnded, JobProgress, PictureFinished
from studio.domain.jobs import JobState
from studio.domain.people import Platform
from studio.ports import Ports
from tests.support.fakes import someone, somewhere
from tests.support.finished_jobs import finish_early, paint_job
from tests.support.web_client import WebServer
from tests.support.web_jobs import finish, jobs


def accepted(ports: Ports, name: str, prompt: str) -> str:
    """A job of somebody who typed elsewhere in the same room."""
    call = Call(person=someone(name), address=somewhere(), request_key=f"test:{name}:{prompt}")
    answer = imagine(ports, call, Imagine(prompt=prompt, seed=1))
    assert isinstance(answer, Accepted)
    return answer.job_id


def test_what_somebody_types_is_received_accepted_and_shown_to_everybody(web_server: WebServer) -> None:
    ana, bo = web_server.guest("Ana"), web_server.guest("Bo")
    ana.send({"do": "say", "id": "wish-one", "text": "a red apple"})
    assert ana.hear("received")["id"] == "wish-one"
    answer = ana.hear("answer")
    assert answer["ok"]
    for person in (ana, bo):
        card = person.card(answer["job"], "queued")
        assert "a red apple" in card
        assert "@Ana" in card
        assert "Next in line." in card


def test_the_finished_pictures_appear_in_every_feed(web_server: WebServer) -> None:
    ana, bo = web_server.guest("Ana"), web_server.guest("Bo")
    job_id = ana.say("/imagine a red apple --count 4")["job"]
    finish(web_server.ports, job_id)
    for person in (ana, bo):
        card = person.card(job_id, "done")
        assert [f"/thumbnails/{job_id}.{number}" in card for number in range(1, 6)] == [True] * 4 + [False]
        assert 'alt="Picture 2 of 4: a red apple"' in card


def test_finished_pictures_wait_for_no_other_news(
    web_server: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana = web_server.guest("Ana")
    job_id = ana.say("a red apple")["job"]
    ana.card(job_id, "queued")
    monkeypatch.setattr("bots.web.live.hub.GATHER_SECONDS", 3600.0)
    finish(web_server.ports, job_id)
    assert f"/thumbnails/{job_id}.1" in ana.card(job_id, "done")


def test_a_later_visitor_sees_the_current_feed(web_server: WebServer) -> None:
    ana = web_server.guest("Ana")
    done, waiting = ana.say("a red apple")["job"], ana.say("a green pear")["job"]
    finish(web_server.ports, done)
    ana.card(done, "done")
    wall = web_server.guest("Bo").wall
    assert wall.index("a green pear") < wall.index("a red apple")
    assert f"/thumbnails/{done}.1" in wall
    assert f'id="job-{waiting}"' in wall


def test_what_happened_while_the_frontend_was_down_is_there_when_it_is_back(
    ports: Ports, tmp_path: Path
) -> None:
    from tests.support.web_client import web_settings

    with WebServer(ports, web_settings()) as web_server:
        ana = web_server.guest("Ana")
        job_id = ana.say("a red apple")["job"]
        cookie = ana.client.cookies["chatelier_session"]
    paint_job(ports, job_id)  # and its event was lost
    with WebServer(ports, web_settings()) as web_server:
        ana = web_server.browser()
        ana.client.cookies.set("chatelier_session", cookie)
        assert f"/thumbnails/{job_id}.1" in ana.connect().wall


def test_a_lost_event_is_made_up_for(web_server: WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    ana = web_server.guest("Ana")
    job_id = ana.say("a red apple")["job"]
    ana.card(job_id, "queued")
    paint_job(web_server.ports, job_id)
    monkeypatch.setattr("bots.web.live.hub.LOOK_AGAIN_SECONDS", 0.0)
    assert f"/thumbnails/{job_id}.1" in ana.card(job_id, "done")


def test_a_repeated_event_changes_nothing(web_server: WebServer) -> None:
    ana = web_server.guest("Ana")
    job_id = ana.say("a red apple")["job"]
    finish(web_server.ports, job_id)
    ana.card(job_id, "done")
    web_server.ports.events.publish(JobEnded(job_id=job_id, platform=Platform.WEB, state=JobState.DONE))
    other = ana.say("a green pear")["job"]
    heard: list[str] = []

    def is_the_other(message: Any) -> bool:
        heard.extend([*(card["id"] for card in message["cards"]), *message["gone"]])
        return other in heard

    assert ana.hear("cards", is_the_other)
    assert set(heard) == {other}


def test_the_same_wish_sent_twice_is_one_job(web_server: WebServer) -> None:
    ana = web_server.guest("Ana")
    first = ana.say("a red apple", wish_id="wish-twice")
    assert ana.say("a red apple", wish_id="wish-twice")["job"] == first["job"]
    assert jobs(web_server.ports) == 1


def test_the_same_wish_id_of_two_people_is_two_jobs(web_server: WebServer) -> None:
    first = web_server.guest("Ana").say("a red apple", wish_id="wish-same")
    second = web_server.guest("Bo").say("a red apple", wish_id="wish-same")
    assert first["job"] != second["job"]


def test_help_opens_the_help(web_server: WebServer) -> None:
    ana = web_server.guest("Ana")
    assert ana.say("/help")["open"] == ana.say("/help vary")["open"] == "/help"
    assert "Did you mean /vary?" in ana.say("/help vairy")["text"]
    page = ana.client.get("/help", headers={"hx-request": "true"}).text
    from studio.commands.registry import CATALOG
    from studio.commands.spec import Audience

    everybodys = {name for name, spec in CATALOG.items() if spec.audience is Audience.EVERYBODY} - {"help"}
    assert {name for name in CATALOG if f"<code>/{name}</code>" in page} == everybodys


def test_show_opens_a_job_with_its_recipe(web_server: WebServer) -> None:
    ana = web_server.guest("Ana")
    job_id = ana.say("a red apple --seed 7")["job"]
    finish(web_server.ports, job_id)
    ana.card(job_id, "done")
    path = ana.say(f"/show {job_id}")["open"]
    sheet = ana.client.get(path, headers={"hx-request": "true"}).text
    assert '<dt>Seed</dt><dd dir="auto">7</dd>' in sheet


def test_every_command_of_the_catalogue_is_offered_for_completion(web_server: WebServer) -> None:
    from studio.commands.registry import CATALOG
    from studio.commands.spec import Audience

    for name, word, audiences in (("Ana", "", [Audience.EVERYBODY]), ("Mo", "keys", list(Audience))):
        page = web_server.user(name, word).front_page()
        data = page.partition('id="data">')[2].partition("</script>")[0]
        offered = {spec["name"]: spec["parameters"] for spec in json.loads(data)["catalog"]}
        assert {name: [part["name"] for part in parts] for name, parts in offered.items()} == {
            name: [part.name for part in spec.parameters]
            for name, spec in CATALOG.items()
            if spec.audience in audiences
        }


def test_progress_moves_the_card_and_is_kept_for_those_who_come_later(web_server: WebServer) -> None:
    ana = web_server.guest("Ana")
    job_id = ana.say("a fox")["job"]
    with web_server.ports.database.begin() as session:
        from studio.clock import now

        assert job_transitions.take_lease(session, job_id, worker="w", at=now(), lease_seconds=30)
    preview = "data:image/webp;base64,AAAA"
    progress = JobProgress(job_id=job_id, platform=Platform.WEB, step=3, steps=12, preview=preview)
    web_server.ports.events.announce(progress)
    web_server.ports.events.announce(replace(progress, step=4, preview=None, seconds_left=30.0))
    heard = ana.hear("progress", lambda message: message["jobs"].get(job_id, {}).get("step") == 4)
    text = "Step 4 of 12 · about 30 s left"
    assert heard["jobs"][job_id] == {
        "step": 4,
        "steps": 12,
        "text": text,
        "left": 30.0,
        "preview": preview,
    }
    wall = web_server.guest("Bo").wall
    assert 'value="4" max="12"' in wall
    assert preview in wall


def test_a_finished_picture_is_on_the_card_while_the_others_are_painted(web_server: WebServer) -> None:
    ana, bo = web_server.guest("Ana"), web_server.guest("Bo")
    job_id = ana.say("a fox")["job"]
    picture = finish_early(web_server.ports, job_id, 2)
    event = PictureFinished(job_id=job_id, platform=Platform.WEB, picture_id=picture)
    web_server.ports.events.publish(event)
    card = bo.card(job_id, "painting")
    assert f"/thumbnails/{picture}" in card
    assert "<progress" in card
    assert bo.client.get(f"/thumbnails/{picture}").status_code == 200
    enough = Button(action=Action.ENOUGH, job_id=job_id)
    assert f'"{enough}"' in card
    assert not bo.press(enough)["ok"]
    assert ana.press(enough)["ok"]
    bo.hear("cards", lambda message: any("Stopping" in card["html"] for card in message["cards"]))


def test_those_who_wait_hear_that_they_moved_up(
    web_server: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bots.web.live.hub.POSITIONS_SECONDS", 0.05)
    ana, bo = web_server.guest("Ana"), web_server.guest("Bo")
    first, second = ana.say("a fox")["job"], bo.say("an owl")["job"]
    assert "Waiting: 1 job is ahead." in bo.card(second, "queued")
    finish(web_server.ports, first)
    heard = bo.hear("waiting", lambda message: "Next" in message["jobs"].get(second, ""))
    assert heard["jobs"][second] == "Next in line."


def test_older_work_comes_page_by_page(web_server: WebServer) -> None:
    from bots.web.live.feed import PAGE

    made = [
        accepted(web_server.ports, f"person{number % 7}", f"boat number {number}")
        for number in range(PAGE + 5)
    ]
    ana = web_server.guest("Ana")
    assert ana.wall.count("<article") == PAGE
    before = made[-PAGE]
    assert f'hx-get="/wall?before={before}"' in ana.wall
    older = ana.client.get(f"/wall?before={before}", headers={"hx-request": "true"}).text
    assert [f'id="job-{job_id}"' in older for job_id in reversed(made)] == [False] * PAGE + [True] * 5
    assert 'hx-get="/wall' not in older


def test_other_platforms_jobs_are_not_in_this_feed(web_server: WebServer, ports: Ports) -> None:
    elsewhere = someone("zoe", community="guild")
    call = Call(person=elsewhere, address=somewhere("guild"), request_key="test:elsewhere")
    answer = imagine(ports, call, Imagine(prompt="a foreign fox", seed=1))
    ana = web_server.guest("Ana")
    assert "a foreign fox" not in ana.wall
    assert "was not found" in ana.say(f"/show {answer.job_id}")["text"]
    with ports.database.begin() as session:
        event = outbox.write(
            session, JobEnded(job_id=answer.job_id, platform=Platform.DISCORD, state=JobState.DONE)
        )
    outbox.send(ports.database, ports.events, [event])
    job_id = ana.say("an own fox")["job"]
    assert "an own fox" in ana.card(job_id, "queued")


def test_people_see_who_is_present(web_server: WebServer) -> None:
    ana = web_server.guest("Ana")
    bo = web_server.guest("Bo")
    assert ana.hear("people", lambda message: "2 people are here" in message["html"])
    bo.disconnect()
    assert ana.hear("people", lambda message: "1 person is here" in message["html"])


def test_the_frontend_loads_no_accelerator_queue_or_other_process(repository: Path) -> None:
    code = "import sys, bots.web.server; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=repository, capture_output=True, text=True, check=True
    )
    loaded = set(result.stdout.split())
    assert {"bots", "starlette", "studio"} <= loaded
    assert not loaded & {
        "torch",
        "diffusers",
        "transformers",
        "celery",
        "redis",
        "engine",
        "moderation",
        "numpy",
        "PIL",
    }


def test_carets_stand_under_what_is_wrong_with_the_words(web_server: WebServer) -> None:
    ana = web_server.guest("Ana")
    answer = ana.say("a {red,blue bird")
    assert "never closed" in answer["text"]
    assert answer["point"] == "a {red,blue bird\n  ^"
    assert ana.say("a bird --sed 4")["point"] == "a bird --sed 4\n       ^^^^^"
