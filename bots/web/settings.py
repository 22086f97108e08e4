"""The settings of the web front end."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from bots.texts.privacy_notice import PrivacyFacts
from bots.web.download_links import DownloadLinks
from bots.web.oauth_provider import DiscordActivity, OAuthProvider
from studio.errors import ConfigurationError
from studio.listen_addresses import is_loopback, plain_network

SHORTEST_SECRET_KEY = 16


class Visitors(StrEnum):
    """What people are who have no account, passkey or recovery code."""

    MEMBERS = "members"
    GUESTS = "guests"  # with the limits of newcomers, and without a vote
    REFUSED = "refused"


def _ignore(_address: str) -> None:
    """No report."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSettings:
    """`secret_key` signs sessions; with another one everybody has to sign in again.

    `shared_secret` is the invite word that people type to sign in; it may be left out on loopback only.
    `moderator_secret` instead of it signs a moderator in. `allowed_hosts` are the names under
    which browsers reach the app; localhost and plain IP addresses need no entry. `trusted_proxies` are the addresses
    or networks of the proxies in front; `report_unknown_proxy` gets the address of any other that seems to be one.
    `metrics_token` allows other machines to read /metrics. `sign_in_providers` are where people may prove who they are;
    `visitors` says what somebody may do who only typed a name. With `activity` Discord may show the page in a frame;
    its provider is one of `sign_in_providers`. With `download_links` browsers fetch pictures from the
    storage itself.
    """

    secret_key: str = field(repr=False)
    host: str = "127.0.0.1"
    port: int = 8080
    shared_secret: str | None = field(default=None, repr=False)
    moderator_secret: str | None = field(default=None, repr=False)
    allowed_hosts: tuple[str, ...] = ()
    trusted_proxies: tuple[str, ...] = ()
    report_unknown_proxy: Callable[[str], None] = field(default=_ignore, repr=False)
    metrics_token: str | None = field(default=None, repr=False)
    max_upload_bytes: int = 20 * 1024 * 1024
    site_name: str = "Chatelier"
    privacy: PrivacyFacts = field(default_factory=PrivacyFacts)
    sign_in_providers: tuple[OAuthProvider, ...] = ()
    visitors: Visitors = Visitors.MEMBERS
    activity: DiscordActivity | None = None
    download_links: DownloadLinks | None = field(default=None, repr=False)

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach the app."""
        return is_loopback(self.host)

    def check(self) -> None:
        """Raises `ConfigurationError` with every problem and how to fix it."""
        problems = []
        if len(self.secret_key) < SHORTEST_SECRET_KEY:
            problems.append(f"the web secret key needs at least {SHORTEST_SECRET_KEY} characters.")
        if not self.loopback and not self.shared_secret:
            problems.append(
                f"the web page would be open to everybody who can reach {self.host}: "
                "set a shared secret (the invite word), or bind it to 127.0.0.1."
            )
        if self.moderator_secret and self.moderator_secret == self.shared_secret:
            problems.append("the moderators' word and the invite word must differ.")
        try:
            for proxy in self.trusted_proxies:
                plain_network(proxy)
        except ValueError as error:
            problems.append(f"trusted proxies: {error}.")
        if problems:
            raise ConfigurationError("The web page cannot open: " + " ".join(problems))
