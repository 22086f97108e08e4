"""The catalogue of models, as the settings order it."""

from typing import TYPE_CHECKING

from chatelier.settings import Settings
from studio.errors import ConfigurationError

if TYPE_CHECKING:
    from engine.catalog.catalog import ModelCatalogue


def model_catalogue(settings: Settings) -> "ModelCatalogue":
    """The models, the default one first. Raises `ConfigurationError` when the default is not among them."""
    from engine.catalog.catalog import ModelCatalogue

    catalogue = ModelCatalogue.load(settings.models_file, state=settings.models_folder)
    if settings.model is None:
        return catalogue
    if settings.model not in catalogue.names:
        raise ConfigurationError(
            f"CHATELIER_MODEL: there is no model {settings.model}; there are {', '.join(catalogue.names)}."
            " Add one with: chatelier models add"
        )
    ordered = sorted(catalogue.entries, key=lambda entry: entry.name != settings.model)
    return ModelCatalogue(ordered, upscalers=catalogue.upscalers, state=settings.models_folder)


def models_with_queues(settings: Settings) -> tuple[str, ...]:
    """The models whose jobs wait in queues of their own."""
    return model_catalogue(settings).names if settings.model_queues else ()
