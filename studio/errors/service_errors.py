"""Failures on our side."""

from studio.errors.chatelier_error import ChatelierError


class ServiceError(ChatelierError):
    """Our side failed. The sentence is safe to show; the cause belongs in the log."""

    code = "trouble"
    sentence = "Something broke on our side. Nothing was charged; please try again."

    def __init__(self, sentence: str | None = None) -> None:
        super().__init__(sentence or self.sentence)


class QueueUnavailableError(ServiceError):
    code = "queue"
    sentence = (
        "The queue is not available at the moment. Your request is saved and starts when the queue is back."
    )


class DatabaseUnavailableError(ServiceError):
    code = "database"
    sentence = "The database is not available at the moment. Nothing was lost or charged; please try again in a minute."


class StorageError(ServiceError):
    code = "storage"
    sentence = "The pictures could not be stored. Nothing was charged; please tell an administrator."


class InspectionError(ServiceError):
    """A picture could not be inspected, so nobody sees it."""

    code = "inspection"
    sentence = "The picture could not be checked, so it is not shown. Nothing was charged; please try again."


class ExaminationError(ServiceError):
    """Where a file comes from could not be looked into, so nothing is said of it."""

    code = "examination"
    sentence = "The image could not be examined. Please try again, or save it again as PNG or JPEG first."


class SigningError(ServiceError):
    """A picture could not be signed, and the administrator wants none shown without."""

    code = "signing"
    sentence = "The picture could not be signed, so it is not shown. Nothing was charged; please try again."


class ModelLoadError(ServiceError):
    """A model folder is incomplete or corrupt; the sentence says which file."""

    code = "model"
    sentence = "The model cannot be loaded. Please tell an administrator."


class GenerationError(ServiceError):
    code = "painting"


class ConfigurationError(ServiceError):
    """Settings are wrong. The sentence lists every problem and how to fix it."""

    code = "settings"
