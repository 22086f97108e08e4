"""The house's gate: who may ask, what may be asked, and which pictures may be seen."""

import logging
from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy.exc import SQLAlchemyError

from moderation import audit, bans
from moderation.court import PromptCourt
from moderation.inspection import Inspector
from moderation.limits.limiter import PersonLimiter
from moderation.limits.settings import LimitSettings
from moderation.metrics import VERDICTS
from moderation.policy import Policy
from moderation.rules.image import ImageRule, house_image_rules
from moderation.rules.prompt import PromptRule, PromptSubject
from studio.db.database import Database
from studio.errors import Banned, DatabaseUnavailable
from studio.people import Person
from studio.ports import Admission, Allowance, HouseRules, Inspection
from studio.verdicts import Ruling, Verdict

logger = logging.getLogger(__name__)

_HOUSE = "house"  # who acts when no person does


class HouseGate:
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
        holds: bool = True,
        rules: HouseRules | None = None,
    ) -> None:
        """Without `redis_url` the limits hold for this process only; without rules, the house's own apply.

        With `holds` False, for a house where no moderator looks, what would be held is refused.
        """
        self._database = database
        self._limiter = PersonLimiter(limits or LimitSettings(), redis_url=redis_url)
        self._court = PromptCourt(policy=policy, rules=prompt_rules)
        rules_for_pictures = house_image_rules(policy=policy) if image_rules is None else image_rules
        self._inspector = Inspector(rules_for_pictures, policy=self._court.policy)
        self._holds = holds
        self._rules = rules or HouseRules()

    @property
    def policy_version(self) -> str:
        return self._court.policy.version

    def warm_up(self) -> None:
        """Load in the background what the prompt rules need. Otherwise the first request waits for it."""
        self._court.warm_up()

    def allowance(self, person: Person) -> Allowance:
        """What the house allows everybody."""
        return Allowance(
            monthly_credits=self._rules.monthly_credits,
            max_outstanding_jobs=self._rules.max_outstanding_jobs,
            max_pictures=self._rules.max_pictures,
        )

    def admit(self, admission: Admission) -> Verdict:
        """Raises `Banned` or `RateLimited`; `DatabaseUnavailable` when bans cannot be read."""
        self._require_no_ban(admission.person)
        self._limiter.admit(admission.person)
        verdict = self._settled(self.judge(PromptSubject.of(admission)))
        VERDICTS.labels("prompt", verdict.ruling, verdict.rule, verdict.category).inc()
        if verdict.ruling is Ruling.REFUSE:
            self._limiter.note_refusal(admission.person)
        if not verdict.allows:
            self._write_down(admission.person, verdict)
        return verdict

    def review(self, admission: Admission) -> Verdict:
        """Judge a request again, as when painting starts: by today's bans and policy, without counting it.

        Raises `Banned`.
        """
        self._require_no_ban(admission.person)
        return self._settled(self.judge(PromptSubject.of(admission)))

    def judge(self, subject: PromptSubject) -> Verdict:
        """What the prompt rules and the policy say, without any person: counts and records nothing."""
        return self._court.judge(subject)

    def inspect(self, inspection: Inspection) -> Verdict:
        """Raises `InspectionFailed` when any rule cannot judge: the picture is then not shown."""
        verdict = self._settled(self._inspector.judge(inspection))
        VERDICTS.labels(inspection.kind, verdict.ruling, verdict.rule, verdict.category).inc()
        return verdict

    def _settled(self, verdict: Verdict) -> Verdict:
        if verdict.ruling is Ruling.HOLD and not self._holds:
            return replace(verdict, ruling=Ruling.REFUSE)
        return verdict

    def _write_down(self, person: Person, verdict: Verdict) -> None:
        """Rule and category, never the text. If it cannot be written, the verdict stands all the same."""
        details = {"rule": verdict.rule, "category": verdict.category, "policy": self.policy_version}
        try:
            with self._database.begin() as session:
                audit.append(session, verdict.ruling, actor=_HOUSE, subject=person.key, details=details)
        except (DatabaseUnavailable, SQLAlchemyError) as error:
            logger.error("a verdict could not be written to the audit chain: %s", type(error).__name__)

    def _require_no_ban(self, person: Person) -> None:
        with self._database.read() as session:
            ban = bans.find_ban(session, person.key)
        if ban is not None:
            raise Banned(until=ban.until)
