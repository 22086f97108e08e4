"""Faults that nobody foresaw, logged under an id that the person is told."""

import logging
import secrets
import traceback

log = logging.getLogger(__name__)


def report_error(error: BaseException) -> str:
    """Log where it broke; the error's message may hold a prompt and stays out. Returns the fault's id."""
    fault_id = secrets.token_hex(4)
    frames = "".join(traceback.format_tb(error.__traceback__))
    log.error("fault %s: %s\n%s", fault_id, type(error).__name__, frames)
    return fault_id
