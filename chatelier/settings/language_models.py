"""The settings of the language models that help people. Nothing is asked of any unless its URL is set."""

from pydantic import Field, SecretStr

from chatelier.settings.value_types import LocalPath, Section, WebUrl


class CaptionsSection(Section):
    """A model that says what is in pictures: behind a server, to which they go, or from a folder in the workers."""

    url: WebUrl | None = Field(
        None, description="Chat completions of an OpenAI-compatible server, whose model describes pictures."
    )
    model: str = Field("", max_length=200, description="Name of the model on that server; it has to see.")
    token: SecretStr | None = Field(None, description="Bearer token of that server.")
    timeout_seconds: float = Field(20.0, ge=0.5, le=120, description="Timeout of its answer in seconds.")
    bundled: bool = Field(
        False,
        description="Whether the bundled demo model describes its own pictures, as far as it recognises them.",
    )
    folder: LocalPath | None = Field(
        None, description="Folder of a captioner of transformers, with which the workers describe pictures."
    )


class HelperSection(Section):
    """A chat model that writes prompts. What people type leaves this machine."""

    url: WebUrl | None = Field(
        None, description="Chat completions of an OpenAI-compatible server, whose model helps with prompts."
    )
    model: str = Field("", max_length=200, description="Name of the model on that server.")
    token: SecretStr | None = Field(None, description="Bearer token of that server.")
    timeout_seconds: float = Field(
        15.0, ge=0.5, le=60, description="Timeout of its answer in seconds; then people write themselves."
    )
