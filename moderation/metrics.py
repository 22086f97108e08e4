"""Figures for Prometheus. No label ever holds a person, a prompt or a word of one."""

from prometheus_client import Counter

LIMITER_FAILURES = Counter(
    "chatelier_rate_limiter_failures_total",
    "Requests that went on uncounted because the limiter's storage was away.",
)
VERDICTS = Counter(
    "chatelier_verdicts_total", "Verdicts of the house rules.", ["subject", "ruling", "rule", "category"]
)
RULE_FAILURES = Counter("chatelier_rule_failures_total", "Rules that could not judge.", ["subject", "rule"])
