"""Every setting with its default and one line of explanation. `chatelier config --example` prints them all.

Those of the front ends, the moderation and the worker are in modules of their own.

An environment variable is ``CHATELIER_`` and the name in capitals; a section and its name are joined by two
underscores, such as ``CHATELIER_WEB__PORT``. In ``chatelier.toml`` a section is a table. Secrets are
`SecretStr`, and so are URLs, which may carry a password.
"""

from enum import StrEnum
from pathlib import Path
from typing import ClassVar

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from chatelier.settings.frontends import DiscordSection, SlackSection, WebSection
from chatelier.settings.language_models import CaptionsSection, HelperSection
from chatelier.settings.mail import MailSection
from chatelier.settings.moderation import (
    LimitsSection,
    ModerationSection,
    ProvenanceSection,
    RetentionSection,
)
from chatelier.settings.value_types import DatabaseUrl, LocalPath, RedisUrl, Section, WebUrl
from chatelier.settings.worker import SpeedSection, WorkerSection

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


class LogSection(Section):
    """What is written down. Never prompts or tokens."""

    level: LogLevel = Field(LogLevel.INFO, description="debug, info, warning or error.")
    format: LogFormat = Field(LogFormat.CONSOLE, description="console, or json for machines.")


class OperatorSection(Section):
    """Who runs the instance, as the privacy notice says."""

    name: str | None = Field(None, min_length=1, max_length=100, description="A person or an organization.")
    contact: str | None = Field(
        None,
        min_length=1,
        max_length=200,
        description="An email address or a URL for questions and complaints.",
    )


class TracesSection(Section):
    """Where the time of jobs goes, for an OpenTelemetry collector: ids and times only. Needs the extra traces."""

    otlp_url: WebUrl | None = Field(
        None, description="OTLP over HTTP, such as http://127.0.0.1:4318/v1/traces; unset: no traces."
    )
    share: float = Field(1.0, ge=0, le=1, description="The share of jobs that are traced.")


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
        description="sqlite:///… or postgresql://user:password@host/name, with ?pgbouncer=true behind a pooler of"
        " transactions; unset: SQLite in the home folder.",
    )
    redis_url: RedisUrl | None = Field(
        None,
        description="redis://:password@host:6379/0, with TLS rediss://, with Sentinels"
        " redis+sentinel://:password@host1,host2/service/0; unset: `chatelier up` runs its own.",
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
    retention: RetentionSection = RetentionSection()
    worker: WorkerSection = WorkerSection()
    speed: SpeedSection = SpeedSection()
    moderation: ModerationSection = ModerationSection()
    provenance: ProvenanceSection = ProvenanceSection()
    helper: HelperSection = HelperSection()
    captions: CaptionsSection = CaptionsSection()
    operator: OperatorSection = OperatorSection()
    mail: MailSection = MailSection()
    log: LogSection = LogSection()
    traces: TracesSection = TracesSection()

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
    def compiled_folder(self) -> Path:
        """Caches of the compiler, and what it did at the last start of a worker."""
        return self.home / "compiled"

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
