"""People who come to a web server from several addresses."""

from collections.abc import Iterator

import pytest

from bots.web.access.session_cookies import COMMUNITY
from moderation.limits.settings import LimitSettings
from studio.domain.people import Person, Platform
from studio.gcra import RateSettings
from studio.ports import InstanceLimits, Ports
from tests.support.case_sim import PLENTY, with_gate
from tests.support.web_client import Browser, WebServer, web_settings

HOME, SCHOOL, ELSEWHERE = "203.0.113.9", "198.51.100.1", "192.0.2.77"

COOKIE = "chatelier_session"


def key_of(browser: Browser) -> str:
    return Person.key_of(Platform.WEB, COMMUNITY, browser.user_id)


def come_in(web_server: WebServer, name: str, address: str = HOME, word: str = "") -> Browser:
    browser = web_server.browser(address)
    assert browser.enter(name, word).status_code == 303
    return browser


@pytest.fixture
def judged(ports: Ports) -> Iterator[WebServer]:
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
    with WebServer(with_gate(ports, rules, limits=limits), settings) as opened:
        yield opened
