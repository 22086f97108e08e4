"""The room at work: what people type and press, and what everybody sees of it."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from bots.web.live.protocol import LONGEST_BYTES
from studio.commands.button_ids import Action, Button
from studio.commands.command_line import MAX_PHRASE
from studio.commands.generation.imagine import Imagine, imagine
from studio.commands.results import Accepted
from studio.commands.spec import Call
from studio.db import job_transitions, outbox
from studio.db.tables import JobRow
from studio.domain.events import JobEnded, JobProgress
from studio.domain.jobs import JobState
from studio.domain.people import Platform
from studio.domain.verdicts import Ruling, Verdict
from studio.errors import PolicyRefusalError, RateLimitedError
from studio.ports import Ports
from tests.support.fakes import someone, somewhere
from tests.support.finished_jobs import end_job, paint_job
from tests.support.web_client import ADDRESS, OpenRoom


def finish(ports: Ports, job_id: str, state: JobState = JobState.DONE) -> None:
    """End a job as a worker does: rows first, then the event."""
    if state is JobState.DONE:
        paint_job(ports, job_id)
    else:
        end_job(ports, job_id, state)
    ports.events.publish(JobEnded(job_id=job_id, platform=Platform.WEB, state=state))


def accepted(ports: Ports, name: str, prompt: str) -> str:
    """A job of somebody who typed elsewhere in the same room."""
    call = Call(person=someone(name), address=somewhere(), request_key=f"test:{name}:{prompt}")
    answer = imagine(ports, call, Imagine(prompt=prompt, seed=1))
    assert isinstance(answer, Accepted)
    return answer.job_id


def jobs(ports: Ports) -> int:
    with ports.database.read() as session:
        return session.query(JobRow).count()


# ---- typing


def test_what_somebody_types_is_received_accepted_and_shown_to_everybody(room: OpenRoom) -> None:
    ana, bo = room.guest("Ana"), room.guest("Bo")
    ana.send({"do": "say", "id": "wish-one", "text": "a red apple"})
    assert ana.hear("received")["id"] == "wish-one"
    answer = ana.hear("answer")
    assert answer["ok"]
    for person in (ana, bo):
        card = person.card(answer["job"], "queued")
        assert "a red apple" in card
        assert "@Ana" in card
        assert "Next in line." in card


def test_the_finished_pictures_appear_on_every_wall(room: OpenRoom) -> None:
    ana, bo = room.guest("Ana"), room.guest("Bo")
    job_id = ana.say("/imagine a red apple --count 4")["job"]
    finish(room.ports, job_id)
    for person in (ana, bo):
        card = person.card(job_id, "done")
        assert [f"/thumbnails/{job_id}.{number}" in card for number in range(1, 6)] == [True] * 4 + [False]
        assert 'alt="Picture 2 of 4: a red apple"' in card


def test_finished_pictures_wait_for_no_other_news(room: OpenRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    ana = room.guest("Ana")
    job_id = ana.say("a red apple")["job"]
    ana.card(job_id, "queued")
    monkeypatch.setattr("bots.web.live.hub.GATHER_SECONDS", 3600.0)
    finish(room.ports, job_id)
    assert f"/thumbnails/{job_id}.1" in ana.card(job_id, "done")


def test_whoever_comes_later_finds_the_wall_as_it_is(room: OpenRoom) -> None:
    ana = room.guest("Ana")
    done, waiting = ana.say("a red apple")["job"], ana.say("a green pear")["job"]
    finish(room.ports, done)
    ana.card(done, "done")
    wall = room.guest("Bo").wall
    assert wall.index("a green pear") < wall.index("a red apple")
    assert f"/thumbnails/{done}.1" in wall
    assert f'id="job-{waiting}"' in wall


def test_what_happened_while_the_frontend_was_down_is_there_when_it_is_back(
    ports: Ports, tmp_path: Path
) -> None:
    from tests.support.web_client import web_settings

    with OpenRoom(ports, web_settings()) as room:
        ana = room.guest("Ana")
        job_id = ana.say("a red apple")["job"]
        cookie = ana.client.cookies["chatelier_session"]
    paint_job(ports, job_id)  # and its event was lost
    with OpenRoom(ports, web_settings()) as room:
        ana = room.browser()
        ana.client.cookies.set("chatelier_session", cookie)
        assert f"/thumbnails/{job_id}.1" in ana.connect().wall


def test_a_lost_event_is_made_up_for(room: OpenRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    ana = room.guest("Ana")
    job_id = ana.say("a red apple")["job"]
    ana.card(job_id, "queued")
    paint_job(room.ports, job_id)
    monkeypatch.setattr("bots.web.live.hub.LOOK_AGAIN_SECONDS", 0.0)
    assert f"/thumbnails/{job_id}.1" in ana.card(job_id, "done")


def test_a_repeated_event_changes_nothing(room: OpenRoom) -> None:
    ana = room.guest("Ana")
    job_id = ana.say("a red apple")["job"]
    finish(room.ports, job_id)
    ana.card(job_id, "done")
    room.ports.events.publish(JobEnded(job_id=job_id, platform=Platform.WEB, state=JobState.DONE))
    other = ana.say("a green pear")["job"]
    heard: list[str] = []

    def is_the_other(message: Any) -> bool:
        heard.extend([*(card["id"] for card in message["cards"]), *message["gone"]])
        return other in heard

    assert ana.hear("cards", is_the_other)
    assert set(heard) == {other}


def test_the_same_wish_sent_twice_is_one_job(room: OpenRoom) -> None:
    ana = room.guest("Ana")
    first = ana.say("a red apple", wish_id="wish-twice")
    assert ana.say("a red apple", wish_id="wish-twice")["job"] == first["job"]
    assert jobs(room.ports) == 1


def test_the_same_wish_id_of_two_people_is_two_jobs(room: OpenRoom) -> None:
    first = room.guest("Ana").say("a red apple", wish_id="wish-same")
    second = room.guest("Bo").say("a red apple", wish_id="wish-same")
    assert first["job"] != second["job"]


def test_help_opens_the_help(room: OpenRoom) -> None:
    ana = room.guest("Ana")
    assert ana.say("/help")["open"] == "/help"
    page = ana.client.get("/help", headers={"hx-request": "true"}).text
    from studio.commands.registry import CATALOG
    from studio.commands.spec import Audience

    everybodys = {name for name, spec in CATALOG.items() if spec.audience is Audience.EVERYBODY}
    assert {name for name in CATALOG if f"<code>/{name}</code>" in page} == everybodys


def test_show_opens_a_job_with_its_recipe(room: OpenRoom) -> None:
    ana = room.guest("Ana")
    job_id = ana.say("a red apple --seed 7")["job"]
    finish(room.ports, job_id)
    ana.card(job_id, "done")
    path = ana.say(f"/show {job_id}")["open"]
    sheet = ana.client.get(path, headers={"hx-request": "true"}).text
    assert '<dt>Seed</dt><dd dir="auto">7</dd>' in sheet


def test_every_command_of_the_catalogue_is_offered_for_completion(room: OpenRoom) -> None:
    from studio.commands.registry import CATALOG
    from studio.commands.spec import Audience

    for name, word, audiences in (("Ana", "", [Audience.EVERYBODY]), ("Mo", "keys", list(Audience))):
        page = room.user(name, word).front_page()
        data = page.partition('id="data">')[2].partition("</script>")[0]
        offered = {each["name"]: each["parameters"] for each in json.loads(data)["catalog"]}
        assert {name: [part["name"] for part in parts] for name, parts in offered.items()} == {
            name: [part.name for part in spec.parameters]
            for name, spec in CATALOG.items()
            if spec.audience in audiences
        }


# ---- bad input


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", "The prompt is empty"),
        ("   ", "The prompt is empty"),
        ("\x00\x07\u200b\u202e", "The prompt is empty"),
        ("/", "There is no command"),
        ("/imagine", "The prompt is missing"),
        ("/imagne a boat", "Did you mean /imagine?"),
        ("/imagine a boat --sed 7", "Did you mean --seed?"),
        ("/imagine a boat --width 1000000", "must lie between 64 and 2048"),
        ("/imagine a boat --count 99", "must lie between"),
        ("/vary", "Give the id of a picture"),
        ("/vary zzzzzzzzzzzz.1", "is not here (any more)"),
        ("/cancel 000000000000", "is not here (any more)"),
        ("/vary ../../etc/passwd", "picture"),
        ("x" * 3000, "the most is 1,000"),
        ("x" * 10_000, "the most is 1,000"),
        ("ж" * 20_000, "at most 1,000 characters"),
    ],
)
def test_what_cannot_be_followed_gets_one_clear_sentence(room: OpenRoom, text: str, wanted: str) -> None:
    ana = room.guest("Ana")
    ana.send({"do": "say", "id": "wish-bad-input", "text": text})
    answer = ana.hear("answer")
    assert not answer["ok"]
    assert wanted in answer["text"]
    assert "Traceback" not in answer["text"]
    assert jobs(room.ports) == 0


@pytest.mark.parametrize("text", ["תפוח אדום על רקע כחול", "🍎🍏🍐", "a\tred\napple", "👩‍🎨 at work"])
def test_every_script_and_emoji_is_painted_as_it_was_typed(room: OpenRoom, text: str) -> None:
    ana = room.guest("Ana")
    card = ana.card(ana.say(text)["job"], "queued")
    assert f"<bdi>{' '.join(text.split())}</bdi>" in card


def test_markup_in_a_prompt_stays_text(room: OpenRoom) -> None:
    ana = room.guest("Ana")
    job_id = ana.say("<script>alert(1)</script> \"><img src=x hx-get='/leave'>")["job"]
    assert "<script>" not in ana.card(job_id, "queued")
    finish(room.ports, job_id)
    card = ana.card(job_id, "done")
    assert "<script>" not in card
    assert "<img src=x" not in card
    assert "&lt;script&gt;" in card


@pytest.mark.parametrize(
    "message",
    [
        "",
        "not json",
        "[]",
        "{}",
        '{"do":"say"}',
        '{"do":"fly","id":"wish-00000001"}',
        '{"do":"say","id":"short","text":"a"}',
        '{"do":"say","id":"wish-00000001","text":7}',
        '{"do":"say","id":"wish-00000001","text":"a","person":"somebody else"}',
        '{"do":"ask","id":"wish-00000001","command":"imagine","values":{"prompt":["a"]}}',
    ],
)
def test_a_message_of_the_wrong_shape_is_answered_and_the_socket_stays(room: OpenRoom, message: str) -> None:
    ana = room.guest("Ana")
    ana.send(message)
    assert "could not be read" in ana.hear("answer")["text"]
    assert ana.say("a red apple")["ok"]


@pytest.mark.parametrize("letter", ["狐", "🦊", '"', "\x01", "\ud800"])
def test_whatever_fits_into_the_prompt_box_is_answered(room: OpenRoom, letter: str) -> None:
    ana = room.guest("Ana")
    units = len(letter.encode("utf-16-le", "surrogatepass")) // 2
    ana.send({"do": "say", "id": "wish-00000001", "text": letter * (MAX_PHRASE // units)})
    answer = ana.hear("answer")
    assert answer["id"] == "wish-00000001"
    assert "is too long" not in answer["text"]


@pytest.mark.parametrize(
    "message",
    [
        {"do": "say", "text": "x" * LONGEST_BYTES},
        {"do": "say", "text": "a red apple", "person": "somebody else"},
        {"do": "say", "text": "a red apple", "image": "x" * 2000},
        {"do": "fly"},
    ],
)
def test_a_message_that_is_refused_is_answered_by_its_id(room: OpenRoom, message: dict[str, str]) -> None:
    ana = room.guest("Ana")
    ana.send({"id": "wish-00000001", **message})
    answer = ana.hear("answer")
    assert not answer["ok"]
    assert answer["id"] == "wish-00000001"


def test_a_message_sent_too_fast_is_answered_by_its_id(room: OpenRoom, still: Callable[[str], None]) -> None:
    ana = room.guest("Ana")
    still("bots.web.live.connection")
    for number in range(30):
        ana.send({"do": "say", "id": f"wish-{number:08d}", "text": "/show zzzzzzzzzzzz"})
    answers = [ana.hear("answer")["id"] for _ in range(30)]
    assert answers == [f"wish-{number:08d}" for number in range(30)]


@pytest.mark.parametrize(
    "button",
    ["", "c1", "c1:vary:zzzzzzzzzzzz:1", "c1:explode:k3v9m2p4qx7a:1", "c0:vary:k3v9m2p4qx7a:1", "x" * 150],
)
def test_a_forged_button_does_nothing(room: OpenRoom, button: str) -> None:
    answer = room.guest("Eve").press(button)
    assert not answer["ok"]
    assert jobs(room.ports) == 0


def test_too_many_messages_are_slowed_down_in_words(room: OpenRoom, still: Callable[[str], None]) -> None:
    ana = room.guest("Ana")
    still("bots.web.live.connection")
    answers = [ana.say("/show zzzzzzzzzzzz") for _ in range(30)]
    assert any("a lot at once" in each["text"] for each in answers)


def test_a_fault_of_ours_is_a_sentence_with_a_number_and_a_line_in_the_log(
    room: OpenRoom, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def explode(*arguments: object) -> None:
        raise ZeroDivisionError(str(arguments[-1]))  # the values, with the prompt

    monkeypatch.setattr("bots.web.live.dispatcher.execute", explode)
    answer = room.guest("Ana").say("a private thought")
    assert answer["text"].startswith("Something broke on our side.")
    fault = answer["text"].partition("(Fault ")[2].rstrip(")")
    assert fault
    assert fault in caplog.text
    assert "ZeroDivisionError" in caplog.text
    assert "private thought" not in caplog.text


def test_a_fault_of_ours_reaches_the_server_without_what_was_typed(
    room: OpenRoom, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    typed = " ".join(["a", "private", "thought"])  # not as it stands here: a frame shows its line

    def explode(*_arguments: object) -> None:
        raise ZeroDivisionError(typed)

    ana = room.guest("Ana")
    monkeypatch.setattr("bots.web.routes.images._find_key", explode)
    strict = TestClient(room.app, base_url=ADDRESS, cookies=dict(ana.client.cookies))
    strict.portal = ana.client.portal
    answer = strict.get("/pictures/k3v9m2p4qx7a.1.png")  # would raise what the server is given to log
    assert answer.status_code == 500
    assert answer.headers["x-content-type-options"] == "nosniff"
    fault = answer.text.partition("(Fault ")[2].rstrip(")")
    assert fault
    assert fault in caplog.text
    assert typed not in caplog.text + answer.text


def test_a_refusal_of_the_gate_reaches_its_person_only(room: OpenRoom) -> None:
    ana, bo = room.guest("Ana"), room.guest("Bo")
    room.ports.gate.admit_error = RateLimitedError(retry_after_seconds=20)  # type: ignore[attr-defined]
    assert ana.say("a red apple")["text"] == "That is a lot at once. Please try again in 20 s."
    room.ports.gate.admit_error = PolicyRefusalError(rule="words", category="cruelty")  # type: ignore[attr-defined]
    assert "cruelty" in ana.say("a red apple")["text"]
    room.ports.gate.admit_error = None  # type: ignore[attr-defined]
    allowed = bo.say("a green pear")["job"]
    assert ana.card(allowed, "queued")
    assert jobs(room.ports) == 1


# ---- pressing


def painted_by(room: OpenRoom, person: Any) -> str:
    job_id: str = person.say("a fox in the snow --count 4")["job"]
    finish(room.ports, job_id)
    person.card(job_id, "done")
    return job_id


def test_a_variation_credits_the_picture_that_it_came_from(room: OpenRoom) -> None:
    ana, bo = room.guest("Ana"), room.guest("Bo")
    origin = painted_by(room, ana)
    job_id = bo.press(Button(action=Action.VARY, job_id=origin, index=2))["job"]
    card = ana.card(job_id, "queued")
    assert "@Bo" in card
    assert "@Ana’s fox" in card
    assert f'href="/view/{origin}.2"' in card


@pytest.mark.parametrize("action", [Action.VARY, Action.VARY_SUBTLE, Action.UPSCALE])
def test_a_button_on_a_picture_leads_to_a_job(room: OpenRoom, action: Action) -> None:
    ana = room.guest("Ana")
    origin = painted_by(room, ana)
    assert ana.press(Button(action=action, job_id=origin, index=1))["job"] != origin


@pytest.mark.parametrize(
    ("action", "path"),
    [(Action.EDIT, "edit"), (Action.EXPAND, "expand"), (Action.REPORT, "flag"), (Action.MORE, "view")],
)
def test_a_button_that_needs_more_opens_its_dialog(room: OpenRoom, action: Action, path: str) -> None:
    ana = room.guest("Ana")
    origin = painted_by(room, ana)
    answer = ana.press(Button(action=action, job_id=origin, index=2))
    assert answer["open"] == f"/{path}/{origin}.2"
    assert "job" not in answer
    assert ana.client.get(answer["open"], headers={"hx-request": "true"}).status_code == 200


def test_an_image_is_uploaded_in_a_form(room: OpenRoom) -> None:
    ana = room.guest("Ana")
    origin = painted_by(room, ana)
    ticket = ana.post("/uploads", b"a picture").json()["ticket"]
    values = {"picture": f"{origin}.1", "prompt": "both"}
    answer = ana.ask(do="ask", command="blend", values=values, files={"images": [ticket]})
    with room.ports.database.read() as session:
        sources = session.get_one(JobRow, answer["job"]).request["sources"]
    assert [source.get("picture_id") for source in sources] == [f"{origin}.1", None]


def test_of_an_upload_of_somebody_else_no_form_can_be_sent(room: OpenRoom) -> None:
    ana, bo = room.guest("Ana"), room.guest("Bo")
    origin = painted_by(room, ana)
    ticket = ana.post("/uploads", b"a picture").json()["ticket"]
    values = {"picture": f"{origin}.1", "prompt": "both"}
    answer = bo.ask(do="ask", command="blend", values=values, files={"images": [ticket]})
    assert not answer["ok"]
    assert "attach it again" in answer["text"]


def test_a_card_offers_every_reaction_that_makes_sense(room: OpenRoom) -> None:
    from studio.commands.registry import REACTIONS

    ana = room.guest("Ana")
    job_id = ana.say("a fox --count 2")["job"]
    waiting = ana.card(job_id, "queued")
    assert not [emoji for emoji in REACTIONS if f">{emoji}<" in waiting]
    assert f'data-press="c1:cancel:{job_id}:0"' in waiting
    finish(room.ports, job_id)
    done = ana.card(job_id, "done")
    assert [emoji for emoji in REACTIONS if f">{emoji}<" not in done] == ["3️⃣", "4️⃣"]
    assert f'data-press="c1:vary:{job_id}:2" aria-label="Vary picture 2"' in done
    assert re.search(rf'data-press="c1:delete:{job_id}:0"[^>]* data-sure="Delete all', done)


def test_a_star_is_counted_for_all_and_told_to_its_giver(room: OpenRoom) -> None:
    ana, bo = room.guest("Ana"), room.guest("Bo")
    job_id = painted_by(room, ana)
    star = Button(action=Action.STAR, job_id=job_id, index=3)
    assert bo.press(star)["text"] == "Starred; it has 1 star now."
    assert f'data-starred="{bo.user_id}"' in ana.card(job_id, "done")
    assert bo.press(star)["text"] == "The star was taken back."


def test_a_deleted_picture_leaves_every_wall(room: OpenRoom) -> None:
    ana, bo = room.guest("Ana"), room.guest("Bo")
    job_id = painted_by(room, ana)
    bo.card(job_id, "done")
    refused = bo.press(Button(action=Action.DELETE, job_id=job_id, index=1))
    assert "Only the person who made this" in refused["text"]
    assert (
        ana.press(Button(action=Action.DELETE, job_id=job_id, index=1))["text"] == "The picture was deleted."
    )
    assert f"/thumbnails/{job_id}.1" not in bo.card(job_id, "done")
    assert ana.press(Button(action=Action.DELETE, job_id=job_id))["text"] == "3 pictures were deleted."
    assert bo.gone(job_id)
    assert job_id not in room.guest("Cleo").wall


def test_what_was_made_from_a_deleted_picture_no_longer_says_its_words(room: OpenRoom) -> None:
    ana, bo = room.guest("Ana"), room.guest("Bo")
    origin = painted_by(room, ana)
    values = {"picture": f"{origin}.1", "prompt": "an owl"}
    child = bo.ask(do="ask", command="remix", values=values)["job"]
    finish(room.ports, child)
    assert "@Ana’s fox" in bo.card(child, "done")
    assert ana.press(Button(action=Action.DELETE, job_id=origin))["ok"]
    heard = bo.hear("cards", lambda each: any(card["id"] == child for card in each["cards"]))
    (card,) = [each["html"] for each in heard["cards"] if each["id"] == child]
    assert "@Ana’s picture" in card
    assert "fox" not in card


def test_ones_own_jobs_are_listed_in_a_sheet(room: OpenRoom) -> None:
    ana, bo = room.guest("Ana"), room.guest("Bo")
    bo.say("an owl")
    done, waits = ana.say("a fox")["job"], ana.say("a crane")["job"]
    finish(room.ports, done)
    queue = ana.client.get(ana.say("/queue")["open"], headers={"hx-request": "true"}).text
    assert (done in queue, waits in queue, "owl" in queue) == (False, True, False)
    assert f'data-press="c1:cancel:{waits}:0"' in queue
    history = ana.client.get(ana.say("/history")["open"], headers={"hx-request": "true"}).text
    assert (done in history, waits in history) == (True, False)
    assert "You used" in ana.say("/credits")["text"]
    assert ana.say(f"/lineage {done}.1")["open"] == f"/view/{done}.1"


def test_a_moderator_may_delete_what_others_made(room: OpenRoom) -> None:
    ana, mo = room.guest("Ana"), room.guest("Mo", "keys")
    job_id = painted_by(room, ana)
    assert mo.press(Button(action=Action.DELETE, job_id=job_id))["ok"]


def test_a_waiting_job_is_cancelled_at_once_and_leaves_the_others_walls(room: OpenRoom) -> None:
    ana, bo = room.guest("Ana"), room.guest("Bo")
    job_id = ana.say("a fox")["job"]
    bo.card(job_id, "queued")
    assert ana.press(Button(action=Action.CANCEL, job_id=job_id))["text"] == "Cancelled."
    assert "Cancelled." in ana.card(job_id, "cancelled")
    assert bo.gone(job_id)


@pytest.mark.parametrize("state", [JobState.FAILED, JobState.REFUSED, JobState.HELD])
def test_what_was_not_shown_stays_between_its_person_and_the_moderators(
    room: OpenRoom, state: JobState
) -> None:
    ana, bo, mo = room.guest("Ana"), room.guest("Bo"), room.guest("Mo", "keys")
    job_id = ana.say("a private thought")["job"]
    bo.card(job_id, "queued")
    finish(room.ports, job_id, state)
    assert "a private thought" in ana.card(job_id, state)
    assert mo.card(job_id, state)
    assert bo.gone(job_id)
    assert "a private thought" not in room.guest("Cleo").wall
    assert room.guest("Dora").client.get(f"/jobs/{job_id}").status_code == 404


def test_a_held_prompt_is_not_shown_to_others(room: OpenRoom) -> None:
    room.ports.gate.verdict = Verdict(ruling=Ruling.HOLD, rule="r", category="c")  # type: ignore[attr-defined]
    ana = room.guest("Ana")
    job_id = ana.say("a private thought")["job"]
    assert "moderator" in ana.card(job_id, "held")
    assert "a private thought" not in room.guest("Bo").wall


# ---- forms


def test_a_form_is_a_command_like_any_other(room: OpenRoom) -> None:
    ana = room.guest("Ana")
    origin = painted_by(room, ana)
    values = {"picture": f"{origin}.1", "prompt": "a small boat", "region": "B3,C3,B4,C4"}
    job_id = ana.ask(do="ask", command="edit", values=values)["job"]
    with room.ports.database.read() as session:
        assert session.get_one(JobRow, job_id).request["cells"] == ["B3", "B4", "C3", "C4"]


@pytest.mark.parametrize("sheet", ["view", "edit", "remix", "expand"])
def test_each_sheet_opens_for_a_picture_and_steps_to_its_neighbour(room: OpenRoom, sheet: str) -> None:
    ana = room.guest("Ana")
    origin = painted_by(room, ana)
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
def test_a_page_that_is_not_there_says_so(room: OpenRoom, path: str) -> None:
    answer = room.user("Ana").client.get(path, headers={"accept": "text/html"})
    assert answer.status_code == 404
    assert "here" in answer.text


# ---- progress and order


def test_progress_moves_the_card_and_is_kept_for_those_who_come_later(room: OpenRoom) -> None:
    ana = room.guest("Ana")
    job_id = ana.say("a fox")["job"]
    with room.ports.database.begin() as session:
        from studio.clock import now

        assert job_transitions.take_lease(session, job_id, worker="w", at=now(), lease_seconds=30)
    preview = "data:image/webp;base64,AAAA"
    progress = JobProgress(job_id=job_id, platform=Platform.WEB, step=3, steps=12, preview=preview)
    room.ports.events.announce(progress)
    room.ports.events.announce(replace(progress, step=4, preview=None, seconds_left=30.0))
    heard = ana.hear("progress", lambda message: message["jobs"].get(job_id, {}).get("step") == 4)
    text = "Step 4 of 12 · about 30 s left"
    assert heard["jobs"][job_id] == {"step": 4, "steps": 12, "text": text, "preview": preview}
    wall = room.guest("Bo").wall
    assert 'value="4" max="12"' in wall
    assert preview in wall


def test_those_who_wait_hear_that_they_moved_up(room: OpenRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bots.web.live.hub.POSITIONS_SECONDS", 0.05)
    ana, bo = room.guest("Ana"), room.guest("Bo")
    first, second = ana.say("a fox")["job"], bo.say("an owl")["job"]
    assert "Waiting: 1 job is ahead." in bo.card(second, "queued")
    finish(room.ports, first)
    heard = bo.hear("waiting", lambda message: "Next" in message["jobs"].get(second, ""))
    assert heard["jobs"][second] == "Next in line."


def test_older_work_comes_page_by_page(room: OpenRoom) -> None:
    from bots.web.live.feed import PAGE

    made = [
        accepted(room.ports, f"person{number % 7}", f"boat number {number}") for number in range(PAGE + 5)
    ]
    ana = room.guest("Ana")
    assert ana.wall.count("<article") == PAGE
    before = made[-PAGE]
    assert f'hx-get="/wall?before={before}"' in ana.wall
    older = ana.client.get(f"/wall?before={before}", headers={"hx-request": "true"}).text
    assert [f'id="job-{job_id}"' in older for job_id in reversed(made)] == [False] * PAGE + [True] * 5
    assert 'hx-get="/wall' not in older


def test_other_platforms_jobs_are_not_on_this_wall(room: OpenRoom, ports: Ports) -> None:
    elsewhere = someone("zoe", community="guild")
    call = Call(person=elsewhere, address=somewhere("guild"), request_key="test:elsewhere")
    answer = imagine(ports, call, Imagine(prompt="a foreign fox", seed=1))
    ana = room.guest("Ana")
    assert "a foreign fox" not in ana.wall
    assert "is not here" in ana.say(f"/show {answer.job_id}")["text"]
    with ports.database.begin() as session:
        event = outbox.write(
            session, JobEnded(job_id=answer.job_id, platform=Platform.DISCORD, state=JobState.DONE)
        )
    outbox.send(ports.database, ports.events, [event])
    job_id = ana.say("an own fox")["job"]
    assert "an own fox" in ana.card(job_id, "queued")


def test_people_see_who_is_present(room: OpenRoom) -> None:
    ana = room.guest("Ana")
    bo = room.guest("Bo")
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


def test_carets_stand_under_what_is_wrong_with_the_words(room: OpenRoom) -> None:
    ana = room.guest("Ana")
    answer = ana.say("a {red,blue bird")
    assert "never closed" in answer["text"]
    assert answer["point"] == "a {red,blue bird\n  ^"
    assert ana.say("a bird --sed 4")["point"] == "a bird --sed 4\n       ^^^^^"
