"""Admission control: who may send requests, which prompts and uploads are accepted, and which pictures may be seen."""

import logging
from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy.orm import Session

from moderation.cases.artist_opt_outs import opted_out
from moderation.cases.blocked_pictures import blocked_bits
from moderation.cases.sanctions import find_exclusion
from moderation.cases.side_effects import SideEffects
from moderation.cases.strikes import SEVERE, strike_weight
from moderation.cases.violations import ViolationLog
from moderation.limits.rate_limiter import Limiter
from moderation.limits.settings import LimitSettings
from moderation.limits.trust_tiers import allowance_of, tier_of
from moderation.metrics import VERDICTS
from moderation.policy.categories import Category
from moderation.policy.community_overrides import apply_overrides, known_overrides
from moderation.policy.findings import Finding
from moderation.policy.policy import Policy
from moderation.policy.remedies import how_to_name_a_moderator, remedy_of
from moderation.rules.image import ImageRule, default_image_rules
from moderation.rules.image.blocked_here import BlockedHere
from moderation.rules.image_judge import ImageJudge
from moderation.rules.prompt import PromptRule, PromptSubject
from moderation.rules.prompt.names import Names
from moderation.rules.prompt_judge import PromptJudge
from moderation.rules.suspicious_uploads import apply_upload_suspicion
from moderation.vision.analysis_process import ImageAnalyzer
from studio.clock import now
from studio.coded_text import coded
from studio.db.database import Database
from studio.db.identities.linked_identities import human_of
from studio.db.newcomers.newcomer_origins import FIRST_DAY
from studio.db.newcomers.newcomer_origins import of_newcomer as origins_of_newcomer
from studio.db.settings import community_rules
from studio.domain.people import Person, Platform
from studio.domain.settings.communities import DEFAULT, CommunityRules, NewcomerLimits, Tier
from studio.domain.verdicts import Ruling, Verdict
from studio.errors import BadParameterError, BannedError, NotAllowedError
from studio.ports import Admission, Allowance, Inspected, Inspection, InstanceLimits

logger = logging.getLogger(__name__)


NEWCOMERS = Finding(ruling=Ruling.REFUSE, rule="newcomer", category=Category.NEWCOMER)


class ModerationGate:
    """Implements `studio.ports.Gate`. Safe for many threads."""

    def __init__(
        self,
        *,
        database: Database,
        limits: LimitSettings | None = None,
        redis_url: str | None = None,
        prompt_rules: Sequence[PromptRule] | None = None,
        image_rules: Sequence[ImageRule] | None = None,
        policy: Policy | None = None,
        holds: bool | None = True,
        watched: frozenset[Platform] = frozenset(),
        unmoderated: frozenset[Platform] = frozenset(),
        rules: InstanceLimits | None = None,
        side_effects: SideEffects | None = None,
        analyzer: ImageAnalyzer | None = None,
    ) -> None:
        """Without `redis_url` the limits hold for this process only; without rules, the instance's own apply.

        With `holds` False, for an instance where no moderator looks, what would be held is refused. None: it is held in
        communities that have a desk channel, and on the platforms that are `watched` anyway. On those that are
        `unmoderated` nobody decides on a suspension or an appeal. Without `side_effects` what follows from strikes
        waits for the sweeper. Without an `analyzer`, who has a process of its own for it, pictures are looked at here.
        """
        self._database = database
        limits = limits or LimitSettings()
        self._limiter = Limiter(limits, redis_url=redis_url)
        self._newcomers = NewcomerLimits(per_address=limits.address_people, per_invite=limits.invite_people)
        self._prompt_judge = PromptJudge(policy=policy, rules=prompt_rules)
        rules_for_pictures = default_image_rules(policy=policy) if image_rules is None else image_rules
        blocked_here = BlockedHere(self._blocked_bits)
        self._inspector = ImageJudge(
            (*rules_for_pictures, blocked_here),
            policy=self._prompt_judge.policy,
            see=analyzer.see if analyzer else None,
        )
        self._holds = holds
        self._watched = watched
        self._unmoderated = unmoderated | {Platform.CLI}
        self._rules = rules or InstanceLimits()
        self._violations = ViolationLog(database, side_effects=side_effects)

    @property
    def policy_version(self) -> str:
        """Of the operator's policy."""
        return self._prompt_judge.policy.version

    def warm_up(self) -> None:
        """Load in the background what the prompt rules need. Otherwise the first request waits for it."""
        self._prompt_judge.warm_up()

    def close(self) -> None:
        """Let go of the connections of the limits."""
        self._limiter.close()

    def allowance(self, person: Person) -> Allowance:
        """Raises `DatabaseUnavailableError`."""
        with self._database.read() as session:
            rules = community_rules(session, person.platform, person.community)
            tier = tier_of(session, person, rules, at=now())
        allowance = allowance_of(tier, self._rules, rules, policy_version=self._policy_for(rules).version)
        return allowance if person.moderates else replace(allowance, newcomers=self._newcomers)

    def admit(self, admission: Admission) -> Verdict:
        """Raises `BannedError` or `RateLimitedError`; `DatabaseUnavailableError` when bans cannot be read."""
        person = admission.person
        self.require_not_banned(person)
        with self._database.read() as session:
            rules = community_rules(session, person.platform, person.community)
            newcomer = tier_of(session, person, rules, at=now()) is Tier.NEWCOMER
            account = human_of(session, person.key)
            origins = _newcomer_origins(session, person)
        self._limiter.admit(person, newcomer=newcomer, account=account, origins=origins)
        judged = self._judge_prompt(admission, rules)
        verdict = self._settle(judged, person, rules)
        VERDICTS.labels("prompt", verdict.ruling, verdict.rule, verdict.category).inc()
        if verdict.ruling is Ruling.REFUSE:
            self._limiter.record_refusal(person, account=account, origins=origins)
        if not verdict.allows:
            self._record(person, verdict, admission.job_id, weight=strike_weight(judged))
        return verdict

    def require_not_banned(self, person: Person) -> None:
        """Raises `BannedError`; `DatabaseUnavailableError` when bans cannot be read."""
        moderated = self._is_moderated(person)
        with self._database.read() as session:
            found = find_exclusion(session, person, moderated=moderated)
        if found is None:
            return
        if moderated or found.until is None:
            raise BannedError(until=found.until)
        raise BannedError(
            until=found.until, advice=(coded("advice.ends_by_itself"), *how_to_name_a_moderator(person))
        )

    def require_moderators(self, person: Person) -> None:
        """Raises `NotAllowedError`."""
        if not self._is_moderated(person):
            raise NotAllowedError("nobody_moderates", advice=how_to_name_a_moderator(person))

    def _is_moderated(self, person: Person) -> bool:
        return person.platform not in self._unmoderated and not person.is_alone

    def admit_upload(self, person: Person) -> None:
        """Raises `BannedError` and `RateLimitedError`; `DatabaseUnavailableError` when bans cannot be read."""
        self.require_not_banned(person)
        account, origins = self._account(person)
        self._limiter.admit_upload(person, account=account, origins=origins)

    def check_command_rate(self, person: Person, command: str) -> None:
        """Raises `RateLimitedError`; `DatabaseUnavailableError` when the records cannot be read."""
        account, origins = self._account(person)
        self._limiter.check_command_rate(person, command, account=account, origins=origins)

    def review(self, admission: Admission) -> Verdict:
        """Judge a request again, as when painting starts: by today's bans and policy, without counting it.

        Raises `BannedError`.
        """
        self.require_not_banned(admission.person)
        rules = self._community(admission.person)
        return self._settle(self._judge_prompt(admission, rules), admission.person, rules)

    def judge(self, subject: PromptSubject, *, any_language: bool = False) -> Verdict:
        """What the prompt rules and the operator's policy say, without any person: counts and records nothing."""
        return self._prompt_judge.judge(subject, any_language=any_language)

    def inspect(self, inspection: Inspection) -> Verdict:
        """Raises `InspectionError` when any rule cannot judge: the picture is then not shown."""
        rules = self._community(inspection.person)
        policy = self._policy_for(rules)
        judged = self._inspector.judge(inspection, policy=policy)
        verdict = self._settle_hold(judged, inspection.person, rules)
        upload = inspection.kind is Inspected.UPLOAD
        if upload and inspection.person.platform is not Platform.CLI:
            verdict = self._judge_upload(verdict, inspection.person, rules, policy)
        verdict = self._add_remedy(verdict, inspection.person, appeal=not upload)
        VERDICTS.labels(inspection.kind, verdict.ruling, verdict.rule, verdict.category).inc()
        if (weight := strike_weight(judged)) >= SEVERE:
            # Other refused pictures weigh nothing: a model may paint what nobody asked for.
            self._record(inspection.person, verdict, inspection.job_id, weight=weight)
        return verdict

    def _judge_prompt(self, admission: Admission, rules: CommunityRules) -> Verdict:
        subject = PromptSubject.of(admission)
        verdict = self._prompt_judge.judge(
            subject, policy=self._policy_for(rules), more_rules=self._community_rules(admission.person)
        )
        return apply_upload_suspicion(verdict, admission.request, subject)

    def _community_rules(self, person: Person) -> tuple[PromptRule, ...]:
        """Of artists who asked a community to leave their style alone."""
        if person.platform is Platform.CLI:
            return ()
        with self._database.read() as session:
            artists = opted_out(session, person)
        return (Names.of_artists(artists),) if artists else ()

    def _settle(self, verdict: Verdict, person: Person, rules: CommunityRules) -> Verdict:
        return self._add_remedy(self._settle_hold(verdict, person, rules), person)

    def _settle_hold(self, verdict: Verdict, person: Person, rules: CommunityRules) -> Verdict:
        """What nobody would look at is refused."""
        if verdict.ruling is not Ruling.HOLD or self._is_reviewed(person, rules):
            return verdict
        return replace(verdict, ruling=Ruling.REFUSE)

    def _add_remedy(self, verdict: Verdict, person: Person, *, appeal: bool = True) -> Verdict:
        """A refusal with the setting or moderator that could change it."""
        if verdict.ruling is not Ruling.REFUSE:
            return verdict
        moderated = self._is_moderated(person)
        return replace(
            verdict, remedy=remedy_of(verdict, person, moderated=moderated, appeal=appeal), heard=moderated
        )

    def _is_reviewed(self, person: Person, rules: CommunityRules) -> bool:
        if self._holds is not None:
            return self._holds
        return rules.desk_channel is not None or person.platform in self._watched

    def _judge_upload(
        self, verdict: Verdict, person: Person, rules: CommunityRules, policy: Policy
    ) -> Verdict:
        """Refused uploads count as probing the rules do."""
        if verdict.allows and self._is_newcomer(person, rules):
            verdict = self._apply_newcomer_rule(verdict, person, rules, policy)
        if verdict.ruling is Ruling.REFUSE and not verdict.asks_consent:
            account, origins = self._account(person)
            self._limiter.record_refusal(person, account=account, origins=origins)
        return verdict

    def _apply_newcomer_rule(
        self, verdict: Verdict, person: Person, rules: CommunityRules, policy: Policy
    ) -> Verdict:
        """The upload of a newcomer passed all rules, and may wait for a moderator where there is one."""
        found = policy.apply(NEWCOMERS)
        if found is None or (found.ruling is Ruling.HOLD and not self._is_reviewed(person, rules)):
            return verdict
        return replace(verdict, ruling=found.ruling, rule=found.rule, category=found.category)

    def _is_newcomer(self, person: Person, rules: CommunityRules) -> bool:
        with self._database.read() as session:
            return tier_of(session, person, rules, at=now()) is Tier.NEWCOMER

    def _policy_for(self, rules: CommunityRules) -> Policy:
        try:
            return apply_overrides(self._prompt_judge.policy, rules.stances)
        except (BadParameterError, ValueError):  # the others hold all the same
            logger.error("community overrides partly ignored: unknown category or action")
            return apply_overrides(self._prompt_judge.policy, known_overrides(rules.stances))

    def _account(self, person: Person) -> tuple[str, tuple[str, ...]]:
        """The human, and where they came from if they are new."""
        with self._database.read() as session:
            return human_of(session, person.key), _newcomer_origins(session, person)

    def _community(self, person: Person) -> CommunityRules:
        """`chatelier imagine` has none, and no database either."""
        if person.platform is Platform.CLI:
            return DEFAULT
        with self._database.read() as session:
            return community_rules(session, person.platform, person.community)

    def _record(self, person: Person, verdict: Verdict, job_id: str, *, weight: float) -> None:
        self._violations.record(
            person,
            verdict,
            weight=weight,
            policy_version=self.policy_version,
            job_id=job_id,
            moderated=self._is_moderated(person),
        )

    def _blocked_bits(self, person: Person) -> tuple[int, ...]:
        if person.platform is Platform.CLI:
            return ()
        with self._database.read() as session:
            return blocked_bits(session, person)


def _newcomer_origins(session: Session, person: Person) -> tuple[str, ...]:
    return origins_of_newcomer(session, person, since=now() - FIRST_DAY)
