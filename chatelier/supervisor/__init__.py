"""Runs the processes of an installation on one machine, and starts again what dies."""

from chatelier.supervisor.program_spec import Program
from chatelier.supervisor.supervisor import ProcessStartError, Supervisor

__all__ = ["ProcessStartError", "Program", "Supervisor"]
