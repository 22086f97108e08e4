"""Who may open a gathering, and how many may be open."""

from sqlalchemy.orm import Session

from studio.db.gatherings import gathering_rows
from studio.db.sql_dialects import lock_names
from studio.domain.people import Address, Person
from studio.domain.settings.communities import CommunityRules, Hosts, Tier
from studio.errors.gatherings import GatheringRefusedError, Refusal

MOST_OPEN = 3  # in a community
# Kinds that open others and have nothing to take part in: they take nobody's room.
SCHEDULES = frozenset({"theme"})
_LEAST_TIERS = {
    Hosts.MEMBER: {Tier.MEMBER, Tier.TRUSTED, Tier.MODERATOR},
    Hosts.TRUSTED: {Tier.TRUSTED, Tier.MODERATOR},
    Hosts.MODERATORS: {Tier.MODERATOR},
}


def require_host(rules: CommunityRules, person: Person, tier: Tier, address: Address) -> None:
    """Raises `GatheringRefusedError` for who opens none here, and in direct messages."""
    if person.is_alone or address.is_direct:
        raise GatheringRefusedError(Refusal.DIRECT)
    if rules.gatherings is Hosts.OFF:
        raise GatheringRefusedError(Refusal.OFF)
    if not person.moderates and tier not in _LEAST_TIERS[rules.gatherings]:
        raise GatheringRefusedError(Refusal.TIER)


def require_room(session: Session, kind: str, address: Address) -> None:
    """Raises `GatheringRefusedError`. Of two that are opened at once, the second waits for the first."""
    lock_names(session, f"gatherings:{address.platform}:{address.community}")
    is_schedule = kind in SCHEDULES
    beside = [
        found
        for found in gathering_rows.open_in_community(session, address)
        if (found.kind in SCHEDULES) is is_schedule
    ]
    if len(beside) >= MOST_OPEN:
        raise GatheringRefusedError(Refusal.TOO_MANY, most=MOST_OPEN)
    here = gathering_rows.open_in_channel(session, address)
    if same := next((found for found in here if found.kind == kind), None):
        raise GatheringRefusedError(Refusal.SAME_KIND, id=same.id)
