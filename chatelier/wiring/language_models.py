"""The language models that help people, as far as they are set."""

from typing import TYPE_CHECKING

from chatelier.settings import Settings
from studio.errors import ConfigurationError, HelperUnavailableError

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
    """The model in the folder, for a process that generates, goes before the server. None where nothing is set.

    The bundled model's encoder goes before both for pictures of the bundled model. Raises `ConfigurationError` where it
    is asked for and no model is a bundled one.
    """
    other = _open_model(settings, generates=generates)
    if not settings.captions.bundled:
        return other
    from chatelier.wiring.model_catalogue import model_catalogue

    catalogue = model_catalogue(settings)
    bundled = {entry.name: catalogue.folder(entry) / "prior" for entry in catalogue.entries if entry.bundled}
    if not bundled:
        raise ConfigurationError(
            "CHATELIER_CAPTIONS__BUNDLED: no model of the catalogue is a bundled one. Take the setting out, or give the"
            " entry of a model the source bundled:thimble."
        )
    own: Captioner = WorkersDescribe()
    if generates:
        from engine.layout_prior.vision.layout_captioner import LayoutCaptioner

        own = LayoutCaptioner(next(iter(bundled.values())), models=bundled)
    return BundledCaptions(own, other, models=frozenset(bundled))


def _open_model(settings: Settings, *, generates: bool) -> "Captioner | None":
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


class BundledCaptions:
    """Pictures of the bundled model go to its own encoder, all others, and what that does not recognise, to a model."""

    def __init__(self, own: "Captioner", other: "Captioner | None", *, models: frozenset[str]) -> None:
        self._own = own
        self._other = other
        self._models = models

    def describe(self, picture: bytes, *, model: str = "") -> str:
        if model in self._models:
            try:
                return self._own.describe(picture, model=model)
            except HelperUnavailableError:
                if self._other is None:
                    raise
        if self._other is None:
            raise HelperUnavailableError(reason="not_described")
        return self._other.describe(picture, model=model)


class WorkersDescribe:
    """For a front end whose workers alone have the model: they describe each picture that they finish."""

    def describe(self, picture: bytes, *, model: str = "") -> str:
        raise HelperUnavailableError(reason="not_described")
