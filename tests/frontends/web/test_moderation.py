"""The moderators' desk on the web, and what people there are told, asked, and may settle."""

import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import pytest
from PIL import Image

from bots.web.access.session_cookies import WEB_ADDRESS
from moderation.records import bans
from studio.clock import now
from studio.commands.button_ids import Action, Button
from studio.commands.registry import execute
from studio.commands.spec import Call
from studio.db import cases, queries, settings
from studio.db.tables import CaseRow, EvidenceRow, JobRow, PersonRow, PictureRow
from studio.domain.cases import CaseKind, NewNotice, NoticeKind
from studio.domain.jobs import JobState
from studio.domain.people import Person, Platform
from studio.domain.provenance import Traces
from studio.domain.settings.communities import CommunityRules
from studio.domain.verdicts import ALLOWED, Ruling, Verdict
from studio.errors import BannedError, PolicyRefusalError
from studio.ports import Ports
from studio.ports.mailer import Mail, MailError
from tests.support.case_sim import with_desk, with_gate
from tests.support.finished_jobs import paint_job
from tests.support.web_client import ADDRESS, WebServer, web_settings

HELD = Verdict(ruling=Ruling.HOLD, rule="wording", category="violence", evidence="found it")


def png(colour: str = "red") -> bytes:
    file = io.BytesIO()
    Image.radial_gradient("L").convert("RGB").save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def instance(ports: Ports) -> Iterator[WebServer]:
    """The room with the real desk behind it."""
    with WebServer(with_desk(ports), web_settings(moderator_secret="keys")) as opened:
        yield opened


def held(instance: WebServer, ana: Any) -> tuple[str, str]:
    """A held prompt and its case."""
    instance.ports.gate.verdict = HELD  # type: ignore[attr-defined]
    job_id: str = ana.say("a doubtful thing")["job"]
    instance.ports.gate.verdict = ALLOWED  # type: ignore[attr-defined]
    return job_id, case_of(instance, CaseKind.HOLD)


def case_of(instance: WebServer, kind: CaseKind) -> str:
    with instance.ports.database.read() as session:
        return session.query(CaseRow).filter_by(kind=kind).one().id


def painted(instance: WebServer, ana: Any) -> str:
    return paint_job(instance.ports, ana.say("a red apple")["job"], png=png())


def state(instance: WebServer, job_id: str) -> JobState:
    with instance.ports.database.read() as session:
        return queries.find_job(session, job_id).state


# ---- the desk


def rules_of(instance: WebServer) -> CommunityRules:
    with instance.ports.database.read() as session:
        return settings.community_rules(session, WEB_ADDRESS.platform, WEB_ADDRESS.community)


def test_a_press_on_the_desk_locks_down_for_an_hour_and_ends_it(instance: WebServer) -> None:
    mo, ana = instance.user("Mo", "keys"), instance.user("Ana")
    assert 'data-lockdown="on"' in mo.client.get("/desk").text
    answer = mo.post("/desk/lockdown", '{"on": true}')
    assert (answer.status_code, "for an hour" in answer.json()["text"]) == (200, True)
    assert rules_of(instance).holds_newcomers(now())
    assert rules_of(instance).pauses_uploads(now())
    listed = mo.client.get("/desk/cases").text
    assert 'data-lockdown="off"' in listed
    assert "newcomers wait for a moderator until" in listed
    assert mo.post("/desk/lockdown", '{"on": true}', **{"x-form-token": "forged"}).status_code == 403
    for body in ("", "[]", "{}", "on"):
        assert mo.post("/desk/lockdown", body).status_code == 400
    assert "Only moderators" in ana.post("/desk/lockdown", '{"on": false}').text
    assert rules_of(instance).pauses_uploads(now())
    mo.post("/desk/lockdown", '{"on": false}')
    assert not rules_of(instance).holds_newcomers(now())


def test_the_desk_suggests_it_when_many_come_at_once(instance: WebServer) -> None:
    mo = instance.user("Mo", "keys")
    assert "much higher than usual" not in mo.client.get("/desk").text
    for number in range(7):
        instance.user(f"Guest{number}")
    assert "much higher than usual" in mo.client.get("/desk/cases").text


def test_the_desk_is_for_moderators_only(instance: WebServer) -> None:
    ana = instance.guest("Ana")
    _, case = held(instance, ana)
    for path in ("/desk", "/desk/cases", f"/desk/{case}/pictures/{case}.1"):
        assert "Only moderators" in ana.client.get(path).text
    assert "Only moderators" in ana.post(f"/desk/{case}/claim").text
    assert instance.browser().client.get("/desk/cases").status_code == 401
    assert "/desk" not in ana.front_page()
    assert 'href="/desk"' in instance.user("Mo", "keys").front_page()


def test_a_case_is_listed_taken_and_decided(instance: WebServer) -> None:
    ana, mo, bea = instance.guest("Ana"), instance.user("Mo", "keys"), instance.user("Bea", "keys")
    job_id, case = held(instance, ana)
    listed = mo.client.get("/desk").text
    assert f'data-case="{case}"' in listed
    assert '<span class="words" dir="auto">a doubtful thing</span>' in listed
    assert "found it" not in listed  # evidence is read by whoever takes it
    html = mo.post(f"/desk/{case}/claim").json()["html"]
    assert "a doubtful thing" in html
    assert "found it" in html
    assert re.findall(r'data-key="(\w)"', html) == ["a", "s", "r", "w", "u", "b", "x"]
    assert f'hold taken" id="case-{case}"' in bea.client.get("/desk/cases").text
    taken = bea.post(f"/desk/{case}/decide", '{"decision": "approve"}')
    assert (taken.status_code, "another moderator" in taken.json()["text"]) == (422, True)
    decided = mo.post(f"/desk/{case}/decide", '{"decision": "approve", "note": "fine"}').json()
    assert decided["text"] == "Approved."
    assert state(instance, job_id) is JobState.QUEUED
    assert "a doubtful thing" in ana.card(job_id, "queued")
    assert f'data-case="{case}"' not in mo.client.get("/desk/cases").text


@pytest.mark.parametrize(
    "body", ["", "[]", "{}", '{"note": "x"}', '{"decision": "overturn"}', '{"decision": 7}']
)
def test_nonsense_decides_nothing(instance: WebServer, body: str) -> None:
    ana, mo = instance.guest("Ana"), instance.user("Mo", "keys")
    job_id, case = held(instance, ana)
    assert mo.post(f"/desk/{case}/decide", body).status_code in (400, 422)
    assert state(instance, job_id) is JobState.HELD


def test_nothing_is_decided_without_the_token_of_the_page(instance: WebServer) -> None:
    ana, mo = instance.guest("Ana"), instance.user("Mo", "keys")
    _, case = held(instance, ana)
    answer = mo.post(f"/desk/{case}/claim", **{"x-form-token": "forged"})
    assert answer.status_code == 403


def test_pictures_of_a_case_come_blurred_until_asked_for(instance: WebServer) -> None:
    ana, bo, mo = instance.guest("Ana"), instance.guest("Bo"), instance.user("Mo", "keys")
    job_id = painted(instance, ana)
    bo.ask(do="ask", command="report", values={"picture": f"{job_id}.2", "topic": "other"})
    case = case_of(instance, CaseKind.REPORT)
    html = mo.post(f"/desk/{case}/claim").json()["html"]
    assert f"/desk/{case}/pictures/{job_id}.2?seen" in html
    assert f"{job_id}.1" not in html
    blurred = mo.client.get(f"/desk/{case}/pictures/{job_id}.2").content
    seen = mo.client.get(f"/desk/{case}/pictures/{job_id}.2?seen").content
    assert seen == png()
    with Image.open(io.BytesIO(blurred)) as image:
        assert len(image.getcolors(1000) or []) <= 196
    assert mo.client.get(f"/desk/{case}/pictures/k3v9m2p4qx7a.1").status_code == 404
    (small,) = re.findall(r'data-seen="([^"]+)"', mo.client.get("/desk/cases").text)
    assert small == f"/desk/{case}/pictures/{job_id}.2?small&amp;seen"
    shown = [mo.client.get(address.replace("&amp;", "&")).content for address in (small, small[:-9])]
    assert [data == stored_thumbnail(instance, f"{job_id}.2") for data in shown] == [True, False]


def stored_thumbnail(instance: WebServer, picture_id: str) -> bytes:
    with instance.ports.database.read() as session:
        key = session.get_one(PictureRow, picture_id).thumbnail_key
    return instance.ports.store.get(key)


def test_the_list_keeps_words_from_private_places_and_encrypted_ones_for_who_takes_the_case(
    instance: WebServer,
) -> None:
    ana, mo = instance.guest("Ana"), instance.user("Mo", "keys")
    instance.ports.gate.verdict = HELD  # type: ignore[attr-defined]
    ana.say("a hidden thing --private")
    instance.ports.gate.verdict = ALLOWED  # type: ignore[attr-defined]
    case = case_of(instance, CaseKind.HOLD)
    listed = mo.client.get("/desk/cases").text
    assert "a hidden thing" not in listed
    assert "Words from a private place." in listed
    with instance.ports.database.begin() as session:
        session.get_one(CaseRow, case).kind = CaseKind.SUSPENSION
        session.add(
            EvidenceRow(id="e" * 12, kind="words", case_id=case, subject="x", content=b"", created_at=now())
        )
    listed = mo.client.get("/desk/cases").text
    assert "a hidden thing" not in listed
    with instance.ports.database.begin() as session:
        session.get_one(JobRow, session.get_one(CaseRow, case).job_id).visibility = "listed"
    listed = mo.client.get("/desk/cases").text
    assert "a hidden thing" not in listed
    assert "each reading is recorded" in listed


def test_the_button_of_the_desk_counts_at_once(instance: WebServer) -> None:
    ana, mo = instance.guest("Ana"), instance.guest("Mo", "keys")
    _, case = held(instance, ana)
    assert mo.hear("desk") == {"type": "desk", "count": 1, "text": "1 case is open"}
    assert mo.client.get("/desk/count").json() == {"count": 1, "text": "1 case is open"}
    mo.post(f"/desk/{case}/decide", '{"decision": "approve"}')
    assert mo.hear("desk", lambda message: message["count"] == 0)["text"] == "0 cases are open"


# ---- what people press and are told


def test_a_refused_wish_has_a_card_of_its_own_with_a_way_to_appeal(instance: WebServer) -> None:
    ana, mo = instance.guest("Ana"), instance.user("Mo", "keys")
    instance.ports.gate.verdict = Verdict(ruling=Ruling.REFUSE, rule="wording", category="violence")  # type: ignore[attr-defined]
    answer = ana.say("a violent thing")
    assert (answer["ok"], answer["code"]) == (False, "policy")
    message = ana.hear("cards", lambda heard: heard["cards"])
    (card,) = message["cards"]
    path = f"/appeal/{card['id']}"
    assert f'hx-get="{path}"' in card["html"]
    form = ana.client.get(path, headers={"hx-request": "true"}).text
    assert f'<input type="hidden" name="job" value="{card["id"]}">' in form
    values = {"job": card["id"], "reason": "it is a play"}
    assert "look at it again" in ana.ask(do="ask", command="appeal", values=values)["text"]
    case = case_of(instance, CaseKind.APPEAL)
    html = mo.post(f"/desk/{case}/claim").json()["html"]
    assert 'data-key="o"' in html
    assert "it is a play" in html
    mo.post(f"/desk/{case}/decide", '{"decision": "overturn"}')
    assert state(instance, card["id"]) is JobState.QUEUED
    heard = ana.hear("post", lambda post: post["text"])
    assert "it goes ahead" in heard["text"]
    assert heard["count"] == 1
    assert "it goes ahead" in ana.client.get("/mine/messages", headers={"hx-request": "true"}).text
    assert ana.hear("post", lambda post: post["count"] == 0)


def test_of_the_core_there_is_no_card_with_an_appeal(instance: WebServer) -> None:
    ana = instance.guest("Ana")
    instance.ports.gate.verdict = Verdict(  # type: ignore[attr-defined]
        ruling=Ruling.REFUSE, rule="minors", category="minors", appealable=False
    )
    ana.say("nothing to repeat here")
    wall = instance.user("Bo").connect().wall + ana.disconnect_and_come_back().wall
    assert "appeal" not in wall
    assert "repeat" not in wall


def test_the_owner_of_a_picture_is_asked_and_answers_in_the_messages(instance: WebServer) -> None:
    ana, bo = instance.guest("Ana"), instance.guest("Bo")
    job_id = painted(instance, ana)
    assert ana.say("/settings --remix ask")["open"] == "/settings"
    wish = bo.press(Button(action=Action.VARY, job_id=job_id, index=1))["job"]
    assert "owner of the picture was asked" in bo.card(wish, "held")
    assert ana.hear("post", lambda post: post["count"] == 1)
    sheet = ana.client.get("/mine/messages", headers={"hx-request": "true"}).text
    assert "@Bo" in sheet
    allow = re.search(r'data-press="(c1:consent:\w+:0)"', sheet)
    assert allow
    assert "Allowed" in ana.press(allow[1])["text"]
    assert bo.card(wish, "queued")
    assert "There is nothing for you" in ana.client.get("/mine/messages", headers={"hx-request": "true"}).text


def test_a_banned_person_is_disconnected_at_once(instance: WebServer) -> None:
    ana = instance.guest("Ana")
    ana.say("/settings --count 2")
    key = f"web:room:{ana.user_id}"
    with instance.ports.database.begin() as session:
        bans.ban(session, key, by="mod")
        row = cases.write_notice(session, NewNotice(NoticeKind.BAN, key, "You cannot paint here any more."))
        assert row is not None
    instance.ports.gate.welcome_error = BannedError()  # type: ignore[attr-defined]
    from studio.db import outbox

    outbox.send(instance.ports.database, instance.ports.events, [row])
    assert ana.closed() == 4401
    for path in (f"/wall?before={'a' * 12}", f"/view/{'a' * 12}.1"):
        assert "cannot paint here" in ana.client.get(path).text
    page = ana.front_page()
    assert "cannot paint here" in page
    assert 'href="/privacy"' in page
    token = re.search(r'name="token" value="([^"]+)"', page)
    assert token
    forgotten = ana.client.post("/forget-me", data={"token": token[1]}, headers={"origin": ADDRESS})
    assert "is deleted" in forgotten.text
    with instance.ports.database.read() as session:
        assert session.get(PersonRow, key) is None
        assert bans.find_ban(session, key)


def test_a_frozen_person_tells_the_moderator_their_side_on_the_page_that_sends_them_away(
    ports: Ports,
) -> None:
    with WebServer(with_gate(ports), web_settings(moderator_secret="keys")) as instance:
        ana = instance.guest("Ana")
        person = Person(platform=Platform.WEB, community="room", user_id=ana.user_id, display_name="Ana")
        call = Call(person=person, address=WEB_ADDRESS, request_key="r")
        with pytest.raises(PolicyRefusalError):
            execute(instance.ports, call, "imagine", {"prompt": "a minor thing"})
        page = ana.front_page()
        fields = dict(re.findall(r'name="(token|job)" value="([^"]+)"', page))
        assert len(fields) == 2
        sent = ana.client.post(
            "/appeal", data={**fields, "reason": "it is music"}, headers={"origin": ADDRESS}
        )
        assert "will read it" in sent.text
        assert 'action="/appeal"' not in ana.front_page()
        with instance.ports.database.read() as session:
            assert session.query(CaseRow).one().words == "it is music"


def test_a_banned_moderator_sees_no_case(instance: WebServer) -> None:
    ana, mo = instance.guest("Ana"), instance.user("Mo", "keys")
    _, case = held(instance, ana)
    headers = {"origin": ADDRESS, "x-form-token": mo.token}
    instance.ports.gate.welcome_error = BannedError()  # type: ignore[attr-defined]
    for path in ("/desk", "/desk/cases", f"/desk/{case}/pictures/upload-1?seen"):
        assert "cannot paint here" in mo.client.get(path).text
    assert "cannot paint here" in mo.client.post(f"/desk/{case}/claim", headers=headers).text


def test_the_settings_of_the_community_are_shown_and_changed(instance: WebServer) -> None:
    mo = instance.guest("Mo", "keys")
    assert mo.say("/community pictures 2")["open"] == "/rules"
    assert (
        '<dt>Pictures at a time</dt><dd dir="auto">2</dd>'
        in mo.client.get("/rules", headers={"hx-request": "true"}).text
    )
    assert "Only moderators" in instance.guest("Ana").say("/community")["text"]


def test_the_former_name_of_the_rules_works_and_says_the_new_one(instance: WebServer) -> None:
    mo = instance.guest("Mo", "keys")
    page = mo.say("/studio pictures 3")["open"]
    shown = mo.client.get(page, headers={"hx-request": "true"}).text
    assert "/studio is now called /community." in shown.replace("<code>", "").replace("</code>", "")
    assert '<dt>Pictures at a time</dt><dd dir="auto">3</dd>' in shown


def test_people_are_called_by_their_names(instance: WebServer) -> None:
    ana, mo = instance.guest("Ana"), instance.guest("Mo", "keys")
    ana.say("a red apple")
    text = mo.say("/ban @ana --duration 7d")["text"]
    assert text.startswith(f"@Ana (id {ana.user_id}, known since ")
    assert ") cannot paint here until" in text
    assert mo.say("/unban Ana")["text"].endswith(") may paint here again.")
    assert "@nobody was not found" in mo.say("/ban @nobody")["text"]


def test_moderators_read_a_persons_page_and_others_do_not(instance: WebServer) -> None:
    ana, mo = instance.guest("Ana"), instance.guest("Mo", "keys")
    ana.say("a red apple")
    path = mo.say("/person @ana --note asked twice")["open"]
    assert path == f"/people/{ana.user_id}"
    page = mo.client.get(path, headers={"hx-request": "true"}).text
    assert "asked twice" in page
    assert "a red apple" in page
    assert "a red apple" not in ana.client.get(path, headers={"hx-request": "true"}).text


def test_a_hidden_picture_is_veiled(instance: WebServer) -> None:
    ana, bo, mo = instance.guest("Ana"), instance.guest("Bo"), instance.user("Mo", "keys")
    job_id = painted(instance, ana)
    bo.ask(do="ask", command="report", values={"picture": f"{job_id}.1", "topic": "other"})
    case = case_of(instance, CaseKind.REPORT)
    mo.post(f"/desk/{case}/decide", '{"decision": "spoiler"}')
    assert "data-unveil" in instance.guest("Cy").wall


# ---- people outside


def outside(instance: WebServer, files: Any = None, **fields: str) -> Any:
    client = instance.browser().client
    return client.post(
        "/report", data=fields, files=files or {"file": ("", b"")}, headers={"origin": ADDRESS}
    )


def test_somebody_outside_reports_a_picture_by_its_id_or_by_itself(instance: WebServer) -> None:
    ana = instance.guest("Ana")
    job_id = painted(instance, ana)
    form = instance.browser().client.get(f"/report?picture={job_id}.1").text
    assert f'value="{job_id}.1"' in form
    assert "Thank you" in outside(instance, picture=f"{job_id}.1", reason="it shows me").text
    instance.ports.examiner.traces = Traces(mark=f"{job_id}.2")  # type: ignore[attr-defined]
    assert "Thank you" in outside(instance, {"file": ("x.png", png())}, reason="it shows me").text
    with instance.ports.database.read() as session:
        filed = session.query(CaseRow).order_by(CaseRow.opened_at).all()
    assert [(row.picture_id, row.filed_by, row.weight) for row in filed] == [
        (f"{job_id}.1", None, 0.5),
        (f"{job_id}.2", None, 0.5),
    ]
    assert filed[0].words == "it shows me"


def test_the_receipt_of_a_report_shows_what_was_decided(instance: WebServer) -> None:
    job_id = painted(instance, instance.guest("Ana"))
    mo = instance.user("Mo", "keys")
    page = outside(instance, picture=f"{job_id}.1", reason="that is me", kind="intimate").text
    assert "hidden already" in page
    code = re.search(r"<code>([0-9a-z-]{19})</code>", page)
    assert code
    assert "that is me" not in instance.guest("Cy").wall
    lookup = partial(instance.browser().client.post, "/report/status", headers={"origin": ADDRESS})
    assert "waits for a moderator" in lookup(data={"code": code[1]}).text
    mo.post(f"/desk/{case_of(instance, CaseKind.REPORT)}/decide", '{"decision": "reject"}')
    assert "took the picture down" in lookup(data={"code": code[1]}).text
    assert lookup(data={"code": "0000"}).status_code == 404
    assert "Look up" in instance.browser().client.get("/report/status").text


@dataclass
class FakeMailer:
    """Its server is away, of which nobody who reports hears."""

    mails: list[Mail] = field(default_factory=list)

    def send(self, mail: Mail) -> None:
        self.mails.append(mail)
        raise MailError("away")


def test_a_receipt_is_mailed_to_an_address_but_few_to_one(
    ports: Ports, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bots.web.routes.public.report._REPORTS_A_MINUTE", 9)
    mailer = FakeMailer()
    sending = replace(with_desk(ports), mailer=mailer, web_url="https://paint.example.org")
    with WebServer(sending, web_settings()) as instance:
        job_id = painted(instance, instance.guest("Ana"))
        pages = [
            outside(instance, picture=f"{job_id}.1", reason="secluded", contact=contact).text
            for contact in ("", "by telephone", *["bo@example.org"] * 4)
        ]
    codes = [re.search(r"<code>([0-9a-z-]{19})</code>", page)[1] for page in pages]  # type: ignore[index]
    assert [mail.recipient for mail in mailer.mails] == ["bo@example.org"] * 3
    assert codes[2] in mailer.mails[0].text
    assert "https://paint.example.org/report/status" in mailer.mails[0].text
    assert "secluded" not in mailer.mails[0].text


def test_an_address_hides_only_so_many_pictures_a_day(
    instance: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = painted(instance, instance.guest("Ana"))
    monkeypatch.setattr("bots.web.routes.public.report._HIDES_A_DAY", 1)
    for number in (1, 2):
        outside(instance, picture=f"{job_id}.{number}", reason="me", kind="intimate")
    with instance.ports.database.read() as session:
        rows = session.query(PictureRow).filter_by(job_id=job_id).order_by(PictureRow.position).all()
        assert [row.hidden_by is not None for row in rows][:2] == [True, False]
        assert session.query(CaseRow).count() == 2


def test_a_report_of_untold_length_is_not_read(instance: WebServer) -> None:
    headers = {"origin": ADDRESS, "content-type": "multipart/form-data; boundary=x"}
    body = (
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n'
        + b"0" * 5000
        + b"\r\n--x--"
    )
    answer = instance.browser().client.post("/report", content=iter([body]), headers=headers)
    assert answer.status_code == 413


def test_nobody_outside_learns_whether_something_here_looks_like_their_picture(instance: WebServer) -> None:
    assert "If it was made here" in outside(instance, {"file": ("x.png", png())}, reason="x").text
    with instance.ports.database.read() as session:
        assert session.query(CaseRow).count() == 0


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"reason": "x"}, "Give the picture"),
        ({"picture": "k3v9m2p4qx7a.1", "reason": "x"}, "was not made here"),
        ({"picture": "nonsense", "reason": "x"}, "was not made here"),
    ],
)
def test_what_is_not_known_is_said(instance: WebServer, fields: dict[str, str], problem: str) -> None:
    assert problem in outside(instance, **fields).text


def test_reports_from_outside_cannot_be_rushed(instance: WebServer, still: Callable[[str], None]) -> None:
    still("studio.gcra")
    answers = [outside(instance, picture="k3v9m2p4qx7a.1", reason="x").status_code for _ in range(4)]
    assert answers == [404, 404, 404, 429]
