"""The house's gate: who may ask, what may be asked, and which pictures may be seen."""

import logging
from collections.abc import Sequence
from dataclasses import replace

from moderation import bans
from moderation.categories import Category
from moderation.findings import Finding, weigh
from moderation.inspection import Inspector
from moderation.limits.limiter import PersonLimiter
from moderation.limits.settings import LimitSettings
from moderation.metrics import RULE_FAILURES, VERDICTS
from moderation.rules.image import ImageRule, house_image_rules
from moderation.rules.prompt import PromptRule, PromptSubject, house_prompt_rules
from studio.db.database import Database
from studio.errors import Banned
from studio.people import Person
from studio.ports import Admission, Inspection
from studio.verdicts import Ruling, Verdict

logger = logging.getLogger(__name__)


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
        holds: bool = True,
    ) -> None:
        """Without `redis_url` the limits hold for this process only; without rules, the house's own apply.

        With `holds` False, for a house where no moderator looks, what would be held is refused.
        """
        self._database = database
        self._limiter = PersonLimiter(limits or LimitSettings(), redis_url=redis_url)
        self._prompt_rules = tuple(house_prompt_rules() if prompt_rules is None else prompt_rules)
        self._inspector = Inspector(house_image_rules() if image_rules is None else image_rules)
        self._holds = holds

    def admit(self, admission: Admission) -> Verdict:
        """Raises `Banned` or `RateLimited`; `DatabaseUnavailable` when bans cannot be read."""
        self._require_no_ban(admission.person)
        self._limiter.admit(admission.person)
        verdict = self._settled(self.judge(PromptSubject.of(admission)))
        VERDICTS.labels("prompt", verdict.ruling, verdict.rule, verdict.category).inc()
        if verdict.ruling is Ruling.REFUSE:
            self._limiter.note_refusal(admission.person)
        return verdict

    def inspect(self, inspection: Inspection) -> Verdict:
        """Raises `InspectionFailed` when any rule cannot judge: the picture is then not shown."""
        verdict = self._settled(self._inspector.judge(inspection))
        VERDICTS.labels(inspection.kind, verdict.ruling, verdict.rule, verdict.category).inc()
        return verdict

    def judge(self, subject: PromptSubject) -> Verdict:
        """What the prompt rules say, without any person: counts and records nothing."""
        findings = [self._finding(rule, subject) for rule in self._prompt_rules]
        return weigh(finding for finding in findings if finding is not None)

    def _settled(self, verdict: Verdict) -> Verdict:
        if verdict.ruling is Ruling.HOLD and not self._holds:
            return replace(verdict, ruling=Ruling.REFUSE)
        return verdict

    def _finding(self, rule: PromptRule, subject: PromptSubject) -> Finding | None:
        try:
            return rule.judge(subject)
        except Exception as error:  # noqa: BLE001 - a rule that cannot judge must not wave the prompt through
            RULE_FAILURES.labels("prompt", rule.name).inc()
            logger.error("the prompt rule %s failed: %s", rule.name, type(error).__name__)
            return Finding(ruling=Ruling.HOLD, rule=rule.name, category=Category.UNCHECKED, score=0.0)

    def _require_no_ban(self, person: Person) -> None:
        with self._database.read() as session:
            ban = bans.find_ban(session, person.key)
        if ban is not None:
            raise Banned(until=ban.until)
