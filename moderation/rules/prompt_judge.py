"""The prompt rules and the policy together: what they say of a text, without any person."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from moderation.metrics import RULE_FAILURES
from moderation.policy.categories import Category
from moderation.policy.findings import Finding, weigh
from moderation.policy.policy import Policy, default_policy
from moderation.rules.prompt import NeedsWarmUp, PromptRule, PromptSubject, default_prompt_rules
from moderation.rules.prompt.language import OtherLanguage
from moderation.rules.prompt.meaning import Meaning
from moderation.text.language_id import foreign
from moderation.text.normalization import fold_text
from studio.domain.verdicts import RequestPart, Ruling, Verdict

logger = logging.getLogger(__name__)


class PromptJudge:
    """Counts and records nothing. Safe for many threads."""

    def __init__(self, *, policy: Policy | None = None, rules: Sequence[PromptRule] | None = None) -> None:
        self.policy = policy or default_policy()
        self._rules = tuple(default_prompt_rules(policy=self.policy) if rules is None else rules)

    @classmethod
    def of(
        cls, policy: Policy, *, community_words: Path | None = None, names: Path | None = None
    ) -> "PromptJudge":
        """Raises `ConfigurationError` or OSError for a list that cannot be read."""
        rules = default_prompt_rules(policy=policy, community_words=community_words, names=names)
        return cls(policy=policy, rules=rules)

    def warm_up(self) -> None:
        """Load in the background what the rules need. Otherwise the first text waits for it."""
        for rule in self._rules:
            if isinstance(rule, NeedsWarmUp):
                rule.warm_up()

    def judge(
        self,
        subject: PromptSubject,
        *,
        policy: Policy | None = None,
        any_language: bool = False,
        more_rules: Sequence[PromptRule] = (),
    ) -> Verdict:
        """By the policy of a community, or by the operator's. `any_language`: none is held for its language alone.

        `more_rules` are those of a community.
        """
        evaluated = self.evaluate(subject, policy=policy, more_rules=more_rules)
        findings = [judged for _, _, judged in evaluated if judged is not None]
        if any(
            finding.rule == OtherLanguage.name and finding.ruling is not Ruling.ALLOW for finding in findings
        ):
            findings = [finding for finding in findings if not self._is_unmeasured(finding, subject)]
        if any_language:
            held = (Category.FOREIGN, Ruling.HOLD)
            findings = [finding for finding in findings if (finding.category, finding.ruling) != held]
        verdict = weigh(findings)
        return replace(verdict, part=part_of(subject, verdict.words)) if verdict.words else verdict

    def _is_unmeasured(self, finding: Finding, subject: PromptSubject) -> bool:
        """Whether it speaks of the meaning of a request that is in another language as a whole.

        Meaning was not measured on those languages. What it finds in a clause of an accepted one counts.
        """
        if finding.rule != Meaning.name or not all(
            foreign(text, self.policy.languages) for text in subject.own
        ):
            return False
        return foreign(finding.words, self.policy.languages) is not None

    def evaluate(
        self, subject: PromptSubject, *, policy: Policy | None = None, more_rules: Sequence[PromptRule] = ()
    ) -> Iterator[tuple[PromptRule, Finding | None, Finding | None]]:
        """Each rule, what it found, and what the policy makes of that."""
        policy = policy or self.policy
        for rule in (*self._rules, *more_rules):
            finding = _ask(rule, subject)
            judged = finding and policy.apply(finding, with_person=subject.with_person)
            yield rule, finding, judged


def part_of(subject: PromptSubject, words: str) -> RequestPart:
    """Where in the request the words stand, the person's own prompt first."""
    parts = {
        RequestPart.PROMPT: subject.own,
        RequestPart.STYLE: (subject.style,),
        RequestPart.NEGATIVE: (subject.negative,),
        RequestPart.EARLIER: subject.lineage,
    }
    folded = fold_text(words)
    for part, texts in parts.items():
        if any(f" {folded} " in f" {fold_text(text)} " for text in texts):
            return part
    return RequestPart.TOGETHER if subject.lineage else RequestPart.PROMPT


def _ask(rule: PromptRule, subject: PromptSubject) -> Finding | None:
    try:
        return rule.judge(subject)
    except Exception as error:  # noqa: BLE001 - a rule that cannot judge must not wave the prompt through
        RULE_FAILURES.labels("prompt", rule.name).inc()
        logger.error("prompt rule failed: rule=%s error=%s", rule.name, type(error).__name__)
        return Finding(ruling=Ruling.HOLD, rule=rule.name, category=Category.UNCHECKED, score=0.0)
