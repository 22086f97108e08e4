"""A community's own rules over the policy of the operator: only ever stricter."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from moderation.policy.categories import Category
from moderation.policy.policy import CORE, FIXED, STRICTNESS, Action, CategoryRule, Policy
from studio.domain.settings.channels import EVERY_CATEGORY
from studio.domain.settings.communities import CommunityRules
from studio.domain.settings.policy_overrides import (
    CategoryDescription,
    FigureDescription,
    PolicyDescription,
)
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


def narrow(policy: Policy, rules: CommunityRules) -> Policy:
    """The policy with a community's thresholds, languages and public figures. What it does not know, it leaves out."""
    if not (rules.thresholds or rules.accepted_languages or rules.other_languages or rules.public_figures):
        return policy
    stances = dict(policy.stances)
    for name, score in rules.thresholds.items():
        if category := _KNOWN.get(name):
            stances[category] = _lower_threshold(stances[category], score)
    languages = policy.languages.intersection(rules.accepted_languages) or policy.languages
    figures = {
        role: _strictest(action, rules.public_figures.get(role))
        for role, action in policy.public_figures.items()
    }
    return replace(
        policy,
        stances=MappingProxyType(stances),
        languages=languages,
        other_languages=_strictest(policy.other_languages, rules.other_languages),
        public_figures=MappingProxyType(figures),
    )


def require_stricter(policy: Policy, former: CommunityRules, rules: CommunityRules) -> None:
    """That what is new in a community's rules is known to the policy, and stricter. Raises `BadParameterError`.

    What was settled earlier may have lost its category, role or language.
    """
    apply_overrides(policy, dict(rules.stances.items() - former.stances.items()))
    for channel, own in rules.by_channel.items():
        if own != former.by_channel.get(channel):
            apply_overrides(policy, own.stances)
    for name, score in dict(rules.thresholds.items() - former.thresholds.items()).items():
        (category,) = categories_named(name)[:1]
        most = policy.stances[category].threshold
        if score > most:
            raise BadParameterError("value", "only_lower_threshold", most=most)
    if rules.public_figures.keys() - policy.public_figures.keys() - former.public_figures.keys():
        raise BadParameterError("value", "unknown_role", roles=tuple(policy.public_figures))
    if set(rules.accepted_languages) - policy.languages - set(former.accepted_languages):
        raise BadParameterError("value", "unknown_policy_language", languages=tuple(sorted(policy.languages)))


def describe_policy(policy: Policy) -> PolicyDescription:
    """What a community may choose over this policy."""
    return PolicyDescription(
        categories=tuple(
            CategoryDescription(
                name=name,
                label=category,
                action=policy.stances[category].action,
                threshold=policy.stances[category].threshold,
                hold_threshold=policy.stances[category].hold_threshold,
                stricter=_stricter_actions(policy.stances[category]),
            )
            for name, category in _KNOWN.items()
        ),
        figures=tuple(
            FigureDescription(role=role, action=action, stricter=_above(action))
            for role, action in policy.public_figures.items()
        ),
        languages=tuple(sorted(policy.languages)),
        other_languages=policy.other_languages,
        stricter_languages=_above(policy.other_languages),
    )


def _above(action: Action) -> tuple[str, ...]:
    return tuple(other for other in (Action.HOLD, Action.REFUSE) if STRICTNESS[other] > STRICTNESS[action])


def _stricter_actions(category_rule: CategoryRule) -> tuple[str, ...]:
    """Those that change something: to refuse what is refused already does, where some of it is only held."""
    return tuple(
        action for action in (Action.HOLD, Action.REFUSE) if _stricter(category_rule, action) != category_rule
    )


def _strictest(action: Action, own: str | None) -> Action:
    """Of both; an action that this version does not know counts for nothing."""
    known = Action(own) if own in set(Action) else action
    return max(action, known, key=STRICTNESS.__getitem__)


def _lower_threshold(category_rule: CategoryRule, score: float) -> CategoryRule:
    threshold = min(category_rule.threshold, score)
    hold = category_rule.hold_threshold
    return replace(
        category_rule, threshold=threshold, hold_threshold=None if hold is None or hold >= threshold else hold
    )


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
