"""Who somebody is in the web room: one name each, one allowance for newcomers, and sessions that end."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import delete, update

from bots.web.access.sessions import COMMUNITY
from moderation.limits.settings import LimitSettings, RateSettings
from studio.clock import now
from studio.db.identities.people import lock_person
from studio.db.tables import JobRow, PersonRow
from studio.db.tables.identities import EndedSessionRow, NameRow, OriginRow
from studio.domain.jobs import JobState
from studio.domain.people import Person, Platform
from studio.parsing.name_folding import name_digest
from studio.ports import InstanceLimits, Ports
from tests.support.case_sim import PLENTY, with_gate
from tests.support.web_client import Browser, OpenRoom, web_settings

HOME, SCHOOL, ELSEWHERE = "203.0.113.9", "198.51.100.1", "192.0.2.77"
COOKIE = "chatelier_session"


def key_of(browser: Browser) -> str:
    return Person.key_of(Platform.WEB, COMMUNITY, browser.user_id)


def come_in(room: OpenRoom, name: str, address: str = HOME, word: str = "") -> Browser:
    browser = room.browser(address)
    assert browser.enter(name, word).status_code == 303
    return browser


def older(room: OpenRoom, browser: Browser) -> None:
    """Two days pass for somebody."""
    with room.ports.database.begin() as session:
        days = {"first_seen_at": now() - timedelta(days=2)}
        session.execute(update(PersonRow).where(PersonRow.key == key_of(browser)).values(days))


@pytest.fixture
def judged(ports: Ports) -> Iterator[OpenRoom]:
    """A room with the real gate and desk. A person has three requests an hour, and two refused ones."""
    limits = LimitSettings(
        burst=PLENTY,
        sustained=RateSettings(requests=3, seconds=3600),
        refused=RateSettings(requests=2, seconds=3600),
        side_effects=RateSettings(requests=2, seconds=3600),
        uploads=RateSettings(requests=2, seconds=3600),
        invite_people=2,
    )
    rules = InstanceLimits(monthly_credits=100, max_outstanding_jobs=100)
    settings = web_settings(shared_secret="linden tree", moderator_secret="keys of the house")
    with OpenRoom(with_gate(ports, rules, limits=limits), settings) as opened:
        yield opened


@pytest.fixture
def frugal(ports: Ports) -> Iterator[OpenRoom]:
    """A room where people may ask as often as they like, and have 12 credits a month and two jobs at once."""
    rules = InstanceLimits(monthly_credits=12, max_outstanding_jobs=2)
    limits = LimitSettings(
        burst=PLENTY, sustained=PLENTY, side_effects=PLENTY, uploads=PLENTY, invite_people=2
    )
    with OpenRoom(
        with_gate(ports, rules, limits=limits), web_settings(moderator_secret="keys of the house")
    ) as opened:
        yield opened


# ---- names


@pytest.mark.parametrize(
    "name",
    [
        "aNA",
        "Аna",  # Cyrillic
        "Ａｎａ",
        "Anä",
        "A\u0338na",
        "A n a",
        "Ana.",
        "An\u3164a",
        "𝓐𝓷𝓪",
        "ᴀɴᴀ",
        "🅰na",
    ],
)
def test_a_name_that_looks_like_anothers_is_taken_for_ever(room: OpenRoom, name: str) -> None:
    room.user("Ana")  # came in, said nothing, is not here any more
    answer = room.browser().enter(name)
    assert answer.status_code == 422
    assert "looks like it already" in answer.text
    bo = room.user("Bo")
    assert bo.post("/name", name).status_code == 422


def test_a_name_that_was_refused_does_not_come_in_by_the_cookie(room: OpenRoom) -> None:
    room.user("Ana")
    eve = room.browser()
    assert eve.enter("Ana").status_code == 422
    assert 'id="say"' not in eve.front_page()


@pytest.mark.parametrize("name", ["कमर", "が", "Anna", "Ana2", "🐻"])
def test_a_name_that_only_a_machine_would_confuse_is_free(room: OpenRoom, name: str) -> None:
    for taken in ("कुमार", "か", "Ana", "Ana3", "🦊"):
        room.user(taken)
    assert room.browser().enter(name).status_code == 303


@pytest.mark.parametrize(
    "name",
    [
        "Moderator",
        "Mоderator",
        "M0derat0r",
        "Ｍｏｄｅｒａｔｏｒ",
        "Mödérátor",
        "m o d e r a t o r",
        "The Moderator 2",
        "Admin",
        "4dmin",
        "Ana (admin)",
        "Модератор",
        "管理员",
        "Chatelier",
        "somebody",
        "0123456789abcdef",
    ],
)
def test_nobody_speaks_for_the_moderators_or_the_context(room: OpenRoom, name: str) -> None:
    answer = room.browser().enter(name)
    assert answer.status_code == 422
    assert "speak for the moderators" in answer.text
    assert room.user("Bo").post("/name", name).status_code == 422


@pytest.mark.parametrize("name", ["Modesty", "Robot", "Badminton", "Call me Al", "Systema", "Иван", "管弦"])
def test_words_inside_of_words_are_nobodys_office(room: OpenRoom, name: str) -> None:
    assert room.browser().enter(name).status_code == 303


def test_marks_do_not_pile_up_and_scripts_that_need_them_keep_them(room: OpenRoom) -> None:
    piled = "Ze" + "\u0335\u0322\u031b\u0336\u0327\u033a" * 2 + "d"
    assert piled not in (page := room.user(piled).front_page())
    assert "Ze" in page
    for name in ("Nguyễn", "สมศักดิ์", "सृष्टि"):
        assert name in room.user(name).front_page()


def test_ones_own_earlier_names_stay_ones_own(room: OpenRoom) -> None:
    ana, bo = room.user("Ana"), room.user("Bo")
    assert ana.post("/name", "Cleo").status_code == 200
    assert bo.post("/name", "Ana").status_code == 422
    assert ana.post("/name", "Ana").status_code == 200


def test_the_name_of_somebody_who_was_forgotten_stays_taken_and_names_nobody(room: OpenRoom) -> None:
    ana, mo = room.guest("Ana"), room.guest("Mo", "keys")
    ana.say("a boat")
    key = key_of(ana)
    assert ana.say("/forget-me --confirm yes")["ok"]
    assert room.browser().enter("Ana").status_code == 422
    with room.ports.database.read() as session:
        assert key not in {row.person_key for row in session.query(NameRow)}
        assert session.query(OriginRow).where(OriginRow.person_key == key).count() == 0
    assert "not here" in mo.say("/ban @Ana")["text"]


def test_an_old_session_keeps_its_name_and_has_it_for_itself_from_now_on(room: OpenRoom) -> None:
    ana = room.user("Ana")
    with room.ports.database.begin() as session:  # as it was before names were written down
        session.execute(delete(NameRow))
        session.execute(delete(PersonRow))
    with OpenRoom(room.ports, web_settings(moderator_secret="keys")) as later:
        back = later.browser()
        back.client.cookies.set(COOKIE, ana.client.cookies[COOKIE])
        assert 'value="Ana"' in back.front_page()
        assert later.browser().enter("Ana").status_code == 422


# ---- whom a command means


def namesakes(ports: Ports) -> tuple[str, str]:
    """Two people of one name, as there were before names were unique; their ids."""
    ids = ("aaaa000011112222", "bbbb000011112222")
    with ports.database.begin() as session:
        for user_id, name in zip(ids, ("Bo", "Во"), strict=True):  # the second in Cyrillic
            person = Person(platform=Platform.WEB, community=COMMUNITY, user_id=user_id, display_name=name)
            lock_person(session, person)
            session.add(
                NameRow(
                    platform=Platform.WEB,
                    community=COMMUNITY,
                    digest=name_digest(name),
                    person_key=person.key,
                    claimed_at=now(),
                )
            )
    return ids


@pytest.mark.parametrize("command", ["/ban {who}", "/unban {who}", "/credits {who} 5"])
def test_where_several_fit_the_web_asks_which_one_is_meant(judged: OpenRoom, command: str) -> None:
    first, second = namesakes(judged.ports)
    mo = come_in(judged, "Mo", word="keys of the house").connect()
    asked = mo.say(command.format(who="@Bo"))
    assert asked["code"] == "ambiguous_name"
    for each in (first, second):
        assert f"#{each}" in asked["text"]
    assert f"known since {now():%Y-%m-%d}, last seen {now():%Y-%m-%d}" in asked["text"]
    for who in (f"#{second}", f"@Bo#{second[:6]}"):
        said = mo.say(command.format(who=who))
        assert said["ok"], said
        assert f"id {second}, known since {now():%Y-%m-%d}" in said["text"]


def test_nobody_is_named_by_a_name_that_ends_like_the_id_of_another(judged: OpenRoom) -> None:
    first, second = namesakes(judged.ports)
    eve = come_in(judged, f"Eve#{first}", word="linden tree")
    assert f'value="Eve{first}"' in eve.front_page()
    with judged.ports.database.begin() as session:  # as it could be before
        named = {"display_name": f"Bo#{first}"}
        session.execute(update(PersonRow).where(PersonRow.user_id == second).values(named))
    mo = come_in(judged, "Mo", word="keys of the house").connect()
    assert mo.say(f"/ban @Bo#{first}")["code"] == "ambiguous_name"
    assert f"(id {first}," in mo.say(f"/ban #{first}")["text"]


def test_a_ban_meets_whoever_had_the_name_even_under_a_new_one(judged: OpenRoom) -> None:
    mo = come_in(judged, "Mo", word="keys of the house").connect()
    bo = come_in(judged, "Bo", word="linden tree")
    user_id = bo.user_id
    bo.post("/name", "Cleo")
    assert mo.say("/ban @Bo")["text"].startswith(f"@Cleo (id {user_id}, known since")
    assert "You cannot paint here" in bo.front_page()


# ---- what newcomers share


def asks(browser: Browser, times: int) -> list[str]:
    return [browser.say(f"a boat {number}").get("code", "ok") for number in range(times)]


def test_ten_fresh_sessions_from_one_address_get_no_more_than_one(judged: OpenRoom) -> None:
    answers = []
    for number in range(10):
        answers += asks(come_in(judged, f"Eve {number}", word="linden tree").connect(), 1)
    assert answers == ["ok"] * 3 + ["rate"] * 7


def test_fresh_sessions_of_one_ipv6_network_are_from_one_address(judged: OpenRoom) -> None:
    answers = []
    for number in range(5):
        eve = come_in(judged, f"Eve {number}", f"2001:db8:1:2::{number + 1}", word="linden tree")
        answers += asks(eve.connect(), 1)
    assert answers == ["ok"] * 3 + ["rate"] * 2
    neighbour = come_in(judged, "Bo", "2001:db8:1:3::1", word="linden tree").connect()
    assert asks(neighbour, 1) == ["ok"]


def test_newcomers_with_one_invite_share_what_it_is_worth(judged: OpenRoom) -> None:
    answers = []
    for number in range(8):
        eve = come_in(judged, f"Eve {number}", f"203.0.113.{number}", word="linden tree")
        answers += asks(eve.connect(), 1)
    assert answers == ["ok"] * 6 + ["rate"] * 2


def test_whoever_is_known_has_their_own_allowance_behind_the_same_address(judged: OpenRoom) -> None:
    pupils = [come_in(judged, f"Pupil {letter}", SCHOOL, "linden tree").connect() for letter in "ABC"]
    for each in pupils:
        older(judged, each)
    newcomer = come_in(judged, "Eve", SCHOOL, "linden tree").connect()
    assert asks(newcomer, 4) == ["ok"] * 3 + ["rate"]
    for each in pupils:
        assert asks(each, 4) == ["ok"] * 3 + ["rate"]


def test_refusals_files_and_reports_of_newcomers_are_counted_together(judged: OpenRoom) -> None:
    answers = [
        come_in(judged, f"Eve {number}", word="linden tree").connect().say("a violent boat")["code"]
        for number in range(4)
    ]
    assert answers == ["policy"] * 2 + ["rate"] * 2
    linked = [
        come_in(judged, f"Ann {number}", ELSEWHERE, "linden tree").connect().say("/link").get("code", "ok")
        for number in range(4)
    ]
    assert linked == ["ok"] * 2 + ["rate"] * 2


def finish_jobs(room: OpenRoom) -> None:
    with room.ports.database.begin() as session:
        session.execute(update(JobRow).values(state=JobState.DONE))


def test_ten_fresh_sessions_from_one_address_have_the_jobs_and_the_credits_of_one(frugal: OpenRoom) -> None:
    eves = [come_in(frugal, f"Eve {number}").connect() for number in range(10)]
    answers = [code for each in eves for code in asks(each, 1)]
    assert answers == ["ok"] * 2 + ["concurrency"] * 8
    finish_jobs(frugal)
    answers = [code for each in eves for code in asks(each, 1)]
    assert answers == ["ok"] + ["credits"] * 9  # the third job for 4 of 12 credits
    refused = eves[5].say("a boat")["text"]
    assert "People who are new here and come from your network share their credits, and 0 are left" in refused
    assert "You have your own from" in refused
    older(frugal, eves[5])
    assert asks(eves[5], 1) == ["ok"]


def test_a_moderator_shares_with_no_newcomer(frugal: OpenRoom) -> None:
    mo, eve = come_in(frugal, "Mo", word="keys of the house").connect(), come_in(frugal, "Eve").connect()
    assert asks(mo, 2) == ["ok"] * 2
    assert asks(eve, 2) == ["ok"] * 2
    assert asks(mo, 1) == ["ok"]


def test_credits_that_fresh_sessions_give_away_come_from_one_share(frugal: OpenRoom) -> None:
    ana = come_in(frugal, "Ana", SCHOOL).connect()
    older(frugal, ana)
    eves = [come_in(frugal, f"Eve {number}").connect() for number in range(4)]
    answers = [each.say("/credits @Ana 12").get("code", "ok") for each in eves]
    assert answers == ["ok"] + ["credits"] * 3


# ---- bans and cookies


def test_clearing_cookies_does_not_end_a_ban(judged: OpenRoom) -> None:
    mo = come_in(judged, "Mo", ELSEWHERE, "keys of the house").connect()
    sister = come_in(judged, "Ana", word="linden tree")  # was here before
    come_in(judged, "Eve", word="linden tree")
    assert mo.say("/ban @Eve --duration 7d")["ok"]
    again = come_in(judged, "Eva", word="linden tree")
    assert "You cannot paint here until" in again.front_page()
    assert 'id="say"' in sister.front_page()
    assert 'id="say"' in come_in(judged, "Bo", SCHOOL, "linden tree").front_page()
    assert mo.say("/ban @Eve")["ok"]  # for good now: it has held all the time
    assert "You cannot paint here." in again.front_page()
    assert mo.say("/unban @Eve")["ok"]
    assert 'id="say"' in again.front_page()


def test_a_moderator_may_say_that_a_newcomer_is_somebody_else(judged: OpenRoom) -> None:
    mo = come_in(judged, "Mo", ELSEWHERE, "keys of the house").connect()
    come_in(judged, "Eve", SCHOOL, "linden tree")
    mo.say("/ban @Eve")
    pupil, another = (come_in(judged, name, SCHOOL, "linden tree") for name in ("Bo", "Cleo"))
    assert 'id="say"' not in pupil.front_page()
    assert "may paint here again" in mo.say("/unban @Bo")["text"]
    assert 'id="say"' in pupil.front_page()
    assert 'id="say"' not in another.front_page()


def test_a_ban_stays_where_it_is_however_far_its_person_travels(judged: OpenRoom) -> None:
    mo = come_in(judged, "Mo", ELSEWHERE, "keys of the house").connect()
    eve = come_in(judged, "Eve", word="linden tree")
    mo.say("/ban @Eve")
    visiting = judged.browser(SCHOOL)
    visiting.client.cookies.set(COOKIE, eve.client.cookies[COOKIE])
    assert "You cannot paint here" in visiting.front_page()
    assert 'id="say"' in come_in(judged, "Bo", SCHOOL, "linden tree").front_page()


def test_a_ban_outlasts_being_forgotten(judged: OpenRoom) -> None:
    mo = come_in(judged, "Mo", ELSEWHERE, "keys of the house").connect()
    eve = come_in(judged, "Eve", word="linden tree").connect()
    eve.say("a boat")
    mo.say("/ban @Eve")
    token = eve.front_page().split('name="token" value="')[1].split('"')[0]
    fields = {"token": token}
    assert eve.client.post("/forget-me", data=fields, headers={"origin": "http://127.0.0.1:8080"}).is_success
    assert 'id="say"' not in come_in(judged, "Eva", word="linden tree").front_page()


def test_the_records_hold_no_address(judged: OpenRoom) -> None:
    come_in(judged, "Ana", word="linden tree")
    with judged.ports.database.read() as session:
        origins = [row.origin for row in session.query(OriginRow)]
    assert {each.partition(":")[0] for each in origins} == {"address", "invite"}
    assert not any(HOME in each or "linden" in each for each in origins)


# ---- sessions


def test_leaving_ends_a_copied_session_too(room: OpenRoom) -> None:
    ana = room.guest("Ana")
    stolen = ana.client.cookies[COOKIE]
    thief = room.browser()
    thief.client.cookies.set(COOKIE, stolen)
    thief.connect()
    assert ana.post("/leave").status_code == 204
    assert thief.closed() == 4401
    assert 'id="say"' not in thief.front_page()
    assert thief.client.get("/mine/queue").status_code == 401
    with OpenRoom(room.ports, web_settings(moderator_secret="keys")) as restarted:
        again = restarted.browser()
        again.client.cookies.set(COOKIE, stolen)
        assert 'id="say"' not in again.front_page()


def test_a_session_that_another_process_ended_is_over_here_too(
    room: OpenRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bots.web.access.session_registry._ASK_AGAIN_SECONDS", 0.0)
    ana = room.user("Ana")
    with OpenRoom(room.ports, web_settings(moderator_secret="keys")) as other:
        same = other.browser()
        same.client.cookies.set(COOKIE, ana.client.cookies[COOKIE])
        assert same.post("/leave").status_code == 204
    assert 'id="say"' not in ana.front_page()


def test_a_session_of_an_older_version_goes_on_and_can_be_ended(room: OpenRoom) -> None:
    ana = room.user("Ana")
    session_store = room.app.state.context.session_store
    old = session_store._sessions.dumps({"u": ana.user_id, "n": "Ana", "w": "", "m": False})
    for browser in (ana, copied := room.browser()):
        browser.client.cookies.clear()
        browser.client.cookies.set(COOKIE, str(old))
        assert 'id="say"' in browser.front_page()
    assert ana.post("/leave").status_code == 204
    assert 'id="say"' not in copied.front_page()


def test_what_was_there_before_entering_is_worth_nothing_afterwards(room: OpenRoom) -> None:
    """A cookie that somebody else put into the browser leads nowhere, and its form token opens nothing."""
    ana, eve = room.browser(), room.browser()
    planted = eve.front_page().split('name="token" value="')[1].split('"')[0]
    ana.client.cookies.set(COOKIE, eve.client.cookies[COOKIE])
    fields = {"token": planted, "name": "Ana", "word": ""}
    origin = {"origin": "http://127.0.0.1:8080"}
    assert ana.client.post("/enter", data=fields, headers=origin, follow_redirects=False).status_code == 303
    assert 'id="say"' in ana.front_page()
    assert 'id="say"' not in eve.front_page()
    assert ana.post("/name", "Eve", **{"x-form-token": planted}).status_code == 403


def test_whoever_comes_in_again_stays_who_they_are_in_a_new_session(ports: Ports) -> None:
    with OpenRoom(ports, web_settings(shared_secret="linden tree")) as room:
        ana = room.user("Ana", "linden tree")
        before, user_id = ana.client.cookies[COOKIE], ana.user_id
    with OpenRoom(ports, web_settings(shared_secret="an oak tree")) as room:
        again, copied = room.browser(), room.browser()
        for browser in (again, copied):
            browser.client.cookies.set(COOKIE, before)
        assert again.enter("Ana", "an oak tree").status_code == 303
        assert again.user_id == user_id
        assert copied.enter("Ana", "an oak tree").status_code == 422


def test_ended_sessions_are_kept_as_long_as_a_cookie_lives(room: OpenRoom) -> None:
    with room.ports.database.begin() as session:
        session.add(EndedSessionRow(id="0" * 64, ended_at=now() - timedelta(days=181)))
    room.user("Ana").post("/leave")
    with room.ports.database.read() as session:
        (row,) = session.query(EndedSessionRow)
        assert row.id != "0" * 64


def test_names_are_not_taken_by_the_hundred(room: OpenRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bots.web.routes.login._NAMES_AN_HOUR", 2)
    eve = room.browser(HOME)
    assert eve.enter("Eve").status_code == 303
    assert eve.post("/name", "Eva").status_code == 200
    assert eve.post("/name", "Evi").status_code == 429
    assert room.browser(HOME).enter("Evo").status_code == 429
    assert room.browser(SCHOOL).enter("Bo").status_code == 303
