"""Many workspaces: installing the app, renewing its tokens, taking it away."""

import re
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from slack_bolt.response import BoltResponse
from sqlalchemy import select, update

from bots.slack.api.client import NotInstalledError
from bots.slack.db_tables import BOTS, INSTALLATIONS, SlackDepartureRow
from bots.slack.manifest import OPTIONAL_SCOPES, SCOPES
from bots.slack.settings import INSTALL_PATH, REDIRECT_PATH
from bots.slack.workspaces.departures import cancel_departure
from studio.clock import now
from studio.db.queries import job_of
from studio.db.tables import JobRow
from studio.domain.jobs import JobState
from studio.domain.people import Person
from studio.erasure import community_erasure
from studio.erasure.person_erasure import erase_person
from studio.ports import Ports
from tests.support.finished_jobs import end_job
from tests.support.loopback_slack.records import ANA, BOT_USER, GENERAL, MOD, TEAM
from tests.support.slack_sim import SlackRoom, open_installed_room

# slack_sdk still asks aiohttp in the old way.
pytestmark = pytest.mark.filterwarnings("ignore:BasicAuth is deprecated:DeprecationWarning")

OTHER = "T0OTHER"
ESTATE = "E0ESTATE"


@pytest.fixture
async def room(ports: Ports) -> AsyncIterator[SlackRoom]:
    async with open_installed_room(ports) as opened:
        yield opened


async def at_the_door(room: SlackRoom) -> tuple[str, str, str]:
    """The address on Slack where the page leads, the state in it, and the browser's cookie."""
    page = await room.pages[INSTALL_PATH]("", {})
    assert page.status == 200
    address = re.search(r'href="(https://slack\.com/[^"]+)"', page.body)
    assert address
    url = address[1].replace("&amp;", "&")
    return url, parse_qs(urlsplit(url).query)["state"][0], page.headers["set-cookie"][0].partition(";")[0]


async def back(room: SlackRoom, query: str, cookie: str) -> BoltResponse:
    return await room.pages[REDIRECT_PATH](query, {"cookie": cookie})


async def install(room: SlackRoom, token: str, **more: Any) -> BoltResponse:
    _, state, cookie = await at_the_door(room)
    room.slack.granting("a-code", token, **more)
    return await back(room, f"code=a-code&state={state}", cookie)


def said_by(room: SlackRoom, *, team: str, enterprise: str | None = None) -> dict[str, Any]:
    """A command from a workspace."""
    payload = room.slack.command("/imagine", "a red fox")
    return {**payload, "team_id": team, **({"enterprise_id": enterprise} if enterprise else {})}


def bots(room: SlackRoom) -> list[Any]:
    with room.ports.database.read() as session:
        return list(session.execute(select(BOTS)))


async def test_the_page_leads_to_slack_with_the_scopes_of_the_manifest(room: SlackRoom) -> None:
    url, state, cookie = await at_the_door(room)
    asked = parse_qs(urlsplit(url).query)
    assert asked["scope"] == [",".join([*SCOPES, *OPTIONAL_SCOPES])]
    assert asked["redirect_uri"] == [f"https://paint.example.org{REDIRECT_PATH}"]
    assert state in cookie


async def test_each_workspace_is_answered_with_its_own_token(room: SlackRoom) -> None:
    assert "The Team" in (await install(room, "xoxb-one")).body
    await install(room, "xoxb-two", team=OTHER)
    for team, token in ((TEAM, "xoxb-one"), (OTHER, "xoxb-two")):
        await room.send(said_by(room, team=team))
        assert ("chat.postMessage", token) in room.slack.bearers
    assert [message.channel for message in room.slack.messages if message.channel == GENERAL] == [GENERAL] * 2
    assert [job_of(row).person.community for row in room.jobs()] == [TEAM, OTHER]


async def test_an_organisation_installs_it_for_all_of_its_workspaces(room: SlackRoom) -> None:
    await install(room, "xoxb-estate", team=None, enterprise=ESTATE)
    await room.send(said_by(room, team="T0WING", enterprise=ESTATE))
    job = job_of(room.jobs()[0])
    assert (job.address.community, job.person.community) == (f"{ESTATE}:T0WING", "T0WING")
    assert ("chat.postMessage", "xoxb-estate") in room.slack.bearers
    # A case or a notice names the workspace alone.
    workspaces = room.app.context.workspaces
    assert (await workspaces.of("T0WING")).client.web.token == "xoxb-estate"


async def test_an_admin_of_a_sister_workspace_is_a_member_here_who_moderates_nothing(
    room: SlackRoom,
) -> None:
    await install(room, "xoxb-estate", team=None, enterprise=ESTATE)
    for team in (TEAM, "T0WING"):  # MOD administers TEAM
        command = room.slack.command("/imagine", "a red fox", user=MOD)
        room.slack.people[MOD] = {"enterprise_user": {"enterprise_id": ESTATE}, "is_owner": True}
        await room.send({**command, "team_id": team, "enterprise_id": ESTATE})
    people = [job_of(row).person for row in room.jobs()]
    assert [(person.community, person.guest, person.moderates) for person in people] == [
        (TEAM, False, True),
        ("T0WING", False, False),
    ]
    assert [call["team_id"] for call in room.slack.called("usergroups.list")] == [TEAM, "T0WING"]


@pytest.mark.parametrize(
    ("query", "cookie", "status", "sentence"),
    [
        ("code=a-code&state={state}", "", 400, "another browser"),
        ("code=a-code&state=made-up", "slack-app-oauth-state=made-up", 401, "ten minutes"),
        ("code=another&state={state}", "{cookie}", 401, "did not accept"),
        ("state={state}", "{cookie}", 401, "did not accept"),
        ("error=access_denied&state={state}", "{cookie}", 200, "You declined"),
    ],
)
async def test_invalid_installation_is_rejected(
    room: SlackRoom, query: str, cookie: str, status: int, sentence: str
) -> None:
    _, state, given = await at_the_door(room)
    room.slack.granting("a-code", "xoxb-one")
    page = await back(room, query.format(state=state), cookie.format(cookie=given))
    assert (page.status, sentence in page.body) == (status, True)
    assert bots(room) == []


async def test_a_studio_may_be_for_some_workspaces_only(ports: Ports) -> None:
    async with open_installed_room(ports, allowed_workspaces=frozenset({OTHER, ESTATE})) as room:
        page = await install(room, "xoxb-one")
        assert (page.status, "not for your workspace" in page.body) == (401, True)
        assert bots(room) == []
        assert (await install(room, "xoxb-two", team=OTHER)).status == 200
        assert (await install(room, "xoxb-three", team="T0WING", enterprise=ESTATE)).status == 200


async def test_a_state_is_good_once(room: SlackRoom) -> None:
    _, state, cookie = await at_the_door(room)
    room.slack.granting("a-code", "xoxb-one")
    assert (await back(room, f"code=a-code&state={state}", cookie)).status == 200
    room.slack.granting("a-code", "xoxb-two")
    assert (await back(room, f"code=a-code&state={state}", cookie)).status == 401


async def test_what_slack_says_of_itself_is_not_put_into_the_page(room: SlackRoom) -> None:
    page = await back(room, "error=%3Cscript%3E", "")
    assert "<script" not in page.body


async def test_a_token_that_ends_soon_is_renewed_once_and_kept(room: SlackRoom) -> None:
    await install(room, "xoxe-old", expires_in=3600, refresh_token="refresh-1")
    room.slack.granting("refresh-1", "xoxe-new", expires_in=43200, refresh_token="refresh-2")
    for _ in range(2):
        await room.send(said_by(room, team=TEAM))
    assert {token for method, token in room.slack.bearers if method == "chat.postMessage"} == {"xoxe-new"}
    assert len(room.slack.called("oauth.v2.access")) == 2
    (stored,) = bots(room)
    assert (stored.bot_token, stored.bot_refresh_token) == ("xoxe-new", "refresh-2")


async def test_a_token_that_another_process_renewed_is_taken_over(room: SlackRoom) -> None:
    await install(room, "xoxe-old", expires_in=3600, refresh_token="used-up")
    bot = await room.app.context.workspaces._installations.find(TEAM)  # type: ignore[attr-defined]
    with room.ports.database.begin() as session:
        session.execute(
            update(BOTS).values(
                bot_token="xoxe-theirs",
                bot_token_expires_at=datetime.now(UTC).replace(tzinfo=None) + timedelta(hours=12),
            )
        )
    renewed = await room.app.context.workspaces._rotation.renew(TEAM, bot)  # type: ignore[attr-defined]
    assert renewed.bot_token == "xoxe-theirs"


async def test_a_workspace_that_takes_the_app_away_is_forgotten(room: SlackRoom) -> None:
    await install(room, "xoxb-one")
    await room.send(said_by(room, team=TEAM))
    job_id = room.newest_job()
    await room.send(room.slack.event({"type": "app_uninstalled"}))
    assert bots(room) == []
    with room.ports.database.read() as session:
        assert list(session.execute(select(INSTALLATIONS))) == []
    with pytest.raises(NotInstalledError):
        await room.app.context.workspaces.of(TEAM)
    await room.painted(job_id)  # nobody is left to be told, and nothing is tried again
    await room.send(said_by(room, team=TEAM))
    assert room.slack.whispered() == [
        "Chatelier is not installed here any more. An administrator of the workspace can install it again."
    ]


def age_departures(room: SlackRoom, days: int) -> None:
    with room.ports.database.begin() as session:
        session.execute(update(SlackDepartureRow).values(left_at=now() - timedelta(days=days)))


async def test_records_of_a_workspace_are_erased_some_days_after_it_left(room: SlackRoom) -> None:
    await install(room, "xoxb-one")
    await install(room, "xoxb-two", team=OTHER)
    for team in (TEAM, OTHER):
        await room.send(said_by(room, team=team))
    for job in room.jobs():
        end_job(room.ports, job.id, JobState.FAILED)
    await room.send(room.slack.event({"type": "app_uninstalled"}))
    assert await room.app.departed_records.erase() == 0
    age_departures(room, 13)
    assert await room.app.departed_records.erase() == 0
    age_departures(room, 14)
    assert await room.app.departed_records.erase() == 1
    words = {job.community: job.request.get("prompt") for job in room.jobs()}
    assert words == {TEAM: None, OTHER: "a red fox"}
    assert await room.app.departed_records.erase() == 0


async def test_a_workspace_that_comes_back_in_time_keeps_its_records(room: SlackRoom) -> None:
    await install(room, "xoxb-one")
    await room.send(said_by(room, team=TEAM))
    end_job(room.ports, room.newest_job(), JobState.FAILED)
    await room.send(room.slack.event({"type": "tokens_revoked", "tokens": {"oauth": [], "bot": [BOT_USER]}}))
    await install(room, "xoxb-again")
    age_departures(room, 99)
    assert await room.app.departed_records.erase() == 0
    assert room.jobs()[0].request["prompt"] == "a red fox"


async def test_one_that_comes_back_during_the_erasure_keeps_what_is_left(
    room: SlackRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    await install(room, "xoxb-one")
    for user in (ANA, MOD):
        await room.send({**said_by(room, team=TEAM), "user_id": user})
    for job in room.jobs():
        end_job(room.ports, job.id, JobState.FAILED)
    await room.send(room.slack.event({"type": "app_uninstalled"}))
    age_departures(room, 14)

    def erase_and_install(ports: Ports, person: Person, *, present: bool) -> None:
        erase_person(ports, person, present=present)
        cancel_departure(ports.database, enterprise=None, team=TEAM)

    monkeypatch.setattr(community_erasure, "erase_person", erase_and_install)
    assert await room.app.departed_records.erase() == 1
    assert sum(job.request.get("prompt") == "a red fox" for job in room.jobs()) == 1


async def test_a_workspace_that_its_organisation_serves_now_keeps_its_records(room: SlackRoom) -> None:
    await install(room, "xoxb-one")
    await room.send(room.slack.event({"type": "app_uninstalled"}))
    await install(room, "xoxb-estate", team=None, enterprise=ESTATE)
    age_departures(room, 14)
    assert await room.app.departed_records.erase() == 0
    # Nobody has asked for anything: it waits until the claim is over.
    with room.ports.database.begin() as session:
        freed = update(SlackDepartureRow).values(claimed_until=None).returning(SlackDepartureRow.community)
        assert session.scalars(freed).all() == [TEAM]
    await room.send(said_by(room, team=TEAM, enterprise=ESTATE))
    end_job(room.ports, room.newest_job(), JobState.FAILED)
    assert await room.app.departed_records.erase() == 0
    assert room.jobs()[0].request["prompt"] == "a red fox"
    with room.ports.database.read() as session:
        assert session.scalars(select(SlackDepartureRow)).all() == []


async def test_a_forgotten_private_job_does_not_say_that_a_workspace_stands_alone(room: SlackRoom) -> None:
    await install(room, "xoxb-one")
    await room.send(room.slack.event({"type": "app_uninstalled"}))
    await install(room, "xoxb-estate", team=None, enterprise=ESTATE)
    await room.send(said_by(room, team=TEAM, enterprise=ESTATE))
    end_job(room.ports, room.newest_job(), JobState.FAILED)
    left = {"platform": "slack", "community": TEAM, "channel": "", "private": True}
    with room.ports.database.begin() as session:
        session.execute(update(JobRow).values(request_key="forgotten:1", address=left))
    age_departures(room, 14)
    assert await room.app.departed_records.erase() == 0
    assert room.jobs()[0].request["prompt"] == "a red fox"


async def test_an_end_that_slack_tells_of_late_does_not_undo_a_newer_installation(room: SlackRoom) -> None:
    await install(room, "xoxb-one")
    late = room.slack.event({"type": "app_uninstalled"})
    await room.send({**late, "event_time": int(time.time()) - 3600})
    revoked = room.slack.event({"type": "tokens_revoked", "tokens": {"oauth": [], "bot": [BOT_USER]}})
    await room.send({**revoked, "event_time": int(time.time()) - 3600})
    assert len(bots(room)) == 1
    await room.send({**room.slack.event({"type": "app_uninstalled"}), "event_time": int(time.time()) + 3600})
    assert bots(room) == []


async def test_an_organisation_takes_the_app_away_from_all_of_its_workspaces(room: SlackRoom) -> None:
    await install(room, "xoxb-estate", team=None, enterprise=ESTATE)
    await room.send(said_by(room, team="T0WING", enterprise=ESTATE))
    heard = [{"enterprise_id": ESTATE, "team_id": None, "is_enterprise_install": True}]
    end = room.slack.event({"type": "app_uninstalled"})
    await room.send({**end, "enterprise_id": ESTATE, "team_id": "T0WING", "authorizations": heard})
    assert bots(room) == []
    with pytest.raises(NotInstalledError):
        await room.app.context.workspaces.of(f"{ESTATE}:T0WING")
    end_job(room.ports, room.newest_job(), JobState.FAILED)
    age_departures(room, 14)
    assert await room.app.departed_records.erase() == 1


async def test_a_revoked_token_is_forgotten_and_a_persons_too(room: SlackRoom) -> None:
    await install(room, "xoxb-one")
    await room.send(room.slack.event({"type": "tokens_revoked", "tokens": {"oauth": [MOD], "bot": []}}))
    assert len(bots(room)) == 1
    await room.send(room.slack.event({"type": "tokens_revoked", "tokens": {"oauth": [], "bot": [BOT_USER]}}))
    assert bots(room) == []


async def test_a_workspace_without_the_app_gets_a_sentence_and_no_job(room: SlackRoom) -> None:
    await room.send(said_by(room, team=OTHER))
    assert room.jobs() == []
    assert "not installed here" in room.slack.whispered()[0]


async def test_no_token_stands_in_what_may_be_written_down(room: SlackRoom) -> None:
    await install(room, "xoxb-one")
    assert "xoxb-one" not in repr(await room.app.context.workspaces.of(TEAM))
