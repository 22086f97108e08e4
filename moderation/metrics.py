"""Figures for Prometheus. No label ever holds a person, a prompt or a word of one."""

from prometheus_client import Counter

LIMITER_FAILURES = Counter(
    "chatelier_rate_limiter_failures_total",
    "Requests that went on uncounted because the limiter's storage was away.",
)
LIMITED = Counter("chatelier_limited_total", "Requests turned away for coming too fast.", ["scope"])
VERDICTS = Counter(
    "chatelier_verdicts_total", "Verdicts of the rules.", ["subject", "ruling", "rule", "category"]
)
SIGNING_FAILURES = Counter(
    "chatelier_signing_failures_total", "Pictures shown without a part of their provenance.", ["part"]
)
RULE_FAILURES = Counter("chatelier_rule_failures_total", "Rules that could not judge.", ["subject", "rule"])
CASES = Counter("chatelier_cases_decided_total", "Cases that moderators decided.", ["kind", "decision"])
STRIKES = Counter("chatelier_strikes_total", "Strikes, by what followed.", ["category", "consequence"])
