"""What one rule says, and what all rules say together."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from moderation.policy.categories import Category
from studio.domain.verdicts import ALLOWED, Ruling, Verdict

_WEIGHT = {Ruling.ALLOW: 0, Ruling.HOLD: 1, Ruling.REFUSE: 2}
# They say why a request was not judged, not what it shows: how sure they are compares with no score of harm.
_UNJUDGED = frozenset({Category.FOREIGN, Category.UNCHECKED, Category.NEWCOMER})


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """`evidence` is for moderators only, in no log and in no answer to a person. `score` is in [0, 1].

    `words` are those of the request that the finding rests on, for the person; none for the core. `others` are what the
    rule found in other categories, which the policy may treat more strictly.
    """

    ruling: Ruling
    rule: str
    category: Category
    evidence: str = field(default="", repr=False)
    score: float = 1.0
    words: str = field(default="", repr=False)
    shows_person: bool = False
    asks_consent: bool = False
    others: tuple["Finding", ...] = ()


def weigh(findings: Iterable[Finding]) -> Verdict:
    """The heaviest finding decides; among equals the core category, then what was found before what could not be
    judged, then the higher score, then the first.
    """
    findings = tuple(findings)
    heaviest = max(findings, key=_weight, default=None)
    if heaviest is None:
        return ALLOWED
    return Verdict(
        ruling=heaviest.ruling,
        rule=heaviest.rule,
        category=heaviest.category,
        evidence=heaviest.evidence,
        appealable=heaviest.category is not Category.MINORS,
        shows_person=any(finding.shows_person for finding in findings),
        asks_consent=heaviest.asks_consent,
        words="" if heaviest.category is Category.MINORS else heaviest.words,
    )


def _weight(finding: Finding) -> tuple[int, bool, bool, float]:
    return (
        _WEIGHT[finding.ruling],
        finding.category is Category.MINORS,
        finding.category not in _UNJUDGED,
        finding.score,
    )
