"""Every sentence of the web front end can be translated: in a language of brackets, no word stands outside of them."""

import ast
import io
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from bots.texts.languages.formats import language_name
from bots.texts.privacy_notice import PrivacyFacts
from bots.web import templating
from bots.web.routes import banned as banned_routes
from bots.web.settings import Visitors
from moderation.policy.policy import default_policy
from studio.commands.submission.known_names import names_offered
from studio.db.tables import CaseRow, ProposalRow
from studio.domain.jobs import JobState
from studio.domain.verdicts import ALLOWED, Ruling, Verdict
from studio.errors import BannedError
from studio.ports import Ports
from tests.support.case_sim import with_desk
from tests.support.finished_jobs import end_job, paint_job
from tests.support.html_tree import Element, read_html
from tests.support.loopback_oauth import AccountProvider
from tests.support.pseudo_language import outside_of_brackets, speak_in_brackets
from tests.support.web_client import ADDRESS, Browser, WebServer, web_settings

# What people write is in other letters here, so a Latin word is of a sentence of ours or a name of the software.
HELD = Verdict(ruling=Ruling.HOLD, rule="правило", category="вид", evidence="знак")
NAMES = {"thimble", "DDIM", "test"}  # in the recipes of the test's pictures
BRANDS = {"Discord", "Slack"}
NOT_READ = {"code", "kbd", "script", "style", "time", "textarea"}
READ_ATTRIBUTES = ("alt", "aria-label", "data-sure", "placeholder", "title")
FORMS = ("edit", "expand", "remix", "blend", "alt", "flag")
WEB = Path(templating.__file__).parent


class Helper:
    """Proposes the words as they are."""

    def suggest(self, words: str, *, count: int) -> Sequence[str]:
        return [words] * count

    def rewrite(self, prompt: str, change: str) -> str:
        return f"{prompt}, {change}"


@pytest.fixture
def in_brackets(monkeypatch: pytest.MonkeyPatch) -> None:
    speak_in_brackets(monkeypatch)


@pytest.fixture
def front_end(ports: Ports, in_brackets: None) -> Iterator[WebServer]:
    ports = replace(with_desk(ports), prompt_helper=Helper())
    with WebServer(ports, web_settings(moderator_secret="keys", site_name="Дом")) as opened:
        yield opened


def untranslated(html: str, names: set[str] = NAMES) -> list[str]:
    """The Latin words that are read outside of brackets."""
    page = read_html(html.replace("<!doctype html>", ""))
    texts = ["".join(_texts(page))]
    texts += [element.attributes.get(name, "") for element in page for name in READ_ATTRIBUTES]
    return [
        word for text in texts for word in re.findall(r"[A-Za-z]{2,}", _outside(text)) if word not in names
    ]


def _texts(element: Element) -> Iterator[str]:
    for child in element.children:
        if isinstance(child, str):
            yield child
        elif child.tag not in NOT_READ:
            yield from _texts(child)


def _outside(text: str) -> str:
    return re.sub(
        r"\b[a-z0-9]{12}(\.\d+)?\b|/\w+ \S+|/[a-z-]+", " ", outside_of_brackets(text)
    )  # ids, and what is to be typed


def asked(person: Browser, words: str) -> str:
    job_id: str = person.say(words)["job"]
    return job_id


def _png() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (64, 64)).save(out, "PNG")
    return out.getvalue()


def dialog(person: Browser, path: str) -> str:
    return person.client.get(path, headers={"hx-request": "true"}).text


def test_pages_without_a_session(front_end: WebServer) -> None:
    browser = front_end.browser()
    pages = [
        browser.client.get(path, headers={"accept": "text/html"}).text for path in ("/", "/report", "/x")
    ]
    assert [untranslated(page) for page in pages] == [[], [], []]


def test_the_app_and_what_its_scripts_say(front_end: WebServer) -> None:
    page = front_end.user("Ана").front_page()
    names = {name for offered in names_offered(front_end.ports) for name in offered}
    assert untranslated(page, names) == []
    (data,) = read_html(page.replace("<!doctype html>", "")).all("script", id="data")
    read = json.loads(data.text)
    summaries = [found for spec in read["catalog"] for found in (spec, *spec["parameters"])]
    assert [found["summary"] for found in summaries if not found["summary"].startswith("⟦")] == []
    assert read["texts"]["Received."] == "⟦Received.⟧"


def test_cards_and_dialogs(front_end: WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    ports, ana, bo = front_end.ports, front_end.guest("Ана"), front_end.guest("Бо")
    fox = paint_job(ports, asked(ana, "лиса --count 2"))
    paint_job(ports, bo.ask(do="ask", command="vary", values={"picture": f"{fox}.1"})["job"])
    assert bo.press(f"c1:star:{fox}:1")["ok"]
    for state in (JobState.REFUSED, JobState.FAILED, JobState.CANCELLED):
        end_job(ports, asked(ana, f"{state.value[:1]}лодка"), state)
    asked(ana, "сова")
    names = NAMES | {name for offered in names_offered(ports) for name in offered}
    assert untranslated(ana.disconnect_and_come_back().wall) == []
    paths = ["/help", "/settings", "/mine/queue", "/mine/history", "/mine/messages"]
    paths += [f"/view/{fox}.1", f"/jobs/{fox}", *(f"/{name}/{fox}.1" for name in FORMS), f"/flag/{fox}"]
    assert {path: words for path in paths if (words := untranslated(dialog(ana, path), names))} == {}
    for path in ("/pictures", "/pictures?words=x", "/pictures?of=everybody", f"/lineage/{fox}.1"):
        assert untranslated(ana.client.get(path).text, names) == []
    paths = [f"/compare/{fox}.1,{fox}.2", "/gatherings", "/hall/1", "/leaderboard", "/mine/tray"]
    assert {path: words for path in paths if (words := untranslated(dialog(ana, path), names))} == {}
    folder = ana.post("/folders", json.dumps({"name": "Лес"})).json()["id"]
    vote = ana.say(f"/pick {fox} --lasts 10m")["open"]
    for path in (f"/folders/{folder}", "/operations"):
        page = ana.client.get(path, headers={"accept": "text/html"}).text
        # The community of the web is "web:room", and "test-worker" painted.
        assert untranslated(page, names | {"web", "room", "worker"}) == []
    for path in (vote, f"{vote}/look/manage/1/0"):
        assert untranslated(dialog(bo, path), names) == []
    assert ana.press(f"c1:delete:{fox}:1")["ok"]
    assert untranslated(bo.disconnect_and_come_back().wall) == []  # credits a picture without words
    ana.say("/imagine сова --suggest")
    with ports.database.read() as session:
        proposal = session.query(ProposalRow).one().id
    assert untranslated(dialog(ana, f"/proposals/{proposal}")) == []
    ports.gate.welcome_error = BannedError()  # type: ignore[attr-defined]
    monkeypatch.setattr(banned_routes, "_job_to_appeal_about", lambda *_: fox)
    banned = ana.client.get("/", headers={"accept": "text/html"}).text
    assert 'action="/appeal"' in banned
    assert untranslated(banned) == []


def test_pages_for_people_from_outside(ports: Ports, in_brackets: None) -> None:
    """The privacy notice with all that settings can add, sharing, reports, verification and signing in."""
    facts = PrivacyFacts(
        operator="Клуб",
        contact="клуб",
        pictures_days=9,
        jobs_days=9,
        uploads_days=9,
        notices_days=9,
        ledger_days=9,
        workspace_days=9,
        invites=True,
        safety_services=True,
        helper=True,
        captions=True,
        remote_models=True,
        time_stamps=True,
        mail=True,
    )
    nobody = AccountProvider(url="http://127.0.0.1:9")
    settings = web_settings(
        site_name="Дом",
        privacy=facts,
        shared_secret="слово",
        sign_in_providers=(nobody.discord(), nobody.slack()),
        visitors=Visitors.GUESTS,
        activity=nobody.activity(),
    )
    with WebServer(replace(with_desk(ports), web_url=ADDRESS), settings) as web:
        ana = web.user("Ана", "слово").connect()
        fox = paint_job(web.ports, asked(ana, "лиса --count 2"))
        shared = ana.say(f"/share {fox}.1")["text"]
        link = re.search(r"/s/[\w-]+", shared)
        assert link
        stranger = web.browser().client
        html = {"accept": "text/html"}
        pages = {
            path: stranger.get(path, headers=html).text for path in ("/", "/privacy", "/verify", "/offline")
        }
        pages["activity"] = web.browser().client.get("/?frame_id=f&instance_id=i", headers=html).text
        pages["shared"] = stranger.get(link[0], headers=html).text
        pages["status"] = stranger.get("/report/status", headers=html).text
        file = {"file": ("x.png", _png())}
        posted = html | {"origin": ADDRESS}
        pages["verdict"] = stranger.post("/verify", headers=posted, files=file).text
        report = {"picture": f"{fox}.1", "words": "плохо", "reason": "other", "contact": ""}
        pages["receipt"] = stranger.post("/report", headers=posted, data=report).text
        pages["no receipt"] = stranger.post("/report/status", headers=posted, data={"code": "x"}).text
        found = {path: words for path, page in pages.items() if (words := untranslated(page, BRANDS))}
    assert found == {}


def test_the_desk(front_end: WebServer) -> None:
    ana, mo = front_end.guest("Ана"), front_end.user("Мо", "keys")
    front_end.ports.gate.verdict = HELD  # type: ignore[attr-defined]
    ana.say("лиса")
    front_end.ports.gate.verdict = ALLOWED  # type: ignore[attr-defined]
    with front_end.ports.database.read() as session:
        case_id = session.query(CaseRow).one().id
    assert untranslated(mo.client.get("/desk").text) == []
    assert untranslated(mo.post(f"/desk/{case_id}/claim").json()["html"]) == []
    assert untranslated(mo.client.get("/desk/cases").text) == []
    assert untranslated(dialog(mo, "/rules")) == []
    assert untranslated(dialog(mo, f"/people/{ana.user_id}")) == []
    assert untranslated(mo.client.get("/desk/week").text) == []
    languages = NAMES | {language_name(code) for code in default_policy().languages}
    assert untranslated(mo.client.get("/desk/policy").text, languages) == []


@pytest.mark.parametrize("script", templating.scripts(), ids=lambda path: path.name)
def test_a_script_looks_up_every_sentence(script: Path) -> None:
    literals = re.findall(r'(.{2})"([^"\n]*)"', script.read_text())
    spoken = [text for before, text in literals if re.match(r"[A-Z][a-z]+[ .!?…]", text) and before != "_("]
    assert spoken == []


@pytest.mark.parametrize("module", sorted(WEB.rglob("*.py")), ids=lambda path: str(path.relative_to(WEB)))
def test_a_module_keeps_its_sentences_where_they_are_looked_up(module: Path) -> None:
    if module.name in ("texts.py", "settings.py", "metrics.py"):  # settings and metrics speak to the operator
        return
    tree = ast.parse(module.read_text())
    described = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in described]
    sentences = [node.value for node in found if isinstance(node.value, str)]
    assert [text for text in sentences if re.match(r"[A-Z][a-z’]+ .*[.?!…]$", text)] == []
