"""Who is a member, a guest or a moderator on Slack."""

from typing import Any

import pytest

from studio.clock import now
from studio.db.identities.people import find_person
from studio.db.queries import job_of
from studio.ports import Ports
from tests.support import slack_cases
from tests.support.fakes import FakeCaseService
from tests.support.loopback_slack.records import ANA, BO, MOD, TEAM
from tests.support.slack_cases import BO_KEY
from tests.support.slack_sim import SlackRoom, open_slack_room

room = slack_cases.room


async def test_somebody_who_is_named_may_be_banned_though_they_were_never_here(room: SlackRoom) -> None:
    await room.slash(f"ban <@{BO}|bo> --duration 7d", command="/studio", user=MOD)
    desk = room.ports.desk
    assert isinstance(desk, FakeCaseService)
    assert ("ban", f"slack:{TEAM}:{MOD}", BO_KEY) in desk.told
    expected = f"<@{BO}> (id `{BO}`, known since {now():%Y-%m-%d}) cannot paint here until"
    assert expected in room.slack.whispered()[-1]
    with room.ports.database.read() as session:
        assert find_person(session, BO_KEY).display_name == "Bo"


async def test_somebody_whom_slack_does_not_know_is_nobody(room: SlackRoom) -> None:
    room.slack.refuse("users.info", "user_not_found", times=2)
    await room.slash("ban <@U0NOBODY>", command="/studio", user=MOD)
    await room.slash("ban @bo", command="/studio", user=MOD)
    assert "was not found" in room.slack.whispered()[0] or "Only moderators" in room.slack.whispered()[0]
    assert "There is nobody of that name here" in room.slack.whispered()[1]


@pytest.mark.parametrize(
    "about",
    [
        {"is_restricted": True},
        {"is_ultra_restricted": True},
        {"is_stranger": True},
        {"team_id": "T0ELSEWHERE"},
    ],
)
async def test_guests_and_strangers_are_known_as_such_and_never_moderate(
    room: SlackRoom, about: dict[str, Any]
) -> None:
    room.slack.people[MOD] = about
    await room.imagine(user=MOD)
    await room.imagine(user=ANA)
    people = [job_of(row).person for row in room.jobs()]
    assert [(person.guest, person.moderates) for person in people] == [(True, False), (False, False)]


async def test_members_of_a_chosen_user_group_moderate(ports: Ports) -> None:
    async with open_slack_room(ports, moderator_groups=frozenset({"keepers"})) as room:
        room.slack.groups = {"keepers": [BO], "friends": [ANA, BO]}
        await room.imagine(user=BO)
        await room.imagine(user=ANA)
        people = [job_of(row).person for row in room.jobs()]
        assert [person.moderates for person in people] == [True, False]
        assert people[1].platform_roles == {"friends", "S0FRIENDS"}
