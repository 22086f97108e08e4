"""The rules of people who are alone with the bot: those of a home server, where one is named."""

from datetime import timedelta

import pytest

from bots.discord.guilds.home_server import link_to_home, record_home_server
from moderation.cases.blocked_pictures import blocked_bits
from moderation.records.tables import BlockedPictureRow
from studio.clock import now
from studio.commands.registry import execute
from studio.commands.spec import Call
from studio.db.credit_ledger import balance, grant_monthly
from studio.db.identities.linked_identities import human_of, identities
from studio.db.identities.people import lock_person
from studio.db.settings import community_rules, save_community_rules, save_home_server
from studio.domain.people import Address, Person, Platform, Role
from studio.domain.settings.communities import DEFAULT, CommunityRules, Tier
from studio.errors import BadParameterError
from studio.ports import Ports
from studio.services.identity_linking import link_people
from tests.support.fakes import somewhere

HOME, DIRECT = "800000000000000001", "dm:7"


def person(community: str, *, moderates: bool = False) -> Person:
    return Person(
        platform=Platform.DISCORD,
        community=community,
        user_id="7",
        display_name="Ana",
        roles=frozenset({Role.MODERATOR} if moderates else {Role.MEMBER}),
    )


def rules_of(ports: Ports, community: str) -> CommunityRules:
    with ports.database.read() as session:
        return community_rules(session, Platform.DISCORD, community)


def test_direct_messages_have_the_rules_of_the_home_server_but_nothing_of_channels(ports: Ports) -> None:
    strict = {"monthly_credits": {Tier.MEMBER: 5}, "stances": {"gore": "refuse"}, "words": {"owl": "hold"}}
    inherited = CommunityRules(max_pictures=2, paused=True, model="sdxl", **strict)  # type: ignore[arg-type]
    of_channels = {"channels": ("1",), "desk_channel": "2", "star_channel": "3", "recap_channel": "4"}
    with ports.database.begin() as session:
        rules = CommunityRules(max_pictures=2, paused=True, model="sdxl", ping=True, **strict, **of_channels)  # type: ignore[arg-type]
        save_community_rules(session, rules, by=person(HOME, moderates=True))
    assert rules_of(ports, DIRECT) == DEFAULT
    record_home_server(ports.database, HOME)
    assert rules_of(ports, DIRECT) == inherited
    assert rules_of(ports, "800000000000000002") == DEFAULT, "other servers have their own"
    with ports.database.begin() as session:
        save_home_server(session, Platform.DISCORD, None)  # as by two processes that start at once
    record_home_server(ports.database, None)
    assert rules_of(ports, DIRECT) == DEFAULT


def test_what_is_blocked_in_the_home_server_is_blocked_for_people_alone(ports: Ports) -> None:
    with ports.database.begin() as session:
        session.add(
            BlockedPictureRow(
                platform=Platform.DISCORD,
                community=HOME,
                fingerprint="f" * 16,
                case_id=None,
                blocked_by="",
                at=now(),
            )
        )
    for home, count in ((None, 0), (HOME, 1)):
        record_home_server(ports.database, home)
        with ports.database.read() as session:
            assert len(blocked_bits(session, person(DIRECT))) == count


def test_a_member_of_the_home_server_is_one_human_with_the_person_alone(ports: Ports) -> None:
    alone, member = person(DIRECT), person(HOME)
    link_to_home(ports.database, alone, HOME)
    with ports.database.begin() as session:
        assert human_of(session, alone.key) == alone.key, "nobody was ever seen there"
        lock_person(session, member)
    for _ in range(2):
        link_to_home(ports.database, alone, HOME)
    with ports.database.read() as session:
        assert human_of(session, alone.key) == human_of(session, member.key) == member.key


@pytest.mark.parametrize("community", [DIRECT, HOME])
def test_link_part_keeps_a_member_of_the_home_server_and_the_person_alone_together(
    ports: Ports, community: str
) -> None:
    own, elsewhere = (person(community), person("800000000000000002"))
    record_home_server(ports.database, HOME)
    with ports.database.begin() as session:
        lock_person(session, person(HOME))
        lock_person(session, elsewhere)
        grant_monthly(session, elsewhere.key, credits=5, at=now())
    link_to_home(ports.database, person(DIRECT), HOME)
    with ports.database.begin() as session:
        link_people(session, elsewhere.key, own.key)
    call = Call(person=own, address=somewhere(), request_key="part")
    execute(ports, call, "link", {"code": "part"})
    with pytest.raises(BadParameterError, match="one_account"):
        execute(ports, call, "link", {"code": "part"})
    link_to_home(ports.database, person(DIRECT), HOME)
    with ports.database.begin() as session:
        assert set(identities(session, own.key)) == {person(DIRECT).key, person(HOME).key}
        assert identities(session, elsewhere.key) == (elsewhere.key,)
        grant_monthly(session, own.key, credits=5, at=now())
        assert (balance(session, own.key, at=now()), balance(session, elsewhere.key, at=now())) == (0, 5)


def test_an_address_by_token_closes_in_time() -> None:
    at = now()
    open_ = Address(
        platform=Platform.DISCORD,
        community=DIRECT,
        channel="1",
        token="t",
        token_expires_at=at + timedelta(minutes=15),
        by_token=True,
    )
    assert not open_.is_direct
    for minutes, closes in ((12, False), (14, True), (16, True)):
        assert open_.closes_within(timedelta(minutes=2), at=at + timedelta(minutes=minutes)) is closes
