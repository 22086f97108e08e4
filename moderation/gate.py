"""Admission control: who may send requests, which prompts and uploads are accepted, and which pictures may be seen."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace

from moderation.cases.sanctions import find_exclusion
from moderation.cases.strikes import SEVERE, Violation, strike_weight
from moderation.cases.violations import ViolationLog
from moderation.context import ModerationContext, is_first_day, newcomer_origins
from moderation.limits.rate_limiter import Limiter
from moderation.limits.settings import LimitSettings
from moderation.limits.trust_tiers import allowance_of, tier_of
from moderation.metrics import VERDICTS
from moderation.policy.categories import Category
from moderation.policy.community_overrides import apply_overrides, known_overrides, narrow
from moderation.policy.findings import Finding
from moderation.policy.policy import Policy
from moderation.policy.remedies import CONTEMPT, how_to_name_a_moderator, remedy_of, with_help
from moderation.records.case_words import seal_words
from moderation.records.evidence import EvidenceDraft, draft_of_picture, draft_of_words
from moderation.rules.community_policy import rules_beyond
from moderation.rules.community_words import CommunityWords
from moderation.rules.image import ImageRule, default_image_rules
from moderation.rules.image.blocked_here import BlockedHere
from moderation.rules.image_judge import ImageJudge
from moderation.rules.prompt import PromptRule, PromptSubject
from moderation.rules.prompt.meaning import Meaning
from moderation.rules.prompt.names import Names
from moderation.rules.prompt_judge import PromptJudge
from moderation.rules.suspicious_uploads import apply_upload_suspicion
from moderation.rules.word_list_dry_run import try_words
from moderation.vision.analysis_process import ImageAnalyzer
from studio.clock import now
from studio.coded_text import coded
from studio.db.identities.linked_identities import human_of
from studio.db.settings import community_rules
from studio.domain.people import Address, Person, Platform
from studio.domain.settings.communities import DEFAULT as COMMUNITY_DEFAULT
from studio.domain.settings.communities import CommunityRules, Tier
from studio.domain.settings.word_lists import WordTrial
from studio.domain.verdicts import Ruling, Verdict
from studio.errors import BadParameterError, BannedError, NotAllowedError
from studio.ports import Admission, Allowance, Inspected, Inspection

logger = logging.getLogger(__name__)


NEWCOMERS = Finding(ruling=Ruling.REFUSE, rule="newcomer", category=Category.NEWCOMER)


class ModerationGate:
    """Implements `studio.ports.Gate`. Safe for many threads."""

    def __init__(
        self,
        context: ModerationContext,
        *,
        limiter: Limiter | None = None,
        prompt_judge: PromptJudge | None = None,
        image_rules: Sequence[ImageRule] | None = None,
        analyzer: ImageAnalyzer | None = None,
    ) -> None:
        """Without a limiter the usual limits hold, for this process only; without rules, the instance's own apply.

        Without an `analyzer`, who has a process of its own for it, pictures are looked at here.
        """
        self._context = context
        self._places = context.places
        self._limiter = limiter or Limiter(LimitSettings())
        self._prompt_judge = prompt_judge or PromptJudge()
        policy = self._prompt_judge.policy
        rules_for_pictures = default_image_rules(policy=policy) if image_rules is None else image_rules
        self._image_judge = ImageJudge(
            (*rules_for_pictures, BlockedHere(context.blocked_bits)),
            policy=policy,
            see=analyzer.see if analyzer else None,
        )
        self._violations = ViolationLog(context.database, side_effects=context.side_effects)

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

    def allowance(self, person: Person, address: Address | None = None) -> Allowance:
        """Raises `DatabaseUnavailableError`."""
        with self._context.database.read() as session:
            rules = community_rules(session, person.platform, person.community)
            tier = tier_of(session, person, rules, at=now())
        allowance = allowance_of(
            tier, self._context.limits, rules, policy_version=self._policy_for(rules, address).version
        )
        return allowance if person.moderates else replace(allowance, newcomers=self._limiter.newcomers)

    def admit(self, admission: Admission) -> Verdict:
        """Raises `BannedError` or `RateLimitedError`; `DatabaseUnavailableError` when bans cannot be read."""
        person = admission.person
        self.require_not_banned(person)
        with self._context.database.read() as session:
            rules = community_rules(session, person.platform, person.community)
            newcomer = tier_of(session, person, rules, at=now()) is Tier.NEWCOMER
            held = rules.holds_newcomers(now()) and (newcomer or is_first_day(session, person))
            account = human_of(session, person.key)
            origins = newcomer_origins(session, person)
        self._limiter.admit(person, newcomer=newcomer, account=account, origins=origins)
        judged = self._judge_prompt(admission, rules)
        if held and judged.allows:
            judged = replace(judged, ruling=Ruling.HOLD, rule="lockdown", category=Category.NEWCOMER)
        verdict = self._settle(judged, person, rules)
        VERDICTS.labels("prompt", verdict.ruling, verdict.rule, verdict.category).inc()
        if verdict.ruling is Ruling.REFUSE:
            self._limiter.record_refusal(person, account=account, origins=origins)
        if not verdict.allows:
            verdict = self._seal(admission, verdict)
            weight = strike_weight(judged)
            evidence = self._draft_of_words(admission) if weight else None
            self._record(person, verdict, admission.job_id, weight=weight, evidence=evidence)
        return verdict

    def _draft_of_words(self, admission: Admission) -> EvidenceDraft | None:
        with self._context.database.read() as session:
            return draft_of_words(session, self._context.cipher, admission)

    def _seal(self, admission: Admission, verdict: Verdict) -> Verdict:
        with self._context.database.read() as session:
            return seal_words(session, self._context.cipher, admission, verdict)

    def require_not_banned(self, person: Person) -> None:
        """Raises `BannedError`; `DatabaseUnavailableError` when bans cannot be read."""
        moderated = self._places.is_moderated(person)
        with self._context.database.read() as session:
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
        if not self._places.is_moderated(person):
            raise NotAllowedError("nobody_moderates", advice=how_to_name_a_moderator(person))

    def admit_upload(self, person: Person) -> None:
        """Raises `BannedError` and `RateLimitedError`; `DatabaseUnavailableError` when bans cannot be read."""
        self.require_not_banned(person)
        rules = self._context.community(person)
        if rules.pauses_uploads(now()) and not person.moderates:
            raise NotAllowedError("uploads_paused", until=rules.uploads_paused_until or now())
        account, origins = self._context.account(person)
        self._limiter.admit_upload(person, account=account, origins=origins)

    def check_command_rate(self, person: Person, command: str) -> None:
        """Raises `RateLimitedError`; `DatabaseUnavailableError` when the records cannot be read."""
        account, origins = self._context.account(person)
        self._limiter.check_command_rate(person, command, account=account, origins=origins)

    def try_words(self, moderator: Person, words: Mapping[str, str]) -> WordTrial:
        """Raises `DatabaseUnavailableError`."""
        with self._context.database.read() as session:
            return try_words(session, moderator, words)

    def review(self, admission: Admission) -> Verdict:
        """Judge a request again, as when painting starts: by today's bans and policy, without counting it.

        Raises `BannedError`.
        """
        self.require_not_banned(admission.person)
        rules = self._context.community(admission.person)
        verdict = self._settle(self._judge_prompt(admission, rules), admission.person, rules)
        return self._seal(admission, verdict)

    def judge(self, subject: PromptSubject, *, any_language: bool = False) -> Verdict:
        """What the prompt rules and the operator's policy say, without any person: counts and records nothing."""
        policy = self._policy_for(COMMUNITY_DEFAULT, None)
        return self._prompt_judge.judge(subject, policy=policy, any_language=any_language)

    def inspect(self, inspection: Inspection) -> Verdict:
        """Raises `InspectionError` when any rule cannot judge: the picture is then not shown."""
        rules = self._context.community(inspection.person)
        policy = self._policy_for(rules, inspection.address)
        judged = self._image_judge.judge(inspection, policy=policy)
        verdict = self._settle_hold(judged, inspection.person, rules)
        upload = inspection.kind is Inspected.UPLOAD
        if upload and inspection.person.platform is not Platform.CLI:
            verdict = self._judge_upload(verdict, inspection.person, rules, policy)
        verdict = self._add_remedy(verdict, inspection.person, appeal=not upload)
        VERDICTS.labels(inspection.kind, verdict.ruling, verdict.rule, verdict.category).inc()
        if (weight := strike_weight(judged)) >= SEVERE:
            # Other refused pictures weigh nothing: a model may paint what nobody asked for.
            evidence = draft_of_picture(self._context.cipher, inspection, verdict)
            self._record(inspection.person, verdict, inspection.job_id, weight=weight, evidence=evidence)
        return verdict

    def _judge_prompt(self, admission: Admission, rules: CommunityRules) -> Verdict:
        subject = PromptSubject.of(admission)
        policy = self._policy_for(rules, admission.address)
        verdict = self._prompt_judge.judge(
            subject,
            policy=policy,
            more_rules=(
                *self._community_rules(admission.person, rules),
                *rules_beyond(self._prompt_judge.policy, policy),
            ),
        )
        return apply_upload_suspicion(verdict, admission.request, subject)

    def _community_rules(self, person: Person, rules: CommunityRules) -> tuple[PromptRule, ...]:
        artists = self._context.artists(person)
        of_artists = (Names.of_artists(artists),) if artists else ()
        return (*of_artists, CommunityWords.of(rules.words)) if rules.words else of_artists

    def _settle(self, verdict: Verdict, person: Person, rules: CommunityRules) -> Verdict:
        return self._add_remedy(self._settle_hold(verdict, person, rules), person)

    def _settle_hold(self, verdict: Verdict, person: Person, rules: CommunityRules) -> Verdict:
        """What nobody would look at is refused."""
        verdict = with_help(verdict)
        if verdict.ruling is not Ruling.HOLD or self._places.is_reviewed(person, rules):
            return verdict
        return replace(verdict, ruling=Ruling.REFUSE, doubtful=True)

    def _add_remedy(self, verdict: Verdict, person: Person, *, appeal: bool = True) -> Verdict:
        """A refusal with the setting or moderator that could change it."""
        if verdict.ruling is not Ruling.REFUSE:
            return verdict
        if verdict.rule == Meaning.name and verdict.category in CONTEMPT:
            verdict = replace(verdict, doubtful=True)
        moderated = self._places.is_moderated(person)
        return replace(
            verdict, remedy=remedy_of(verdict, person, moderated=moderated, appeal=appeal), heard=moderated
        )

    def _judge_upload(
        self, verdict: Verdict, person: Person, rules: CommunityRules, policy: Policy
    ) -> Verdict:
        """Refused uploads count as probing the rules do."""
        if verdict.allows and self._context.is_newcomer(person, rules):
            verdict = self._apply_newcomer_rule(verdict, person, rules, policy)
        if verdict.ruling is Ruling.REFUSE and not verdict.asks_consent:
            account, origins = self._context.account(person)
            self._limiter.record_refusal(person, account=account, origins=origins)
        return verdict

    def _apply_newcomer_rule(
        self, verdict: Verdict, person: Person, rules: CommunityRules, policy: Policy
    ) -> Verdict:
        """The upload of a newcomer passed all rules, and may wait for a moderator where there is one."""
        found = policy.apply(NEWCOMERS)
        if found is None or (found.ruling is Ruling.HOLD and not self._places.is_reviewed(person, rules)):
            return verdict
        return replace(verdict, ruling=found.ruling, rule=found.rule, category=found.category)

    def _policy_for(self, rules: CommunityRules, address: Address | None) -> Policy:
        here = rules.in_place(address)
        policy = self._prompt_judge.policy
        if not here.age_restricted:
            policy = policy.outside_age_restricted()
        for stances in (rules.stances, here.stances):
            try:
                policy = apply_overrides(policy, stances)
            except (BadParameterError, ValueError):  # the others hold all the same
                logger.error("community overrides partly ignored: unknown category or action")
                policy = apply_overrides(policy, known_overrides(stances))
        return narrow(policy, rules)

    def _record(
        self,
        person: Person,
        verdict: Verdict,
        job_id: str,
        *,
        weight: float,
        evidence: EvidenceDraft | None,
    ) -> None:
        violation = Violation(
            rule=verdict.rule,
            category=verdict.category,
            weight=weight,
            job_id=job_id or None,
            evidence=evidence,
        )
        self._violations.record(
            person,
            verdict,
            violation,
            policy_version=self.policy_version,
            moderated=self._places.is_moderated(person),
        )
