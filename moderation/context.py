"""What the parts of the moderation gate share: who somebody is, where they are, and who moderates there."""

from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from moderation.cases.artist_opt_outs import opted_out
from moderation.cases.blocked_pictures import blocked_bits
from moderation.cases.side_effects import SideEffects
from moderation.limits.trust_tiers import tier_of
from moderation.records.encryption import EvidenceCipher
from studio.clock import now
from studio.db.database import Database
from studio.db.identities.linked_identities import human_of
from studio.db.newcomers.newcomer_origins import FIRST_DAY
from studio.db.newcomers.newcomer_origins import of_newcomer as origins_of_newcomer
from studio.db.settings import community_rules
from studio.db.tables import PersonRow
from studio.domain.people import Person, Platform
from studio.domain.settings.communities import DEFAULT, CommunityRules, Tier
from studio.ports import InstanceLimits


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeratedPlaces:
    """Where a moderator looks at what is held, and where one decides on suspensions and appeals.

    With `holds` False no moderator looks anywhere, and what would be held is refused. None: it is held in communities
    that have a desk channel, and on the platforms that are `watched` anyway. On those that are `unmoderated`, and on
    the command line, nobody decides on a suspension or an appeal.
    """

    holds: bool | None = True
    watched: frozenset[Platform] = frozenset()
    unmoderated: frozenset[Platform] = frozenset()

    def is_moderated(self, person: Person) -> bool:
        return person.platform not in self.unmoderated | {Platform.CLI} and not person.is_alone

    def is_reviewed(self, person: Person, rules: CommunityRules) -> bool:
        if self.holds is not None:
            return self.holds
        return rules.desk_channel is not None or person.platform in self.watched


@dataclass(frozen=True, slots=True, kw_only=True)
class ModerationContext:
    """Without `side_effects`, what follows from strikes waits for the sweeper.

    Without a `cipher` no evidence is kept, and nobody is suspended for good: a moderator could not see why.

    Methods raise `DatabaseUnavailableError`. On the command line there is no community, and no database either.
    """

    database: Database
    places: ModeratedPlaces = ModeratedPlaces()
    limits: InstanceLimits = field(default_factory=InstanceLimits)
    side_effects: SideEffects | None = None
    cipher: EvidenceCipher | None = None

    def community(self, person: Person) -> CommunityRules:
        if person.platform is Platform.CLI:
            return DEFAULT
        with self.database.read() as session:
            return community_rules(session, person.platform, person.community)

    def account(self, person: Person) -> tuple[str, tuple[str, ...]]:
        """The human, and where they came from if they are new."""
        with self.database.read() as session:
            return human_of(session, person.key), newcomer_origins(session, person)

    def is_newcomer(self, person: Person, rules: CommunityRules) -> bool:
        with self.database.read() as session:
            return tier_of(session, person, rules, at=now()) is Tier.NEWCOMER

    def artists(self, person: Person) -> dict[str, str]:
        """Those who asked the person's community to leave their style alone, as `opted_out` gives them."""
        if person.platform is Platform.CLI:
            return {}
        with self.database.read() as session:
            return opted_out(session, person)

    def blocked_bits(self, person: Person) -> tuple[int, ...]:
        """The fingerprints of pictures that are blocked where the person is."""
        if person.platform is Platform.CLI:
            return ()
        with self.database.read() as session:
            return blocked_bits(session, person)


def newcomer_origins(session: Session, person: Person) -> tuple[str, ...]:
    return origins_of_newcomer(session, person, since=now() - FIRST_DAY)


def is_first_day(session: Session, person: Person) -> bool:
    """Whether somebody who does not moderate came here within the last day, on whatever platform."""
    row = session.get(PersonRow, person.key)
    return not person.moderates and (row is None or now() - row.first_seen_at < FIRST_DAY)
