"""Limits and moderation: what people may ask for, what they may see, and what their pictures carry."""

from pydantic import Field, SecretStr

from chatelier.settings.value_types import LocalPath, Section, WebUrl


class LimitsSection(Section):
    """What people may ask for."""

    per_10_seconds: int = Field(
        6, ge=1, description="Requests of one person at once; over 10 seconds they come back one by one."
    )
    per_hour: int = Field(120, ge=1, description="The same over an hour.")
    newcomer_per_hour: int = Field(
        30, ge=1, description="The same for newcomers: a new account, a new member, or a guest."
    )
    newcomers_per_address: int = Field(
        1,
        ge=1,
        description="As how many people all newcomers of a day count who came to the web room from one address, or"
        " one IPv6 network; more where a school or an office has one address.",
    )
    newcomers_per_invite: int = Field(
        10, ge=1, description="The same for all newcomers of a day with the same invite word."
    )
    community_per_minute: int = Field(300, ge=1, description="Requests of a community over a minute.")
    everybody_per_minute: int = Field(1200, ge=1, description="Requests of everybody over a minute.")
    refused_per_10_minutes: int = Field(
        8,
        ge=1,
        description="Refused requests over 10 minutes; a person with more is probing the rules and waits.",
    )
    max_outstanding_jobs: int = Field(
        10, ge=1, le=1000, description="Jobs of one person waiting or being painted."
    )
    max_pictures: int = Field(4, ge=1, le=8, description="Pictures per job.")
    uploads_per_10_minutes: int = Field(
        20, ge=1, description="Images that one person may bring along over 10 minutes."
    )
    max_upload_mib: int = Field(20, ge=1, le=20, description="The largest image that people may bring along.")
    monthly_credits: int | None = Field(
        None, ge=1, description="Credits per person and month; unset: they are counted and never run out."
    )


class ModerationSection(Section):
    """The moderation policy."""

    holds: bool | None = Field(
        None,
        description="Keep doubtful requests for a moderator, or refuse them; unset: keep them where there is a"
        " desk channel (/community desk), or on the web a moderators' word.",
    )
    keep_days: int = Field(
        365,
        ge=1,
        description="Days for which the audit chain and closed cases keep what they say, and refused pictures stay.",
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

    signature: bool = Field(True, description="The small sign in the lower right corner.")
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
