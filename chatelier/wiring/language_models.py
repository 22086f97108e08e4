"""The language models that help people, as far as they are set."""

from typing import TYPE_CHECKING

from chatelier.settings import Settings
from studio.errors import HelperUnavailableError

if TYPE_CHECKING:
    from studio.chat_models.prompt_helper import ChatPromptHelper
    from studio.ports import Captioner


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


def open_captioner(settings: Settings, *, generates: bool) -> "Captioner | None":
    """The model in the folder, for a process that generates, goes before the server. None where neither is set."""
    captions = settings.captions
    if captions.folder is not None and generates:
        from engine.adapters.captions.local_captioner import LocalCaptioner

        return LocalCaptioner(captions.folder)
    if captions.url is None:
        return None if captions.folder is None else WorkersDescribe()
    from studio.chat_models.captioner import ChatCaptioner
    from studio.chat_models.chat_completions import ChatCompletions
    from studio.chat_models.json_client import JsonClient

    token = captions.token.get_secret_value() if captions.token else None
    client = JsonClient(captions.url, token=token, timeout_seconds=captions.timeout_seconds)
    return ChatCaptioner(ChatCompletions(client, captions.model))


class WorkersDescribe:
    """For a front end whose workers alone have the model: they describe each picture that they finish."""

    def describe(self, picture: bytes) -> str:
        raise HelperUnavailableError(reason="not_described")
