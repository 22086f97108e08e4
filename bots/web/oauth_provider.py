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
