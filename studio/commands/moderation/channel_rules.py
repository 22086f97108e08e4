"""The settings of /community that hold in one channel: models, strictness, spoilers and age restriction."""

from collections.abc import Mapping
from dataclasses import replace

from studio.commands.submission.known_names import find_model
from studio.domain.people import Platform
from studio.domain.settings.channels import NOTHING_OF_ITS_OWN, ChannelRules
from studio.domain.settings.communities import CommunityRules
from studio.errors import BadParameterError
from studio.ports import Ports

NOTHING = ("", "none", "off", "no")
_ACTIONS = ("hold", "refuse")
_SWITCH = ("on", "off")


def set_models(rules: CommunityRules, value: str) -> CommunityRules:
    """Raises `BadParameterError`."""
    channel, names = _words(value, least=2, example="1234567890 thimble, sdxl")
    models = () if names[0] in NOTHING else tuple(dict.fromkeys(names))
    return _with(rules, channel, replace(_of(rules, channel), models=models))


def require_models(ports: Ports, value: str) -> None:
    """Raises `BadParameterError` for a model that the installation does not have."""
    _, names = _words(value, least=2, example="1234567890 thimble, sdxl")
    for name in names if names[0] not in NOTHING else ():
        find_model(ports, name)


def set_policy(rules: CommunityRules, value: str) -> CommunityRules:
    """Raises `BadParameterError`."""
    channel, (category, action, *more) = _words(value, least=3, example="1234567890 violence hold")
    if more:
        raise BadParameterError("value", "not_like", example="1234567890 violence hold")
    own = _of(rules, channel)
    others = {name: known for name, known in own.stances.items() if name != category}
    if action in NOTHING:
        return _with(rules, channel, replace(own, stances=others))
    if action not in _ACTIONS:
        raise BadParameterError("value", "only_stricter")
    return _with(rules, channel, replace(own, stances={**others, category: action}))


def set_spoilers(rules: CommunityRules, value: str) -> CommunityRules:
    """Raises `BadParameterError`."""
    channel, on = _switch(value)
    return _with(rules, channel, replace(_of(rules, channel), spoilers=on))


def set_age_restricted(rules: CommunityRules, value: str) -> CommunityRules:
    """Raises `BadParameterError`."""
    channel, on = _switch(value)
    return _with(rules, channel, replace(_of(rules, channel), age_restricted=on))


def require_own_age_restriction(platform: Platform) -> None:
    """Raises `BadParameterError` where the platform itself says which channels are age-restricted."""
    if platform is Platform.DISCORD:
        raise BadParameterError("value", "age_restricted_by_discord")


def _of(rules: CommunityRules, channel: str) -> ChannelRules:
    return rules.by_channel.get(channel, NOTHING_OF_ITS_OWN)


def _with(rules: CommunityRules, channel: str, own: ChannelRules) -> CommunityRules:
    others: Mapping[str, ChannelRules] = {
        name: known for name, known in rules.by_channel.items() if name != channel
    }
    if own == NOTHING_OF_ITS_OWN:
        return replace(rules, by_channel=others)
    return replace(rules, by_channel={**others, channel: own})


def _switch(value: str) -> tuple[str, bool]:
    channel, words = _words(value, least=2, example="1234567890 on")
    if len(words) != 1 or words[0] not in _SWITCH:
        raise BadParameterError("value", "not_like", example="1234567890 on")
    return channel, words[0] == "on"


def _words(value: str, *, least: int, example: str) -> tuple[str, list[str]]:
    """The channel, whose case counts, and at least `least` - 1 words."""
    channel, *words = value.replace("=", " ").replace(",", " ").split() or [""]
    if len(words) + 1 < least:
        raise BadParameterError("value", "not_like", example=example)
    return channel, [word.lower() for word in words]
