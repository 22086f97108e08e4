"""A community's own stances over the policy of the operator: only ever stricter."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from moderation.policy.categories import Category
from moderation.policy.policy import CORE, FIXED, Action, CategoryRule, Policy
from studio.domain.settings.channels import EVERY_CATEGORY
from studio.errors import BadParameterError

_KNOWN = {category.name.lower(): category for category in Category if category not in FIXED | CORE}


def categories_named(name: str) -> tuple[Category, ...]:
    """One, or those of `EVERY_CATEGORY`; ``self-harm`` and ``self_harm`` are the same. Raises `BadParameterError`."""
    wanted = name.strip().lower().replace("-", "_").replace(" ", "_")
    if wanted == EVERY_CATEGORY:
        return tuple(_KNOWN.values())
    if wanted not in _KNOWN:
        raise BadParameterError("value", "unknown_category", categories=tuple(_KNOWN))
    return (_KNOWN[wanted],)


def known_overrides(stances: Mapping[str, str]) -> Mapping[str, str]:
    """Those whose category and action this version knows."""
    return {name: action for name, action in stances.items() if _is_understood(name, action)}


def apply_overrides(policy: Policy, stances: Mapping[str, str]) -> Policy:
    """The policy with stances such as ``{"violence": "hold"}``. Raises `BadParameterError`.

    ``refuse`` also refuses what the operator would only show to a moderator.
    """
    if not stances:
        return policy
    chosen = dict(policy.stances)
    for name, action in stances.items():
        for category in categories_named(name):
            chosen[category] = _stricter(chosen[category], Action(action))
    return replace(policy, stances=MappingProxyType(chosen))


def _is_understood(name: str, action: str) -> bool:
    try:
        categories_named(name)
    except BadParameterError:
        return False
    return action in set(Action)


def _stricter(category_rule: CategoryRule, action: Action) -> CategoryRule:
    if action is Action.REFUSE:
        lowest = (
            category_rule.threshold if category_rule.hold_threshold is None else category_rule.hold_threshold
        )
        return CategoryRule(action=action, threshold=min(lowest, category_rule.threshold))
    if action is Action.HOLD and category_rule.action in (Action.ALLOW, Action.WARN):
        return replace(category_rule, action=action)
    return category_rule
