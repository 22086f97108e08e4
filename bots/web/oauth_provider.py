"""Where people may prove who they are, and this instance's registration there."""

from dataclasses import dataclass, field
from typing import Self

from studio.db.identities.sign_ins import Method


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuthProvider:
    """One provider; `label` is its name for people."""

    method: Method
    label: str
    client_id: str
    client_secret: str = field(repr=False)
    scope: str
    authorize_url: str
    token_url: str
    user_url: str

    @classmethod
    def discord(cls, *, client_id: str, client_secret: str, api_url: str) -> Self:
        """`api_url` is Discord's REST API, such as ``https://discord.com/api/v10``."""
        return cls(
            method=Method.DISCORD,
            label="Discord",
            client_id=client_id,
            client_secret=client_secret,
            scope="identify",
            authorize_url=f"{api_url.partition('/api')[0]}/oauth2/authorize",
            token_url=f"{api_url}/oauth2/token",
            user_url=f"{api_url}/users/@me",
        )

    @classmethod
    def slack(cls, *, client_id: str, client_secret: str, api_url: str) -> Self:
        """`api_url` is Slack's Web API, such as ``https://slack.com/api``."""
        return cls(
            method=Method.SLACK,
            label="Slack",
            client_id=client_id,
            client_secret=client_secret,
            scope="openid profile",
            authorize_url=f"{api_url.removesuffix('/api')}/openid/connect/authorize",
            token_url=f"{api_url}/openid.connect.token",
            user_url=f"{api_url}/openid.connect.userInfo",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscordActivity:
    """The web page as an embedded app of Discord's, of the same application as `provider`.

    With the bot's token Discord is asked in which server an Activity runs; `api_url` as in `OAuthProvider.discord`.
    """

    provider: OAuthProvider
    bot_token: str = field(repr=False)
    api_url: str

    @property
    def host(self) -> str:
        """The host under which browsers see the page there: Discord's proxy in front of this front end."""
        return f"{self.provider.client_id}.discordsays.com"
