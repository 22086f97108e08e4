"""Trust tiers: which tier a person is in, and the limits of each tier."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from moderation.cases.strikes import strike_sum
from studio.db.queries import MOST_COUNTED, done_jobs
from studio.domain.people import Person, Role
from studio.domain.settings.communities import CommunityRules, Tier
from studio.ports import Allowance, InstanceLimits

NEW_ACCOUNT = timedelta(days=7)
NEW_MEMBER = timedelta(days=1)
TRUSTED_AFTER = timedelta(days=14)
TRUSTED_JOBS = MOST_COUNTED
CLEAN = 0.25  # a sum of strikes below this is a clean history
_RANK = {tier: rank for rank, tier in enumerate(Tier)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a tier has of the instance's numbers: a share of the jobs at once, and of a worker."""

    jobs: float
    weight: float


TERMS = {
    Tier.NEWCOMER: Terms(jobs=0.3, weight=0.5),
    Tier.MEMBER: Terms(jobs=1.0, weight=1.0),
    Tier.TRUSTED: Terms(jobs=1.5, weight=1.5),
    Tier.MODERATOR: Terms(jobs=2.0, weight=1.5),
}


def tier_of(session: Session, person: Person, rules: CommunityRules, *, at: datetime) -> Tier:
    """By role where the community says so; else by age and by what the person has done so far."""
    if person.moderates:
        return Tier.MODERATOR
    if given := [rules.tiers[role] for role in person.platform_roles if role in rules.tiers]:
        return max(given, key=_RANK.__getitem__)
    if person.guest or _is_new(person, at):
        return Tier.NEWCOMER
    if Role.TRUSTED in person.roles or _has_earned_trust(session, person, at):
        return Tier.TRUSTED
    return Tier.MEMBER


def allowance_of(
    tier: Tier, limits: InstanceLimits, rules: CommunityRules, *, policy_version: str
) -> Allowance:
    """A community may only lower the number of pictures; its credits take the place of the instance's."""
    terms = TERMS[tier]
    return Allowance(
        tier=tier,
        monthly_credits=rules.monthly_credits.get(tier, limits.monthly_credits),
        max_outstanding_jobs=max(1, round(limits.max_outstanding_jobs * terms.jobs)),
        max_pictures=min(limits.max_pictures, rules.max_pictures or limits.max_pictures),
        weight=terms.weight,
        policy_version=policy_version,
    )


def _is_new(person: Person, at: datetime) -> bool:
    """Where the platform tells neither age, nobody is taken for a newcomer."""
    account, joined = person.account_created_at, person.joined_at
    return bool((account and at - account < NEW_ACCOUNT) or (joined and at - joined < NEW_MEMBER))


def _has_earned_trust(session: Session, person: Person, at: datetime) -> bool:
    done = done_jobs(session, person.key)
    if done.count < TRUSTED_JOBS or done.first_at is None or at - done.first_at < TRUSTED_AFTER:
        return False
    return strike_sum(session, person.key, at=at) < CLEAN
