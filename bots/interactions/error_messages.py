"""What went wrong, as a message for the person; a defect is logged under the number that they are told."""

from bots.presentation.compose.errors import compose_error, compose_fault
from bots.presentation.message import Message
from bots.process.error_reports import report_error
from studio.errors import ChatelierError


def message_of(error: BaseException) -> Message:
    return compose_error(error) if isinstance(error, ChatelierError) else compose_fault(report_error(error))
