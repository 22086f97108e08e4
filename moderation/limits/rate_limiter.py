"""How often people may ask, and how often they may be refused before they have to wait."""

import logging
import time
from collections.abc import Callable, Sequence
from functools import partial

import redis

from moderation.limits.redis_gcra import RedisMeters
from moderation.limits.settings import LimitSettings
from moderation.metrics import LIMITED, LIMITER_FAILURES
from studio.domain.people import Person
from studio.domain.settings.communities import NewcomerLimits
from studio.errors import RateLimitedError
from studio.gcra import MemoryMeters, RateMeter, RateMeters, RateSettings, Refusal

logger = logging.getLogger(__name__)

# The kinds of origins, as `studio.db.newcomers.newcomer_origins` writes them, and what a refusal is said to be about.
_ADDRESS, _INVITE = "address", "invite"


class Limiter:
    """Counts requests per person, per community and of everybody. Safe for many threads."""

    def __init__(self, settings: LimitSettings, *, redis_url: str | None = None) -> None:
        """Processes share their counts through Redis; without it each counts for itself."""
        self._settings = settings
        self._meters: RateMeters = (
            RedisMeters(redis_url, timeout_seconds=settings.redis_timeout_seconds)
            if redis_url
            else MemoryMeters()
        )
        self._rests_until = 0.0
        self._warned = False

    @property
    def newcomers(self) -> NewcomerLimits:
        """How many people's share all newcomers from one address, or with one invite word, have together."""
        return NewcomerLimits(
            per_address=self._settings.address_people, per_invite=self._settings.invite_people
        )

    def admit(
        self,
        person: Person,
        *,
        newcomer: bool = False,
        account: str | None = None,
        origins: Sequence[str] = (),
    ) -> None:
        """Count one request. Raises `RateLimitedError` with the seconds to wait.

        `account` is the human behind the person, where several identities are linked. `origins` are where
        somebody came from whom nobody knew before: all newcomers from there share what one person has.
        """
        self._take(self._request_meters(person, newcomer, account, origins))

    def admit_upload(
        self, person: Person, *, account: str | None = None, origins: Sequence[str] = ()
    ) -> None:
        """Count one file that somebody brings along. Raises `RateLimitedError`."""
        who, settings = account or person.key, self._settings
        self._take(
            [
                *self._of_all("refused", settings.refused, who, origins, counts=False),
                *self._of_all("uploads", settings.uploads, who, origins),
            ]
        )

    def check_command_rate(
        self, person: Person, command: str, *, account: str | None = None, origins: Sequence[str] = ()
    ) -> None:
        """Count one use of a command that is rationed. Raises `RateLimitedError`."""
        pace = self._settings.side_effects
        self._take(self._of_all(f"errands:{command}", pace, account or person.key, origins))

    def close(self) -> None:
        self._meters.close()

    def _take(self, meters: Sequence[RateMeter]) -> None:
        if refusal := self._fail_open(lambda: self._meters.take(meters)):
            LIMITED.labels(refusal.scope).inc()
            raise RateLimitedError(retry_after_seconds=refusal.wait_seconds, scope=refusal.scope)

    def record_refusal(
        self, person: Person, *, account: str | None = None, origins: Sequence[str] = ()
    ) -> None:
        """Count one refused request: on each meter by itself, also where another one is full."""
        for meter in self._of_all("refused", self._settings.refused, account or person.key, origins):
            self._fail_open(partial(self._meters.take, [meter]))

    def _request_meters(
        self, person: Person, newcomer: bool, account: str | None, origins: Sequence[str]
    ) -> Sequence[RateMeter]:
        settings, who = self._settings, account or person.key
        sustained = settings.newcomer if newcomer else settings.sustained
        shared = {
            _ADDRESS: sustained.of(settings.address_people),
            _INVITE: sustained.of(settings.invite_people),
        }
        return (
            *self._of_all("refused", settings.refused, who, origins, counts=False),
            RateMeter(scope="burst", key=f"burst:{who}", pace=settings.burst),
            RateMeter(scope="sustained", key=f"sustained:{who}", pace=sustained),
            *(
                RateMeter(scope=kind, key=f"sustained:{origin}", pace=pace)
                for kind, pace in shared.items()
                for origin in origins
                if origin.startswith(kind)
            ),
            RateMeter(
                scope="community",
                key=f"community:{person.platform}:{person.community}",
                pace=settings.community,
            ),
            RateMeter(scope="everybody", key="everybody", pace=settings.everybody),
        )

    def _of_all(
        self, meter: str, pace: RateSettings, who: str, origins: Sequence[str], *, counts: bool = True
    ) -> list[RateMeter]:
        """The meter of one person, and those of all newcomers from the same addresses."""
        shared = pace.of(self._settings.address_people)
        paces = {who: pace} | {origin: shared for origin in origins if origin.startswith(_ADDRESS)}
        scope = meter.partition(":")[0]
        return [
            RateMeter(scope=scope, key=f"{meter}:{key}", pace=pace, counts=counts)
            for key, pace in paces.items()
        ]

    def _fail_open(self, count: Callable[[], Refusal | None]) -> Refusal | None:
        """Open on failure: a lost Redis stops nobody, and is asked again only after a rest."""
        if time.monotonic() < self._rests_until:
            LIMITER_FAILURES.inc()
            return None
        try:
            refusal = count()
        except (redis.RedisError, OSError) as error:
            LIMITER_FAILURES.inc()
            self._rests_until = time.monotonic() + self._settings.redis_rest_seconds
            if not self._warned:
                logger.warning("rate limits disabled: Redis unavailable (%s)", type(error).__name__)
            self._warned = True
            return None
        self._warned = False
        return refusal
