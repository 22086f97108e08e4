"""How often a person, a community and everybody together may ask. An administrator may set each number."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """At most `requests` at once, of which one comes back every `seconds` / `requests`."""

    requests: int
    seconds: int

    def __post_init__(self) -> None:
        if self.requests < 1 or self.seconds < 1:
            raise ValueError("a pace needs at least 1 request and 1 second")

    def of(self, people: int) -> "Pace":
        """What that many people have together."""
        return Pace(requests=self.requests * people, seconds=self.seconds)

    @property
    def interval_seconds(self) -> float:
        return self.seconds / self.requests


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitSettings:
    """All but the last three count every request; `refused` counts those that the house rules refused.

    Whoever runs into `refused` has been probing the rules and waits, whatever is asked. `newcomer` holds for
    newcomers in place of `sustained`. `uploads` counts files that people bring along, `errands` each
    command that paints nothing and is rationed, such as reports.

    All newcomers from one address share what `address_people` people have, of `sustained`, `refused`, `uploads` and
    `errands`; all who came in with the same invite word share the `sustained` of `invite_people`.
    """

    burst: Pace = Pace(requests=6, seconds=10)
    sustained: Pace = Pace(requests=120, seconds=3600)
    newcomer: Pace = Pace(requests=30, seconds=3600)
    community: Pace = Pace(requests=300, seconds=60)
    everybody: Pace = Pace(requests=1200, seconds=60)
    refused: Pace = Pace(requests=8, seconds=600)
    uploads: Pace = Pace(requests=20, seconds=600)
    errands: Pace = Pace(requests=10, seconds=600)
    address_people: int = 1
    invite_people: int = 10
    redis_timeout_seconds: float = 0.5
    redis_rest_seconds: float = 5.0  # after a failure, how long Redis is left alone
