"""What the model that paints says of itself, on the web page and every help; and of a prompt, on its card."""

from bots.discord.render import render as discord_render
from bots.presentation.compose.help import compose_help
from bots.presentation.compose.job_message import compose_job
from bots.presentation.limits import STRICT
from bots.queries.job_view import JobView, load_job_views
from bots.slack.render import render as slack_render
from bots.texts.languages.readers import reading_in
from bots.web.live.cards import render_card
from studio.coded_text import coded, to_stored
from studio.commands.registry import execute
from studio.commands.spec import Call
from studio.db import queries
from studio.db.tables import JobRow, PictureRow
from studio.ports import Ports, RunnableModel
from tests.support.finished_jobs import paint_job
from tests.support.loopback_slack.records import said
from tests.support.message_text import text_of
from tests.support.web_client import WebServer

NOTE = "Thimble is a small demo model. `chatelier models pull NAME` fetches <another>."
SHORT_NOTE = "Thimble is a small demo model."
REMARK = to_stored(coded("model_remark.unknown_words", model="Thimble", words=("zorgle",)))
SHOWN = "Not known to Thimble: zorgle."


def remarked_job(ports: Ports, call: Call) -> str:
    job_id: str = execute(ports, call, "imagine", {"prompt": "a zorgle", "count": 2}).job_id
    paint_job(ports, job_id)
    with ports.database.begin() as session:
        for index in (1, 2):
            row = session.get_one(PictureRow, f"{job_id}.{index}")
            row.recipe = {**row.recipe, "remark": REMARK}
    return job_id


def test_the_web_page_and_its_help_say_what_the_model_is(web_server: WebServer, ports: Ports) -> None:
    ana = web_server.guest("Ana")
    shown = "Thimble is a small demo model. <code>chatelier models pull NAME</code> fetches &lt;another&gt;."
    demo = to_stored(coded("model_remark.demo", model="Thimble", things=1000))
    assert "demo model" not in ana.client.get("/").text
    ports.options.known_models = (RunnableModel(name="thimble", note=NOTE),)  # type: ignore[attr-defined]
    assert shown in ana.client.get("/").text
    assert shown in ana.client.get("/help", headers={"hx-request": "true"}).text
    ports.options.known_models = (RunnableModel(name="thimble", note=demo),)  # type: ignore[attr-defined]
    french = ana.client.get("/help", headers={"hx-request": "true", "accept-language": "fr"}).text
    assert "Thimble est un petit modèle de démonstration" in french
    other = RunnableModel(name="large")
    ports.options.known_models = (other, RunnableModel(name="thimble", note=NOTE))  # type: ignore[attr-defined]
    assert "demo model" not in ana.client.get("/").text


def test_the_chats_help_says_what_the_model_is() -> None:
    message = compose_help(moderates=True, note=SHORT_NOTE)
    for remark in (
        str(discord_render(message, {}, STRICT).to_components()),  # type: ignore[no-untyped-call]
        said(slack_render(message)["blocks"]),
    ):
        assert SHORT_NOTE in remark


def test_a_card_says_once_which_words_the_model_did_not_know(ports: Ports, call: Call) -> None:
    job_id = remarked_job(ports, call)
    with ports.database.read() as session:
        job = queries.job_of(session.get_one(JobRow, job_id))
        pictures = queries.pictures_of_job(session, job_id)
        (card,) = load_job_views(session, [job])
    assert text_of(compose_job(JobView(job=job, pictures=tuple(pictures)))).count(SHOWN) == 1
    assert render_card(card).count(SHOWN) == 1
    with reading_in("de"):
        assert render_card(card).count("Thimble kennt nicht: zorgle.") == 1


def test_the_web_page_tells_it_of_one_picture_too(web_server: WebServer, ports: Ports) -> None:
    ana = web_server.guest("Ana")
    job_id = ana.say("a zorgle --n 1")["job"]
    paint_job(ports, job_id)
    with ports.database.begin() as session:
        row = session.get_one(PictureRow, f"{job_id}.1")
        row.recipe = {**row.recipe, "remark": REMARK}
    shown = ana.client.get(f"/view/{job_id}.1", headers={"hx-request": "true"}).text
    assert SHOWN in shown


def test_a_remark_is_forgotten_with_the_words(ports: Ports, call: Call) -> None:
    job_id = remarked_job(ports, call)
    execute(ports, call, "forget-me", {"confirm": "yes"})
    with ports.database.read() as session:
        assert REMARK not in str(session.get_one(PictureRow, f"{job_id}.1").recipe)
