"""Who somebody is on the web: one name each, which nobody else can take."""

import pytest
from sqlalchemy import delete, update

from bots.web.access.session_cookies import COMMUNITY
from studio.clock import now
from studio.db.identities.people import lock_person
from studio.db.tables import PersonRow
from studio.db.tables.identities import NameRow, OriginRow
from studio.domain.people import Person, Platform
from studio.parsing.name_folding import name_digest
from studio.ports import Ports
from tests.support import web_identities
from tests.support.web_client import WebServer, web_settings
from tests.support.web_identities import COOKIE, come_in, key_of

judged = web_identities.judged


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
def test_a_name_that_looks_like_anothers_is_taken_for_ever(web_server: WebServer, name: str) -> None:
    web_server.user("Ana")  # came in, said nothing, is not here any more
    answer = web_server.browser().enter(name)
    assert answer.status_code == 422
    assert "looks like it already" in answer.text
    bo = web_server.user("Bo")
    assert bo.post("/name", name).status_code == 422


def test_a_name_that_was_refused_does_not_come_in_by_the_cookie(web_server: WebServer) -> None:
    web_server.user("Ana")
    eve = web_server.browser()
    assert eve.enter("Ana").status_code == 422
    assert 'id="say"' not in eve.front_page()


@pytest.mark.parametrize("name", ["कमर", "が", "Anna", "Ana2", "🐻"])
def test_a_name_that_only_a_machine_would_confuse_is_free(web_server: WebServer, name: str) -> None:
    for taken in ("कुमार", "か", "Ana", "Ana3", "🦊"):
        web_server.user(taken)
    assert web_server.browser().enter(name).status_code == 303


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
def test_nobody_speaks_for_the_moderators_or_the_context(web_server: WebServer, name: str) -> None:
    answer = web_server.browser().enter(name)
    assert answer.status_code == 422
    assert "speak for the moderators" in answer.text
    assert web_server.user("Bo").post("/name", name).status_code == 422


@pytest.mark.parametrize("name", ["Modesty", "Robot", "Badminton", "Call me Al", "Systema", "Иван", "管弦"])
def test_words_inside_of_words_are_nobodys_office(web_server: WebServer, name: str) -> None:
    assert web_server.browser().enter(name).status_code == 303


def test_marks_do_not_pile_up_and_scripts_that_need_them_keep_them(web_server: WebServer) -> None:
    piled = "Ze" + "\u0335\u0322\u031b\u0336\u0327\u033a" * 2 + "d"
    assert piled not in (page := web_server.user(piled).front_page())
    assert "Ze" in page
    for name in ("Nguyễn", "สมศักดิ์", "सृष्टि"):
        assert name in web_server.user(name).front_page()


def test_ones_own_earlier_names_stay_ones_own(web_server: WebServer) -> None:
    ana, bo = web_server.user("Ana"), web_server.user("Bo")
    assert ana.post("/name", "Cleo").status_code == 200
    assert bo.post("/name", "Ana").status_code == 422
    assert ana.post("/name", "Ana").status_code == 200


def test_the_name_of_somebody_who_was_forgotten_stays_taken_and_names_nobody(web_server: WebServer) -> None:
    ana, mo = web_server.guest("Ana"), web_server.guest("Mo", "keys")
    ana.say("a boat")
    key = key_of(ana)
    assert ana.say("/forget-me --confirm yes")["ok"]
    assert web_server.browser().enter("Ana").status_code == 422
    with web_server.ports.database.read() as session:
        assert key not in {row.person_key for row in session.query(NameRow)}
        assert session.query(OriginRow).where(OriginRow.person_key == key).count() == 0
    assert "was not found" in mo.say("/ban @Ana")["text"]


def test_an_old_session_keeps_its_name_and_has_it_for_itself_from_now_on(web_server: WebServer) -> None:
    ana = web_server.user("Ana")
    with web_server.ports.database.begin() as session:  # as it was before names were written down
        session.execute(delete(NameRow))
        session.execute(delete(PersonRow))
    with WebServer(web_server.ports, web_settings(moderator_secret="keys")) as later:
        back = later.browser()
        back.client.cookies.set(COOKIE, ana.client.cookies[COOKIE])
        assert 'value="Ana"' in back.front_page()
        assert later.browser().enter("Ana").status_code == 422


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
def test_where_several_fit_the_web_asks_which_one_is_meant(judged: WebServer, command: str) -> None:
    first, second = namesakes(judged.ports)
    mo = come_in(judged, "Mo", word="keys of the house").connect()
    asked = mo.say(command.format(who="@Bo"))
    assert asked["code"] == "ambiguous_name"
    for user_id in (first, second):
        assert f"#{user_id}" in asked["text"]
    assert f"known since {now():%Y-%m-%d}, last seen {now():%Y-%m-%d}" in asked["text"]
    for who in (f"#{second}", f"@Bo#{second[:6]}"):
        answer = mo.say(command.format(who=who))
        assert answer["ok"], answer
        assert f"id {second}, known since {now():%Y-%m-%d}" in answer["text"]


def test_nobody_is_named_by_a_name_that_ends_like_the_id_of_another(judged: WebServer) -> None:
    first, second = namesakes(judged.ports)
    eve = come_in(judged, f"Eve#{first}", word="linden tree")
    assert f'value="Eve{first}"' in eve.front_page()
    with judged.ports.database.begin() as session:  # as it could be before
        named = {"display_name": f"Bo#{first}"}
        session.execute(update(PersonRow).where(PersonRow.user_id == second).values(named))
    mo = come_in(judged, "Mo", word="keys of the house").connect()
    assert mo.say(f"/ban @Bo#{first}")["code"] == "ambiguous_name"
    assert f"(id {first}," in mo.say(f"/ban #{first}")["text"]


def test_a_ban_applies_to_the_former_owner_of_a_name_under_a_new_one(judged: WebServer) -> None:
    mo = come_in(judged, "Mo", word="keys of the house").connect()
    bo = come_in(judged, "Bo", word="linden tree")
    user_id = bo.user_id
    bo.post("/name", "Cleo")
    assert mo.say("/ban @Bo")["text"].startswith(f"@Cleo (id {user_id}, known since")
    assert "You cannot paint here" in bo.front_page()
