"""Failures on our side."""

from studio.coded_text import Value
from studio.errors.chatelier_error import ChatelierError


class ServiceError(ChatelierError):
    """Our side failed. `detail` is an English sentence for the operator, in logs and at the command line: it names
    the file, the setting or the command that helps. People in chats are told the sentence of the code.
    """

    code = "trouble"

    def __init__(self, detail: str = "", *, reason: str = "", **values: Value) -> None:
        super().__init__(reason, advice=(), **values)
        self.detail = detail

    def __str__(self) -> str:
        return self.detail or super().__str__()


class QueueUnavailableError(ServiceError):
    """The request is saved and starts when the queue is back."""

    code = "queue"


class DatabaseUnavailableError(ServiceError):
    code = "database"


class StorageError(ServiceError):
    code = "storage"


class InspectionError(ServiceError):
    """A picture could not be inspected, so nobody sees it."""

    code = "inspection"


class ExaminationError(ServiceError):
    """Where a file comes from could not be looked into, so nothing is said of it."""

    code = "examination"


class SigningError(ServiceError):
    """A picture could not be signed, and the administrator wants none shown without."""

    code = "signing"


class ModelLoadError(ServiceError):
    """A model folder is incomplete or corrupt; the detail says which file."""

    code = "model"


class HelperUnavailableError(ServiceError):
    """A language model that helps does not answer, or answers something else."""

    code = "helper"


class GenerationError(ServiceError):
    code = "painting"


class ConfigurationError(ServiceError):
    """Settings are wrong. The detail lists every problem and how to fix it."""

    code = "settings"
