"""The front ends: Discord, Slack and the web page."""

from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator

from chatelier.settings.value_types import Names, Networks, Section, ShardIds, WebUrl
from studio.listen_addresses import is_loopback


class DiscordSection(Section):
    """The Discord front end. It runs when a token is set."""

    token: SecretStr | None = Field(None, description="The bot's token, from Discord's developer portal.")
    api_url: WebUrl = Field("https://discord.com/api/v10", description="Discord's REST API.")
    gateway_url: WebUrl | None = Field(None, description="The gateway; unset: the one that Discord names.")
    moderator_roles: Names = Field(
        (),
        description="Roles, by name or id, whose members moderate; who may manage the server does so anyway.",
    )
    shard_ids: ShardIds | None = Field(
        None, description="The shards of this process, such as [0, 1]; unset: all."
    )
    shard_count: int | None = Field(
        None, ge=1, description="The shards in all; unset: as many as Discord advises."
    )

    user_install: bool = Field(
        False,
        description="People may add the app to their account and use it in other servers, groups and direct messages.",
    )
    activity: bool = Field(
        False,
        description="Members of the bot's servers open the web page in Discord, as an Activity. Needs this section's"
        " token and, for the web page, its public URL and the client id and secret of the same application.",
    )
    home_server: str | None = Field(
        None,
        pattern=r"^\d{15,20}$",
        description="The id of the server whose rules and bans hold for people who are alone with the bot, in direct"
        " messages or through their own installation; unset: the instance's.",
    )

    @model_validator(mode="after")
    def _shards_belong_together(self) -> Self:
        if self.shard_ids and (self.shard_count is None or max(self.shard_ids) >= self.shard_count):
            raise ValueError("shard_ids needs a shard_count above each of them")
        return self


class SlackSection(Section):
    """The Slack front end.

    It runs when a bot token is set, or a client id for many workspaces, in Socket Mode (app token) or HTTP mode
    (signing secret).
    """

    bot_token: SecretStr | None = Field(None, description="The bot token, xoxb-…, for one workspace.")
    client_id: str | None = Field(
        None,
        min_length=1,
        max_length=32,
        description="The client id, for every workspace that installs the app.",
    )
    client_secret: SecretStr | None = Field(None, description="The client secret that belongs to it.")
    app_token: SecretStr | None = Field(None, description="The app-level token, xapp-…, for Socket Mode.")
    signing_secret: SecretStr | None = Field(None, description="The signing secret, for HTTP mode.")
    host: str = Field(
        "127.0.0.1",
        min_length=1,
        description="The address that HTTP mode listens on; 0.0.0.0 is every one, for a proxy on another machine.",
    )
    port: int = Field(3000, ge=1, le=65535, description="The port that HTTP mode listens on.")
    public_url: WebUrl | None = Field(
        None,
        description="The address of that port for Slack and browsers, such as https://paint.example.org.",
    )
    allowed_workspaces: Names = Field(
        (), description="Ids of workspaces or organisations that may install the app; unset: every one."
    )
    behind_web: bool = Field(
        False, description="The web page passes /slack/… on to that port: one address serves both."
    )
    moderator_groups: Names = Field(
        (),
        description="User groups, by handle or id, whose members moderate; admins and owners do so anyway.",
    )
    carousel: bool = Field(
        True, description="Show several pictures side by side, unless a workspace refuses that."
    )
    claim_seconds: float = Field(
        20.0, ge=1, le=120, description="Seconds after which another process takes over an unsent message."
    )
    erase_after_days: int = Field(
        14,
        ge=0,
        le=3650,
        description="Days after which the records of a workspace are erased that removed the app, unless it installs"
        " it again. Its tokens are removed at once.",
    )
    api_url: WebUrl = Field("https://slack.com/api", description="Slack's Web API.")

    @property
    def is_set(self) -> bool:
        return bool(self.bot_token or self.client_id)

    @model_validator(mode="after")
    def _is_for_one_or_for_many(self) -> Self:
        if self.bot_token and self.client_id:
            raise ValueError("has a bot_token (one workspace) and a client_id (many): leave one out")
        if bool(self.client_id) != bool(self.client_secret):
            raise ValueError("needs client_id and client_secret together, to be installed by many workspaces")
        return self

    @model_validator(mode="after")
    def _has_a_way_in(self) -> Self:
        if self.is_set and not (self.app_token or self.signing_secret):
            raise ValueError(
                "has no way to receive: set app_token (Socket Mode) or signing_secret (HTTP mode) too"
            )
        return self


class WebSection(Section):
    """The web page."""

    host: str = Field(
        "127.0.0.1", min_length=1, description="The address to listen on; 0.0.0.0 is every one."
    )
    port: int = Field(8080, ge=0, le=65535, description="The port to listen on; 0 takes a free one.")
    invite: SecretStr | None = Field(
        None,
        description="The word that people type to enter. Needed when other machines can reach the web page.",
    )
    moderator_invite: SecretStr | None = Field(
        None, description="A visitor who types this word instead comes in as a moderator."
    )
    secret: SecretStr | None = Field(
        None,
        min_length=16,
        description="Signs the sessions, 16 characters or more; unset: made once, kept in the home folder.",
    )
    public_url: WebUrl | None = Field(
        None,
        description="The address of the web page for links to it, such as https://paint.example.org.",
    )
    allowed_hosts: Names = Field(
        (), description="The names under which browsers reach the web page, such as paint.example.org."
    )
    trusted_proxies: Networks = Field(
        (),
        description="The addresses or networks of the proxies in front; only they may say who a client is.",
    )
    metrics_token: SecretStr | None = Field(
        None,
        min_length=16,
        description="The token, 16 characters or more, with which other machines read /metrics; unset: this one only.",
    )
    discord_client_id: str | None = Field(
        None,
        min_length=1,
        max_length=32,
        description="People may sign in with Discord: the application's client id.",
    )
    discord_client_secret: SecretStr | None = Field(None, description="The client secret that belongs to it.")
    slack_client_id: str | None = Field(
        None, min_length=1, max_length=32, description="People may sign in with Slack: the app's client id."
    )
    slack_client_secret: SecretStr | None = Field(None, description="The client secret that belongs to it.")
    visitors: Literal["members", "guests", "refused"] | None = Field(
        None,
        description="What people are who have no account, passkey or recovery code; unset: guests where people may "
        "sign in with Discord or Slack, else members.",
    )
    storage_links: bool = Field(
        False,
        description="With pictures in a bucket: browsers fetch them there, by signed addresses that are valid for a"
        " minute. They have to reach the bucket under the address that this process uses.",
    )
    name: str = Field(
        "Chatelier", min_length=1, max_length=60, description="The name shown in the web front end."
    )

    @property
    def is_loopback(self) -> bool:
        return is_loopback(self.host)

    @model_validator(mode="after")
    def _has_both_parts_of_a_registration(self) -> Self:
        for platform in ("discord", "slack"):
            if bool(getattr(self, f"{platform}_client_id")) != bool(
                getattr(self, f"{platform}_client_secret")
            ):
                raise ValueError(f"needs {platform}_client_id and {platform}_client_secret together")
        return self

    @model_validator(mode="after")
    def _is_not_open_to_all(self) -> Self:
        invite = self.invite.get_secret_value() if self.invite else ""
        if not self.is_loopback and len(invite) < 6:
            raise ValueError(
                f"host {self.host} lets other machines in:"
                " set invite to a word of at least 6 characters, or host to 127.0.0.1"
            )
        if self.moderator_invite and self.moderator_invite == self.invite:
            raise ValueError("moderator_invite and invite must be different words")
        return self
