"""What newcomers from one address or with one invitation share."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import update

from moderation.limits.settings import LimitSettings
from studio.clock import now
from studio.db.tables import JobRow, PersonRow
from studio.domain.jobs import JobState
from studio.ports import InstanceLimits, Ports
from tests.support import web_identities
from tests.support.case_sim import PLENTY, with_gate
from tests.support.web_client import Browser, WebServer, web_settings
from tests.support.web_identities import ELSEWHERE, SCHOOL, come_in, key_of

judged = web_identities.judged


def older(web_server: WebServer, browser: Browser) -> None:
    """Two days pass for somebody."""
    with web_server.ports.database.begin() as session:
        days = {"first_seen_at": now() - timedelta(days=2)}
        session.execute(update(PersonRow).where(PersonRow.key == key_of(browser)).values(days))


@pytest.fixture
def frugal(ports: Ports) -> Iterator[WebServer]:
    """An installation where people may ask as often as they like, and have 12 credits a month and two jobs at once."""
    rules = InstanceLimits(monthly_credits=12, max_outstanding_jobs=2)
    limits = LimitSettings(
        burst=PLENTY, sustained=PLENTY, side_effects=PLENTY, uploads=PLENTY, invite_people=2
    )
    with WebServer(
        with_gate(ports, rules, limits=limits), web_settings(moderator_secret="keys of the house")
    ) as opened:
        yield opened


def asks(browser: Browser, times: int) -> list[str]:
    return [browser.say(f"a boat {number}").get("code", "ok") for number in range(times)]


def test_ten_fresh_sessions_from_one_address_get_no_more_than_one(judged: WebServer) -> None:
    answers = []
    for number in range(10):
        answers += asks(come_in(judged, f"Eve {number}", word="linden tree").connect(), 1)
    assert answers == ["ok"] * 3 + ["rate"] * 7


def test_fresh_sessions_of_one_ipv6_network_are_from_one_address(judged: WebServer) -> None:
    answers = []
    for number in range(5):
        eve = come_in(judged, f"Eve {number}", f"2001:db8:1:2::{number + 1}", word="linden tree")
        answers += asks(eve.connect(), 1)
    assert answers == ["ok"] * 3 + ["rate"] * 2
    neighbour = come_in(judged, "Bo", "2001:db8:1:3::1", word="linden tree").connect()
    assert asks(neighbour, 1) == ["ok"]


def test_newcomers_with_one_invite_share_what_it_is_worth(judged: WebServer) -> None:
    answers = []
    for number in range(8):
        eve = come_in(judged, f"Eve {number}", f"203.0.113.{number}", word="linden tree")
        answers += asks(eve.connect(), 1)
    assert answers == ["ok"] * 6 + ["rate"] * 2


def test_a_known_person_has_their_own_allowance_behind_the_same_address(judged: WebServer) -> None:
    pupils = [come_in(judged, f"Pupil {letter}", SCHOOL, "linden tree").connect() for letter in "ABC"]
    for pupil in pupils:
        older(judged, pupil)
    newcomer = come_in(judged, "Eve", SCHOOL, "linden tree").connect()
    assert asks(newcomer, 4) == ["ok"] * 3 + ["rate"]
    for pupil in pupils:
        assert asks(pupil, 4) == ["ok"] * 3 + ["rate"]


def test_refusals_files_and_reports_of_newcomers_are_counted_together(judged: WebServer) -> None:
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


def finish_jobs(web_server: WebServer) -> None:
    with web_server.ports.database.begin() as session:
        session.execute(update(JobRow).values(state=JobState.DONE))


def test_ten_fresh_sessions_from_one_address_have_the_jobs_and_the_credits_of_one(frugal: WebServer) -> None:
    eves = [come_in(frugal, f"Eve {number}").connect() for number in range(10)]
    answers = [code for eve in eves for code in asks(eve, 1)]
    assert answers == ["ok"] * 2 + ["concurrency"] * 8
    finish_jobs(frugal)
    answers = [code for eve in eves for code in asks(eve, 1)]
    assert answers == ["ok"] + ["credits"] * 9  # the third job for 4 of 12 credits
    refused = eves[5].say("a boat")["text"]
    assert (
        "People who are new here and come from your network share their credits; left for you: 0." in refused
    )
    assert "You have your own from" in refused
    older(frugal, eves[5])
    assert asks(eves[5], 1) == ["ok"]


def test_a_moderator_shares_with_no_newcomer(frugal: WebServer) -> None:
    mo, eve = come_in(frugal, "Mo", word="keys of the house").connect(), come_in(frugal, "Eve").connect()
    assert asks(mo, 2) == ["ok"] * 2
    assert asks(eve, 2) == ["ok"] * 2
    assert asks(mo, 1) == ["ok"]


def test_credits_that_fresh_sessions_give_away_come_from_one_share(frugal: WebServer) -> None:
    ana = come_in(frugal, "Ana", SCHOOL).connect()
    older(frugal, ana)
    eves = [come_in(frugal, f"Eve {number}").connect() for number in range(4)]
    answers = [eve.say("/credits @Ana 12").get("code", "ok") for eve in eves]
    assert answers == ["ok"] + ["credits"] * 3
