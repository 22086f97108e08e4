"""The language models that help people, as far as they are set."""

from typing import TYPE_CHECKING

from chatelier.settings import Settings

if TYPE_CHECKING:
    from studio.chat_models.prompt_helper import ChatPromptHelper


def open_prompt_helper(settings: Settings) -> "ChatPromptHelper | None":
    """None where none is set."""
    helper = settings.helper
    if helper.url is None:
        return None
    from studio.chat_models.chat_completions import ChatCompletions
    from studio.chat_models.json_client import JsonClient
    from studio.chat_models.prompt_helper import ChatPromptHelper

    token = helper.token.get_secret_value() if helper.token else None
    client = JsonClient(helper.url, token=token, timeout_seconds=helper.timeout_seconds)
    return ChatPromptHelper(ChatCompletions(client, helper.model))
