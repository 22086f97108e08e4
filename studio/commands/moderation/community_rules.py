"""/community: the rules of the community, for its moderators; without words it shows them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

from studio.clock import now
from studio.commands.moderation import channel_rules
from studio.commands.moderation.channel_rules import NOTHING
from studio.commands.parameter_values import Kind, Parameter
from studio.commands.results import Community
from studio.commands.spec import Audience, Call, CommandSpec
from studio.commands.submission.known_names import find_model
from studio.db import settings
from studio.domain.settings.communities import (
    LOCKDOWN_LASTS,
    CommunityRules,
    Hosts,
    Lockdown,
    ResultPlacement,
    Tier,
)
from studio.domain.settings.languages import LANGUAGE_CHOICES, read_language
from studio.domain.settings.policy_overrides import change_policy
from studio.errors import BadParameterError, NotAllowedError
from studio.ports import Ports

_LONGEST_VALUE = 3000  # characters: a whole policy
SWITCH = {"on": True, "off": False}
CHANNELS = {
    "desk": "desk_channel",
    "log": "log_channel",
    "stars": "star_channel",
    "recap": "recap_channel",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRules:
    setting: str | None = None
    value: str = ""


def change_rules(ports: Ports, call: Call, command: ChangeRules, *, former_name: str = "") -> Community:
    """Raises `NotAllowedError` and `BadParameterError`."""
    rules = _change_rules(ports, call, command)
    return Community(rules=rules, changed=command.setting or "", former_name=former_name)


def _change_rules(ports: Ports, call: Call, command: ChangeRules) -> CommunityRules:
    if not call.person.moderates:
        raise NotAllowedError("moderators_only")
    change = _CHANGES.get(command.setting or "")
    if change is not None:
        value = command.value.strip()
        if command.setting == "model" and value.lower() not in NOTHING:
            find_model(ports, value.lower())
        if command.setting == "channel-models":
            channel_rules.require_models(ports, value)
        if command.setting == "channel-age-restricted":
            channel_rules.require_own_age_restriction(call.person.platform)
        return ports.desk.govern(call.person, lambda rules: change(rules, value))
    with ports.database.read() as session:
        return settings.community_rules(session, call.person.platform, call.person.community)


def _set_paused(paused: bool) -> Callable[[CommunityRules, str], CommunityRules]:
    return lambda rules, _value: replace(rules, paused=paused)


def _set_channels(rules: CommunityRules, value: str) -> CommunityRules:
    names = () if value.lower() in NOTHING else tuple(dict.fromkeys(value.replace(",", " ").split()))
    return replace(rules, channels=names)


def _set_channel(field: str) -> Callable[[CommunityRules, str], CommunityRules]:
    def change(rules: CommunityRules, value: str) -> CommunityRules:
        chosen: Mapping[str, object] = {field: None if value.lower() in NOTHING else value}
        return replace(rules, **chosen)  # type: ignore[arg-type]

    return change


def _set_model(rules: CommunityRules, value: str) -> CommunityRules:
    return replace(rules, model=None if value.lower() in NOTHING else value.lower())


def _set_threshold(rules: CommunityRules, value: str) -> CommunityRules:
    return replace(rules, star_threshold=_number(value, 1, 1000))


def _set_pictures(rules: CommunityRules, value: str) -> CommunityRules:
    return replace(rules, max_pictures=None if value.lower() in NOTHING else _number(value, 1, 8))


def _set_tier(rules: CommunityRules, value: str) -> CommunityRules:
    role, tier = _pair(value, "tier")
    if tier in NOTHING:
        return replace(rules, tiers={name: granted for name, granted in rules.tiers.items() if name != role})
    return replace(rules, tiers={**rules.tiers, role: _tier(tier)})


def _set_credits(rules: CommunityRules, value: str) -> CommunityRules:
    name, amount = _pair(value, "credits")
    tier = _tier(name)
    if amount in NOTHING:
        rest = {other: credits for other, credits in rules.monthly_credits.items() if other is not tier}
        return replace(rules, monthly_credits=rest)
    return replace(rules, monthly_credits={**rules.monthly_credits, tier: _number(amount, 0, 1_000_000)})


def _set_pool(rules: CommunityRules, value: str) -> CommunityRules:
    channel, amount = _pair(value, "pool")
    if amount in NOTHING:
        return replace(rules, pools={name: budget for name, budget in rules.pools.items() if name != channel})
    return replace(rules, pools={**rules.pools, channel: _number(amount, 1, 1_000_000)})


def _set_results(rules: CommunityRules, value: str) -> CommunityRules:
    if value.lower() not in set(ResultPlacement):
        raise BadParameterError("value", "not_a_choice", choices=tuple(ResultPlacement))
    return replace(rules, results=ResultPlacement(value.lower()))


def _set_ping(rules: CommunityRules, value: str) -> CommunityRules:
    if value.lower() not in SWITCH:
        raise BadParameterError("value", "not_a_choice", choices=tuple(SWITCH))
    return replace(rules, ping=SWITCH[value.lower()])


def _set_gatherings(rules: CommunityRules, value: str) -> CommunityRules:
    if value.lower() not in set(Hosts):
        raise BadParameterError("value", "not_a_choice", choices=tuple(Hosts))
    return replace(rules, gatherings=Hosts(value.lower()))


def _set_newcomers_vote(rules: CommunityRules, value: str) -> CommunityRules:
    if value.lower() not in SWITCH:
        raise BadParameterError("value", "not_a_choice", choices=tuple(SWITCH))
    return replace(rules, newcomers_vote=SWITCH[value.lower()])


def _set_language(rules: CommunityRules, value: str) -> CommunityRules:
    """Of what everybody reads."""
    if value.lower() not in LANGUAGE_CHOICES and value.lower() not in NOTHING:
        raise BadParameterError("value", "not_a_choice", choices=LANGUAGE_CHOICES)
    return replace(rules, language=None if value.lower() in NOTHING else read_language(value))


def _set_lockdown(rules: CommunityRules, value: str) -> CommunityRules:
    """For an hour; off ends it."""
    chosen = value.lower() or Lockdown.ALL
    if chosen in NOTHING:
        return replace(rules, newcomers_held_until=None, uploads_paused_until=None)
    if chosen not in set(Lockdown):
        raise BadParameterError("value", "not_a_choice", choices=(*Lockdown, "off"))
    until = now() + LOCKDOWN_LASTS
    if chosen != Lockdown.UPLOADS:
        rules = replace(rules, newcomers_held_until=until)
    return rules if chosen == Lockdown.NEWCOMERS else replace(rules, uploads_paused_until=until)


_CHANGES: dict[str, Callable[[CommunityRules, str], CommunityRules]] = {
    "pause": _set_paused(True),
    "resume": _set_paused(False),
    "channels": _set_channels,
    **{name: _set_channel(field) for name, field in CHANNELS.items()},
    "star-threshold": _set_threshold,
    "model": _set_model,
    "pictures": _set_pictures,
    "tier": _set_tier,
    "credits": _set_credits,
    "pool": _set_pool,
    "policy": change_policy,
    "results": _set_results,
    "ping": _set_ping,
    "gatherings": _set_gatherings,
    "language": _set_language,
    "lockdown": _set_lockdown,
    "newcomers-vote": _set_newcomers_vote,
    "channel-models": channel_rules.set_models,
    "channel-policy": channel_rules.set_policy,
    "channel-spoilers": channel_rules.set_spoilers,
    "channel-age-restricted": channel_rules.set_age_restricted,
}


def _pair(value: str, setting: str) -> tuple[str, str]:
    parts = value.replace("=", " ").split()
    if len(parts) != 2:
        raise BadParameterError("value", "not_a_pair", pair=setting)
    return parts[0], parts[1].lower()


def _tier(name: str) -> Tier:
    if name.lower() not in set(Tier):
        raise BadParameterError("value", "unknown_tier", tiers=tuple(Tier))
    return Tier(name.lower())


def _number(text: str, low: int, high: int) -> int:
    if not text.isdecimal() or not low <= int(text) <= high:
        raise BadParameterError("value", "whole_range", low=low, high=high)
    return int(text)


SPEC = CommandSpec(
    name="community",
    summary="The rules of this community: channels, model, tiers, credits, policy; pause and resume.",
    example="/community channels 1234567890",
    build=ChangeRules,
    handle=change_rules,
    parameters=(
        Parameter(
            name="setting",
            kind=Kind.CHOICE,
            summary="What to change.",
            choices=tuple(_CHANGES),
            positional=True,
        ),
        Parameter(
            name="value",
            kind=Kind.TEXT,
            summary="The new value; none removes it.",
            positional=True,
            max_length=_LONGEST_VALUE,
        ),
    ),
    paints=False,
    audience=Audience.MODERATORS,
)

# `/studio` was its name on Discord and the web, `/studio house` on Slack.
FORMER_SPECS = tuple(
    replace(
        SPEC,
        name=name,
        summary=f"Now called /{SPEC.name}.",
        handle=partial(change_rules, former_name=name),
        replaced_by=SPEC.name,
    )
    for name in ("studio", "house")
)
