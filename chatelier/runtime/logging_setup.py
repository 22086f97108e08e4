"""Logging for every process, set up once: one line per event, ids only, no secret in any of them."""

import logging
import os
import sys
import warnings
from typing import TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from chatelier.settings import Settings
from chatelier.settings.redaction import HIDDEN, Redactor, secrets_of
from chatelier.settings.settings import LogFormat, LogLevel
from studio.errors import ChatelierError

# Never in a log, even by mistake.
_PRIVATE_KEYS = frozenset(
    {"prompt", "negative_prompt", "token", "secret", "password", "authorization", "cookie"}
)
# Chatty at info without saying anything about a job.
_QUIETER = {
    "celery.app.trace": logging.WARNING,
    "celery.beat": logging.WARNING,
    "celery.worker.strategy": logging.WARNING,
    "httpx": logging.WARNING,
    "httpcore": logging.WARNING,
    "botocore": logging.WARNING,
    "aiobotocore": logging.WARNING,
    "fsspec": logging.WARNING,
    "asyncio": logging.WARNING,
    "PIL": logging.WARNING,
    "alembic": logging.WARNING,
    "uvicorn.access": logging.WARNING,  # request lines hold what people were invited with
}


def set_up_logging(
    settings: Settings, *, stream: TextIO | None = None, least: LogLevel = LogLevel.DEBUG
) -> None:
    """Everything that any library logs goes through here, to `stream` (standard error by default).

    `least` keeps what is below that level out, whatever is set.
    """
    stream = stream or sys.stderr
    hide = _Veil(Redactor(secrets_of(settings)))
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="%Y-%m-%dT%H:%M:%S.%fZ", utc=True),
        _shorten_trouble,
    ]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            *_rendering(settings.log.format, hide, colours=stream.isatty() or "FORCE_COLOR" in os.environ),
        ],
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(
        max(logging.getLevelNamesMapping()[level_name.upper()] for level_name in (settings.log.level, least))
    )
    for name, level in _QUIETER.items():
        logging.getLogger(name).setLevel(max(level, root.level))
    logging.captureWarnings(True)
    # Celery warns every time it runs as root; its reason is pickle, and here JSON only is accepted.
    warnings.filterwarnings("ignore", message="You're running the worker with superuser privileges")
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )


def _rendering(style: LogFormat, hide: "_Veil", *, colours: bool) -> list[Processor]:
    if style is LogFormat.JSON:
        return [
            structlog.processors.format_exc_info,
            hide,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ]
    plain = structlog.dev.ConsoleRenderer(
        colors=colours, pad_event_to=0, exception_formatter=structlog.dev.plain_traceback
    )
    return [structlog.processors.format_exc_info, hide, plain]


def _shorten_trouble(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """An error of a known kind needs its cause and no traceback; libraries' own extras go."""
    for extra in ("data", "color_message"):  # Celery's and uvicorn's: the message again, in other forms
        event.pop(extra, None)
    info = event.get("exc_info")
    error = (
        info[1] if isinstance(info, tuple) else info if isinstance(info, BaseException) else sys.exc_info()[1]
    )
    if info and isinstance(error, ChatelierError):
        event.pop("exc_info")
        event["trouble"] = error.code
        if error.__cause__ is not None:
            event["cause"] = f"{type(error.__cause__).__name__}: {str(error.__cause__).splitlines()[0]}"
    return event


class _Veil:
    """Blots out secrets wherever they stand in an event, and values that have no place in a log."""

    def __init__(self, redact: Redactor) -> None:
        self._redact = redact

    def __call__(self, _logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        return {
            name: HIDDEN if name in _PRIVATE_KEYS else self._redact.deeply(value)
            for name, value in event.items()
        }
