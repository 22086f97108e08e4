"""How often a person, a community and everybody together may ask. An administrator may set each number."""

from dataclasses import dataclass

from studio.gcra import RateSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitSettings:
    """All but the last three count every request; `refused` counts those that the rules refused.

    A person who reaches `refused` has been probing the rules and waits, whatever is asked. `newcomer` holds for
    newcomers in place of `sustained`. `uploads` counts uploaded files, `side_effects` each command that paints
    nothing and is rationed, such as reports.

    All newcomers from one address share what `address_people` people have, of `sustained`, `refused`, `uploads` and
    `side_effects`; all who came in with the same invite word share the `sustained` of `invite_people`. Of jobs at once
    and of credits, which the studio counts, both hold as well.
    """

    burst: RateSettings = RateSettings(requests=6, seconds=10)
    sustained: RateSettings = RateSettings(requests=120, seconds=3600)
    newcomer: RateSettings = RateSettings(requests=30, seconds=3600)
    community: RateSettings = RateSettings(requests=300, seconds=60)
    everybody: RateSettings = RateSettings(requests=1200, seconds=60)
    refused: RateSettings = RateSettings(requests=8, seconds=600)
    uploads: RateSettings = RateSettings(requests=20, seconds=600)
    side_effects: RateSettings = RateSettings(requests=10, seconds=600)
    address_people: int = 1
    invite_people: int = 10
    redis_timeout_seconds: float = 0.5
    redis_rest_seconds: float = 5.0  # after a failure, how long Redis is left alone
