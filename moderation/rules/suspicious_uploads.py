"""Requests that start from an upload which a moderator has to see first."""

from moderation.policy.categories import Category
from moderation.policy.evidence_phrases import MINOR_AND_SEXUAL_PICTURE
from moderation.policy.findings import Finding, weigh
from moderation.rules.prompt import PromptSubject
from moderation.rules.prompt.minors import Minors, default_minors_rule
from studio.domain.requests import PaintRequest
from studio.domain.verdicts import Ruling, Verdict


def apply_upload_suspicion(verdict: Verdict, request: PaintRequest, subject: PromptSubject) -> Verdict:
    """Hold what would pass when it starts from a doubtful upload.

    Beside words for a minor, a picture that may be sexual belongs to the core.
    """
    doubts = [source.doubt for source in request.sources if source.doubt]
    sexual = any(doubt.category == Category.SEXUAL for doubt in doubts)
    if sexual and default_minors_rule().speaks_of_minors(subject):
        found = MINOR_AND_SEXUAL_PICTURE
        core = Finding(ruling=Ruling.REFUSE, rule=Minors.name, category=Category.MINORS, evidence=found)
        return weigh([core])
    if not doubts or not verdict.allows:
        return verdict
    doubt = doubts[0]
    return Verdict(ruling=Ruling.HOLD, rule=doubt.rule, category=doubt.category, evidence=doubt.evidence)
