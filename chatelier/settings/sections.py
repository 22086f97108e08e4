"""Every setting with its default and one line of explanation. `chatelier config --example` prints them all.

An environment variable is ``CHATELIER_`` and the name in capitals; a section and its name are joined by two
underscores, such as ``CHATELIER_WEB__PORT``. In ``chatelier.toml`` a section is a table. Secrets are
`SecretStr`, and so are URLs, which may carry a password.
"""

import ipaddress
from enum import StrEnum
from pathlib import Path
from typing import ClassVar, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from chatelier.settings.kinds import DatabaseUrl, LocalPath, Names, RedisUrl, ShardIds, WebUrl
from chatelier.settings.painting import SpeedSection, WorkerSection
from chatelier.settings.section import Section

PREFIX = "CHATELIER_"
DELIMITER = "__"


class LogLevel(StrEnum):
    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class LogFormat(StrEnum):
    CONSOLE = "console"
    JSON = "json"


class DiscordSection(Section):
    """The Discord face. It runs when a token is set."""

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

    @model_validator(mode="after")
    def _shards_belong_together(self) -> Self:
        if self.shard_ids and (self.shard_count is None or max(self.shard_ids) >= self.shard_count):
            raise ValueError("shard_ids needs a shard_count above each of them")
        return self


class SlackSection(Section):
    """The Slack face.

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
        False, description="The web room passes /slack/… on to that port: one address serves both."
    )
    moderator_groups: Names = Field(
        (),
        description="User groups, by handle or id, whose members moderate; admins and owners do so anyway.",
    )
    claim_seconds: float = Field(
        20.0, ge=1, le=120, description="After how long another process sends what a silent one was to send."
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
    """The web room."""

    host: str = Field(
        "127.0.0.1", min_length=1, description="The address to listen on; 0.0.0.0 is every one."
    )
    port: int = Field(8080, ge=0, le=65535, description="The port to listen on; 0 takes a free one.")
    invite: SecretStr | None = Field(
        None,
        description="The word that people type at the door. Needed when other machines can reach the room.",
    )
    moderator_invite: SecretStr | None = Field(
        None, description="Whoever types this word instead comes in as a moderator."
    )
    secret: SecretStr | None = Field(
        None,
        min_length=16,
        description="Signs the sessions, 16 characters or more; unset: made once, kept in the home folder.",
    )
    allowed_hosts: Names = Field(
        (), description="The names under which browsers reach the room, such as paint.example.org."
    )
    name: str = Field("The atelier", min_length=1, max_length=60, description="The name over the door.")

    @property
    def is_loopback(self) -> bool:
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

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


class LimitsSection(Section):
    """What people may ask for."""

    per_10_seconds: int = Field(
        6, ge=1, description="Requests of one person at once; over 10 seconds they come back one by one."
    )
    per_hour: int = Field(120, ge=1, description="The same over an hour.")
    newcomer_per_hour: int = Field(
        30, ge=1, description="The same for newcomers: a new account, a new member, or a guest."
    )
    community_per_minute: int = Field(300, ge=1, description="Requests of a community over a minute.")
    everybody_per_minute: int = Field(1200, ge=1, description="Requests of everybody over a minute.")
    refused_per_10_minutes: int = Field(
        8,
        ge=1,
        description="Refused requests over 10 minutes; whoever has more is probing the rules and waits.",
    )
    max_outstanding_jobs: int = Field(
        10, ge=1, le=1000, description="Jobs of one person waiting or being painted."
    )
    max_pictures: int = Field(4, ge=1, le=8, description="Pictures per job.")
    uploads_per_10_minutes: int = Field(
        20, ge=1, description="Images that one person may bring along over 10 minutes."
    )
    max_upload_mib: int = Field(8, ge=1, le=8, description="The largest image that people may bring along.")
    monthly_credits: int | None = Field(
        None, ge=1, description="Credits per person and month; unset: they are counted and never run out."
    )


class ModerationSection(Section):
    """The house rules."""

    holds: bool | None = Field(
        None,
        description="Keep doubtful requests for a moderator, or refuse them; unset: keep them where there is a"
        " desk channel (/studio desk), or on the web a moderators' word.",
    )
    keep_days: int = Field(
        365, ge=1, description="Days for which the audit chain and closed cases keep what they say of people."
    )
    policy: LocalPath | None = Field(
        None, description="A policy file: what is refused, held or allowed; see `chatelier policy check`."
    )
    word_list: LocalPath | None = Field(
        None,
        description="A text file with words that prompts may not hold, one a line, beside the built-in ones.",
    )
    names: LocalPath | None = Field(
        None, description="A TOML file of persons, artists and trademarks to look after, with their aliases."
    )
    representation: bool = Field(
        True,
        description="Where a prompt shows people and leaves open who, add words for a gender and an origin by lot.",
    )
    blocked_pictures: LocalPath | None = Field(
        None, description="A file of perceptual hashes of pictures that nobody may see or bring along."
    )
    safety_url: WebUrl | None = Field(
        None, description="The server of a larger safety model that looks at every picture too."
    )
    safety_token: SecretStr | None = Field(None, description="The token that this server asks for.")
    safety_timeout_seconds: float = Field(
        10.0, ge=0.5, le=19, description="How long its answer may take; without one no picture is shown."
    )


class ProvenanceSection(Section):
    """What is put into pictures, so that it can be told later where they come from."""

    signature: bool = Field(True, description="The little easel in the lower right corner.")
    mark: bool = Field(True, description="The picture's id, hidden in its brightness.")
    credentials: bool = Field(
        True, description="C2PA content credentials, signed with this studio's own certificate."
    )
    required: bool = Field(
        False, description="Show no picture that could not be signed; false: show it, count it and say so."
    )
    organization: str | None = Field(
        None,
        min_length=1,
        max_length=64,
        description="Who signs, as the certificate names it; unset: the web room's name.",
    )


class LogSection(Section):
    """What is written down. Never prompts or tokens."""

    level: LogLevel = Field(LogLevel.INFO, description="debug, info, warning or error.")
    format: LogFormat = Field(LogFormat.CONSOLE, description="console, or json for machines.")


class Settings(BaseSettings):
    """Everything that may be set. Built by `read_settings`, never at import."""

    model_config: ClassVar[SettingsConfigDict] = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter=DELIMITER,
        env_ignore_empty=True,
        extra="forbid",
        frozen=True,
        str_strip_whitespace=True,
    )

    home: LocalPath = Field(
        default_factory=lambda: Path.home() / ".chatelier",
        description="The folder of everything that is kept on this machine.",
    )
    database_url: DatabaseUrl | None = Field(
        None,
        description="sqlite:///… or postgresql://user:password@host/name; unset: SQLite in the home folder.",
    )
    redis_url: RedisUrl | None = Field(
        None, description="redis://:password@host:6379/0; unset: `chatelier up` runs its own."
    )
    storage_url: SecretStr | None = Field(
        None,
        description="A folder or s3://bucket/prefix for the pictures; unset: a folder in the home folder.",
    )
    model: str | None = Field(
        None,
        min_length=1,
        max_length=100,
        description="The model that paints by default; unset: the bundled one.",
    )
    model_queues: bool = Field(
        False,
        description="Give each model a queue of its own, so that workers may serve some only; the same everywhere.",
    )
    discord: DiscordSection = DiscordSection()
    slack: SlackSection = SlackSection()
    web: WebSection = WebSection()
    limits: LimitsSection = LimitsSection()
    worker: WorkerSection = WorkerSection()
    speed: SpeedSection = SpeedSection()
    moderation: ModerationSection = ModerationSection()
    provenance: ProvenanceSection = ProvenanceSection()
    log: LogSection = LogSection()

    @property
    def database(self) -> str:
        """The database's URL, with its password."""
        return (
            self.database_url.get_secret_value()
            if self.database_url
            else f"sqlite:///{self.home}/studio.sqlite3"
        )

    @property
    def storage(self) -> str:
        """The storage's URL, with its password if it has one."""
        return self.storage_url.get_secret_value() if self.storage_url else str(self.home / "storage")

    @property
    def logs_folder(self) -> Path:
        return self.home / "logs"

    @property
    def run_folder(self) -> Path:
        """What only matters while something runs: locks, ready marks, addresses."""
        return self.home / "run"

    @property
    def redis_folder(self) -> Path:
        return self.home / "redis"

    @property
    def provenance_folder(self) -> Path:
        """The certificates that sign pictures. All workers of a studio should have the same."""
        return self.home / "provenance"

    @property
    def models_file(self) -> Path:
        """The administrator's own catalogue of models, beside the one that comes along."""
        return self.home / "models.toml"

    @property
    def learned_file(self) -> Path:
        """What workers learned of their devices."""
        return self.home / "learned.json"

    @property
    def models_folder(self) -> Path:
        return self.home / "models"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what `read_settings` hands over: it knows which value is from the environment or the file."""
        return (init_settings,)


SECTIONS: tuple[str, ...] = tuple(
    name
    for name, field in Settings.model_fields.items()
    if isinstance(field.annotation, type) and issubclass(field.annotation, Section)
)
