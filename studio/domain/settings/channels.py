"""What the moderators of a community have settled for one of its channels, on top of the community's rules."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelRules:
    """Empty `models`: all of them; else these alone, and the first where none is named.

    `stances` map a category of the policy, or `EVERY_CATEGORY`, to an action, which may only be stricter than the
    community's. `age_restricted`: for adults, so that the operator's policy may allow there what it refuses elsewhere,
    and pictures never leave the channel uncovered. `spoilers`: pictures are hidden until clicked.
    """

    models: tuple[str, ...] = ()
    stances: Mapping[str, str] = field(default_factory=dict)
    age_restricted: bool = False
    spoilers: bool = False

    @property
    def covers(self) -> bool:
        """Whether new pictures are hidden until somebody asks for them."""
        return self.spoilers or self.age_restricted


EVERY_CATEGORY = "all"
NOTHING_OF_ITS_OWN = ChannelRules()
_REFUSE = "refuse"


def combine(rules: Iterable[ChannelRules]) -> ChannelRules:
    """Of a thread and its channel, the nearest first: its models, and the stricter of everything else."""
    found = tuple(rules)
    stances: dict[str, str] = {}
    for own in found:
        for category, action in own.stances.items():
            stances[category] = _REFUSE if stances.get(category) == _REFUSE else action
    return ChannelRules(
        models=next((own.models for own in found if own.models), ()),
        stances=stances,
        age_restricted=any(own.age_restricted for own in found),
        spoilers=any(own.spoilers for own in found),
    )
