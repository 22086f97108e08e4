"""Limits and moderation: what people may ask for, what they may see, and what their pictures carry."""

from pydantic import Field, SecretStr, field_validator

from chatelier.settings.value_types import LocalPath, Names, Section, WebUrl
from studio.domain.settings.communities import Tier


class LimitsSection(Section):
    """What people may ask for."""

    per_10_seconds: int = Field(
        6, ge=1, description="Burst of requests of one person; the allowance refills over 10 seconds."
    )
    per_hour: int = Field(120, ge=1, description="Requests of one person per hour.")
    newcomer_per_hour: int = Field(
        30, ge=1, description="Requests per hour of a newcomer: a new account, a new member or a guest."
    )
    newcomers_per_address: int = Field(
        1,
        ge=1,
        description="As how many people all newcomers of a day count who came to the web page from one address, or"
        " one IPv6 network; more where a school or an office has one address.",
    )
    newcomers_per_invite: int = Field(
        10, ge=1, description="The same for all newcomers of a day with the same invite word."
    )
    community_per_minute: int = Field(300, ge=1, description="Requests of one community per minute.")
    everybody_per_minute: int = Field(1200, ge=1, description="Requests of all people per minute.")
    refused_per_10_minutes: int = Field(
        8,
        ge=1,
        description="Refused requests of one person per 10 minutes; further requests have to wait.",
    )
    max_outstanding_jobs: int = Field(
        10, ge=1, le=1000, description="Jobs of one person that are queued or running."
    )
    max_pictures: int = Field(4, ge=1, le=8, description="Pictures per job.")
    model_tiers: Names = Field(
        (),
        description="The least tier of some models and LoRAs, such as flux2-dev=trusted, sdxl/ink=member; of newcomer,"
        " member, trusted and moderator. Unset: everybody may use all.",
    )
    uploads_per_10_minutes: int = Field(20, ge=1, description="Uploads of one person per 10 minutes.")
    max_upload_mib: int = Field(20, ge=1, le=20, description="Size limit of an upload, in MiB.")
    monthly_credits: int | None = Field(
        None, ge=1, description="Credits per person and month; unset: counted without a limit."
    )
    storage_mib_per_person: int | None = Field(
        None,
        ge=1,
        description="MiB that a person's pictures may take before they have to delete some; unset: no limit."
        " Originals and thumbnails come on top, about as much again.",
    )
    storage_mib_per_community: int | None = Field(
        None, ge=1, description="The same for all pictures of a community."
    )
    min_free_disk_mib: int = Field(
        512,
        ge=0,
        description="MiB that stay free on the disks of pictures, of a SQLite database and of the home folder: with"
        " less nothing new is accepted.",
    )

    @field_validator("model_tiers")
    @classmethod
    def _are_tiers(cls, entries: tuple[str, ...]) -> tuple[str, ...]:
        for entry in entries:
            name, _, tier = entry.partition("=")
            if not name.strip() or tier.strip() not in set(Tier):
                raise ValueError(f"must be like sdxl=member, with a tier of {', '.join(Tier)}")
        return entries

    @property
    def tiers_by_name(self) -> dict[str, str]:
        parts = (entry.partition("=") for entry in self.model_tiers)
        return {name.strip(): tier.strip() for name, _, tier in parts}


class RetentionSection(Section):
    """How long things are kept. What moderators need has a setting of its own, moderation.keep_days."""

    pictures_days: int | None = Field(
        None,
        ge=1,
        description="Days after which pictures are deleted that nobody starred or collected and that are part of no"
        " gathering; unset: never.",
    )
    events_days: int = Field(2, ge=1, le=90, description="Days for which delivered events are kept.")
    jobs_days: int | None = Field(
        None,
        ge=30,
        description="Days after its end after which a job of which no picture is left is deleted with its words,"
        " messages and notices; unset: never.",
    )
    uploads_days: int | None = Field(
        None,
        ge=7,
        description="Days after the last request that used it after which a file that somebody attached is deleted;"
        " unset: within a day of the last picture of its requests.",
    )
    notices_days: int | None = Field(
        None, ge=7, description="Days after which delivered notices to people are deleted; unset: never."
    )
    ledger_days: int | None = Field(
        None,
        ge=31,
        description="Days after the end of a month after which its entries of credits become one sum for each person;"
        " unset: never.",
    )


class ModerationSection(Section):
    """The moderation policy."""

    holds: bool | None = Field(
        None,
        description="Hold doubtful requests for a moderator, or refuse them; unset: keep them where there is a"
        " desk channel (/community desk), or on the web a moderators' word.",
    )
    keep_days: int = Field(
        365,
        ge=1,
        description="Days for which the audit chain and closed cases keep what they say, and refused pictures stay.",
    )
    evidence_key: SecretStr | None = Field(
        None,
        min_length=16,
        description="Encrypts the evidence of the worst refusals, 16 characters or more; the same for every process."
        " Unset: made once, kept in the home folder.",
    )
    policy: LocalPath | None = Field(
        None, description="A policy file: what is refused, held or allowed; see `chatelier policy check`."
    )
    word_list: LocalPath | None = Field(
        None,
        description="A text file of words that are refused in prompts, one a line, in addition to the built-in list.",
    )
    names: LocalPath | None = Field(
        None, description="A TOML file of protected people, artists and trademarks, with their aliases."
    )
    representation: bool = Field(
        True,
        description="Add a random gender and origin where a prompt shows people and specifies neither.",
    )
    blocked_pictures: LocalPath | None = Field(
        None, description="A file of hashes of blocked pictures: PDQ, MD5, SHA-1 and SHA-256."
    )
    known_abuse: LocalPath | None = Field(
        None,
        description="A file of hashes of known pictures of abused children; a match is preserved for a report.",
    )
    safety_url: WebUrl | None = Field(
        None, description="URL of a larger safety model that checks every picture too."
    )
    safety_chat_model: str | None = Field(
        None,
        description="Name of a vision model; the URL above is then OpenAI's chat completions of a compatible server.",
    )
    safety_folder: LocalPath | None = Field(
        None,
        description="Folder of ShieldGemma 2 or LlavaGuard, with which the workers judge what they generate.",
    )
    safety_token: SecretStr | None = Field(None, description="Bearer token of that server.")
    safety_timeout_seconds: float = Field(
        10.0,
        ge=0.5,
        le=19,
        description="Timeout of its answer in seconds; without an answer no picture is shown.",
    )
    prompt_safety_url: WebUrl | None = Field(
        None, description="Chat completions of an OpenAI-compatible server whose model judges prompts too."
    )
    prompt_safety_model: str = Field(
        "openai/gpt-oss-safeguard-20b", min_length=1, description="Name of the model on that server."
    )
    prompt_safety_token: SecretStr | None = Field(None, description="Bearer token of that server.")


class ProvenanceSection(Section):
    """What is put into pictures, so that it can be told later where they come from."""

    signature: bool = Field(True, description="The visible sign in the lower right corner.")
    label: bool = Field(False, description="The visible letters AI in the lower left corner.")
    alt_text: bool = Field(False, description="Alternative texts of pictures begin with AI-generated.")
    mark: bool = Field(True, description="The invisible watermark with the picture's id.")
    credentials: bool = Field(
        True, description="C2PA content credentials, signed with this installation's certificate."
    )
    required: bool = Field(
        False,
        description="Withhold pictures that could not be signed; false: show them, count them and log it.",
    )
    organization: str | None = Field(
        None,
        min_length=1,
        max_length=64,
        description="Who signs, as the certificate names it; unset: the web page's name.",
    )
    metadata: bool = Field(True, description="IPTC metadata (XMP) that says that AI generated the picture.")
    certificate: LocalPath | None = Field(
        None,
        description="The operator's own certificate for content credentials, a PEM file with its chain; unset: one"
        " made here.",
    )
    key: LocalPath | None = Field(None, description="The private key of that certificate, a PEM file.")
    timestamp_url: WebUrl | None = Field(
        None, description="URL of an RFC 3161 time stamping authority; unset: no time stamps."
    )
