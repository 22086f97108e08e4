"""How far the instance trusts somebody, and what that allows."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import insert

from moderation.cases.strikes import Violation, strike
from moderation.policy.categories import Category
from moderation.policy.community_overrides import apply_overrides
from moderation.policy.policy import Action, default_policy
from studio.clock import now
from studio.commands.registry import execute
from studio.db import settings
from studio.db.tables import JobRow
from studio.domain.jobs import JobState
from studio.domain.people import Role
from studio.domain.settings.communities import CommunityRules, Tier
from studio.errors import BadParameterError
from studio.ports import InstanceLimits
from tests.support.case_sim import with_gate
from tests.support.fakes import someone
from tests.support.finished_jobs import end_job
from tests.support.sentences import raises

ANA = someone("ana")


@pytest.fixture
def instance(ports):
    return with_gate(ports, InstanceLimits(monthly_credits=100))


def tier(instance, person):
    return instance.gate.allowance(person).tier


def settle(instance, **rules):
    with instance.database.begin() as session:
        settings.save_community_rules(session, CommunityRules(**rules), by=someone("mod", moderator=True))


def has_painted(instance, call, count, days_ago):
    """One picture as everybody paints it, the others as records of the same."""
    job = execute(instance, call, "imagine", {"prompt": "a boat", "count": 1}).job_id
    end_job(instance, job, JobState.DONE)
    with instance.database.begin() as session:
        row = session.get_one(JobRow, job)
        row.created_at = now() - timedelta(days=days_ago)
        values = {column: getattr(row, column) for column in JobRow.__table__.columns.keys()}  # noqa: SIM118
        copies = [values | {"id": f"{index:012}", "request_key": f"old:{index}"} for index in range(1, count)]
        session.execute(insert(JobRow), copies)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, Tier.MEMBER),
        ({"account_created_at": now() - timedelta(days=2)}, Tier.NEWCOMER),
        ({"joined_at": now() - timedelta(hours=2)}, Tier.NEWCOMER),
        (
            {"account_created_at": now() - timedelta(days=90), "joined_at": now() - timedelta(days=2)},
            Tier.MEMBER,
        ),
        ({"guest": True}, Tier.NEWCOMER),
        ({"roles": frozenset({Role.TRUSTED})}, Tier.TRUSTED),
        ({"roles": frozenset({Role.MODERATOR}), "guest": True}, Tier.MODERATOR),
        ({"platform_roles": frozenset({"7", "8"}), "guest": True}, Tier.TRUSTED),
        ({"platform_roles": frozenset({"9"})}, Tier.NEWCOMER),
    ],
)
def test_a_tier_comes_from_roles_and_age(instance, changes, expected):
    settle(instance, tiers={"7": Tier.MEMBER, "8": Tier.TRUSTED, "9": Tier.NEWCOMER})
    assert tier(instance, replace(ANA, **changes)) is expected


def test_trust_is_earned_by_a_clean_history_and_lost_by_strikes(instance, call):
    has_painted(instance, call, 20, days_ago=20)
    assert tier(instance, ANA) is Tier.TRUSTED
    with instance.database.begin() as session:
        strike(session, ANA.key, Violation(rule="r", category="c", weight=0.5))
    assert tier(instance, ANA) is Tier.MEMBER


@pytest.mark.parametrize(("count", "days_ago"), [(19, 20), (20, 10)])
def test_trust_takes_time_and_pictures(instance, call, count, days_ago):
    has_painted(instance, call, count, days_ago)
    assert tier(instance, ANA) is Tier.MEMBER


def test_a_tier_settles_what_somebody_may_do(instance):
    settle(instance, monthly_credits={Tier.NEWCOMER: 5}, max_pictures=2)
    newcomer, member = (instance.gate.allowance(person) for person in (replace(ANA, guest=True), ANA))
    assert (newcomer.monthly_credits, member.monthly_credits) == (5, 100)
    assert (newcomer.max_outstanding_jobs, member.max_outstanding_jobs) == (3, 10)
    assert newcomer.weight < member.weight == 1
    assert member.max_pictures == 2


def test_credits_rise_with_the_tier_within_the_month(instance, call):
    settle(instance, monthly_credits={Tier.NEWCOMER: 4, Tier.MEMBER: 10})
    newcomer = replace(call, person=replace(ANA, guest=True))
    execute(instance, newcomer, "imagine", {"prompt": "a boat"})
    assert execute(instance, newcomer, "credits", {}).left == 0
    execute(instance, replace(call, request_key="later"), "imagine", {"prompt": "a boat"})
    assert execute(instance, call, "credits", {}).left == 2


@pytest.mark.parametrize(
    ("name", "category"), [("self-harm", Category.SELF_HARM), ("Self_Harm", Category.SELF_HARM)]
)
def test_a_communitys_category_rule_is_only_ever_stricter(name, category):
    instance = default_policy()
    held, refused = (
        apply_overrides(instance, {name: action}).stances[category] for action in ("hold", "refuse")
    )
    assert held == instance.stances[category]  # refused above, held below: already as strict
    assert (refused.action, refused.threshold) == (Action.REFUSE, instance.stances[category].hold_threshold)
    assert (
        apply_overrides(instance, {name: "refuse"}).version
        != instance.version
        == apply_overrides(instance, {}).version
    )


@pytest.mark.parametrize("name", ["minors", "foreign", "nonsense"])
def test_of_the_core_and_of_what_cannot_be_judged_a_community_says_nothing(name):
    with raises(BadParameterError, match="categories"):
        apply_overrides(default_policy(), {name: "hold"})
